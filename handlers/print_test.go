package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

func TestPrintIsTheWholeSet(t *testing.T) {
	s := newSite(t)
	kamran := s.browser().english().signIn("kamran")
	a := kamran.want(kamran.get("/print/goods?page=3&sort=oldest&nonsense=1"), http.StatusOK)
	for _, code := range []string{"K0000", "K0031", "K0059"} {
		if !strings.Contains(a.body, code) {
			t.Errorf("%s is missing", code)
		}
	}
	page := words(a.body)
	if !strings.Contains(page, "60 registrations") || !strings.Contains(page, "Extract as of") || !strings.Contains(page, "1599000161") ||
		!strings.Contains(page, a.Header.Get("X-Request-ID")) || strings.Contains(page, aysels) {
		t.Errorf("%s", page)
	}
	if page := words(kamran.get("/print/goods?q=K0007&status=docs_check").body); !strings.Contains(page, "1 registration") || !strings.Contains(page, "Selection:") || strings.Contains(page, "K0008") {
		t.Errorf("%s", page)
	}
	if page := words(kamran.get("/print/goods?status=held").body); !strings.Contains(page, "No registration matches") {
		t.Errorf("%s", page)
	}
	entries := look[string](s, `select string_agg(concat_ws(' ', channel, actor, subject, outcome, results), '; ' order by id) from register_entry where action = 'goods.print'`)
	if entries != "web trader 1599000161 answered 60; web trader 1599000161 answered 1; web trader 1599000161 answered 0" {
		t.Errorf("entries: %s", entries)
	}
	s.many("1499000151", 1200)
	aysel := s.browser().english().signIn("aysel")
	many := aysel.want(aysel.get("/print/goods"), http.StatusOK)
	if page := words(many.body); !strings.Contains(page, "the first 1,000 registrations of 1,203") || !strings.Contains(many.body, `href="/goods.xlsx"`) {
		t.Errorf("nobody is told that there are more")
	}
	if n := strings.Count(many.body, `class="c-reg"`); n != 1000 {
		t.Errorf("%d rows", n)
	}
	s.sql(`revoke insert on register_entry from portal_app`)
	if a := aysel.want(aysel.get("/print/goods"), http.StatusServiceUnavailable); strings.Contains(a.body, "Qara") {
		t.Error("a page without an entry")
	}
}

// The paper carries the code with which it can be checked, once the register
// has sealed its entry; a late seal does not keep the paper.
func TestPrintCarriesTheCode(t *testing.T) {
	n := newNotary(t)
	b := n.browser().english().signIn("aysel")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { // as the program does, but more often
		defer close(ended)
		for ctx.Err() == nil {
			if _, err := n.sealer.Seal(ctx); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	}()
	a := b.want(b.get("/print/goods"), http.StatusOK)
	cancel()
	<-ended
	code := ""
	for _, e := range elements(a.body, "p") {
		for _, attr := range e.Attr {
			if attr.Key == "class" && attr.Val == "token" {
				code = e.FirstChild.Data
			}
		}
	}
	_, query, found := strings.Cut(code, "/verify?")
	if !found {
		t.Fatalf("no code: %q in %s", code, words(a.body))
	}
	check := n.browser().english()
	if page := words(check.want(check.get("/verify?"+query), http.StatusOK).body); !strings.Contains(page, a.Header.Get("X-Request-ID")) {
		t.Errorf("the code does not lead to the entry: %s", page)
	}
	if qr := attribute(a.body, "img", "alt", "src"); b.want(b.get(qr), http.StatusOK).Header.Get("Content-Type") != "image/png" {
		t.Errorf("no picture at %q", qr)
	}
	late := b.want(b.get("/print/goods"), http.StatusOK)
	if !strings.Contains(words(late.body), "not sealed yet") || !strings.Contains(late.body, aysels) {
		t.Errorf("%s", words(late.body))
	}
}
