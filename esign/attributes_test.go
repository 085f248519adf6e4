package esign_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"io"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// TestSigningCertificateForms writes ESSCertIDv2 (RFC 5035 §4) in all its
// forms, right and wrong.
func TestSigningCertificateForms(t *testing.T) {
	w := newWorld(t)
	v := w.verifier(t, baseProfile())
	person, other := w.issue(t), w.issue(t)
	cert := person.Certificate
	hash := func(h crypto.Hash) []byte { return octets(hashOf(h, cert.Raw)) }
	issuerSerial := func(name []byte, serial *big.Int) []byte {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(contextTag(4), func(b *cryptobyte.Builder) { b.AddBytes(name) })
			})
			b.AddASN1BigInt(serial)
		})
		return b.BytesOrPanic()
	}
	sound := issuerSerial(cert.RawIssuer, cert.SerialNumber)
	essID := func(parts ...[]byte) []byte { return attr(oidSigningCertV2, sequence(sequence(sequence(parts...)))) }
	sha1OID := digestOIDs[crypto.SHA1]
	for _, tt := range []struct {
		name string
		attr []byte
		want esign.Reason
	}{
		{"default hash", essID(hash(crypto.SHA256)), ""},
		{"hash spelt out", essID(algorithm(digestOIDs[crypto.SHA256]), hash(crypto.SHA256)), ""},
		{"SHA-512", essID(algorithm(digestOIDs[crypto.SHA512]), hash(crypto.SHA512)), ""},
		{"issuer and serial", essID(hash(crypto.SHA256), sound), ""},
		{"followed by the issuer's", attr(oidSigningCertV2, sequence(sequence(
			sequence(hash(crypto.SHA256)), sequence(octets(hashOf(crypto.SHA256, w.ca.Certificate.Raw)))))), ""},
		{"SHA-1", essID(algorithm(sha1OID), hash(crypto.SHA1)), esign.SigningCertificate},
		{"hash of another length", essID(hash(crypto.SHA384)), esign.SigningCertificate},
		{"preceded by the issuer's", attr(oidSigningCertV2, sequence(sequence(
			sequence(octets(hashOf(crypto.SHA256, w.ca.Certificate.Raw))), sequence(hash(crypto.SHA256))))), esign.SigningCertificate},
		{"another serial", essID(hash(crypto.SHA256), issuerSerial(cert.RawIssuer, big.NewInt(7))), esign.SigningCertificate},
		{"another issuer", essID(hash(crypto.SHA256), issuerSerial(cert.RawSubject, cert.SerialNumber)), esign.SigningCertificate},
		{"broken issuer and serial", essID(hash(crypto.SHA256), octets(nil)), esign.SigningCertificate},
		{"more after it", essID(hash(crypto.SHA256), sound, sound), esign.SigningCertificate},
		{"broken hash algorithm", essID(sequence(), hash(crypto.SHA256)), esign.SigningCertificate},
		{"no certificate named", attr(oidSigningCertV2, sequence(sequence())), esign.SigningCertificate},
		{"two values", attr(oidSigningCertV2, sequence(sequence(sequence(hash(crypto.SHA256)))),
			sequence(sequence(sequence(octets(hashOf(crypto.SHA256, other.Certificate.Raw)))))), esign.SigningCertificate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := forgery{signer: person, content: challenge, attributes: func(a [][]byte) [][]byte { return append(a, tt.attr) }}
			_, err := verify(v, f.make(t), challenge)
			wantReason(t, err, tt.want)
		})
	}
}

// pssSigner signs with RSASSA-PSS under any salt.
type pssSigner struct {
	*rsa.PrivateKey
	salt int
}

func (s pssSigner) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return rsa.SignPSS(rand.Reader, s.PrivateKey, o.HashFunc(), digest, &rsa.PSSOptions{SaltLength: s.salt, Hash: o.HashFunc()})
}

// TestPSSParameters goes through RSASSA-PSS-params (RFC 4055 §3.1).
func TestPSSParameters(t *testing.T) {
	w := newWorld(t)
	v := w.verifier(t, baseProfile())
	person := w.issue(t, func(r *democa.Request) { r.Key = democa.RSA(2048) })
	key, ok := person.Key.(*rsa.PrivateKey)
	if !ok {
		t.Fatal("not an RSA key")
	}
	pssOID, mgfOID := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	field := func(n uint8, content []byte) []byte {
		var b cryptobyte.Builder
		b.AddASN1(contextTag(n), func(b *cryptobyte.Builder) { b.AddBytes(content) })
		return b.BytesOrPanic()
	}
	number := func(i int64) []byte {
		var b cryptobyte.Builder
		b.AddASN1Int64(i)
		return b.BytesOrPanic()
	}
	hash := func(h crypto.Hash) []byte { return field(0, algorithm(digestOIDs[h])) }
	mgf := func(h crypto.Hash) []byte {
		return field(1, sequence(oidValue(mgfOID), algorithm(digestOIDs[h])))
	}
	const sha256, sha512 = crypto.SHA256, crypto.SHA512
	for _, tt := range []struct {
		name   string
		params [][]byte
		salt   int // of the signature
		want   esign.Reason
	}{
		{"salt as long as the hash", [][]byte{hash(sha256), mgf(sha256), field(2, number(32))}, 32, ""},
		{"salt by default", [][]byte{hash(sha256), mgf(sha256)}, 20, ""},
		{"longest salt", [][]byte{hash(sha256), mgf(sha256), field(2, number(222))}, 222, ""},
		{"trailer spelt out", [][]byte{hash(sha256), mgf(sha256), field(2, number(32)), field(3, number(1))}, 32, ""},
		{"other salt than announced", [][]byte{hash(sha256), mgf(sha256), field(2, number(20))}, 32, esign.SignatureBad},
		{"no salt", [][]byte{hash(sha256), mgf(sha256), field(2, number(0))}, 32, esign.SignatureBad},
		{"salt longer than the key", [][]byte{hash(sha256), mgf(sha256), field(2, number(1000))}, 32, esign.SignatureBad},
		{"negative salt", [][]byte{hash(sha256), mgf(sha256), field(2, number(-1))}, 32, esign.WeakAlgorithm},
		{"other trailer", [][]byte{hash(sha256), mgf(sha256), field(2, number(32)), field(3, number(2))}, 32, esign.WeakAlgorithm},
		{"SHA-1 by default", nil, 20, esign.WeakAlgorithm},
		{"SHA-1 inside the mask by default", [][]byte{hash(sha256)}, 20, esign.WeakAlgorithm},
		{"SHA-1 inside the mask", [][]byte{hash(sha256), mgf(crypto.SHA1)}, 20, esign.WeakAlgorithm},
		{"another hash than the digest's", [][]byte{hash(sha512), mgf(sha512), field(2, number(32))}, 32, esign.WeakAlgorithm},
		{"something after them", [][]byte{hash(sha256), mgf(sha256), field(2, number(32)), number(1)}, 32, esign.WeakAlgorithm},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signer := &democa.Pair{Certificate: person.Certificate, Key: pssSigner{key, tt.salt}}
			f := forgery{signer: signer, content: challenge, signatureAlg: sequence(oidValue(pssOID), sequence(tt.params...))}
			_, err := verify(v, f.make(t), challenge)
			wantReason(t, err, tt.want)
		})
	}
}
