package esign_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"customs.gov.az/portal/esign/democa"
)

// forgery builds CMS signatures whose mathematics is right and whose meaning
// is wrong in one chosen way. Its zero choices make an honest signature.
type forgery struct {
	signer       *democa.Pair
	content      []byte // what is signed
	attached     []byte // eContent, nil for a detached signature
	eContentType asn1.ObjectIdentifier
	certificates []*x509.Certificate // nil: the signer's
	hash         crypto.Hash         // zero: SHA-256
	attributes   func([][]byte) [][]byte
	noAttributes bool
	order        attributeOrder
	unsigned     []byte // contents of unsignedAttrs
	tamper       func(signature []byte) []byte
	digestOID    asn1.ObjectIdentifier
	signatureAlg []byte // whole AlgorithmIdentifier
	keyID        []byte // signer identifier by key
	others       [][]byte
	noSigners    bool
	version      int64
}

type attributeOrder int

const (
	sortedBoth     attributeOrder = iota // written and signed as DER
	unsortedBoth                         // written unsorted, signed as written
	unsortedFile                         // written unsorted, signed as DER
	reversedSigned                       // written sorted, signed in another order
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSigningCertV1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidECDSA         = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3}

	digestOIDs = map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1:   {1, 3, 14, 3, 2, 26},
		crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
		crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
	}
)

func (f forgery) make(t testing.TB) []byte {
	t.Helper()
	if f.hash == 0 {
		f.hash = crypto.SHA256
	}
	if f.eContentType == nil {
		f.eContentType = oidData
	}
	if f.certificates == nil {
		f.certificates = []*x509.Certificate{f.signer.Certificate}
	}
	if f.version == 0 {
		f.version = 1
	}
	signer := f.signerInfo(t)
	return f.wrap(signer)
}

// wrap makes the ContentInfo around SignerInfos.
func (f forgery) wrap(signer []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(f.version)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(f.digestAlgorithm()) })
				b.AddASN1(cbasn1.SEQUENCE, f.encapContent)
				b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) {
					for _, c := range f.certificates {
						b.AddBytes(c.Raw)
					}
				})
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					for _, o := range f.others {
						b.AddBytes(o)
					}
					if !f.noSigners {
						b.AddBytes(signer)
					}
				})
			})
		})
	})
	return b.BytesOrPanic()
}

func (f forgery) encapContent(b *cryptobyte.Builder) {
	b.AddASN1ObjectIdentifier(f.eContentType)
	if f.attached != nil {
		b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(f.attached) })
	}
}

func (f forgery) digestAlgorithm() []byte {
	oid := f.digestOID
	if oid == nil {
		oid = digestOIDs[f.hash]
	}
	return algorithm(oid)
}

func algorithm(oid asn1.ObjectIdentifier) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
	return b.BytesOrPanic()
}

func (f forgery) signatureAlgorithm() []byte {
	if f.signatureAlg != nil {
		return f.signatureAlg
	}
	if _, ok := f.signer.Key.(*rsa.PrivateKey); ok {
		return algorithm(oidRSA)
	}
	last := map[crypto.Hash]int{crypto.SHA1: 1, crypto.SHA256: 2, crypto.SHA384: 3, crypto.SHA512: 4}[f.hash]
	return algorithm(append(slices.Clone(oidECDSA), last))
}

func (f forgery) signerInfo(t testing.TB) []byte {
	t.Helper()
	attrs := [][]byte{
		attr(oidContentType, oidValue(oidData)),
		attr(oidMessageDigest, octets(hashOf(f.hash, f.content))),
	}
	if f.attributes != nil {
		attrs = f.attributes(attrs)
	}
	sorted := slices.Clone(attrs)
	slices.SortFunc(sorted, bytes.Compare)
	unsorted := slices.Clone(sorted)
	slices.Reverse(unsorted)
	written, message := sorted, sorted
	switch f.order {
	case unsortedBoth:
		written, message = unsorted, unsorted
	case unsortedFile:
		written = unsorted
	case reversedSigned:
		message = unsorted
	}
	toSign := set(message)
	if f.noAttributes {
		toSign = f.content
	}
	value := f.sign(t, toSign)
	if f.tamper != nil {
		value = f.tamper(value)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(f.version)
		f.identifier(b)
		b.AddBytes(f.digestAlgorithm())
		if !f.noAttributes {
			b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(written, nil)) })
		}
		b.AddBytes(f.signatureAlgorithm())
		b.AddASN1OctetString(value)
		if f.unsigned != nil {
			b.AddASN1(contextTag(1), func(b *cryptobyte.Builder) { b.AddBytes(f.unsigned) })
		}
	})
	return b.BytesOrPanic()
}

func (f forgery) identifier(b *cryptobyte.Builder) {
	if f.keyID != nil {
		b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(f.keyID) })
		return
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(f.signer.Certificate.RawIssuer)
		b.AddASN1BigInt(f.signer.Certificate.SerialNumber)
	})
}

func (f forgery) sign(t testing.TB, message []byte) []byte {
	t.Helper()
	value, err := f.signer.Key.Sign(rand.Reader, hashOf(f.hash, message), f.hash)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func contextTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

func attr(kind asn1.ObjectIdentifier, values ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(kind)
		b.AddBytes(set(values))
	})
	return b.BytesOrPanic()
}

func set(values [][]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(values, nil)) })
	return b.BytesOrPanic()
}

func oidValue(oid asn1.ObjectIdentifier) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	return b.BytesOrPanic()
}

func octets(v []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1OctetString(v)
	return b.BytesOrPanic()
}

func sequence(parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	return b.BytesOrPanic()
}

// certificateID is SigningCertificate of version 2 (SHA-256 by default) or 1.
func certificateID(c *x509.Certificate, v2 bool) []byte {
	if v2 {
		return attr(oidSigningCertV2, sequence(sequence(sequence(octets(hashOf(crypto.SHA256, c.Raw))))))
	}
	h := sha1.Sum(c.Raw)
	return attr(oidSigningCertV1, sequence(sequence(sequence(octets(h[:])))))
}

func signingTime(t time.Time) []byte {
	var b cryptobyte.Builder
	b.AddASN1UTCTime(t)
	return attr(oidSigningTime, b.BytesOrPanic())
}

// world is an issuer with its profile's certificates, for tests that need
// certificates the demo does not have.
type world struct {
	root, ca *democa.Authority
}

func newWorld(t testing.TB) world {
	t.Helper()
	r := democa.Request{Subject: []democa.Value{{Type: democa.CommonName, Text: "Test root"}}, From: now.Add(-time.Hour), To: now.Add(time.Hour)}
	root, err := democa.NewAuthority(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Subject[0].Text = "Test issuer"
	ca, err := democa.NewAuthority(r, root)
	if err != nil {
		t.Fatal(err)
	}
	return world{root: root, ca: ca}
}

// request is for an ordinary person's certificate.
func request(edit ...func(*democa.Request)) democa.Request {
	r := democa.Request{
		Subject: []democa.Value{
			{Type: democa.OrganisationID, Text: "VATAZ-1499000151"},
			{Type: democa.SerialNumber, Text: "PNOAZ-5A7KM2L"},
			{Type: democa.CommonName, Text: "Test Person"},
		},
		Key: democa.EC(elliptic.P256()), From: now.Add(-time.Minute), To: now.Add(time.Minute),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageClientAuth},
	}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func (w world) issue(t testing.TB, edit ...func(*democa.Request)) *democa.Pair {
	t.Helper()
	p, err := w.ca.Issue(request(edit...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
