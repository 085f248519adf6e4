package democa

import (
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// Password opens every people/NAME.p12. An empty one does not import
// everywhere.
const Password = "demo"

// Create makes the demo's certificates in dir:
//
//	authorities/  keys and certificates of the issuers
//	trust/        profiles and certificates that the portal trusts
//	people/       NAME.p12, NAME.pem, NAME.key of each [Person], and README
//	tls/          server.pem, server.key, and ca.pem for browsers to trust
//
// What is there and still good at now is kept; what is missing, broken, out of
// date or signed by an authority that is gone is made anew. Every file is
// complete or absent. Two processes must not call it for the same dir at once.
func Create(dir string, now time.Time) error {
	s := store{dir: dir, now: now}
	for _, sub := range []string{"authorities", "trust", "people", "tls"} {
		if err := s.folder(sub); err != nil {
			return fmt.Errorf("democa: %w", err)
		}
	}
	a, err := s.authorities()
	if err != nil {
		return err
	}
	if err := s.trust(a); err != nil {
		return err
	}
	var g errgroup.Group
	for _, p := range People() {
		g.Go(func() error { return s.person(p, a[p.issuer]) })
	}
	g.Go(func() error { return s.server(a["tls"]) })
	if err := g.Wait(); err != nil {
		return err
	}
	return s.keepFile("people/README", []byte(readme()))
}

// authorities makes or loads the issuers, by name.
func (s store) authorities() (map[string]*Authority, error) {
	a := map[string]*Authority{}
	for _, spec := range []struct {
		name, title, parent string
		edit                func(*x509.Certificate)
	}{
		{name: "root", title: "Demo Root"},
		{name: "business", title: "Demo Business Certificates", parent: "root"},
		{name: "citizens", title: "Demo Citizen Certificates", parent: "root"},
		{name: "stranger", title: "Demo Stranger, trusted by nobody"},
		{name: "tls", title: "Demo TLS for localhost", edit: onlyLocalhost},
	} {
		r := Request{
			Subject: []Value{{Country, "AZ"}, {Organisation, "Demo"}, {CommonName, spec.title}},
			Key:     EC(elliptic.P384()), From: s.now.Add(-5 * year), To: s.now.Add(15 * year), Edit: spec.edit,
		}
		parent := a[spec.parent]
		pair, err := s.pair("authorities/"+spec.name, r, parent, func(c *x509.Certificate) bool {
			return c.IsCA && s.now.After(c.NotBefore.Add(3*year)) && s.now.Add(3*year).Before(c.NotAfter)
		}, func() (*Pair, error) {
			ca, err := NewAuthority(r, parent)
			if err != nil {
				return nil, err
			}
			return &ca.Pair, nil
		})
		if err != nil {
			return nil, err
		}
		a[spec.name] = &Authority{Pair: *pair}
	}
	return a, nil
}

// onlyLocalhost keeps the harm small when somebody lets a browser trust it.
func onlyLocalhost(t *x509.Certificate) {
	t.PermittedDNSDomainsCritical = true
	t.PermittedDNSDomains = []string{"localhost"}
	t.PermittedIPRanges = []*net.IPNet{
		{IP: net.IPv4(127, 0, 0, 1).To4(), Mask: net.CIDRMask(32, 32)},
		{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
	}
}

// person makes or keeps one person's files.
func (s store) person(p Person, issuer *Authority) error {
	r := p.request(s.now)
	base := "people/" + p.Name
	pair, err := s.pair(base, r, issuer,
		func(c *x509.Certificate) bool { return p.fits(c, s.now) },
		func() (*Pair, error) { return issuer.Issue(r) })
	if err != nil {
		return err
	}
	if s.holds(base+".p12", pair) {
		return nil
	}
	p12, err := pair.PKCS12(Password)
	if err != nil {
		return err
	}
	return s.write(base+".p12", 0o600, p12)
}

// server makes or keeps the TLS certificate. Browsers refuse more than 398 days.
func (s store) server(issuer *Authority) error {
	r := Request{
		Subject: []Value{{CommonName, "localhost"}},
		From:    s.now.Add(-time.Hour), To: s.now.Add(397 * day),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		Edit: func(t *x509.Certificate) {
			t.DNSNames = []string{"localhost"}
			t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
		},
	}
	_, err := s.pair("tls/server", r, issuer, func(c *x509.Certificate) bool {
		return !s.now.Before(c.NotBefore) && s.now.Add(30*day).Before(c.NotAfter)
	}, func() (*Pair, error) { return issuer.Issue(r) })
	if err != nil {
		return err
	}
	return s.keepFile("tls/ca.pem", certificatePEM(issuer.Certificate))
}

// trust writes the profiles and the certificates that they name.
func (s store) trust(a map[string]*Authority) error {
	files := map[string][]byte{
		"trust/root.pem":     certificatePEM(a["root"].Certificate),
		"trust/business.pem": certificatePEM(a["business"].Certificate),
		"trust/citizens.pem": certificatePEM(a["citizens"].Certificate),
	}
	for issuer, text := range profiles() {
		files["trust/"+issuer+".json"] = fmt.Appendf(nil, text, unpublished)
	}
	for name, content := range files {
		if err := s.keepFile(name, content); err != nil {
			return err
		}
	}
	return nil
}

// profiles are the texts of the issuers' profiles, by name.
func profiles() map[string]string {
	return map[string]string{"business": businessProfile, "citizens": citizensProfile}
}

// Publish lets the profiles in dir ask the [Responder] that answers at base,
// such as "http://127.0.0.1:8090". [Create] takes it back.
func Publish(dir, base string) error {
	s := store{dir: dir}
	for issuer, text := range profiles() {
		if err := s.keepFile("trust/"+issuer+".json", fmt.Appendf(nil, text, published(base, issuer))); err != nil {
			return err
		}
	}
	return nil
}

func (s store) folder(sub string) error {
	path := filepath.Join(s.dir, sub)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	leftovers, err := filepath.Glob(filepath.Join(path, temporary))
	if err != nil {
		return err
	}
	for _, f := range leftovers {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	return nil
}
