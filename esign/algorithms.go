package esign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // linked for crypto.SHA256
	_ "crypto/sha512" // linked for crypto.SHA384 and crypto.SHA512
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Sizes of RSA keys in bits: below the first a key is weak, above the second
// verifying costs more than a visitor may ask for.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// algorithmIdentifier is AlgorithmIdentifier of RFC 5280 §4.1.1.2.
type algorithmIdentifier struct {
	oid    asn1.ObjectIdentifier
	params cryptobyte.String // the whole element, empty if absent
}

func (a *algorithmIdentifier) read(in *cryptobyte.String) bool {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&a.oid) {
		return false
	}
	if seq.Empty() {
		return true
	}
	var tag cbasn1.Tag
	return seq.ReadAnyASN1Element(&a.params, &tag) && seq.Empty()
}

// noParams reports that parameters are absent or NULL.
func (a *algorithmIdentifier) noParams() bool {
	return len(a.params) == 0 || (len(a.params) == 2 && a.params[0] == 0x05 && a.params[1] == 0)
}

// digestAlgorithm allows SHA-256, SHA-384 and SHA-512.
func digestAlgorithm(a algorithmIdentifier) (crypto.Hash, error) {
	nist := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2}
	if len(a.oid) == len(nist)+1 && a.oid[:len(nist)].Equal(nist) && a.noParams() {
		switch a.oid[len(nist)] {
		case 1:
			return crypto.SHA256, nil
		case 2:
			return crypto.SHA384, nil
		case 3:
			return crypto.SHA512, nil
		}
	}
	return 0, refuse(WeakAlgorithm, "digest algorithm")
}

type scheme int

const (
	schemeRSA scheme = iota + 1 // PKCS #1 v1.5, RFC 8017 §8.2
	schemePSS                   // RFC 8017 §8.1
	schemeECDSA
)

type signatureAlgorithm struct {
	scheme scheme
	salt   int // PSS salt length in bytes
}

// schemes are the signature algorithms without parameters. A hash of zero
// leaves the choice to the digest algorithm (RFC 3370 §3.2).
var schemes = map[string]struct {
	scheme scheme
	hash   crypto.Hash
}{
	"1.2.840.113549.1.1.1":  {schemeRSA, 0},               // rsaEncryption
	"1.2.840.113549.1.1.11": {schemeRSA, crypto.SHA256},   // sha256WithRSAEncryption, RFC 5754 §3.2
	"1.2.840.113549.1.1.12": {schemeRSA, crypto.SHA384},   // sha384WithRSAEncryption
	"1.2.840.113549.1.1.13": {schemeRSA, crypto.SHA512},   // sha512WithRSAEncryption
	"1.2.840.10045.4.3.2":   {schemeECDSA, crypto.SHA256}, // ecdsa-with-SHA256, RFC 5754 §3.3
	"1.2.840.10045.4.3.3":   {schemeECDSA, crypto.SHA384}, // ecdsa-with-SHA384
	"1.2.840.10045.4.3.4":   {schemeECDSA, crypto.SHA512}, // ecdsa-with-SHA512
}

// readSignatureAlgorithm accepts an algorithm that uses the hash h: the
// signer's digest algorithm and signature algorithm must agree.
func readSignatureAlgorithm(a algorithmIdentifier, h crypto.Hash) (signatureAlgorithm, error) {
	if a.oid.String() == "1.2.840.113549.1.1.10" { // id-RSASSA-PSS
		if salt, ok := readPSS(a.params, h); ok {
			return signatureAlgorithm{scheme: schemePSS, salt: salt}, nil
		}
	} else if s, ok := schemes[a.oid.String()]; ok && a.noParams() && (s.hash == 0 || s.hash == h) {
		return signatureAlgorithm{scheme: s.scheme}, nil
	}
	return signatureAlgorithm{}, refuse(WeakAlgorithm, "signature algorithm")
}

// readPSS reads RSASSA-PSS-params (RFC 4055 §3.1) with h as hash and inside
// MGF1. The defaults mean SHA-1, so both must be spelt out.
func readPSS(params cryptobyte.String, h crypto.Hash) (salt int, ok bool) {
	var seq, field cryptobyte.String
	var hash, mgf, inner algorithmIdentifier
	if !params.ReadASN1(&seq, cbasn1.SEQUENCE) || !params.Empty() ||
		!seq.ReadASN1(&field, tag0) || !hash.read(&field) || !field.Empty() ||
		!seq.ReadASN1(&field, tag1) || !mgf.read(&field) || !field.Empty() ||
		mgf.oid.String() != "1.2.840.113549.1.1.8" || !inner.read(&mgf.params) || !mgf.params.Empty() {
		return 0, false
	}
	for _, a := range []algorithmIdentifier{hash, inner} {
		if got, err := digestAlgorithm(a); err != nil || got != h {
			return 0, false
		}
	}
	tag2 := cbasn1.Tag(2).ContextSpecific().Constructed()
	tag3 := cbasn1.Tag(3).ContextSpecific().Constructed()
	trailer := 1
	if !seq.ReadOptionalASN1Integer(&salt, tag2, 20) || !seq.ReadOptionalASN1Integer(&trailer, tag3, 1) ||
		!seq.Empty() || trailer != 1 || salt < 0 || salt > maxRSABits/8 {
		return 0, false
	}
	return salt, true
}

// verify reports whether value is a signature over message. The key has
// passed keyAllowed.
func (a signatureAlgorithm) verify(key any, h crypto.Hash, message, value []byte) bool {
	digest := sum(h, message)
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch a.scheme {
		case schemeRSA:
			return rsa.VerifyPKCS1v15(k, h, digest, value) == nil
		case schemePSS:
			opts := &rsa.PSSOptions{Hash: h, SaltLength: a.salt}
			if a.salt == 0 { // zero means "any length" to the library
				return false
			}
			return rsa.VerifyPSS(k, h, digest, value, opts) == nil
		}
	case *ecdsa.PublicKey:
		return a.scheme == schemeECDSA && ecdsa.VerifyASN1(k, digest, value)
	}
	return false
}

// StrongKey reports whether a public key is of a kind and size to rely on: RSA
// of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521.
func StrongKey(key any) bool { return keyAllowed(key, minRSABits) }

// StrongSignature reports whether a signature algorithm is one to rely on in
// certificates, OCSP answers and revocation lists: RSA or ECDSA with SHA-256,
// SHA-384 or SHA-512. What is not listed is weak.
func StrongSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512:
		return true
	}
	return false
}

// keyAllowed reports whether the key is of a kind and size to work with.
func keyAllowed(key any, rsaBits int) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		n := k.N.BitLen()
		return n >= rsaBits && n <= maxRSABits
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256() || k.Curve == elliptic.P384() || k.Curve == elliptic.P521()
	}
	return false
}

func sum(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}
