package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"customs.gov.az/portal/handlers"
)

// toCard opens a sign-in on the main listener and returns the address on the
// card listener that the browser is sent to.
func (b *browser) toCard(back string) string {
	b.Helper()
	page := b.want(b.get("/sign-in/card?return="+url.QueryEscape(back)), http.StatusOK)
	start := ""
	for _, n := range elements(page.body, "a") {
		for _, a := range n.Attr {
			if a.Key == "href" && strings.HasPrefix(a.Val, "/sign-in/card/start") {
				start = a.Val
			}
		}
	}
	to := b.want(b.get(start), http.StatusSeeOther).to()
	if !strings.HasPrefix(to, b.card.URL+"/sign-in/card?") {
		b.Fatalf("start leads to %q", to)
	}
	return to
}

func TestSignInByCard(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"aysel", "rashad", "leyla", "kamran"} {
		b := s.browserWith(name)
		a := b.want(b.get(b.toCard("/goods?status=docs_check")), http.StatusSeeOther)
		home := mustURL(a.to())
		if home.Host != s.options.URL.Host || home.Path != "/sign-in/card/done" || home.Query().Get("code") == "" {
			t.Fatalf("%s: home is %q", name, a.to())
		}
		if a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Connection") != "close" && !a.Close {
			t.Errorf("%s: the code may leak, or the connection keeps its certificate", name)
		}
		if set := a.Header.Get("Set-Cookie"); strings.Contains(set, "portal") {
			t.Errorf("%s: the card listener sets a session: %s", name, set)
		}
		done := b.want(b.get(a.to()), http.StatusSeeOther)
		if done.to() != "/goods?status=docs_check" {
			t.Errorf("%s: to %q", name, done.to())
		}
		if page := words(b.want(b.get("/goods"), http.StatusOK).body); !strings.Contains(page, person(t, name).Organisation) {
			t.Errorf("%s: whose page is it?", name)
		}
		// The code worked once.
		again := b.want(b.get(a.to()), http.StatusUnprocessableEntity)
		if !strings.Contains(words(again.body), s.options.Catalogue.For("az").T("signin.problem.handover_expired.title")) {
			t.Errorf("%s: %s", name, words(again.body))
		}
		b.want(b.get("/goods"), http.StatusOK)
	}
	if methods := look[string](s, `select string_agg(distinct method, ',') from session`); methods != "card" {
		t.Errorf("sessions by %s", methods)
	}
}

// What is wrong with a card's certificate is said on the card listener, in the
// reader's language, with the way back.
func TestCardProblems(t *testing.T) {
	s := newEmptySite(t)
	for name, problem := range map[string]string{
		"": "no_certificate", "expired": "expired", "notyet": "not_yet_valid", "stranger": "issuer_not_trusted",
		"purpose": "wrong_purpose", "novoen": "no_voen", "twice": "attribute_twice",
	} {
		for _, lang := range []string{"az", "en"} {
			b := s.browserWith(name)
			b.get("/?lang=" + lang)
			op := b.toCard("")
			b.client.Jar = nil // the card listener may have a name of its own, where no cookie is known
			a := b.want(b.get(op), http.StatusUnprocessableEntity)
			if page := words(a.body); !strings.Contains(page, s.options.Catalogue.For(lang).T("signin.problem."+problem+".title")) {
				t.Errorf("%s %s: %s", name, lang, page)
			}
			if !strings.Contains(a.body, `href="`+b.base+`/sign-in/card/start`) {
				t.Errorf("%s: no way to try again", name)
			}
		}
	}
	if n := look[int](s, `select count(*) from session`); n != 0 {
		t.Errorf("%d sessions began", n)
	}
}

// A code works in the browser that started the sign-in, and nowhere else.
func TestCardCodeIsBound(t *testing.T) {
	s := newSite(t)
	victim := s.browserWith("aysel")
	home := victim.want(victim.get(victim.toCard("")), http.StatusSeeOther).to()
	thief := s.browserWith("stranger")
	thief.want(thief.get(home), http.StatusUnprocessableEntity) // without a cookie
	thief.toCard("")
	thief.want(thief.get(home), http.StatusUnprocessableEntity) // with one of its own
	thief.want(thief.get("/goods"), http.StatusSeeOther)
	victim.want(victim.get(home), http.StatusSeeOther) // the attempts did not use it up
	victim.want(victim.get("/goods"), http.StatusOK)
}

// Whoever is lured into finishing a stranger's sign-in signs nobody in: not
// the stranger, whose browser never sees the code, and not themselves.
func TestCardSignInBegunByAnother(t *testing.T) {
	s := newSite(t)
	attacker, victim := s.browser(), s.browserWith("aysel")
	op := attacker.toCard("/goods")
	victim.challenge("/sign-in/file") // has a cookie of its own
	home := victim.want(victim.get(op), http.StatusSeeOther).to()
	victim.want(victim.get(home), http.StatusUnprocessableEntity)
	for _, code := range []string{"", "x", strings.Repeat("A", 43), "%00", strings.Repeat("A", 9000)} {
		attacker.want(attacker.get("/sign-in/card/done?code="+code), http.StatusUnprocessableEntity)
	}
	attacker.want(attacker.get("/goods"), http.StatusSeeOther)
	victim.want(victim.get("/goods"), http.StatusSeeOther)
	if n := look[int](s, `select count(*) from session`); n != 0 {
		t.Errorf("%d sessions began", n)
	}
}

func TestCardOperation(t *testing.T) {
	s := newEmptySite(t)
	expired := s.options.Catalogue.For("az").T("signin.problem.handover_expired.title")
	b := s.browserWith("aysel")
	for _, op := range []string{"", "?op=", "?op=x", "?op=%00", "?op=00000000"} {
		if a := b.want(b.get(s.card.URL+"/sign-in/card"+op), http.StatusSeeOther); a.to() != b.base+"/sign-in/card/start" {
			t.Errorf("%q leads to %q", op, a.to())
		}
	}
	unknown := b.want(b.get(s.card.URL+"/sign-in/card?op=3f3c9a52-1f0e-4b52-9f0a-0e6f0c3b7a11"), http.StatusUnprocessableEntity)
	replayed := b.toCard("")
	home := b.want(b.get(replayed), http.StatusSeeOther).to()
	replay := b.want(b.get(replayed), http.StatusUnprocessableEntity)
	late := b.toCard("")
	s.sql(`update handover set expires_at = now()`)
	tooLate := b.want(b.get(late), http.StatusUnprocessableEntity)
	codeTooLate := b.want(b.get(home), http.StatusUnprocessableEntity)
	for what, a := range map[string]answer{"unknown": unknown, "replay": replay, "late": tooLate, "late code": codeTooLate} {
		if !strings.Contains(words(a.body), expired) {
			t.Errorf("%s: %s", what, words(a.body))
		}
	}
}

// The card listener answers one page, for its own name, and knows no session.
func TestCardListenerIsNarrow(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	for _, path := range []string{"/goods", "/goods/" + aysels, "/", "/sign-out", "/help", "/metrics", "/readyz", "/sign-in/card/done", "/sign-in/file"} {
		b.want(b.get(s.card.URL+path), http.StatusNotFound)
	}
	b.want(b.do(http.MethodPost, s.card.URL+"/sign-in/card", nil), http.StatusMethodNotAllowed)
	b.want(b.get(s.card.URL+"/sign-in/card", "Host", s.options.URL.Host), http.StatusMisdirectedRequest)
	b.want(b.get(s.card.URL+"/sign-in/card", "Host", "evil.example"), http.StatusMisdirectedRequest)
}

// Without a card listener the method is not offered.
func TestNoCardListener(t *testing.T) {
	s := newEmptySite(t, func(o *handlers.Options) { o.CardURL = nil })
	b := s.browser()
	for _, path := range []string{"/sign-in/card", "/sign-in/card/start"} {
		b.want(b.get(path), http.StatusNotFound)
	}
	for _, path := range []string{"/", "/sign-in/file"} {
		if strings.Contains(b.want(b.get(path), http.StatusOK).body, "/sign-in/card") {
			t.Errorf("%s offers the card", path)
		}
	}
}

// A session that an attacker planted in the browser is not the one that the
// person signs in to; it ends there.
func TestFixation(t *testing.T) {
	s := newSite(t)
	for _, method := range []string{"file", "card"} {
		attacker, victim := s.browser().signIn("rashad"), s.browserWith("aysel")
		planted := attacker.cookies()["portal"]
		victim.client.Jar.SetCookies(mustURL(victim.base), []*http.Cookie{{Name: "portal", Value: planted, Path: "/"}})
		if method == "file" {
			victim.signIn("aysel")
		} else {
			home := victim.want(victim.get(victim.toCard("")), http.StatusSeeOther).to()
			victim.want(victim.get(home), http.StatusSeeOther)
		}
		if page := words(victim.want(victim.get("/goods"), http.StatusOK).body); !strings.Contains(page, aysels) {
			t.Errorf("%s: the victim does not see their goods", method)
		}
		attacker.want(attacker.get("/goods"), http.StatusUnauthorized)
	}
}

// One certificate, two companies: the choice is between them and is made once.
func TestCompanies(t *testing.T) {
	s := newSite(t)
	two := person(t, "several").VOENs
	for _, method := range []string{"file", "card"} {
		b := s.browserWith("several")
		var at string
		if method == "file" {
			a := b.uploadTo("/sign-in/file?return=%2Fgoods%2FS2", b.sign("several", b.challenge("/sign-in/file")))
			at = b.want(a, http.StatusSeeOther).to()
		} else {
			home := b.want(b.get(b.toCard("/goods/S2")), http.StatusSeeOther).to()
			at = b.want(b.get(home), http.StatusSeeOther).to()
		}
		if at != "/sign-in/company?return=%2Fgoods%2FS2" {
			t.Fatalf("%s: to %q", method, at)
		}
		b.want(b.get("/goods"), http.StatusSeeOther) // not signed in yet
		page := b.want(b.get(at), http.StatusOK)
		for _, v := range two {
			if !strings.Contains(page.body, string(v)) {
				t.Errorf("%s: %s is not offered", method, v)
			}
		}
		stranger := s.browser()
		stranger.want(stranger.get(at), http.StatusUnprocessableEntity)
		stranger.want(stranger.post(at, "voen", string(two[1])), http.StatusUnprocessableEntity)
		for voen, problem := range map[string]string{"": "company_missing", "1499000151": "company_unknown", "x": "company_unknown", "\x00": "company_unknown"} {
			a := b.want(b.post(at, "voen", voen), http.StatusUnprocessableEntity)
			if !strings.Contains(words(a.body), s.options.Catalogue.For("az").T("signin.problem."+problem+".title")) {
				t.Errorf("%s %q: %s", method, voen, words(a.body))
			}
		}
		if a := b.do(http.MethodPost, at, strings.NewReader("voen=%zz"), "Content-Type", "application/x-www-form-urlencoded"); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: a broken form: %d", method, a.StatusCode)
		}
		large := b.do(http.MethodPost, at, strings.NewReader("voen="+strings.Repeat("1", 1<<20)), "Content-Type", "application/x-www-form-urlencoded")
		b.want(large, http.StatusRequestEntityTooLarge)
		before := b.cookies()["portal"]
		a := b.want(b.post(at, "voen", string(two[1])), http.StatusSeeOther)
		if a.to() != "/goods/S2" {
			t.Errorf("%s: to %q", method, a.to())
		}
		b.want(b.get("/goods/S2"), http.StatusOK)
		b.want(b.get("/goods/S1"), http.StatusNotFound)
		old := b.withCookie(before)
		old.want(old.post(at, "voen", string(two[0])), http.StatusUnprocessableEntity) // chosen once
	}
}
