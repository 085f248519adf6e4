package democa

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// CertificatePEM is the certificate in PEM, without its chain.
func (p *Pair) CertificatePEM() []byte { return certificatePEM(p.Certificate) }

// KeyPEM is the private key as unencrypted PKCS #8 in PEM (RFC 5958).
func (p *Pair) KeyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		return nil, fmt.Errorf("democa: key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// PKCS12 is key, certificate and chain in one file for browsers (RFC 7292),
// encrypted with AES-256.
func (p *Pair) PKCS12(password string) ([]byte, error) {
	b, err := pkcs12.Modern.Encode(p.Key, p.Certificate, p.Chain, password)
	if err != nil {
		return nil, fmt.Errorf("democa: PKCS #12: %w", err)
	}
	return b, nil
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
