package esign

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Options are what a Verifier works with.
type Options struct {
	Trust      *Trust           // required
	Now        func() time.Time // required: the only clock; the signer's own time is never believed
	Revocation Revocation       // required unless every profile says openly that nothing is checked
	PINOnly    bool             // a personal number without a taxpayer number is an identity too: the caller knows whom the person represents
}

// Verifier turns proofs into identities. It is safe for concurrent use.
type Verifier struct {
	trust      *Trust
	now        func() time.Time
	revocation Revocation
	pinOnly    bool
}

// NewVerifier checks that the options are complete: a profile that wants its
// certificates checked for revocation is an error when there is no checker.
func NewVerifier(o Options) (*Verifier, error) {
	if o.Trust == nil || o.Now == nil {
		return nil, errors.New("esign: trust and clock are required")
	}
	var errs []error
	for _, p := range o.Trust.profiles {
		if p.Revocation.Mode != RevocationNone && o.Revocation == nil {
			errs = append(errs, fmt.Errorf("esign: profile %s: revocation mode %s needs a checker and there is none", p.ID, p.Revocation.Mode))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Verifier{trust: o.Trust, now: o.Now, revocation: o.Revocation, pinOnly: o.PINOnly}, nil
}

// ClientCertificate identifies the peer of a TLS connection by the chain as it
// was sent; the handshake has proved that the peer holds the first
// certificate's key. Only that first certificate is looked at.
func (v *Verifier) ClientCertificate(ctx context.Context, chain []*x509.Certificate) (Identity, error) {
	if len(chain) == 0 {
		return Identity{}, refuse(CertificateMissing, "client certificate")
	}
	return v.certificate(ctx, &subject{cert: chain[0], use: UseClientCertificate})
}

// Signature identifies who signed content. Content that the file carries must
// be equal to it. Text with bare line feeds also counts as signed when its form
// with CRLF was, because signing programs convert unless told otherwise (RFC
// 8551 §3.1.1).
func (v *Verifier) Signature(ctx context.Context, s *UnverifiedSignature, content []byte) (Identity, error) {
	for _, c := range signatureChecks {
		if err := c(s, content); err != nil {
			return Identity{}, err
		}
	}
	return v.certificate(ctx, &subject{cert: s.signer, use: UseSignedFile, bound: s.boundV2})
}
