package esign

import (
	"crypto/x509"
	"encoding/asn1"
	"net/url"
	"strconv"
	"strings"
)

// profileFile is a profile as it is written in JSON.
type profileFile struct {
	Name          string          `json:"name"`
	Issuers       []string        `json:"issuers"`
	Intermediates []string        `json:"intermediates"`
	Roots         []string        `json:"roots"`
	Uses          map[Use]useFile `json:"uses"`
	VOEN          *attributeFile  `json:"voen"`
	PIN           *pinFile        `json:"pin"`
	Organisation  []string        `json:"organisation"`
	MinRSABits    int             `json:"min_rsa_bits"`
	SigningCert   bool            `json:"signing_certificate_required"`
	Revocation    *RevocationRule `json:"revocation"`
}

type useFile struct {
	KeyUsage            []string `json:"key_usage"`
	ExtKeyUsage         []string `json:"ext_key_usage"`
	ExtKeyUsageOptional bool     `json:"ext_key_usage_optional"`
	Policies            []string `json:"policies"`
}

type attributeFile struct {
	Attributes []string `json:"attributes"`
	Prefixes   []string `json:"prefixes"`
	Several    bool     `json:"several"`
}

type pinFile struct {
	Attributes []string `json:"attributes"`
	Prefixes   []string `json:"prefixes"`
	Required   bool     `json:"required"`
}

// profile translates everything but the certificates.
func (f *profileFile) profile(m *mistakes) *Profile {
	p := &Profile{Name: f.Name, MinRSABits: f.MinRSABits, SigningCert: f.SigningCert, Uses: map[Use]UseRule{}}
	if f.Name == "" {
		m.addf("name: is missing")
	}
	if p.MinRSABits == 0 {
		p.MinRSABits = minRSABits
	}
	if p.MinRSABits < minRSABits || p.MinRSABits > maxRSABits {
		m.addf("min_rsa_bits: must be %d to %d", minRSABits, maxRSABits)
	}
	if len(f.Uses) == 0 {
		m.addf("uses: at least one is needed")
	}
	for use, u := range f.Uses {
		p.Uses[use] = m.use(use, u)
	}
	if f.VOEN != nil {
		p.VOEN = m.attribute("voen", *f.VOEN)
	}
	if f.PIN != nil {
		p.PIN = m.attribute("pin", attributeFile{Attributes: f.PIN.Attributes, Prefixes: f.PIN.Prefixes})
		p.PINRequired = f.PIN.Required
	}
	p.Organisation = m.oids("organisation", f.Organisation)
	p.Revocation = m.revocation(f.Revocation)
	return p
}

func (m *mistakes) use(use Use, u useFile) UseRule {
	member := "uses." + string(use)
	switch use {
	case UseClientCertificate, UseSignedFile, UseSIMA:
	default:
		m.addf("%s: no such use", member)
	}
	r := UseRule{ExtKeyUsage: m.oids(member+".ext_key_usage", u.ExtKeyUsage), ExtKeyUsageOptional: u.ExtKeyUsageOptional}
	if len(u.KeyUsage) == 0 {
		m.addf("%s.key_usage: at least one is needed", member)
	}
	for _, name := range u.KeyUsage {
		switch name { // the names of RFC 5280 §4.2.1.3
		case "digitalSignature":
			r.KeyUsage |= x509.KeyUsageDigitalSignature
		case "nonRepudiation", "contentCommitment":
			r.KeyUsage |= x509.KeyUsageContentCommitment
		default:
			m.addf("%s.key_usage: %q is not digitalSignature, nonRepudiation or contentCommitment", member, name)
		}
	}
	for _, text := range u.Policies {
		oid, err := x509.ParseOID(text)
		if err != nil {
			m.addf("%s.policies: %q is no object identifier", member, text)
		}
		r.Policies = append(r.Policies, oid)
	}
	return r
}

func (m *mistakes) attribute(member string, f attributeFile) *AttributeRule {
	if len(f.Attributes) == 0 {
		m.addf("%s.attributes: at least one is needed", member)
	}
	if len(f.Prefixes) == 0 {
		m.addf(`%s.prefixes: at least one is needed, "" allows a bare value`, member)
	}
	return &AttributeRule{Attributes: m.oids(member+".attributes", f.Attributes), Prefixes: f.Prefixes, Several: f.Several}
}

func (m *mistakes) oids(member string, texts []string) []asn1.ObjectIdentifier {
	var list []asn1.ObjectIdentifier
	for _, text := range texts {
		oid, ok := parseOID(text)
		if !ok {
			m.addf("%s: %q is no object identifier", member, text)
		}
		list = append(list, oid)
	}
	return list
}

func parseOID(text string) (asn1.ObjectIdentifier, bool) {
	if _, err := x509.ParseOID(text); err != nil {
		return nil, false
	}
	var oid asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			return nil, false
		}
		oid = append(oid, n)
	}
	return oid, true
}

// revocation wants the choice made openly.
func (m *mistakes) revocation(r *RevocationRule) RevocationRule {
	if r == nil {
		m.addf("revocation: is missing; say how, or mode none with a reason")
		return RevocationRule{}
	}
	addresses := append(append([]string{}, r.OCSP...), r.CRL...)
	switch r.Mode {
	case RevocationNone:
		if r.Reason == "" || len(addresses) > 0 || r.FromCertificate || r.Nonce {
			m.addf("revocation: mode none needs a reason and no addresses")
		}
	case RevocationOCSP, RevocationCRL, RevocationBoth:
		if r.Reason != "" {
			m.addf("revocation: a reason belongs to mode none only")
		}
		if r.Mode != RevocationCRL && len(r.OCSP) == 0 && !r.FromCertificate {
			m.addf("revocation: mode %s needs a responder's address, or from_certificate", r.Mode)
		}
	default:
		m.addf("revocation: mode %q is not none, ocsp, crl or ocsp_then_crl", r.Mode)
	}
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			m.addf("revocation: %q is no http address", a)
		}
	}
	return *r
}
