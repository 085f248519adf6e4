package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// withoutSession are the forms that need none, or that give back what was
// typed as a form: TestComplaintIsGivenBack.
var withoutSession = []string{
	"/sign-in/file", "/sign-in/sima", "/sign-in/company", "/sign-in/capacity", "/sign-out", "/session", "/session-timeout", "/verify", "/sima/Home/Callback", "/api/*",
	"/feed/v1/consignments", "/notifications/confirm/:token", "/notifications/stop/:token", "/appeals/complaint", "/appeals/complaint/:draft",
}

// A form that comes after the end of its session does nothing, is told so, and
// costs nobody what they wrote; the way back leads to a page that is there.
func TestEveryFormOutlivesItsSession(t *testing.T) {
	w := newWhole(t)
	const someID, wordsOf = "3f0c9ed6-3c4c-4ba1-a3a8-2c0e3f0c9ed6", `Üç gün gözlədim: "<b>" & 'ə'`
	posts := slices.DeleteFunc(w.byMethod(http.MethodPost), func(r route) bool { return slices.Contains(withoutSession, r.pattern) })
	if len(posts) < 15 {
		t.Fatalf("%d forms", len(posts))
	}
	cookies := map[string]string{}
	for _, name := range []string{"aysel", "operator", "supervisor", "administrator"} {
		cookies[name] = w.people[name].cookies()[w.sessionCookie()]
	}
	// Whose session goes on shows that the way back is one.
	w.people["aysel"] = w.browser().signIn("aysel")
	for _, name := range []string{"operator", "supervisor", "administrator"} {
		w.people[name] = w.officerAgain(name)
	}
	w.sql(`update session set ended_at = now() where id <> (select id from session where voen = '1499000151' order by created_at desc limit 1)`)
	w.sql(`update staff_session s set ended_at = now() where exists (select from staff_session n where n.pin = s.pin and n.created_at > s.created_at)`)
	before := w.done()
	for _, r := range posts {
		wrote := map[string]string{
			"/access/not-mine": "body", "/access/ask/:entry": "body", "/notifications": "address", "/api-access": "name", "/assist": "caller",
			"/assist/:case/extend": "reason_text", "/supervision/reports/:id": "answer", "/supervision/assist/end": "why", "/staff": "unit",
		}[r.pattern]
		for what, b := range map[string]*browser{"ended": w.holding(cookies[r.whose()]), "no cookie": w.browser()} {
			page := r.address
			if r.pattern == "/access/not-mine" {
				page += "?registration=" + aysels
			}
			form := url.Values{"registration": {aysels}, "form": {someID}, "token": {someID}, "help": {"off"}, "case": {someID}, "do": {"remove"}, "verdict": {"approved"}, "pin": {""}}
			if wrote != "" {
				form.Set(wrote, wordsOf)
			}
			a := b.do(http.MethodPost, r.address, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Referer", b.base+page)
			if a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s, %s: status %d to %q", r.pattern, what, a.StatusCode, a.to())
				continue
			}
			text := words(a.body)
			if !strings.Contains(text, "Sonuncu əməliyyat yerinə yetirilmədi") || strings.Contains(text, "heç nə itməyib") {
				t.Errorf("%s, %s: nobody is told that it was not done: %s", r.pattern, what, text)
			}
			if wrote != "" && (!strings.Contains(text, wordsOf) || strings.Contains(a.body, "<b>\"")) {
				t.Errorf("%s, %s: what was written is lost: %s", r.pattern, what, text)
			}
			if strings.Contains(a.body, "<textarea") != (wrote != "") {
				t.Errorf("%s, %s: there are fields for nothing, or none", r.pattern, what)
			}
			w.leadsBack(r, a)
		}
	}
	if after := w.done(); after != before {
		t.Errorf("something was done: %d, was %d", after, before)
	}
}

// done counts what forms do.
func (w *whole) done() int {
	w.Helper()
	return look[int](w.site, `select (select count(*) from report) + (select count(*) from staff_change) + (select count(*) from api_token) + (select count(*) from mail_address)
		+ (select count(*) from access_code) + (select count(*) from trader_preference) + (select count(*) from complaint_draft)
		+ (select sum(extensions) from assist_case) + (select count(*) from assist_case where ended_at is null)`)
}

// officerAgain signs an officer in a second time, in a browser of their own.
func (w *whole) officerAgain(name string) *browser {
	w.Helper()
	b := w.browser()
	b.staffIn(name, "")
	return b
}

// holding is a browser with a copy of a session cookie.
func (w *whole) holding(cookie string) *browser {
	w.Helper()
	return w.people[""].withCookie(cookie)
}

// leadsBack follows the link to sign in and finds that the page after it is
// one that can be opened.
func (w *whole) leadsBack(r route, a answer) {
	w.Helper()
	link := ""
	for _, n := range elements(a.body, "a") {
		if href := attributeOf(n, "href"); strings.HasPrefix(href, "/?return=") {
			link = href
		}
	}
	back := mustURL(link).Query().Get("return")
	if back == "" {
		if r.pattern != "/company" { // to switch needs a session of the person's, whose choice begins at the list
			w.Errorf("%s: no way back", r.pattern)
		}
		return
	}
	if again := w.owner(r).get(back); again.StatusCode != http.StatusOK {
		w.Errorf("%s: leads back to %s, which answers %d", r.pattern, back, again.StatusCode)
	}
}

// A form of the other capacity is refused and costs nobody their session.
func TestFormsOfTheOtherCapacity(t *testing.T) {
	s := staffed(t)
	trader, officer := s.browser().signIn("aysel"), s.officer("operator")
	trader.want(trader.post("/supervision/assist/end", "why", "x"), http.StatusUnauthorized)
	trader.want(trader.get("/goods"), http.StatusOK)
	officer.want(officer.post("/access/telephone", "help", "off"), http.StatusUnauthorized)
	officer.want(officer.get("/assist"), http.StatusOK)
}

// A token is withdrawn or the person is told that it is not: who finds the
// session over must not believe that it is gone.
func TestWithdrawnByNobody(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	b.token("1C")
	id := look[string](s, `select id::text from api_token`)
	s.sql(`update session set ended_at = now()`)
	a := b.want(b.post("/api-access/withdraw", "token", id), http.StatusUnauthorized)
	if !strings.Contains(words(a.body), "Sonuncu əməliyyat yerinə yetirilmədi") || look[int](s, `select count(*) from api_token where withdrawn_at is null`) != 1 {
		t.Error(words(a.body))
	}
	b.signIn("aysel")
	for range 2 { // twice is no error
		b.want(b.post("/api-access/withdraw", "token", id), http.StatusSeeOther)
	}
	if look[int](s, `select count(*) from api_token where withdrawn_at is null`) != 0 {
		t.Error("it is there still")
	}
}

// What an open page sends of a form at the end of its session comes back and is
// nowhere else; the way on is to the page on which it was written.
func TestWhatWasBeingWritten(t *testing.T) {
	s := newSite(t, withMail)
	b := s.browser().english().signIn("aysel")
	cookie := b.cookies()["portal"]
	back := "/access/not-mine?registration=" + aysels
	for path, field := range map[string]string{back: "body", "/notifications": "address", "/api-access": "name"} {
		for _, who := range []*browser{b, s.browser().english()} {
			a := who.want(who.post("/session-timeout?return="+url.QueryEscape(path), field, "Half a <b>", "registration", aysels, "do", "remove"), http.StatusOK)
			if !strings.Contains(words(a.body), "Half a <b>") || !strings.Contains(a.body, `href="/?return=`+url.QueryEscape(path)+`"`) || strings.Contains(a.body, "Qara") {
				t.Errorf("%s: %s", path, words(a.body))
			}
		}
	}
	for _, evil := range []string{"//evil.example", "https://evil.example/access/not-mine", "/sign-out", "/help"} {
		a := b.want(b.post("/session-timeout?return="+url.QueryEscape(evil), "body", "x"), http.StatusOK)
		if strings.Contains(a.body, "evil") || strings.Contains(a.body, "<textarea") {
			t.Errorf("%s: leads there, or shows what nobody wrote", evil)
		}
	}
	b.want(b.post("/session-timeout?return=%2Fnotifications", "address", strings.Repeat("x", 300<<10)), http.StatusRequestEntityTooLarge)
	if n := look[int](s, `select (select count(*) from report) + (select count(*) from mail_address) + (select count(*) from api_token)`); n != 0 || b.cookies()["portal"] != cookie {
		t.Errorf("%d things were made, or the session is another", n)
	}
	b.want(b.get("/goods"), http.StatusOK)
}

// A window that hears of the signing out in another one may be quicker than the
// answer that tells the browser to forget: it says so all the same.
func TestSignedOutInAnotherWindow(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	other := b.withCookie(b.cookies()["portal"])
	if to := b.want(b.get("/?signed-out=1"), http.StatusSeeOther).to(); to != "/goods" {
		t.Errorf("who is signed in is sent to %q", to)
	}
	b.want(b.post("/sign-out"), http.StatusSeeOther)
	if page := words(other.want(other.get("/?signed-out=1&lang=en"), http.StatusOK).body); !strings.Contains(page, "You have signed out") {
		t.Error(page)
	}
}
