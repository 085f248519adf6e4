package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestTokenIsShownOnce(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	token := b.token("  Warehouse   <b>  ")
	page := b.want(b.get("/api-access"), http.StatusOK)
	if strings.Contains(page.body, token[20:]) || !strings.Contains(words(page.body), "Warehouse <b>") || !strings.Contains(words(page.body), "not used Valid until") {
		t.Errorf("%s", words(page.body))
	}
	if n := look[int](s, `select count(*) from api_token where encode(secret_hash, 'hex') = $1`, token); n != 0 {
		t.Error("the secret is stored")
	}
	p := program{s.browser(), token}
	p.want(p.get("/api/v1/consignments"), http.StatusOK)
	page = b.get("/api-access")
	if strings.Contains(words(page.body), "not used Valid until") {
		t.Errorf("nobody is told that the token is used: %s", words(page.body))
	}
	id := attribute(page.body, "button", "value", "value")
	a := b.want(b.post("/api-access/withdraw", "token", id), http.StatusSeeOther)
	if !strings.Contains(words(b.get(a.to()).body), "The token was withdrawn.") {
		t.Errorf("nobody is told at %s", a.to())
	}
	p.refused(p.get("/api/v1/consignments"), http.StatusUnauthorized, "unknown_token")
	b.want(b.post("/api-access/withdraw", "token", id), http.StatusSeeOther) // again is harmless
	entries := look[string](s, `select string_agg(concat_ws(' ', channel, actor, subject, action, outcome), '; ' order by id) from register_entry where action like 'token.%'`)
	if entries != "web trader 1499000151 token.make answered; web trader 1499000151 token.withdraw answered" {
		t.Errorf("entries: %s", entries)
	}
}

// Another trader can neither see nor withdraw a token.
func TestTokensOfOthers(t *testing.T) {
	s := newSite(t)
	a, b := s.browser().signIn("aysel"), s.browser().signIn("rashad")
	p := program{s.browser(), a.token("Gizli ad")}
	if strings.Contains(b.get("/api-access").body, "Gizli ad") {
		t.Error("another trader sees the token")
	}
	id := attribute(a.get("/api-access").body, "button", "value", "value")
	b.want(b.post("/api-access/withdraw", "token", id), http.StatusSeeOther)
	p.want(p.get("/api/v1/consignments"), http.StatusOK)
}

func TestTokenForm(t *testing.T) {
	s := newSite(t)
	for _, lang := range []string{"az", "en"} {
		b := s.browser().signIn("aysel")
		b.get("/api-access?lang=" + lang)
		l := s.options.Catalogue.For(lang)
		for _, c := range []struct {
			name, days, problem string
			status              int
		}{
			{"", "90", "no_name", 422},
			{"   ", "90", "no_name", 422},
			{strings.Repeat("ə", 61), "90", "bad_name", 422},
			{"a\x00b", "90", "bad_name", 422},
			{"x", "", "no_days", 422},
			{"x", "366", "no_days", 422},
			{"x", "-1", "no_days", 422},
			{"x", "9999999999999999999", "no_days", 422},
		} {
			a := b.want(b.post("/api-access", "form", uuid.NewString(), "name", c.name, "days", c.days), c.status)
			if !strings.Contains(words(a.body), l.T("program.problem."+c.problem)) || !strings.Contains(a.body, `<div class="errors stack"`) {
				t.Errorf("%s %q %q: %s", lang, c.name, c.days, words(a.body))
			}
			if title := elements(a.body, "title")[0].FirstChild.Data; !strings.HasPrefix(title, strings.SplitN(l.T("site.error", "title", "x"), "x", 2)[0]) {
				t.Errorf("title %q", title)
			}
		}
		form := uuid.NewString()
		b.want(b.post("/api-access", "form", form, "name", strings.Repeat("ə", 60), "days", "365"), http.StatusCreated)
		again := b.want(b.post("/api-access", "form", form, "name", "x", "days", "365"), http.StatusConflict)
		if !strings.Contains(words(again.body), l.T("program.problem.shown_before")) || strings.Contains(again.body, "mallarim_") {
			t.Errorf("%s", words(again.body))
		}
		b.want(b.post("/api-access", "form", "nonsense", "name", "x", "days", "90"), http.StatusBadRequest)
		b.want(b.post("/api-access/withdraw", "token", "nonsense"), http.StatusBadRequest)
	}
	b := s.browser().english().signIn("rashad")
	for range 20 {
		b.token("x")
	}
	a := b.want(b.post("/api-access", "form", uuid.NewString(), "name", "x", "days", "90"), http.StatusConflict)
	if !strings.Contains(words(a.body), "At most 20 tokens") {
		t.Errorf("%s", words(a.body))
	}
}

// A token that the register does not know of does not exist.
func TestTokenNeedsItsEntry(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	s.sql(`revoke insert on register_entry from portal_app`)
	a := b.want(b.post("/api-access", "form", uuid.NewString(), "name", "x", "days", "90"), http.StatusServiceUnavailable)
	if strings.Contains(a.body, "mallarim_") || look[int](s, `select count(*) from api_token where withdrawn_at is null`) != 0 {
		t.Error("a token without an entry")
	}
}

func TestTokenPagesNeedASession(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	if a := b.want(b.get("/api-access"), http.StatusSeeOther); a.to() != "/?return=%2Fapi-access" {
		t.Errorf("leads to %s", a.to())
	}
	b.want(b.post("/api-access", "form", uuid.NewString(), "name", "x", "days", "90"), http.StatusUnauthorized)
	signedIn := s.browser().signIn("aysel")
	s.sql(`update session set ended_at = now()`)
	signedIn.want(signedIn.post("/api-access", "form", uuid.NewString(), "name", "x", "days", "90"), http.StatusUnauthorized)
	signedIn = s.browser().signIn("aysel")
	foreign := signedIn.do(http.MethodPost, "/api-access", strings.NewReader("name=x&days=90&form="+uuid.NewString()),
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site")
	signedIn.want(foreign, http.StatusForbidden)
	if n := look[int](s, `select count(*) from api_token`); n != 0 {
		t.Errorf("%d tokens", n)
	}
}
