package democa

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"customs.gov.az/portal/esign"
)

// damage is one way in which a file can be wrong.
type damage struct {
	name string
	do   func(t *testing.T, path string)
}

func damages(foreign string) []damage {
	replace := func(content func(path string) []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, content(path), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		return b
	}
	return []damage{
		{"missing", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}},
		{"half", replace(func(path string) []byte { b := read(path); return b[:len(b)/2] })},
		{"another folder's", replace(func(path string) []byte {
			return read(filepath.Join(foreign, filepath.Base(filepath.Dir(path)), filepath.Base(path)))
		})},
	}
}

// whole demands that everything in the folder fits together: each person can
// be loaded, comes from its issuer, and is in its PKCS #12 file; the profiles
// are those of these issuers.
func whole(t *testing.T, dir string) {
	t.Helper()
	s := store{dir: dir, now: moment}
	a, err := s.authorities()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range People() {
		pair := s.load("people/"+p.Name, a[p.issuer])
		if pair == nil {
			t.Errorf("%s: no pair of the issuer", p.Name)
			continue
		}
		if !p.fits(pair.Certificate, moment) || !s.holds("people/"+p.Name+".p12", pair) {
			t.Errorf("%s: out of date, or the PKCS #12 file holds something else", p.Name)
		}
	}
	if s.load("tls/server", a["tls"]) == nil || !a["tls"].Certificate.Equal(s.loadCertificate("tls/ca.pem")) {
		t.Error("the TLS certificate is not of the authority that browsers are given")
	}
	trust, err := esign.LoadTrust(os.DirFS(filepath.Join(dir, "trust")))
	if err != nil {
		t.Fatal(err)
	}
	for _, listed := range trust.Authorities() {
		if !listed.Certificate.Equal(a["root"].Certificate) && !listed.Certificate.Equal(a["business"].Certificate) && !listed.Certificate.Equal(a["citizens"].Certificate) {
			t.Errorf("the portal trusts %s of %s, which is not the folder's", listed.Role, listed.Profile)
		}
	}
	for name, text := range contents(t, dir) {
		if strings.HasPrefix(filepath.Base(name), ".new-") || text == "" {
			t.Errorf("%s is unfinished", name)
		}
	}
}

// Every file in every state that a killed process, a full disk or a hand can
// leave is made good, and what has nothing to do with it stays.
func TestEachFileIsRepaired(t *testing.T) {
	dir, foreign := t.TempDir(), t.TempDir()
	create(t, dir, moment)
	create(t, foreign, moment)
	untouched := map[string]string{ // a file, and one that must survive its loss
		"people/leyla.pem": "people/aysel.pem", "people/leyla.key": "people/aysel.pem", "people/leyla.p12": "people/leyla.pem", "people/README": "people/leyla.pem",
		"people/expired.pem": "people/leyla.pem", "people/notyet.key": "people/leyla.pem",
		"authorities/citizens.key": "people/aysel.pem", "authorities/stranger.pem": "people/aysel.pem", "authorities/tls.key": "people/aysel.pem",
		"trust/root.pem": "people/aysel.pem", "trust/business.json": "people/aysel.pem", "trust/citizens.pem": "people/novoen.pem",
		"tls/server.pem": "tls/ca.pem", "tls/server.key": "tls/ca.pem", "tls/ca.pem": "tls/server.pem",
	}
	for file, survivor := range untouched {
		t.Run(file, func(t *testing.T) {
			for _, d := range damages(foreign) {
				before := contents(t, dir)
				d.do(t, filepath.Join(dir, file))
				create(t, dir, moment)
				after := contents(t, dir)
				if len(after) != len(before) || len(after[file]) < 50 {
					t.Errorf("%s: %d files, then %d", d.name, len(before), len(after))
				}
				if after[survivor] != before[survivor] {
					t.Errorf("%s: %s was made anew", d.name, survivor)
				}
			}
			before := contents(t, dir)
			whole(t, dir)
			create(t, dir, moment)
			if names := changed(before, contents(t, dir)); len(names) > 0 {
				t.Errorf("the repair is not final: %v", names)
			}
		})
	}
}

// A root that is gone takes everything below it along, but not the others.
func TestANewRoot(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	before := contents(t, dir)
	if err := os.Remove(filepath.Join(dir, "authorities/root.key")); err != nil {
		t.Fatal(err)
	}
	create(t, dir, moment)
	whole(t, dir)
	after := contents(t, dir)
	for _, p := range People() {
		name := "people/" + p.Name + ".pem"
		if kept := before[name] == after[name]; kept != (p.issuer == "stranger") {
			t.Errorf("%s: kept %v", name, kept)
		}
	}
	if before["tls/ca.pem"] != after["tls/ca.pem"] {
		t.Error("the browsers' authority was made anew")
	}
}

// A key of another kind, or a certificate in the place of a key, is no key.
func TestOddFiles(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	file := filepath.Join(dir, "people/aysel.key")
	certificate, err := os.ReadFile(filepath.Join(dir, "people/aysel.pem"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(dir, "people/leyla.key"))
	if err != nil {
		t.Fatal(err)
	}
	for what, content := range map[string][]byte{
		"a certificate":       certificate,
		"another's key":       other,
		"PEM of another kind": pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte{1, 2, 3}}),
		"PEM of nothing":      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY"}),
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if what != "another's key" { // Load does not compare, Create does
			if _, err := Load(dir, "aysel"); err == nil {
				t.Errorf("%s is taken for a key", what)
			}
		}
		create(t, dir, moment)
		whole(t, dir)
	}
	if _, err := Load(dir, "nobody"); err == nil {
		t.Error("somebody was loaded who is not there")
	}
	if _, err := Load(dir, "../people/aysel"); err != nil {
		t.Errorf("a name of files: %v", err)
	}
}

// What Publish writes, again and again, Create takes back.
func TestPublishIsTakenBack(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	before := contents(t, dir)
	for range 2 {
		if err := Publish(dir, "http://127.0.0.1:1"); err != nil {
			t.Fatal(err)
		}
	}
	if names := changed(before, contents(t, dir)); len(names) != 2 {
		t.Errorf("published: %v", names)
	}
	create(t, dir, moment)
	if names := changed(before, contents(t, dir)); len(names) > 0 {
		t.Errorf("not taken back: %v", names)
	}
	if err := Publish(filepath.Join(dir, "nowhere"), "http://127.0.0.1:1"); err == nil {
		t.Error("published into no folder")
	}
}

// The authority that browsers may trust can do no harm beyond this machine.
func TestTheBrowsersAuthorityIsHarmless(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	s := store{dir: dir, now: moment}
	a, err := s.authorities()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a["tls"].Certificate)
	for name, good := range map[string]bool{"localhost": true, "customs.gov.az": false, "localhost.example": false} {
		pair, err := a["tls"].Issue(Request{
			Subject: []Value{{CommonName, name}}, From: moment.Add(-day), To: moment.Add(day),
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			Edit:        func(c *x509.Certificate) { c.DNSNames = []string{name} },
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = pair.Certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: moment})
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name := range a {
		if name != "root" && name != "tls" && name != "stranger" && len(a[name].Chain) != 1 {
			t.Errorf("%s has %d above it", name, len(a[name].Chain))
		}
	}
}
