package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// left asks how long the session lives, in seconds; -1: it has ended.
func (b *browser) left(method string) int {
	b.Helper()
	a := b.do(method, "/session", nil)
	var said struct{ Left int }
	b.must(json.Unmarshal([]byte(a.body), &said))
	if a.StatusCode == http.StatusUnauthorized && said.Left == 0 {
		return -1
	}
	b.want(a, http.StatusOK)
	return said.Left
}

// Looking uses the session; asking how long it lives, or a page that looks by
// itself, does not.
func TestWhatUsesASession(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	idle := int(s.options.Limits.Idle / time.Second)
	back := func() {
		s.sql(`update session set seen_at = now() - interval '10 minutes'`)
	}
	near := func(what string, want int) {
		t.Helper()
		if got := b.left(http.MethodGet); got < want-10 || got > want {
			t.Errorf("%s: %d seconds are left, want %d", what, got, want)
		}
	}
	near("after signing in", idle)
	back()
	near("unused", idle-600)
	b.want(b.get("/goods", "Portal-Live", "1"), http.StatusOK)
	b.want(b.get("/goods/"+aysels, "Portal-Live", "1"), http.StatusOK)
	b.want(b.get("/session-timeout?return=%2Fgoods"), http.StatusOK)
	near("an open page looked", idle-600)
	if n := look[int](s, `select count(*) from register_entry where action like 'goods.%'`); n != 2 {
		t.Errorf("%d entries, want one of each look", n)
	}
	if got := b.left(http.MethodPost); got < idle-10 {
		t.Errorf("after extending %d seconds are left", got)
	}
	s.sql(`update session set expires_at = now() + interval '90 seconds'`)
	near("near the absolute end", 90)
	if got := b.left(http.MethodPost); got > 90 {
		t.Errorf("extending goes beyond the absolute end: %d", got)
	}
	s.sql(`update session set seen_at = now() - idle`)
	if b.left(http.MethodGet) != -1 || b.left(http.MethodPost) != -1 || s.browser().left(http.MethodGet) != -1 {
		t.Error("a session that ended answers")
	}
	if n := look[int](s, `select count(*) from session where seen_at > now() - idle`); n != 0 {
		t.Error("a session that ended was used again")
	}
}

// A look that a person made uses the session, also if pages looked before it.
func TestAPersonsLookUsesTheSession(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	s.sql(`update session set seen_at = now() - interval '10 minutes'`)
	b.want(b.get("/goods", "Portal-Live", "1"), http.StatusOK)
	b.want(b.get("/goods"), http.StatusOK)
	for end := time.Now().Add(patience); ; {
		if look[bool](s, `select bool_and(seen_at > now() - interval '1 minute') from session`) {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the session was not used")
		}
	}
}

// The page after the end leads back through signing in; with the session alive
// it says so; and it is no way out of the site.
func TestSessionTimeoutPage(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	page := b.want(b.get("/session-timeout?return=%2Fgoods%3Fq%3Dx"), http.StatusOK)
	if !strings.Contains(words(page.body), "You are still signed in") || !strings.Contains(page.body, `href="/goods?q=x"`) {
		t.Error(words(page.body))
	}
	list := b.want(b.get("/goods?q=x"), http.StatusOK)
	if !strings.Contains(list.body, `<noscript><meta http-equiv="refresh" content="1805;url=/session-timeout?return=%2Fgoods%3Fq%3Dx"></noscript>`) {
		t.Error("without JavaScript the goods stay on the screen after the session's end")
	}
	s.sql(`update session set expires_at = now()`)
	page = b.want(b.get("/session-timeout?return=%2Fgoods%3Fq%3Dx"), http.StatusOK)
	if !strings.Contains(words(page.body), "Your session has expired") || !strings.Contains(page.body, `href="/?return=%2Fgoods%3Fq%3Dx"`) {
		t.Error(words(page.body))
	}
	b.want(b.get("/goods"), http.StatusSeeOther) // it is forgotten
	for _, evil := range []string{"//evil.example", "https://evil.example", "/sign-out"} {
		if page := b.want(b.get("/session-timeout?return="+evil), http.StatusOK); len(returns(page.body)) > 0 {
			t.Errorf("%s: leads there", evil)
		}
	}
}
