package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"customs.gov.az/portal/esign/democa"
)

// demoIssuers makes the demo's certificates in a folder, with somebody who
// answers for the issuers.
func demoIssuers(t *testing.T) (dir string, responder *httptest.Server) {
	t.Helper()
	dir = t.TempDir()
	if err := democa.Create(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	r, err := democa.NewResponder(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	responder = httptest.NewServer(r)
	t.Cleanup(responder.Close)
	if err := democa.Publish(dir, responder.URL); err != nil {
		t.Fatal(err)
	}
	return dir, responder
}

// words is a log that is read while it is written.
type words struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// until waits for what another goroutine does.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatal("in vain waited until ", what)
		case <-look.C:
		}
	}
}

func TestTrustCommands(t *testing.T) {
	dir, responder := demoIssuers(t)
	trust, lists := filepath.Join(dir, "trust"), filepath.Join(t.TempDir(), "lists")
	command := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"trust"}, args...), env{stdout: &out, stderr: io.Discard})
		return out.String(), err
	}
	for _, tt := range []struct {
		args []string
		want []string
		ok   bool
	}{
		{[]string{"list", "--trust", trust}, []string{
			"business: Demo: legal persons", "citizens: ", "VÖEN          may be asserted", "VÖEN          may not be asserted",
			"revocation    ocsp_then_crl", responder.URL + "/ocsp/business", "issuer        until ", "root          until ", "signed_file",
		}, true},
		{[]string{"crl", "--trust", trust, "--crls", lists}, []string{responder.URL + "/crl/business.crl  2 entries, of ", "citizens.crl  0 entries"}, true},
		{[]string{"list", "--trust", filepath.Join(dir, "people")}, nil, false},
		{[]string{"crl", "--trust", filepath.Join(dir, "people"), "--crls", lists}, nil, false},
		{[]string{"list"}, nil, false},
	} {
		out, err := command(tt.args...)
		if (err == nil) != tt.ok {
			t.Errorf("%v: %v", tt.args, err)
		}
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v lacks %q:\n%s", tt.args, want, out)
			}
		}
	}
	if files, err := filepath.Glob(lists + "/*.crl"); err != nil || len(files) != 2 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
	responder.Close()
	out, err := command("crl", "--trust", trust, "--crls", filepath.Join(t.TempDir(), "empty"))
	if err == nil || !strings.Contains(out, "missing") {
		t.Errorf("nobody answers, yet: %v\n%s", err, out)
	}
}

// TestTrustIsFollowed breaks a profile, mends it and takes one away while the
// portal runs.
func TestTrustIsFollowed(t *testing.T) {
	dir, _ := demoIssuers(t)
	folder := filepath.Join(dir, "trust")
	var log words
	trust, err := openTrust(folder, "", slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	trust.every = time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { trust.follow(ctx) })
	wg.Go(func() { trust.refresh(ctx) })
	defer wg.Wait()
	defer stop()

	profile := filepath.Join(folder, "citizens.json")
	// In one step: so often looked at, a file that is being written would count.
	if err := os.WriteFile(profile+".new", []byte(`{"name":"","uses":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(profile+".new", profile); err != nil {
		t.Fatal(err)
	}
	until(t, "the mistake is told", func() bool { return strings.Contains(log.String(), "trust folder is wrong") })
	if n := len(trust.verifier.Trust().Profiles()); n != 2 {
		t.Errorf("%d profiles are left after a mistake", n)
	}
	for _, mistake := range []string{"citizens.json", "name: is missing", "uses: at least one", "revocation: is missing"} {
		if !strings.Contains(log.String(), mistake) {
			t.Errorf("the log lacks %q:\n%s", mistake, log.String())
		}
	}
	if err := os.Remove(profile); err != nil {
		t.Fatal(err)
	}
	until(t, "one profile is left", func() bool { return len(trust.verifier.Trust().Profiles()) == 1 })
	config, err := trust.offer(&tls.Config{ServerName: "kept", MinVersion: tls.VersionTLS12})(nil)
	if err != nil || config.ServerName != "kept" || !config.ClientCAs.Equal(trust.verifier.Trust().ClientCAs()) {
		t.Errorf("browsers are offered %+v, %v", config, err)
	}
	until(t, "the list is there", func() bool { l := trust.checker.Lists(trust.verifier.Trust()); return len(l) == 1 && l[0].There })
}

func TestAuthoritiesThatEndSoon(t *testing.T) {
	for days, want := range map[int]bool{59: true, 61: false, -1: true} {
		dir, _ := demoIssuers(t)
		now := time.Now()
		ca, err := democa.NewAuthority(democa.Request{
			Subject: []democa.Value{{Type: democa.CommonName, Text: "Soon"}}, From: now.AddDate(-1, 0, 0), To: now.AddDate(0, 0, days),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(dir, "trust")
		if err := os.WriteFile(filepath.Join(folder, "root.pem"), ca.CertificatePEM(), 0o600); err != nil {
			t.Fatal(err)
		}
		var log words
		trust, err := openTrust(folder, "", slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		trust.warn()
		if got := strings.Contains(log.String(), "ends soon") && strings.Contains(log.String(), "role=root"); got != want {
			t.Errorf("%d days before the end: %q", days, log.String())
		}
		if strings.Contains(log.String(), "Soon") {
			t.Error("the log names a subject")
		}
	}
}

func TestTrustMustBeRightAtTheStart(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	dir, _ := demoIssuers(t)
	for _, tt := range []struct{ folder, lists, want string }{
		{t.TempDir(), "", "PORTAL_TRUST"},
		{filepath.Join(dir, "trust"), filepath.Join(dir, "people/aysel.pem"), "PORTAL_CRLS"},
	} {
		if _, err := openTrust(tt.folder, tt.lists, log); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want a word about %s", err, tt.want)
		}
	}
}
