package esign

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Options are what a Verifier works with.
type Options struct {
	Trust      *Trust           // required
	Now        func() time.Time // required: the only clock; the signer's own time is never believed
	Revocation Revocation       // required unless every profile says openly that nothing is checked
}

// Verifier turns proofs into identities. It is safe for concurrent use.
type Verifier struct {
	trust      *atomic.Pointer[Trust] // shared with the verifiers derived from this one
	now        func() time.Time
	revocation Revocation
	persons    bool // people without a taxpayer number pass too
}

// NewVerifier checks that the options are complete: a profile that wants its
// certificates checked for revocation is an error when there is no checker.
func NewVerifier(o Options) (*Verifier, error) {
	if o.Trust == nil || o.Now == nil {
		return nil, errors.New("esign: trust and clock are required")
	}
	v := &Verifier{trust: new(atomic.Pointer[Trust]), now: o.Now, revocation: o.Revocation}
	if err := v.SetTrust(o.Trust); err != nil {
		return nil, err
	}
	return v, nil
}

// SetTrust puts another set of profiles in the place of the present one, also
// for every verifier that was made by Persons. A verification that has begun
// ends with the profiles that it began with. On error nothing changes.
func (v *Verifier) SetTrust(t *Trust) error {
	var errs []error
	for _, p := range t.profiles {
		if p.Revocation.Mode != RevocationNone && v.revocation == nil {
			errs = append(errs, fmt.Errorf("esign: profile %s: revocation mode %s needs a checker and there is none", p.ID, p.Revocation.Mode))
		}
	}
	if len(errs) == 0 {
		v.trust.Store(t)
	}
	return errors.Join(errs...)
}

// Trust is the present set of profiles.
func (v *Verifier) Trust() *Trust { return v.trust.Load() }

// Persons returns a verifier that shares everything with v and also accepts
// certificates which name a person by personal number and no taxpayer: for
// staff, and for representatives whose companies a list knows. The identity's
// VOENs are then empty and its PIN is not. Without either it is NoVOEN still.
func (v *Verifier) Persons() *Verifier {
	p := *v
	p.persons = true
	return &p
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
