package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// Who is signed in meets an error within the service, with their name and their
// ways on, and no entry of the register is made of it.
func TestErrorsInThePersonsFrame(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	guest := s.browser().english()
	before := look[int](s, `select count(*) from register_entry`)
	for path, status := range map[string]int{
		"/no-such-page": http.StatusNotFound, "/help/none": http.StatusNotFound, "/static/none.css": http.StatusNotFound,
	} {
		own := b.want(b.get(path), status).body
		if !strings.HasPrefix(path, "/static/") && (!strings.Contains(words(own), "1499000151") || !strings.Contains(own, `href="/access"`) || !strings.Contains(own, `action="/sign-out"`)) {
			t.Errorf("%s: the frame of nobody: %s", path, words(own))
		}
		if text := guest.want(guest.get(path), status).body; strings.Contains(text, "1499000151") || strings.Contains(text, "/sign-out") {
			t.Errorf("%s: a guest sees a person's frame", path)
		}
	}
	if a := b.do(http.MethodDelete, "/goods", nil); a.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(words(a.body), "1499000151") {
		t.Errorf("a method that is not allowed: %d", a.StatusCode)
	}
	if a := b.get("/no-such-page", "Host", "evil.example"); a.StatusCode != http.StatusMisdirectedRequest || strings.Contains(a.body, "1499000151") {
		t.Errorf("another host: %d", a.StatusCode)
	}
	if after := look[int](s, `select count(*) from register_entry`); after != before {
		t.Errorf("%d entries of errors", after-before)
	}
	ended := b.withCookie(b.cookies()[b.sessionCookie()])
	b.want(b.post("/sign-out"), http.StatusSeeOther)
	if text := words(ended.want(ended.get("/no-such-page"), http.StatusNotFound).body); strings.Contains(text, "1499000151") {
		t.Errorf("after the end of the session: %s", text)
	}
	// A database that fails takes the page's frame, not the page.
	b = s.browser().english().signIn("aysel")
	s.sql(`revoke select on signed_in from portal_app`)
	if a := b.get("/no-such-page"); a.StatusCode != http.StatusNotFound || strings.Contains(a.body, "1499000151") {
		t.Errorf("without the session: %d", a.StatusCode)
	}
}
