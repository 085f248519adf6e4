package esign

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
)

// Attribute types of X.520 that make up a person's name.
var (
	oidCommonName = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSurname    = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidGivenName  = asn1.ObjectIdentifier{2, 5, 4, 42}
)

// maxText is the most characters of a name or organisation; X.520 has upper
// bounds of 64 and more, and real organisations exceed them.
const maxText = 256

// checkIdentity reads who the certificate is about: by attribute type from the
// parsed subject, never from its text, which a name with a comma could forge.
func checkIdentity(_ context.Context, v *Verifier, s *subject) error {
	var err error
	if s.id.VOENs, err = readVOENs(s.cert, s.profile.VOEN); err != nil {
		return err
	}
	if s.id.PIN, err = readPIN(s.cert, s.profile); err != nil {
		return err
	}
	if len(s.id.VOENs) == 0 && (!v.persons || s.id.PIN == "") {
		return refuse(NoVOEN, "taxpayer number")
	}
	if s.id.Organisation, err = readOrganisation(s.cert, s.profile.Organisation); err != nil {
		return err
	}
	s.id.Name, err = readName(s.cert)
	return err
}

func readVOENs(c *x509.Certificate, rule *AttributeRule) ([]customs.VOEN, error) {
	if rule == nil { // a citizens' issuer: whatever it writes there is no taxpayer number
		return nil, nil
	}
	values, err := rule.values(c)
	if err != nil {
		return nil, err
	}
	var list []customs.VOEN
	for _, text := range values {
		voen, err := customs.ParseVOEN(text)
		if err != nil {
			return nil, refuse(IdentityMalformed, "taxpayer number")
		}
		if !slices.Contains(list, voen) {
			list = append(list, voen)
		}
	}
	if len(list) > 1 && !rule.Several {
		return nil, refuse(AttributeTwice, "taxpayer number")
	}
	return list, nil
}

func readPIN(c *x509.Certificate, p *Profile) (customs.PIN, error) {
	if p.PIN == nil {
		return "", nil
	}
	values, err := p.PIN.values(c)
	if err != nil {
		return "", err
	}
	switch {
	case len(values) > 1:
		return "", refuse(AttributeTwice, "personal number")
	case len(values) == 0 && p.PINRequired:
		return "", refuse(NoPIN, "personal number")
	case len(values) == 0:
		return "", nil
	}
	pin, err := customs.ParsePIN(values[0])
	if err != nil {
		return "", refuse(IdentityMalformed, "personal number")
	}
	return pin, nil
}

// readOrganisation takes the first of the profile's attribute types that the
// subject has.
func readOrganisation(c *x509.Certificate, kinds []asn1.ObjectIdentifier) (string, error) {
	for _, kind := range kinds {
		v, err := attributeValues(c, kind)
		if err != nil {
			return "", err
		}
		if len(v) > 1 {
			return "", refuse(AttributeTwice, "organisation")
		}
		if len(v) == 1 {
			return v[0], nil
		}
	}
	return "", nil
}

// readName prefers given name and surname to the common name, which is a free
// text.
func readName(c *x509.Certificate) (string, error) {
	var parts [3]string
	for i, kind := range []asn1.ObjectIdentifier{oidGivenName, oidSurname, oidCommonName} {
		v, err := attributeValues(c, kind)
		if err != nil {
			return "", err
		}
		if len(v) > 1 {
			return "", refuse(AttributeTwice, "name")
		}
		if len(v) == 1 {
			parts[i] = v[0]
		}
	}
	if parts[0] != "" && parts[1] != "" {
		return parts[0] + " " + parts[1], nil
	}
	return parts[2], nil
}

// values returns what the rule's attributes hold, without prefix. A value of
// another kind, such as a trade register number beside a taxpayer number, is
// left out; an attribute that repeats is refused unless the rule allows it.
func (r *AttributeRule) values(c *x509.Certificate) ([]string, error) {
	var out []string
	for _, kind := range r.Attributes {
		found, err := attributeValues(c, kind)
		if err != nil {
			return nil, err
		}
		if len(found) > 1 && !r.Several {
			return nil, refuse(AttributeTwice, "subject attribute")
		}
		for _, v := range found {
			if rest, ok := r.strip(v); ok {
				out = append(out, rest)
			}
		}
	}
	return out, nil
}

// strip takes an allowed prefix off. A bare value passes if the rule has the
// empty prefix and the value does not begin like one of another kind.
func (r *AttributeRule) strip(value string) (rest string, ok bool) {
	for _, p := range r.Prefixes {
		if p != "" && strings.HasPrefix(value, p) {
			return value[len(p):], true
		}
	}
	return value, slices.Contains(r.Prefixes, "") && !semantic(value)
}

// semantic reports whether the value has the form of ETSI EN 319 412-1 §5.1.3
// and §5.1.4: three letters of kind, two of country, hyphen.
func semantic(v string) bool {
	if len(v) < 6 || v[5] != '-' {
		return false
	}
	for _, r := range []byte(v[:5]) {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return true
}

// attributeValues returns the subject's values of one attribute type.
func attributeValues(c *x509.Certificate, kind asn1.ObjectIdentifier) ([]string, error) {
	var out []string
	for _, a := range c.Subject.Names {
		if !a.Type.Equal(kind) {
			continue
		}
		text, ok := a.Value.(string)
		if !ok || !printable(text) {
			return nil, refuse(IdentityMalformed, "subject attribute")
		}
		out = append(out, text)
	}
	return out, nil
}

// printable refuses empty and overlong texts, control characters and the
// invisible ones that can make a name look like another.
func printable(s string) bool {
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxText {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || r == utf8.RuneError
	})
}
