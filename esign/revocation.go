package esign

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
)

// RevocationMode says how a profile's certificates are checked for revocation.
type RevocationMode string

// The modes. A profile must choose one; leaving it out is a mistake.
const (
	RevocationNone RevocationMode = "none" // openly unchecked, with a reason: demo and tests
	RevocationOCSP RevocationMode = "ocsp" // RFC 6960
	RevocationCRL  RevocationMode = "crl"  // RFC 5280 §5
	RevocationBoth RevocationMode = "ocsp_then_crl"
)

// RevocationRule is the revocation part of a profile. Addresses that the
// profile names take the place of those in certificates and may be anywhere;
// those in certificates are used only if the profile says so, and only when
// they are public.
type RevocationRule struct {
	Mode            RevocationMode `json:"mode"`
	Reason          string         `json:"reason,omitempty"`           // why nothing is checked; required with none, forbidden otherwise
	OCSP            []string       `json:"ocsp,omitempty"`             // addresses of responders
	CRL             []string       `json:"crl,omitempty"`              // distribution points
	FromCertificate bool           `json:"from_certificate,omitempty"` // use the addresses that certificates name
	Nonce           bool           `json:"nonce,omitempty"`            // responders must repeat a nonce (RFC 9654)
}

// Revocation asks an issuer whether it has taken back a certificate. Check
// returns nil when the certificate is good now, and an [Error] with reason
// Revoked, Suspended or RevocationUnknown otherwise; any other error counts as
// RevocationUnknown. It must return when ctx ends.
type Revocation interface {
	Check(ctx context.Context, certificate, issuer *x509.Certificate, rule RevocationRule) error
}

func checkRevocation(ctx context.Context, v *Verifier, s *subject) error {
	if s.profile.Revocation.Mode == RevocationNone {
		return nil
	}
	if v.revocation == nil { // NewVerifier refuses this; closed all the same
		return refuse(RevocationUnknown, "no revocation checker")
	}
	err := v.revocation.Check(ctx, s.cert, s.issuer, s.profile.Revocation)
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) { // nobody waits; the issuer is not to blame
		return fmt.Errorf("esign: %w", ctx.Err())
	}
	if e, ok := errors.AsType[*Error](err); ok {
		switch e.Reason {
		case Revoked, Suspended, RevocationUnknown:
			return refuse(e.Reason, "revocation")
		}
	}
	return refuse(RevocationUnknown, "revocation")
}
