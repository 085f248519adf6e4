package handlers_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Over HTTP/2 a connection carries other requests too and cannot be given
// away: the same events come all the same.
func TestEventsOverHTTP2(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	tls := httptest.NewUnstartedServer(s.portal.Handler())
	tls.EnableHTTP2 = true
	tls.StartTLS()
	defer tls.Close()

	ask := func() (*http.Response, *bufio.Scanner) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tls.URL+"/goods/events", nil)
		s.must(err)
		r.Host = strings.TrimPrefix(b.base, "http://")
		for name, value := range b.cookies() {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		answer, err := tls.Client().Do(r)
		s.must(err)
		return answer, bufio.NewScanner(answer.Body)
	}
	next := func(lines *bufio.Scanner) string {
		for lines.Scan() {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				return name
			}
		}
		return ""
	}

	answer, lines := ask()
	defer answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %s, %v", answer.Proto, answer.Status, answer.Header)
	}
	if got := next(lines); got != "open" {
		t.Fatalf("the first event is %q", got)
	}
	s.hub.Publish("1499000151")
	if got := next(lines); got != "look" {
		t.Errorf("after a change: %q", got)
	}
	b.post("/sign-out")
	s.hub.Publish("1499000151")
	if got := next(lines); got != "end" {
		t.Errorf("after signing out: %q", got)
	}
	if got := next(lines); got != "" {
		t.Errorf("after the end: %q", got)
	}
	if s.hub.Len() != 0 {
		t.Errorf("%d pages are still open", s.hub.Len())
	}
}
