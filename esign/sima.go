package esign

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
)

// Names of the headers with which the SİMA application signs each request
// (web2app protocol 1.0 to 1.3).
const (
	SIMACertHeader = "ts-cert"     // the person's certificate: DER in base64
	SIMASignHeader = "ts-sign"     // ECDSA signature: ASN.1 DER in base64
	SIMAAlgHeader  = "ts-sign-alg" // how it was made
)

const (
	simaAlgorithm = "ECDSA_SHA256" // the only algorithm that the protocol knows
	maxSIMACert   = 12 << 10       // characters of ts-cert
	maxSIMASign   = 2 << 10        // characters of a signature in base64; P-384 needs 140
)

// UnverifiedSIMA is the proof that came with a request of the SİMA
// application, read and nothing more: whatever it says may be a lie until
// [Verifier.SIMARequest] or [Verifier.SIMAAnswer] has accepted it.
type UnverifiedSIMA struct {
	cert  *x509.Certificate
	key   *ecdsa.PublicKey
	value []byte
}

// ParseSIMA reads the three headers; values returns all values of a header, as
// http.Header.Values does. Each must be there exactly once. The error is an
// [Error] with reason NotASignature, WeakAlgorithm or CertificateMalformed.
func ParseSIMA(values func(name string) []string) (*UnverifiedSIMA, error) {
	var text [3]string
	for i, name := range []string{SIMACertHeader, SIMASignHeader, SIMAAlgHeader} {
		v := values(name)
		if len(v) != 1 {
			return nil, refuse(NotASignature, name)
		}
		text[i] = v[0]
	}
	if text[2] != simaAlgorithm {
		return nil, refuse(WeakAlgorithm, SIMAAlgHeader)
	}
	value, ok := strictBase64(text[1], maxSIMASign)
	if !ok {
		return nil, refuse(NotASignature, SIMASignHeader)
	}
	der, ok := strictBase64(text[0], maxSIMACert)
	if !ok {
		return nil, refuse(CertificateMalformed, SIMACertHeader)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, refuse(CertificateMalformed, SIMACertHeader)
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || (key.Curve != elliptic.P256() && key.Curve != elliptic.P384()) {
		return nil, refuse(WeakAlgorithm, "key")
	}
	return &UnverifiedSIMA{cert: cert, key: key, value: value}, nil
}

// strictBase64 decodes the one spelling of RFC 4648 §4: standard alphabet,
// padded, without line breaks and without stray bits at the end.
func strictBase64(s string, limit int) ([]byte, bool) {
	if s == "" || len(s) > limit || strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil
}

// Fingerprint is the SHA-256 of the certificate, to compare the one that
// fetched an operation with the one that answers it.
func (s *UnverifiedSIMA) Fingerprint() [32]byte { return sha256.Sum256(s.cert.Raw) }

// signs reports whether value is the key's ECDSA signature over the SHA-256 of
// message, as SEC 1 §4.1.4 has it and in DER only.
func signs(key *ecdsa.PublicKey, message, value []byte) bool {
	digest := sha256.Sum256(message)
	return ecdsa.VerifyASN1(key, digest[:], value)
}

// SIMARequest identifies who sent a request. message is what the application
// signs: path and query exactly as requested, or the raw body.
func (v *Verifier) SIMARequest(ctx context.Context, s *UnverifiedSIMA, message []byte) (Identity, error) {
	if !signs(s.key, message, s.value) {
		return Identity{}, refuse(SignatureBad, SIMASignHeader)
	}
	return v.certificate(ctx, &subject{cert: s.cert, use: UseSIMA})
}

// DataSignature says what is demanded of the member DataSignature in the answer
// to an operation of type Auth. Its definition is not public: see the settings.
type DataSignature string

// The two ways. Anything else means Required.
const (
	DataSignatureRequired   DataSignature = "required"   // ECDSA with SHA-256 over the challenge, by the same key
	DataSignatureUnverified DataSignature = "unverified" // not looked at; for trials on one machine only
)

// SIMAAnswer identifies who answered an operation: the request is signed over
// its raw body and, unless rule says otherwise, the challenge is signed too.
// The caller compares operation, type and the certificate's fingerprint with
// what it has stored.
func (v *Verifier) SIMAAnswer(ctx context.Context, s *UnverifiedSIMA, c *UnverifiedCallback, challenge []byte, rule DataSignature) (Identity, error) {
	if !signs(s.key, c.raw, s.value) {
		return Identity{}, refuse(SignatureBad, SIMASignHeader)
	}
	if rule != DataSignatureUnverified {
		value, ok := strictBase64(c.dataSignature, maxSIMASign)
		if !ok || len(challenge) == 0 || !signs(s.key, challenge, value) {
			return Identity{}, refuse(SignatureBad, "DataSignature")
		}
	}
	return v.certificate(ctx, &subject{cert: s.cert, use: UseSIMA})
}

// Is reports whether the proof is by the certificate with this fingerprint.
func (s *UnverifiedSIMA) Is(fingerprint []byte) bool {
	own := s.Fingerprint()
	return bytes.Equal(own[:], fingerprint)
}

// Repeats reports whether the callback is signed by the certificate with this
// fingerprint, without looking at the certificate itself: enough to say again
// what was answered already, and nothing more.
func (s *UnverifiedSIMA) Repeats(c *UnverifiedCallback, fingerprint []byte) bool {
	return s.Is(fingerprint) && signs(s.key, c.raw, s.value)
}

// Unsigned reports whether err says that the request as such is not signed by
// the certificate that it shows: anybody may have sent it.
func Unsigned(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Reason == SignatureBad && e.Check == SIMASignHeader
}
