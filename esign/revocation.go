package esign

import (
	"context"
	"crypto/x509"
	"errors"
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

// RevocationRule is the revocation part of a profile.
type RevocationRule struct {
	Mode   RevocationMode `json:"mode"`
	Reason string         `json:"reason,omitempty"` // why nothing is checked; required with none, forbidden otherwise
	OCSP   []string       `json:"ocsp,omitempty"`   // responders asked instead of those in the certificate
	CRL    []string       `json:"crl,omitempty"`    // distribution points read instead of those in the certificate
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
	if e, ok := errors.AsType[*Error](err); ok {
		switch e.Reason {
		case Revoked, Suspended, RevocationUnknown:
			return refuse(e.Reason, "revocation")
		}
	}
	return refuse(RevocationUnknown, "revocation")
}
