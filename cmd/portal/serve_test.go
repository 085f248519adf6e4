package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/feed/sample"
)

// site is a database, certificates and addresses for portal serve.
type site struct {
	*dbtest.DB
	people          string // folder of democa
	main, card, ops string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{DB: dbtest.New(t), people: t.TempDir(), main: free(t), card: free(t), ops: free(t)}
	if err := democa.Create(s.people, time.Now()); err != nil {
		t.Fatal(err)
	}
	return s
}

// args are those of serve; later ones win over earlier ones.
func (s *site) args(more ...string) []string {
	return append([]string{
		"serve", "--database-url", s.URL, "--addr", s.main, "--card-addr", s.card, "--ops-addr", s.ops,
		"--trust", filepath.Join(s.people, "trust"), "--session-keys", strings.Repeat("5a", 32), "--register-keys", strings.Repeat("a5", 32),
		"--tls-cert", filepath.Join(s.people, "tls/server.pem"), "--tls-key", filepath.Join(s.people, "tls/server.key"),
	}, more...)
}

// browser is a client with cookies that trusts the demo's TLS certificate, and
// may have a card.
func (s *site) browser(t *testing.T, card string) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(s.people, "tls/ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.RootCAs.AppendCertsFromPEM(ca)
	if card != "" {
		base := filepath.Join(s.people, "people", card)
		pair, err := tls.LoadX509KeyPair(base+".pem", base+".key")
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Jar: jar, Timeout: patience}
}

// page fetches an address, with the redirects that it leads to.
func page(t *testing.T, c *http.Client, address string) (status int, where *url.URL, body string) {
	t.Helper()
	r, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Request.URL, string(b)
}

// From a migrated database to the goods of somebody who signs in with a card,
// and to an orderly end.
func TestServe(t *testing.T) {
	s := newSite(t)
	file := filepath.Join(t.TempDir(), "goods.ndjson")
	var b bytes.Buffer
	err := sample.Generate(&b, sample.Options{Seed: 1, Consignments: 20, Now: time.Now(), People: []sample.Person{{VOEN: "1499000151", Name: "A", Pending: 3}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := said(t, "import", "-q", "--database-url", s.URL, file); err != nil || !strings.Contains(out, " 0 rejected") {
		t.Fatal(out, err)
	}
	if _, err := said(t, "health", "--ops-addr", s.ops); err == nil || !strings.Contains(err.Error(), "no portal answers") {
		t.Errorf("health before the start: %v", err)
	}
	p := begin(t, s.args()...)
	p.await(t, "msg=serving")
	for _, address := range []string{s.ops, ":" + s.ops[strings.LastIndexByte(s.ops, ':')+1:], "0.0.0.0" + s.ops[strings.LastIndexByte(s.ops, ':'):]} {
		if out, err := said(t, "health", "--ops-addr", address); err != nil || out != "ready\n" {
			t.Errorf("health at %s: %q %v", address, out, err)
		}
	}
	if status, _, text := page(t, s.browser(t, ""), "http://"+s.main+"/"); status != http.StatusOK || !strings.Contains(text, "</html>") {
		t.Errorf("the start page: status %d", status)
	}
	visitor := s.browser(t, "aysel")
	status, where, text := page(t, visitor, "http://"+s.main+"/sign-in/card/start")
	if status != http.StatusOK || where.Host != s.main || where.Path != "/goods" {
		t.Fatalf("signing in by card led to %s, status %d", where, status)
	}
	if n := strings.Count(text, "/goods/0") + strings.Count(text, "/goods/1"); n == 0 || !strings.Contains(text, "1499000151") {
		t.Errorf("%d goods are on the page, or the VÖEN is not", n)
	}
	if _, where, _ := page(t, s.browser(t, ""), "http://"+s.main+"/goods"); where.Path == "/goods" {
		t.Error("the goods are shown to somebody who is not signed in")
	}
	if err := p.end(t); err != nil {
		t.Errorf("the end: %v", err)
	}
	s.vacant(t)
	// Another start finds the session again: it is in the database.
	p = begin(t, s.args()...)
	p.await(t, "msg=serving")
	if status, where, _ := page(t, visitor, "http://"+s.main+"/goods"); status != http.StatusOK || where.Path != "/goods" {
		t.Errorf("after a restart: %s, status %d", where, status)
	}
}

// vacant demands that nobody listens on the site's addresses.
func (s *site) vacant(t *testing.T) {
	t.Helper()
	for _, address := range []string{s.main, s.card, s.ops} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Errorf("still open: %v", err)
			continue
		}
		l.Close()
	}
}

// With https the public listener speaks TLS itself, never an old version of it,
// and the card listener asks for certificates of the trusted issuers alone.
func TestServeTLS(t *testing.T) {
	s := newSite(t)
	p := begin(t, s.args("--url", "https://"+s.main, "--log-json")...)
	p.await(t, `"msg":"serving"`)
	if status, _, _ := page(t, s.browser(t, ""), "https://"+s.main+"/help"); status != http.StatusOK {
		t.Errorf("a page over TLS: status %d", status)
	}
	if status, _, _ := page(t, s.browser(t, ""), "http://"+s.main+"/help"); status != http.StatusBadRequest {
		t.Errorf("a page without TLS: status %d", status)
	}
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	for _, address := range []string{s.main, s.card} {
		if c, err := tls.Dial("tcp", address, old); err == nil {
			c.Close()
			t.Errorf("%s speaks TLS 1.1", address)
		}
	}
	asked := 0
	config := s.browser(t, "").Transport.(*http.Transport).TLSClientConfig.Clone()
	config.GetClientCertificate = func(i *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = len(i.AcceptableCAs)
		return &tls.Certificate{}, nil
	}
	c, err := tls.Dial("tcp", s.card, config)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if asked != 2 {
		t.Errorf("certificates of %d issuers are asked for, want 2", asked)
	}
	if err := p.end(t); err != nil {
		t.Errorf("the end: %v", err)
	}
}

// What serve cannot start with it says, and it leaves no listener open.
func TestServeRefuses(t *testing.T) {
	s, empty := newSite(t), dbtest.NewEmpty(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := taken.Addr().String()
	notPEM := filepath.Join(s.people, "people/README")
	for what, tt := range map[string]struct {
		more []string
		want string
	}{
		"never migrated":       {[]string{"--database-url", empty.URL}, "it has no tables yet; run portal migrate"},
		"the superuser":        {[]string{"--database-url", s.SuperuserURL}, "superuser"},
		"nobody there":         {[]string{"--database-url", "postgres://portal:s3cret@/portal?host=/nowhere"}, "cannot be reached"},
		"no address":           {[]string{"--database-url", "postgres://portal:s3cret@[/x"}, "database"},
		"no trust folder":      {[]string{"--trust", "nowhere"}, "PORTAL_TRUST: "},
		"nothing to trust":     {[]string{"--trust", t.TempDir()}, "PORTAL_TRUST: "},
		"no PEM":               {[]string{"--tls-cert", notPEM}, "PORTAL_TLS_CERT, PORTAL_TLS_KEY: "},
		"another's key":        {[]string{"--tls-key", filepath.Join(s.people, "people/aysel.key")}, "PORTAL_TLS_CERT, PORTAL_TLS_KEY: "},
		"public address taken": {[]string{"--addr", busy}, "PORTAL_ADDR: "},
		"card address taken":   {[]string{"--card-addr", busy}, "PORTAL_CARD_ADDR: "},
		"ops address taken":    {[]string{"--ops-addr", busy}, "PORTAL_OPS_ADDR: "},
		"lists in a file":      {[]string{"--crls", filepath.Join(notPEM, "x")}, "PORTAL_CRLS: "},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := said(t, s.args(tt.more...)...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(what, "taken") && !strings.Contains(err.Error(), "is a portal running already?")) {
				t.Errorf("%v", err)
			}
			s.vacant(t)
		})
	}
}

// A database of another version is not served, whichever is the newer.
func TestServeRefusesOtherVersions(t *testing.T) {
	s := newSite(t)
	su, err := pgx.Connect(t.Context(), s.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	defer su.Close(context.Background())
	for _, change := range []string{"version + 1", "version - 2"} {
		if _, err := su.Exec(t.Context(), "update schema_version set version = "+change); err != nil {
			t.Fatal(err)
		}
		if _, err := said(t, s.args()...); err == nil || !strings.Contains(err.Error(), "this program needs") {
			t.Errorf("%s: %v", change, err)
		}
	}
	s.vacant(t)
}

// Without a card listener the method is neither offered nor served.
func TestServeWithoutCard(t *testing.T) {
	s := newSite(t)
	p := begin(t, s.args("--card-addr", "", "--tls-cert", "", "--tls-key", "")...)
	p.await(t, "msg=serving")
	if _, err := net.Dial("tcp", s.card); err == nil {
		t.Error("the card listener is open")
	}
	_, _, text := page(t, s.browser(t, ""), "http://"+s.main+"/")
	if strings.Contains(text, `href="/sign-in/card"`) || !strings.Contains(text, `href="/sign-in/file"`) {
		t.Error("the start page offers the card, or does not offer the file")
	}
}

// Without a key entries are kept, but there are no receipts and no public log.
func TestServeWithoutSealing(t *testing.T) {
	s := newSite(t)
	p := begin(t, s.args("--register-keys", "")...)
	p.await(t, "the register is not sealed")
	b := s.browser(t, "aysel")
	if status, where, text := page(t, b, "http://"+s.main+"/sign-in/card/start"); status != http.StatusOK || where.Path != "/goods" || strings.Contains(text, `href="/receipts/`) {
		t.Errorf("signed in: %d at %s, with a receipt: %v", status, where, strings.Contains(text, `href="/receipts/`))
	}
	for _, path := range []string{"/verify", "/register/checkpoint"} {
		if status, _, _ := page(t, b, "http://"+s.main+path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}
