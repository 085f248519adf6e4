package esign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// subject is a certificate on its way through the checks.
type subject struct {
	cert    *x509.Certificate
	trust   *Trust // as it was when the checks began
	use     Use
	bound   bool                  // the signature names the certificate by signing-certificate-v2
	profile *Profile              // set by checkIssuer
	issuer  *x509.Certificate     // set by checkIssuer
	chains  [][]*x509.Certificate // certificate first, anchor last; set by checkIssuer
	id      Identity              // filled by the identity checks, handed out after the last one
}

// certificateChecks run in this order; each may rely on those before it. What
// is cheap and needs no trust comes first, the network last.
var certificateChecks = [...]func(context.Context, *Verifier, *subject) error{
	checkNotCA,
	checkKeySize,
	checkExtensions,
	checkIssuer,
	checkChain,
	checkUse,
	checkPolicy,
	checkBinding,
	checkIdentity,
	checkRevocation,
	checkDeadline,
}

// certificate runs all checks on a certificate whose holder has proved to have
// its key. It is the only maker of identities.
func (v *Verifier) certificate(ctx context.Context, s *subject) (Identity, error) {
	s.trust = v.trust.Load()
	for _, check := range certificateChecks {
		if err := check(ctx, v, s); err != nil {
			return Identity{}, s.annotate(err)
		}
	}
	s.id.Use = s.use
	s.id.Issuer = s.profile.ID
	s.id.Serial = s.cert.SerialNumber.Text(16)
	s.id.Fingerprint = sha256.Sum256(s.cert.Raw)
	s.id.NotAfter = s.cert.NotAfter
	s.id.Certificate = bytes.Clone(s.cert.Raw)
	return s.id, nil
}

// annotate adds issuer and serial for the record of attempts, once the issuer
// has proved to be the one that the certificate names.
func (s *subject) annotate(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && s.profile != nil {
		e.Issuer, e.Serial = s.profile.ID, s.cert.SerialNumber.Text(16)
	}
	return err
}

// checkNotCA refuses authorities, and certificates of the first two versions,
// which cannot say whether they are one.
func checkNotCA(_ context.Context, _ *Verifier, s *subject) error {
	if s.cert.Version != 3 {
		return refuse(CertificateMalformed, "version")
	}
	if s.cert.IsCA || s.cert.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0 {
		return refuse(CACertificate, "basic constraints")
	}
	return nil
}

func checkKeySize(_ context.Context, _ *Verifier, s *subject) error {
	if !StrongKey(s.cert.PublicKey) {
		return refuse(WeakAlgorithm, "key")
	}
	return nil
}

// checkExtensions refuses what RFC 5280 §4.2 says a system must refuse: a
// critical extension that it does not understand.
func checkExtensions(_ context.Context, _ *Verifier, s *subject) error {
	if len(s.cert.UnhandledCriticalExtensions) > 0 {
		return refuse(CertificateMalformed, "critical extension")
	}
	return nil
}

// checkIssuer finds the profile whose issuer signed the certificate, and all
// paths from there to the profile's roots.
func checkIssuer(_ context.Context, v *Verifier, s *subject) error {
	if !StrongSignature(s.cert.SignatureAlgorithm) {
		return refuse(WeakAlgorithm, "certificate signature")
	}
	now := v.now()
	if now.Before(s.cert.NotBefore) || now.After(s.cert.NotAfter) {
		return s.outOfDate(now)
	}
	for _, p := range s.trust.profiles {
		if !slices.ContainsFunc(p.Issuers, s.namesIssuer) {
			continue
		}
		if chains := s.paths(p, now); len(chains) > 0 {
			s.profile, s.issuer, s.chains = p, chains[0][1], chains
			return nil
		}
	}
	if s.findIssuer() {
		return refuse(IssuerNotTrusted, "chain")
	}
	return refuse(IssuerNotTrusted, "issuer")
}

// paths builds paths from the profile's own certificates only (RFC 5280 §6):
// signatures, validity, basic constraints, path length, name constraints,
// critical extensions. Purposes are checkUse's. The certificate must come from
// one of the profile's issuers, not from another authority above them.
func (s *subject) paths(p *Profile, now time.Time) [][]*x509.Certificate {
	chains, err := s.cert.Verify(x509.VerifyOptions{
		Roots: p.roots, Intermediates: p.intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(chains, func(chain []*x509.Certificate) bool {
		return len(chain) < 2 || !slices.ContainsFunc(p.Issuers, chain[1].Equal) || !mailAllowed(chain)
	})
}

// outOfDate says so once the certificate has proved to be from a known issuer.
// A signing time in the file is written by the signer and proves nothing.
func (s *subject) outOfDate(now time.Time) error {
	switch {
	case !s.findIssuer():
		return refuse(IssuerNotTrusted, "issuer")
	case now.Before(s.cert.NotBefore):
		return &Error{Reason: NotYetValid, Check: "validity", At: s.cert.NotBefore}
	}
	return &Error{Reason: Expired, Check: "validity", At: s.cert.NotAfter}
}

// findIssuer finds the profile whose issuer's key signed the certificate,
// whether or not there is a path to a root.
func (s *subject) findIssuer() bool {
	for _, p := range s.trust.profiles {
		for _, ca := range p.Issuers {
			if s.namesIssuer(ca) && s.cert.CheckSignatureFrom(ca) == nil {
				s.profile, s.issuer = p, ca
				return true
			}
		}
	}
	return false
}

func (s *subject) namesIssuer(ca *x509.Certificate) bool {
	return bytes.Equal(ca.RawSubject, s.cert.RawIssuer)
}

// checkChain leaves only paths whose every signature is strong.
func checkChain(_ context.Context, _ *Verifier, s *subject) error {
	s.chains = slices.DeleteFunc(s.chains, func(chain []*x509.Certificate) bool { return !strongChain(chain) })
	if len(s.chains) == 0 {
		return refuse(WeakAlgorithm, "chain")
	}
	s.issuer = s.chains[0][1]
	return nil
}

// strongChain looks at every signature and key above the certificate; the
// anchor's own signature is not relied on.
func strongChain(chain []*x509.Certificate) bool {
	for i, c := range chain[1:] {
		anchor := i == len(chain)-2
		if !StrongKey(c.PublicKey) || (!anchor && !StrongSignature(c.SignatureAlgorithm)) {
			return false
		}
	}
	return true
}

// checkUse applies the profile's rule for this use: key usage, extended key
// usage of the certificate and of its issuer, and key size.
func checkUse(_ context.Context, _ *Verifier, s *subject) error {
	rule, ok := s.profile.Uses[s.use]
	switch {
	case !ok:
		return refuse(WrongPurpose, "use not allowed by profile")
	case s.cert.KeyUsage&rule.KeyUsage == 0:
		return refuse(WrongPurpose, "key usage")
	case !rule.allowsExtKeyUsage(s.cert, rule.ExtKeyUsageOptional):
		return refuse(WrongPurpose, "extended key usage")
	case !rule.allowsExtKeyUsage(s.issuer, true):
		return refuse(WrongPurpose, "extended key usage of issuer")
	case !keyAllowed(s.cert.PublicKey, s.profile.MinRSABits):
		return refuse(WeakAlgorithm, "key")
	}
	return nil
}

// checkBinding demands signing-certificate-v2 where the profile does. Whether
// it names the right certificate was checked on reading.
func checkBinding(_ context.Context, _ *Verifier, s *subject) error {
	if s.use == UseSignedFile && s.profile.SigningCert && !s.bound {
		return refuse(SigningCertRequired, "signing-certificate-v2")
	}
	return nil
}

// checkDeadline gives no answer after the caller has stopped waiting.
func checkDeadline(ctx context.Context, _ *Verifier, _ *subject) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("esign: %w", err)
	}
	return nil
}
