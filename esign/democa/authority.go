package democa

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// Pair is a certificate with its key and the authorities above it.
type Pair struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
	Chain       []*x509.Certificate // issuer first, root last; empty for a root
}

// Authority is a pair that can issue certificates.
type Authority struct{ Pair }

// KeyMaker makes a new private key.
type KeyMaker func() (crypto.Signer, error)

// EC makes ECDSA keys on a curve.
func EC(c elliptic.Curve) KeyMaker {
	return func() (crypto.Signer, error) { return ecdsa.GenerateKey(c, rand.Reader) }
}

// RSA makes RSA keys of a size in bits.
func RSA(bits int) KeyMaker {
	return func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) }
}

// Value is one attribute of a subject: an attribute type of X.520 and its text.
type Value struct {
	Type asn1.ObjectIdentifier
	Text string
}

// Request is what a certificate shall hold.
type Request struct {
	Subject     []Value
	Key         KeyMaker // nil: ECDSA on P-256
	From, To    time.Time
	KeyUsage    x509.KeyUsage
	ExtKeyUsage []x509.ExtKeyUsage
	Edit        func(template *x509.Certificate) // nil, or the last word on the template
}

// NewAuthority makes an authority; without a parent it signs itself.
func NewAuthority(r Request, parent *Authority) (*Authority, error) {
	r.KeyUsage |= x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	edit := r.Edit
	r.Edit = func(t *x509.Certificate) {
		t.BasicConstraintsValid, t.IsCA = true, true
		if edit != nil {
			edit(t)
		}
	}
	p, err := issue(r, parent)
	if err != nil {
		return nil, err
	}
	return &Authority{Pair: *p}, nil
}

// Issue makes a key and a certificate for it.
func (a *Authority) Issue(r Request) (*Pair, error) { return issue(r, a) }

func issue(r Request, parent *Authority) (*Pair, error) {
	if r.Key == nil {
		r.Key = EC(elliptic.P256())
	}
	key, err := r.Key()
	if err != nil {
		return nil, fmt.Errorf("democa: key: %w", err)
	}
	template, err := r.template(key)
	if err != nil {
		return nil, err
	}
	issuer, issuerKey, chain := template, key, []*x509.Certificate(nil)
	if parent != nil {
		issuer, issuerKey = parent.Certificate, parent.Key
		chain = append([]*x509.Certificate{parent.Certificate}, parent.Chain...)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
	if err != nil {
		return nil, fmt.Errorf("democa: certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("democa: certificate: %w", err)
	}
	return &Pair{Certificate: cert, Key: key, Chain: chain}, nil
}

func (r *Request) template(key crypto.Signer) (*x509.Certificate, error) {
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("democa: key: %w", err)
	}
	keyID := sha256.Sum256(spki)
	serial := make([]byte, 16)
	rand.Read(serial)
	serial[0] = serial[0]&0x7f | 0x40 // positive, always the same length
	t := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      r.name(),
		NotBefore:    r.From,
		NotAfter:     r.To,
		KeyUsage:     r.KeyUsage,
		ExtKeyUsage:  r.ExtKeyUsage,
		SubjectKeyId: keyID[:20],
	}
	if r.Edit != nil {
		r.Edit(t)
	}
	return t, nil
}

func (r *Request) name() pkix.Name {
	var n pkix.Name
	for _, v := range r.Subject {
		n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: v.Type, Value: v.Text})
	}
	return n
}

// about reports whether the certificate has the subject that r asks for.
func (r *Request) about(c *x509.Certificate) bool {
	der, err := asn1.Marshal(r.name().ToRDNSequence())
	return err == nil && bytes.Equal(der, c.RawSubject)
}
