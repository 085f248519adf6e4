package esign

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // only to compare with what signing-certificate v1 names; never relied on
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxAttributes bounds the signed attributes of a signer. Real ones have at
// most a dozen.
const maxAttributes = 64

var (
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertV1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// attributes are the signed attributes in the order of the file.
type attributes []attribute

type attribute struct {
	raw    []byte // the whole Attribute
	kind   asn1.ObjectIdentifier
	values cryptobyte.String // contents of the SET
}

func readAttributes(contents []byte) (attributes, error) {
	if len(contents) == 0 {
		return nil, refuse(NoAttributes, "signedAttrs")
	}
	broken := refuse(NotASignature, "signedAttrs")
	var list attributes
	for in := cryptobyte.String(contents); !in.Empty(); {
		var raw, seq cryptobyte.String
		var a attribute
		if len(list) == maxAttributes || !in.ReadASN1Element(&raw, cbasn1.SEQUENCE) {
			return nil, broken
		}
		a.raw = raw
		if !raw.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&a.kind) ||
			!seq.ReadASN1(&a.values, cbasn1.SET) || !seq.Empty() {
			return nil, broken
		}
		list = append(list, a)
	}
	return list, nil
}

// one returns the contents of the SET of the attribute of that kind; present
// says whether there is one, ok is false when there are several.
func (l attributes) one(kind asn1.ObjectIdentifier) (values cryptobyte.String, present, ok bool) {
	for _, a := range l {
		if !a.kind.Equal(kind) {
			continue
		}
		if present {
			return nil, true, false
		}
		values, present = a.values, true
	}
	return values, present, true
}

// messageDigest checks that content-type and message-digest are there exactly
// once with exactly one value (RFC 5652 §11.1, §11.2) and returns the digest.
func (l attributes) messageDigest(contentType asn1.ObjectIdentifier, h crypto.Hash) ([]byte, error) {
	var kind asn1.ObjectIdentifier
	v, present, ok := l.one(oidContentType)
	if !present || !ok || !v.ReadASN1ObjectIdentifier(&kind) || !v.Empty() || !kind.Equal(contentType) {
		return nil, refuse(ContentType, "content-type attribute")
	}
	var digest cryptobyte.String
	v, present, ok = l.one(oidMessageDigest)
	if !present || !ok || !v.ReadASN1(&digest, cbasn1.OCTET_STRING) || !v.Empty() || len(digest) != h.Size() {
		return nil, refuse(MessageDigest, "message-digest attribute")
	}
	return digest, nil
}

// signedForms returns what the signature may be over: the attributes as a DER
// SET OF, sorted as RFC 5652 §5.4 says, and as they stand in the file, which
// is what some token software signs.
func (l attributes) signedForms() [][]byte {
	asWritten := l.set()
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b attribute) int { return bytes.Compare(a.raw, b.raw) })
	der := sorted.set()
	if bytes.Equal(der, asWritten) {
		return [][]byte{der}
	}
	return [][]byte{der, asWritten}
}

func (l attributes) set() []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, a := range l {
			b.AddBytes(a.raw)
		}
	})
	return b.BytesOrPanic()
}

// bindsCertificate checks that signing-certificate attributes (RFC 5035), when
// present, name c first. It reports whether version 2 is present.
func (l attributes) bindsCertificate(c *x509.Certificate) (v2 bool, err error) {
	mismatch := refuse(SigningCertificate, "signing-certificate attribute")
	values, v1, ok := l.one(oidSigningCertV1)
	if !ok || (v1 && !namesCertificate(values, c, false)) {
		return false, mismatch
	}
	values, v2, ok = l.one(oidSigningCertV2)
	if !ok || (v2 && !namesCertificate(values, c, true)) {
		return false, mismatch
	}
	return v2, nil
}

// namesCertificate reads SigningCertificate or SigningCertificateV2 and
// compares its first ESSCertID with c.
func namesCertificate(values cryptobyte.String, c *x509.Certificate, v2 bool) bool {
	var attr, ids, id, hash cryptobyte.String
	if !values.ReadASN1(&attr, cbasn1.SEQUENCE) || !values.Empty() ||
		!attr.ReadASN1(&ids, cbasn1.SEQUENCE) || !ids.ReadASN1(&id, cbasn1.SEQUENCE) {
		return false
	}
	var want []byte
	if v2 {
		h := crypto.SHA256 // DEFAULT of ESSCertIDv2.hashAlgorithm
		if id.PeekASN1Tag(cbasn1.SEQUENCE) {
			var alg algorithmIdentifier
			var err error
			if !alg.read(&id) {
				return false
			}
			if h, err = digestAlgorithm(alg); err != nil {
				return false
			}
		}
		want = sum(h, c.Raw)
	} else {
		s := sha1.Sum(c.Raw) //nolint:gosec // as above
		want = s[:]
	}
	return id.ReadASN1(&hash, cbasn1.OCTET_STRING) && bytes.Equal(hash, want) &&
		issuerSerialAgrees(id, c)
}

// issuerSerialAgrees compares an optional IssuerSerial: GeneralNames with one
// directoryName [4], and the serial number.
func issuerSerialAgrees(in cryptobyte.String, c *x509.Certificate) bool {
	if in.Empty() {
		return true
	}
	var both, names, name cryptobyte.String
	serial := new(big.Int)
	return in.ReadASN1(&both, cbasn1.SEQUENCE) && in.Empty() &&
		both.ReadASN1(&names, cbasn1.SEQUENCE) &&
		names.ReadASN1(&name, cbasn1.Tag(4).ContextSpecific().Constructed()) && names.Empty() &&
		both.ReadASN1Integer(serial) && both.Empty() &&
		bytes.Equal(name, c.RawIssuer) && serial.Cmp(c.SerialNumber) == 0
}
