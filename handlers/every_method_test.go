package handlers_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Each address answers the methods that it has and no other, whoever asks, and
// what is refused changes nothing.
func TestEveryRouteHasItsMethods(t *testing.T) {
	w := newWhole(t)
	has := map[string]map[string]bool{}
	at := map[string]route{}
	for _, r := range w.routes() {
		if has[r.pattern] == nil {
			has[r.pattern] = map[string]bool{}
		}
		has[r.pattern][r.method] = true
		at[r.pattern] = r
	}
	w.people["aysel"].get("/goods?lang=en")
	entries := w.registered(`true`)
	for _, pattern := range slices.Sorted(maps.Keys(has)) {
		r := at[pattern]
		if strings.HasPrefix(pattern, "/api/") {
			continue // a program's interface explains in JSON: TestProgramMistakes
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY", "x"} {
			if has[pattern][method] {
				continue
			}
			for _, b := range []*browser{w.people[""], w.people["aysel"]} {
				if strings.HasPrefix(pattern, "/sima/") && b != w.people[""] {
					continue // for telephones, which are nobody
				}
				a := b.do(method, r.address, nil)
				if a.StatusCode != http.StatusMethodNotAllowed {
					t.Errorf("%s %s: status %d", method, pattern, a.StatusCode)
				}
				allowed := strings.Split(strings.ReplaceAll(a.Header.Get("Allow"), " ", ""), ",")
				for m := range has[pattern] {
					if !slices.Contains(allowed, m) {
						t.Errorf("%s %s: Allow %q lacks %s", method, pattern, allowed, m)
					}
				}
				if slices.Contains(allowed, method) {
					t.Errorf("%s %s: refused and allowed", method, pattern)
				}
				if method != http.MethodHead && b == w.people["aysel"] {
					b.explains(a, "en", "error.405")
				}
			}
		}
	}
	if n := w.registered(`true`); n != entries {
		t.Errorf("%d entries of requests that were refused", n-entries)
	}
}

// HEAD says of every page what GET says, and sends none of it.
func TestEveryHeadIsAGet(t *testing.T) {
	w := newWhole(t)
	for _, r := range w.byMethod(http.MethodHead) {
		for _, b := range []*browser{w.owner(r), w.people[""]} {
			get, head, again := b.get(r.address), b.do(http.MethodHead, r.address, nil), b.get(r.address) // the name of a file holds the minute
			if head.body != "" {
				t.Errorf("HEAD %s: %d bytes", r.pattern, len(head.body))
			}
			if head.StatusCode != get.StatusCode {
				t.Errorf("HEAD %s: status %d, GET has %d", r.pattern, head.StatusCode, get.StatusCode)
			}
			for _, name := range []string{"Content-Type", "Content-Disposition", "Cache-Control", "Content-Language", "Location", "Content-Security-Policy"} {
				if got, want := head.Header.Get(name), get.Header.Get(name); got != want && got != again.Header.Get(name) {
					t.Errorf("HEAD %s: %s %q, GET has %q", r.pattern, name, got, want)
				}
			}
		}
	}
}

// Another site cannot make a browser change anything, at any address, whoever
// is signed in there.
func TestEveryPostIsOfThisSite(t *testing.T) {
	w := newWhole(t)
	entries, sessions := w.registered(`true`), look[int](w.site, `select count(*) from session where ended_at is null`)
	for _, r := range w.byMethod(http.MethodPost) {
		for _, headers := range [][]string{
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
			{"Origin", "https://evil.example"},
			{"Origin", "null"},
			{"Sec-Fetch-Site", "cross-site", "Origin", w.people[""].base},
		} {
			a := w.owner(r).do(http.MethodPost, r.address, strings.NewReader("voen=1499000151&do=remove&verdict=approved"), append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
			if a.StatusCode != http.StatusForbidden || a.to() != "" || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s with %v: status %d to %q, cookie %q", r.pattern, headers, a.StatusCode, a.to(), a.Header.Get("Set-Cookie"))
			}
		}
	}
	if n := w.registered(`true`); n != entries {
		t.Errorf("%d entries of requests that were refused", n-entries)
	}
	if n := look[int](w.site, `select count(*) from session where ended_at is null`); n != sessions {
		t.Errorf("%d sessions are open, were %d", n, sessions)
	}
}

// A body that nobody's form has is refused before it is held in memory.
// The exceptions read none, and say so here.
func TestEveryFormIsBounded(t *testing.T) {
	w := newWhole(t)
	unread := []string{
		"/sign-out", "/session", "/assist/:case/end", "/assist/:case/approve",
		"/notifications/confirm/:token", "/notifications/stop/:token",
		"/feed/v1/consignments", // line by line, of any length in all: TestFeedIsRefusedWithAReason
		"/sign-in/file",         // of another kind of form: TestHostileForms
		"/sima/Home/Callback",   // TestSIMACallbackHostile
		"/api/*",                // TestProgramMistakes
	}
	large := "reason=" + strings.Repeat("a", 2<<20)
	for _, r := range w.byMethod(http.MethodPost) {
		if slices.Contains(unread, r.pattern) {
			unread = slices.DeleteFunc(unread, func(p string) bool { return p == r.pattern })
			continue
		}
		a := w.owner(r).do(http.MethodPost, r.address, strings.NewReader(large), "Content-Type", "application/x-www-form-urlencoded")
		if a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d to %q", r.pattern, a.StatusCode, a.to())
		}
	}
	for _, pattern := range unread {
		t.Errorf("%s is no route any more", pattern)
	}
}
