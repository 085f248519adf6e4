package revocation

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" //nolint:gosec // names certificates in OCSP, proves nothing
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"customs.gov.az/portal/esign"
)

var (
	oidNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	oidSHA1  = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}

	certIDHashes = map[string]crypto.Hash{
		oidSHA1.String():         crypto.SHA1,
		"2.16.840.1.101.3.4.2.1": crypto.SHA256,
		"2.16.840.1.101.3.4.2.2": crypto.SHA384,
		"2.16.840.1.101.3.4.2.3": crypto.SHA512,
	}
)

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// certID is CertID of RFC 6960 §4.1.1.
type certID struct {
	hash        crypto.Hash
	issuer, key []byte // hashes of the issuer's name and public key
	serial      *big.Int
}

func newCertID(s subject, h crypto.Hash) (certID, error) {
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(s.issuer.RawSubjectPublicKeyInfo, &spki); err != nil {
		return certID{}, err
	}
	return certID{
		hash: h, issuer: digest(h, s.issuer.RawSubject), key: digest(h, spki.Key.RightAlign()), serial: s.cert.SerialNumber,
	}, nil
}

// matches computes the hashes anew: a serial number alone names a certificate
// of every issuer.
func (id *certID) matches(s subject) bool {
	want, err := newCertID(s, id.hash)
	return err == nil && bytes.Equal(id.issuer, want.issuer) && bytes.Equal(id.key, want.key) && id.serial.Cmp(want.serial) == 0
}

func digest(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

// marshalRequest makes an OCSPRequest about one certificate. The issuer is
// named by SHA-1, which every responder understands (RFC 5019 §2.1.1).
func marshalRequest(s subject, nonce []byte) ([]byte, error) {
	id, err := newCertID(s, crypto.SHA1)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	sequence := func(b *cryptobyte.Builder, f cryptobyte.BuilderContinuation) { b.AddASN1(cbasn1.SEQUENCE, f) }
	sequence(&b, func(b *cryptobyte.Builder) { // OCSPRequest
		sequence(b, func(b *cryptobyte.Builder) { // TBSRequest
			sequence(b, func(b *cryptobyte.Builder) { // requestList
				sequence(b, func(b *cryptobyte.Builder) { // Request
					sequence(b, func(b *cryptobyte.Builder) { // CertID
						sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidSHA1); b.AddASN1NULL() })
						b.AddASN1OctetString(id.issuer)
						b.AddASN1OctetString(id.key)
						b.AddASN1BigInt(id.serial)
					})
				})
			})
			if nonce == nil {
				return
			}
			b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { // requestExtensions
				sequence(b, func(b *cryptobyte.Builder) { sequence(b, func(b *cryptobyte.Builder) { addNonce(b, nonce) }) })
			})
		})
	})
	return b.Bytes()
}

func addNonce(b *cryptobyte.Builder, nonce []byte) {
	b.AddASN1ObjectIdentifier(oidNonce)
	b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
}

// responseData is ResponseData of RFC 6960 §4.2.1 with its one answer.
type responseData struct {
	responderName []byte // DER of the name, or
	responderKey  []byte // SHA-1 of the public key
	producedAt    time.Time
	id            certID
	status        esign.Reason
	thisUpdate    time.Time
	nextUpdate    time.Time // zero: none
	nonce         []byte    // nil: none
}

// readResponseData is strict: whatever is not understood and critical, occurs
// twice or stands in excess makes the answer none.
func readResponseData(der []byte) (*responseData, bool) {
	in := cryptobyte.String(der)
	var seq, answers, one cryptobyte.String
	d := new(responseData)
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !readVersion(&seq) || !d.readResponder(&seq) ||
		!seq.ReadASN1GeneralizedTime(&d.producedAt) || !seq.ReadASN1(&answers, cbasn1.SEQUENCE) ||
		!answers.ReadASN1(&one, cbasn1.SEQUENCE) || !answers.Empty() || !d.readAnswer(one) ||
		!d.readExtensions(&seq) || !seq.Empty() {
		return nil, false
	}
	return d, true
}

func readVersion(in *cryptobyte.String) bool {
	version := 0
	return in.ReadOptionalASN1Integer(&version, explicit(0), 0) && version == 0
}

func (d *responseData) readResponder(in *cryptobyte.String) bool {
	var body, value cryptobyte.String
	if in.PeekASN1Tag(explicit(1)) {
		ok := in.ReadASN1(&body, explicit(1)) && body.ReadASN1Element(&value, cbasn1.SEQUENCE) && body.Empty()
		d.responderName = value
		return ok
	}
	ok := in.ReadASN1(&body, explicit(2)) && body.ReadASN1(&value, cbasn1.OCTET_STRING) && body.Empty()
	d.responderKey = value
	return ok
}

// isResponder reports whether the answer names c as its signer.
func (d *responseData) isResponder(c *x509.Certificate) bool {
	if d.responderName != nil {
		return bytes.Equal(d.responderName, c.RawSubject)
	}
	id, err := newCertID(subject{cert: c, issuer: c}, crypto.SHA1)
	return err == nil && bytes.Equal(d.responderKey, id.key)
}

// readAnswer reads SingleResponse.
func (d *responseData) readAnswer(in cryptobyte.String) bool {
	var next cryptobyte.String
	var hasNext bool
	if !d.id.read(&in) || !d.readStatus(&in) || !in.ReadASN1GeneralizedTime(&d.thisUpdate) ||
		!in.ReadOptionalASN1(&next, &hasNext, explicit(0)) {
		return false
	}
	if hasNext && (!next.ReadASN1GeneralizedTime(&d.nextUpdate) || !next.Empty()) {
		return false
	}
	return d.readExtensions(&in) && in.Empty()
}

func (id *certID) read(in *cryptobyte.String) bool {
	var seq, alg, params, issuer, key cryptobyte.String
	var oid asn1.ObjectIdentifier
	id.serial = new(big.Int)
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&alg, cbasn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&oid) ||
		(!alg.Empty() && (!alg.ReadASN1(&params, cbasn1.NULL) || !params.Empty() || !alg.Empty())) ||
		!seq.ReadASN1(&issuer, cbasn1.OCTET_STRING) || !seq.ReadASN1(&key, cbasn1.OCTET_STRING) ||
		!seq.ReadASN1Integer(id.serial) || !seq.Empty() {
		return false
	}
	id.hash, id.issuer, id.key = certIDHashes[oid.String()], issuer, key
	return id.hash != 0
}

// readStatus reads CertStatus. certificateHold is 6 (RFC 5280 §5.3.1).
func (d *responseData) readStatus(in *cryptobyte.String) bool {
	var body cryptobyte.String
	var tag cbasn1.Tag
	if !in.ReadAnyASN1(&body, &tag) {
		return false
	}
	switch tag {
	case cbasn1.Tag(0).ContextSpecific():
		return body.Empty()
	case cbasn1.Tag(2).ContextSpecific():
		d.status = esign.RevocationUnknown
		return body.Empty()
	case explicit(1):
		d.status = esign.Revoked
		var at time.Time
		var reason cryptobyte.String
		var given bool
		code := 0
		if !body.ReadASN1GeneralizedTime(&at) || !body.ReadOptionalASN1(&reason, &given, explicit(0)) || !body.Empty() ||
			(given && (!reason.ReadASN1Enum(&code) || !reason.Empty())) {
			return false
		}
		if code == reasonHold {
			d.status = esign.Suspended
		}
		return true
	}
	return false
}

// readExtensions reads an optional [1] Extensions. Only the nonce is
// understood.
func (d *responseData) readExtensions(in *cryptobyte.String) bool {
	var outer, list cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&outer, &present, explicit(1)) {
		return false
	}
	if !present {
		return true
	}
	if !outer.ReadASN1(&list, cbasn1.SEQUENCE) || !outer.Empty() {
		return false
	}
	for !list.Empty() {
		var e, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		critical := false
		if !list.ReadASN1(&e, cbasn1.SEQUENCE) || !e.ReadASN1ObjectIdentifier(&oid) ||
			!e.ReadOptionalASN1Boolean(&critical, cbasn1.BOOLEAN, false) || !e.ReadASN1(&value, cbasn1.OCTET_STRING) || !e.Empty() {
			return false
		}
		if !oid.Equal(oidNonce) {
			if critical {
				return false
			}
			continue
		}
		var nonce cryptobyte.String
		if d.nonce != nil || !value.ReadASN1(&nonce, cbasn1.OCTET_STRING) || !value.Empty() {
			return false
		}
		d.nonce = append([]byte{}, nonce...)
	}
	return true
}
