package handlers_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/handlers"
)

// newStandbySite serves from a primary that can be killed and a standby.
func newStandbySite(t *testing.T) (*site, *dbtest.Pair) {
	t.Helper()
	p := dbtest.NewPair(t)
	d, err := db.Open(t.Context(), p.URL(), db.Options{MaxConns: 8, Journal: filepath.Join(t.TempDir(), "journal")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	s := openSite(t, p.DB(), d, func(o *handlers.Options) { o.Seals = nil })
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { d.WatchPrimary(ctx, func(bool) {}) })
	t.Cleanup(func() { stop(); watching.Wait() })
	s.feed(sampleFeed()...)
	return s, p
}

// With the primary gone, lists and details come from the standby and say how old
// they are; nothing that needs the primary is offered. Every such answer is in
// the register afterwards.
func TestPagesFromAStandby(t *testing.T) {
	t.Parallel()
	s, p := newStandbySite(t)
	b, empty := s.browser().english().signIn("aysel"), s.browser().signIn("leyla")
	leaving := s.browser().signIn("aysel")
	before := b.want(b.get("/goods"), http.StatusOK)
	b.want(empty.get("/goods"), http.StatusOK)
	p.CatchUp()
	killed := time.Now()
	p.Kill()

	const warning = "do not conclude from this page that nothing new is waiting"
	list := b.want(b.get("/goods"), http.StatusOK)
	for _, part := range []string{aysels, aysels2, warning, "is not being updated now", "Not live"} {
		if !strings.Contains(words(list.body), part) {
			t.Errorf("the list does not say %q:\n%s", part, words(list.body))
		}
	}
	for _, part := range []string{rashads, "/goods.csv", "/goods.xlsx", "/receipts/"} {
		if strings.Contains(list.body, part) {
			t.Errorf("the list holds %q", part)
		}
	}
	if strings.Contains(words(list.body), "In real time") {
		t.Error("the list passes for a current one")
	}
	if etag := list.Header.Get("ETag"); etag != "" {
		t.Errorf("a list from the standby is kept as %s", etag)
	}
	b.want(b.get("/goods", "If-None-Match", before.Header.Get("ETag")), http.StatusOK)
	details := words(b.want(b.get("/goods/"+aysels), http.StatusOK).body)
	if !strings.Contains(details, warning) || !strings.Contains(details, "These details are as of") {
		t.Errorf("details do not say how old they are:\n%s", details)
	}
	for _, unknown := range []string{rashads, "none"} { // it may be newer than the standby: nobody can say that it is not there
		b.want(b.get("/goods/"+unknown), http.StatusServiceUnavailable)
	}
	nothing := words(empty.want(empty.get("/goods"), http.StatusOK).body)
	if !strings.Contains(nothing, "vəziyyətinə sərhəddə gözləyən malınız olmayıb") || strings.Contains(nothing, "Sərhəddə gözləyən malınız yoxdur") {
		t.Errorf("the empty list speaks of now:\n%s", nothing)
	}
	for _, path := range []string{"/access", "/goods.csv", "/print/goods", "/company"} {
		b.want(b.get(path), http.StatusServiceUnavailable)
	}
	copied := b.withCookie(leaving.cookies()[s.sessionCookie()])
	leaving.want(leaving.post("/sign-out"), http.StatusServiceUnavailable)
	if a := leaving.get("/goods"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("after signing out this browser is still signed in: status %d", a.StatusCode)
	}
	copied.want(copied.get("/goods"), http.StatusServiceUnavailable) // the cookie is worth nothing any more
	s.browser().becomes(s.ops.URL+"/readyz", http.StatusOK)
	if figures := b.get(s.ops.URL + "/metrics").body; !strings.Contains(figures, "portal_register_journal_waiting 4") || !strings.Contains(figures, "portal_from_standby 1") {
		t.Error("the figures do not tell of the standby")
	}

	p.Start()
	b.becomes("/access", http.StatusOK)
	s.until(`select count(*) = 4 from register_late`)
	if n := s.registered(`at < $1 and at > $2 and asked in ('/goods', '/goods/`+aysels+`')`, time.Now(), killed); n != 4 {
		t.Errorf("%d answers from the standby are in the register", n)
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		now := words(b.want(b.get("/goods"), http.StatusOK).body)
		if strings.Contains(now, "In real time") && !strings.Contains(now, warning) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("with the primary back the list still comes from the standby")
		}
	}
}

// becomes asks for a page until it has the status that it must come to.
func (b *browser) becomes(address string, status int) answer {
	b.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		a := b.get(address)
		if a.StatusCode == status {
			return a
		}
		if time.Now().After(end) {
			b.Fatalf("%s: status %d, want %d", address, a.StatusCode, status)
		}
	}
}
