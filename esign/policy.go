package esign

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
)

var (
	oidAnyPolicy = asn1.ObjectIdentifier{2, 5, 29, 32, 0}
	oidEmail     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}
)

// checkPolicy wants one of the rule's policies in the certificate and, or
// anyPolicy in its place, in every authority below the anchor: RFC 5280 §6.1
// with an explicit policy. The standard library does not insist on a policy by
// itself.
func checkPolicy(_ context.Context, _ *Verifier, s *subject) error {
	rule := s.profile.Uses[s.use]
	if len(rule.Policies) == 0 {
		return nil
	}
	for _, policy := range rule.Policies {
		for _, chain := range s.chains {
			if assertedAlong(chain, policy) {
				return nil
			}
		}
	}
	return refuse(WrongPurpose, "certificate policy")
}

// assertedAlong reports whether policy holds from the anchor down. It is
// stricter than the standard where an authority says more about policies: a
// policy that one of them maps counts as absent, and where one inhibits
// anyPolicy none may stand for policy.
func assertedAlong(chain []*x509.Certificate, policy x509.OID) bool {
	authorities := chain[1:max(1, len(chain)-1)]
	named := func(p x509.OID) bool { return p.Equal(policy) }
	mapped := func(m x509.PolicyMapping) bool {
		return named(m.IssuerDomainPolicy) || named(m.SubjectDomainPolicy)
	}
	inhibited := slices.ContainsFunc(authorities, func(c *x509.Certificate) bool { return c.InhibitAnyPolicy > 0 || c.InhibitAnyPolicyZero })
	if !slices.ContainsFunc(chain[0].Policies, named) {
		return false
	}
	for _, c := range authorities {
		anyPolicy := !inhibited && slices.ContainsFunc(c.Policies, func(p x509.OID) bool { return p.EqualASN1OID(oidAnyPolicy) })
		if slices.ContainsFunc(c.PolicyMappings, mapped) || (!anyPolicy && !slices.ContainsFunc(c.Policies, named)) {
			return false
		}
	}
	return true
}

// mailAllowed applies the authorities' constraints on mail addresses as RFC
// 5280 §4.2.1.10 has them: a host name permits the mailboxes of that host
// alone, not those of hosts below it, as the standard library would have it. It
// also covers an address in the subject.
func mailAllowed(chain []*x509.Certificate) bool {
	addresses := slices.Clone(chain[0].EmailAddresses)
	for _, a := range chain[0].Subject.Names {
		if text, ok := a.Value.(string); ok && a.Type.Equal(oidEmail) {
			addresses = append(addresses, text)
		}
	}
	for _, c := range chain[1:] {
		for _, a := range addresses {
			within := func(constraint string) bool { return mailWithin(a, constraint) }
			if (len(c.PermittedEmailAddresses) > 0 && !slices.ContainsFunc(c.PermittedEmailAddresses, within)) ||
				slices.ContainsFunc(c.ExcludedEmailAddresses, within) {
				return false
			}
		}
	}
	return true
}

// mailWithin reports whether an address is within a constraint: a mailbox, a
// host, or, with a period in front, everything below a domain.
func mailWithin(address, constraint string) bool {
	at := strings.LastIndexByte(address, '@')
	host := address[at+1:]
	switch {
	case strings.Contains(constraint, "@"):
		from := strings.LastIndexByte(constraint, '@')
		return at == from && address[:at] == constraint[:from] && strings.EqualFold(host, constraint[from+1:])
	case strings.HasPrefix(constraint, "."):
		return len(host) > len(constraint) && strings.EqualFold(host[len(host)-len(constraint):], constraint)
	}
	return strings.EqualFold(host, constraint)
}
