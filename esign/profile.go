package esign

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

// Use is a way in which a certificate proves identity.
type Use string

// The uses that a profile may allow.
const (
	UseClientCertificate Use = "client_certificate" // card or token through TLS
	UseSignedFile        Use = "signed_file"        // CMS over a challenge
	UseSIMA              Use = "sima"               // SİMA İmza
)

// Profile is one issuer: its certificates and what its customers'
// certificates must look like.
type Profile struct {
	ID            string              // file name without .json
	Name          string              // for people who run the portal
	Issuers       []*x509.Certificate // sign the persons' certificates directly
	Intermediates []*x509.Certificate // between issuers and roots
	Roots         []*x509.Certificate // anchors
	Uses          map[Use]UseRule
	VOEN          *AttributeRule // nil: the issuer may not assert a taxpayer number
	PIN           *AttributeRule // nil: personal numbers are not read
	PINRequired   bool
	Organisation  []asn1.ObjectIdentifier // attribute types, the first present counts
	MinRSABits    int                     // at least 2048
	SigningCert   bool                    // signed files must carry signing-certificate-v2
	Revocation    RevocationRule

	roots, intermediates *x509.CertPool
}

// UseRule is what a certificate must assert for one use.
type UseRule struct {
	KeyUsage            x509.KeyUsage           // at least one of these bits
	ExtKeyUsage         []asn1.ObjectIdentifier // at least one of these; empty: not looked at
	ExtKeyUsageOptional bool                    // a certificate without the extension passes
	Policies            []x509.OID              // at least one of these, valid along the path; empty: any
}

// AttributeRule says where a value stands in a certificate's subject.
type AttributeRule struct {
	Attributes []asn1.ObjectIdentifier // attribute types, each at most once in a certificate
	Prefixes   []string                // allowed beginnings such as "VATAZ-", taken off; "" allows the bare value
	Several    bool                    // several values are allowed (taxpayer numbers only)
}

// allowsExtKeyUsage reports whether c asserts one of the rule's purposes, or
// whether it may do without (RFC 5280 §4.2.1.12). anyExtendedKeyUsage counts
// only if the rule lists it.
func (r UseRule) allowsExtKeyUsage(c *x509.Certificate, optional bool) bool {
	if len(r.ExtKeyUsage) == 0 {
		return true
	}
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return optional
	}
	for _, want := range r.ExtKeyUsage {
		for _, have := range c.ExtKeyUsage {
			if have.OID().EqualASN1OID(want) {
				return true
			}
		}
		if slices.ContainsFunc(c.UnknownExtKeyUsage, want.Equal) {
			return true
		}
	}
	return false
}
