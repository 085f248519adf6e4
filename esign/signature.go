package esign

import (
	"bytes"
	"crypto"
	"crypto/x509"
)

// MaxSignature is the most bytes that a signature file may have.
const MaxSignature = 64 << 10

// UnverifiedSignature is a CMS signature that has been read and nothing more:
// whatever it says may be a lie until [Verifier.Signature] has accepted it.
type UnverifiedSignature struct {
	content  []byte
	attached bool

	hash      crypto.Hash
	digest    []byte   // message-digest attribute
	signed    [][]byte // forms of the signed attributes that the signature may be over
	algorithm signatureAlgorithm
	value     []byte

	signer  *x509.Certificate
	boundV2 bool // signing-certificate-v2 is present and names signer
}

// ParseSignature reads a signature in DER, BER, PEM or S/MIME text, of at most
// [MaxSignature] bytes. The error is an [Error] whose reason is TooLarge,
// NotASignature or one of those about algorithms, signers and attributes.
func ParseSignature(b []byte) (*UnverifiedSignature, error) {
	if len(b) > MaxSignature {
		return nil, refuse(TooLarge, "size")
	}
	der, err := unwrap(b)
	if err != nil {
		return nil, err
	}
	if der, err = normalise(der); err != nil {
		return nil, err
	}
	return parseSignedData(der)
}

// Digest returns the hash of the signed content as the signature states it, to
// look up which challenge was signed. Programs that take the content for text
// sign its CRLF form: a challenge that already has CRLF at every line's end, or
// no line break, is found by its digest either way.
func (s *UnverifiedSignature) Digest() (crypto.Hash, []byte) {
	return s.hash, bytes.Clone(s.digest)
}

var signatureChecks = [...]func(*UnverifiedSignature, []byte) error{
	checkAttached, checkDigest, checkKey, checkSignatureValue,
}
