package democa

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/esign"
)

func respond(t *testing.T, dir string) string {
	t.Helper()
	r, err := NewResponder(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return s.URL
}

// TestOpenSSLAsksTheResponder has another program ask and check the answers.
func TestOpenSSLAsksTheResponder(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, time.Now())
	url := respond(t, dir)
	for _, p := range People() {
		if p.issuer == "stranger" {
			continue
		}
		out := run(t, "openssl", "ocsp", "-issuer", filepath.Join(dir, "trust", p.issuer+".pem"), "-cert", filepath.Join(dir, "people", p.Name+".pem"),
			"-url", url+"/ocsp/"+p.issuer, "-CAfile", filepath.Join(dir, "trust/root.pem"), "-verify_other", filepath.Join(dir, "trust", p.issuer+".pem"), "-no_nonce")
		want := map[esign.Reason]string{esign.Revoked: "keyCompromise", esign.Suspended: "certificateHold"}[p.Expect]
		if want == "" {
			want = ": good"
		}
		if !strings.Contains(out, want) || !strings.Contains(out, "Response verify OK") {
			t.Errorf("%s: want %s in\n%s", p.Name, want, out)
		}
	}
}

func TestOpenSSLReadsTheList(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, time.Now())
	url := respond(t, dir)
	for issuer, entries := range map[string]int{"business": 2, "citizens": 0} {
		file := filepath.Join(t.TempDir(), "list.crl")
		if err := os.WriteFile(file, get(t, url+"/crl/"+issuer+".crl", http.StatusOK), 0o600); err != nil {
			t.Fatal(err)
		}
		out := run(t, "openssl", "crl", "-inform", "DER", "-in", file, "-noout", "-text", "-CAfile", filepath.Join(dir, "trust", issuer+".pem"))
		if strings.Count(out, "Serial Number:") != entries || !strings.Contains(out, "verify OK") {
			t.Errorf("%s has other than %d entries:\n%s", issuer, entries, out)
		}
	}
}

func get(t *testing.T, url string, status int) []byte {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		t.Fatalf("%s: %d, %v", url, res.StatusCode, err)
	}
	return b
}

func TestResponderKnowsWhatItDoesNotKnow(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, time.Now())
	url := respond(t, dir)
	get(t, url+"/crl/stranger.crl", http.StatusNotFound)
	get(t, url+"/ocsp/business", http.StatusMethodNotAllowed)
	for path, want := range map[string]int{"/ocsp/business": http.StatusOK, "/ocsp/stranger": http.StatusNotFound} {
		res, err := http.Post(url+path, "application/ocsp-request", strings.NewReader("no request"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != want || (want == http.StatusOK && string(b) != "\x30\x03\x0a\x01\x01") { // malformedRequest
			t.Errorf("%s: %d %x, %v", path, res.StatusCode, b, err)
		}
		res.Body.Close()
	}
	if err := os.Remove(filepath.Join(dir, "people/revoked.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := NewResponder(dir, time.Now); err == nil {
		t.Error("a responder answers for a person who is not there")
	}
}

// TestFoldersOfBefore has people appear who were not yet there when the folder
// was made; nobody else's files change.
func TestFoldersOfBefore(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	for _, name := range []string{"revoked", "suspended"} {
		for _, kind := range []string{".pem", ".key", ".p12"} {
			if err := os.Remove(filepath.Join(dir, "people", name+kind)); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := contents(t, dir)
	create(t, dir, moment)
	if names := changed(before, contents(t, dir)); len(names) != 6 {
		t.Errorf("changed: %v", names)
	}
}

func TestPublishedProfilesNameTheResponder(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	if err := Publish(dir, "http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	trust, err := esign.LoadTrust(os.DirFS(filepath.Join(dir, "trust")))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range trust.Profiles() {
		r := p.Revocation
		if r.Mode != esign.RevocationBoth || r.OCSP[0] != "http://127.0.0.1:1/ocsp/"+p.ID || r.CRL[0] != "http://127.0.0.1:1/crl/"+p.ID+".crl" || r.FromCertificate {
			t.Errorf("%s: %+v", p.ID, r)
		}
	}
}
