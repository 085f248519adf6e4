package revocation

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

func TestRedirectsAreRefused(t *testing.T) {
	w := newWorld(t)
	target := newOffice(t)
	target.ocsp, target.list = always(w.answer().make(t)), always(crl(t, w.ca))
	hop := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	t.Cleanup(hop.Close)
	err := w.check(t, newChecker(t), esign.RevocationRule{Mode: esign.RevocationBoth, OCSP: []string{hop.URL}, CRL: []string{hop.URL}})
	wantReason(t, err, esign.RevocationUnknown)
	if target.asked.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// TestAddressesInCertificates are used only when the profile allows it, and
// never lead into the house.
func TestAddressesInCertificates(t *testing.T) {
	w := newWorld(t)
	o := newOffice(t)
	w.person = issue(t, w.ca, "Person", func(r *democa.Request) {
		r.Edit = func(c *x509.Certificate) { c.OCSPServer, c.CRLDistributionPoints = []string{o.URL}, []string{o.URL} }
	})
	o.ocsp, o.list = always(w.answer().make(t)), always(crl(t, w.ca))
	outside := func(op *Options) { op.Outside = http.DefaultTransport } // as if the address were public
	for _, mode := range []esign.RevocationMode{esign.RevocationOCSP, esign.RevocationCRL} {
		silent := esign.RevocationRule{Mode: mode}
		open := esign.RevocationRule{Mode: mode, FromCertificate: true}
		wantReason(t, w.check(t, newChecker(t, outside), silent), esign.RevocationUnknown)
		wantReason(t, w.check(t, newChecker(t), open), esign.RevocationUnknown)
		if n := o.asked.Load(); n != 0 {
			t.Errorf("%s: %d questions reached a private address", mode, n)
		}
		wantReason(t, w.check(t, newChecker(t, outside), open), "")
		o.asked.Store(0)
	}
}

func TestOnlyPublicAddresses(t *testing.T) {
	for to, want := range map[string]bool{
		"93.184.215.14:80": true, "8.8.8.8:443": true, "[2606:2800:21f:cb07::1]:80": true,
		"8.8.8.8:22": false, "8.8.8.8:8080": false, "127.0.0.1:80": false, "127.9.9.9:80": false, "0.0.0.0:80": false,
		"10.0.0.1:80": false, "172.16.0.1:80": false, "192.168.1.1:443": false, "169.254.169.254:80": false, "100.64.0.1:80": false,
		"224.0.0.1:80": false, "255.255.255.255:80": false, "240.0.0.1:80": false, "192.0.0.8:80": false, "198.18.0.1:80": false,
		"[::1]:80": false, "[::]:80": false, "[fe80::1]:80": false, "[fe80::1%eth0]:80": false, "[fd00::1]:80": false, "[ff02::1]:80": false,
		"[::ffff:127.0.0.1]:80": false, "[::ffff:10.0.0.1]:80": false, "[64:ff9b::a00:1]:80": false, "[2002:a00:1::]:80": false,
		"[::127.0.0.1]:80": false, "[2001:db8::1]:80": false, "name:80": false, "": false,
	} {
		if got := onlyPublic("tcp", to, nil) == nil; got != want {
			t.Errorf("%s: %v", to, got)
		}
	}
}

func TestOddAddresses(t *testing.T) {
	c := newChecker(t)
	for _, u := range []string{"ldap://a/b", "file:///etc/passwd", "http://", "//a", "http://user:word@127.0.0.1/", "http://a\x00b/", "gopher://a/"} {
		if _, err := c.client.fetch(t.Context(), address{url: u}, "", nil, 10); !errors.Is(err, errAddress) {
			t.Errorf("%s: %v", u, err)
		}
	}
}

func TestErrorsDoNotNameAddresses(t *testing.T) {
	o := newOffice(t)
	o.Close()
	_, err := newChecker(t).client.fetch(t.Context(), address{url: o.URL + "/?serial=123"}, "", nil, 10)
	if err == nil || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "serial") {
		t.Errorf("got %v", err)
	}
}
