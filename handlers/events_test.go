package handlers_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/handlers"
)

// stream is an open page that listens for changes.
type stream struct {
	*browser
	response *http.Response
	events   chan string // closed when the stream ends
}

// listenForChanges opens the stream of the list and waits until it says so.
func (b *browser) listenForChanges() *stream {
	b.Helper()
	return b.listenAt("/goods/events")
}

// listenAt opens a stream and waits until it says so.
func (b *browser) listenAt(path string) *stream {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	b.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path, nil)
	b.must(err)
	r.Host = b.options.URL.Host
	client := *b.client
	client.Timeout = 0
	response, err := client.Do(r)
	b.must(err)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("Cache-Control") != "no-store" {
		b.Fatalf("status %d, %v", response.StatusCode, response.Header)
	}
	e := &stream{browser: b, response: response, events: make(chan string, 100)}
	go func() {
		defer close(e.events)
		defer response.Body.Close()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				e.events <- name
			} else if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok && data != "" {
				e.events <- "data " + data
			}
		}
	}()
	e.next("open")
	return e
}

// next fails unless this comes next; "" is the end.
func (e *stream) next(want string) {
	e.Helper()
	select {
	case got := <-e.events:
		if got != want {
			e.Fatalf("event %q, want %q", got, want)
		}
	case <-time.After(patience):
		e.Fatalf("no event, want %q", want)
	}
}

// silent fails if anything came.
func (e *stream) silent() {
	e.Helper()
	select {
	case got := <-e.events:
		e.Errorf("event %q", got)
	default:
	}
}

// A change of a trader's goods makes that trader's pages look again, and no
// others; it carries nothing of what changed.
func TestEventsAfterAChange(t *testing.T) {
	s := newSite(t)
	s.listenToChanges()
	aysel, twice, rashad := s.browser().signIn("aysel"), s.browser().signIn("aysel"), s.browser().signIn("rashad")
	one, two, other := aysel.listenForChanges(), twice.listenForChanges(), rashad.listenForChanges()
	s.feed(snapshot(aysels, "1499000151", 2))
	one.next("look")
	two.next("look")
	s.feed(snapshot(rashads, "1499000152", 2))
	other.next("look") // its first: aysel's change was none of its business
	one.silent()
	two.silent()
}

// A stream outlives the limit that a server sets for reading a request: the
// second event comes at least a second after the first.
func TestEventsOutliveTheReadLimit(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	hasty := httptest.NewUnstartedServer(s.portal.Handler())
	hasty.Config.ReadTimeout = 300 * time.Millisecond
	hasty.Start()
	t.Cleanup(func() { s.hub.Close(); hasty.Close() })
	b.base = hasty.URL
	e := b.listenForChanges()
	for range 2 {
		s.hub.Publish("1499000151")
		e.next("look")
	}
}

// With the session, the stream ends before it says anything more.
func TestEventsEndWithTheSession(t *testing.T) {
	s := newSite(t)
	for _, end := range []func(*browser){
		func(b *browser) { b.want(b.post("/sign-out"), http.StatusSeeOther) },
		func(*browser) { s.sql(`update session set seen_at = now() - idle`) },
	} {
		b := s.browser().signIn("aysel")
		e := b.listenForChanges()
		end(b)
		s.hub.Publish("1499000151")
		e.next("end")
		e.next("")
	}
}

// A page need not wait for news to learn that its session ended, in whichever
// window and in whichever process that was.
func TestEventsEndAtOnce(t *testing.T) {
	s := newSite(t)
	s.listenToChanges()
	b, other := s.browser().signIn("aysel"), s.browser().signIn("aysel")
	e, stays := b.listenForChanges(), other.listenForChanges()
	b.want(b.post("/sign-out"), http.StatusSeeOther)
	e.next("end")
	e.next("")
	s.feed(snapshot(aysels, "1499000151", 2))
	stays.next("look")
}

// When the portal stops, streams end instead of holding it up.
func TestEventsEndWithThePortal(t *testing.T) {
	s := newSite(t)
	e := s.browser().signIn("aysel").listenForChanges()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s.must(s.main.Config.Shutdown(ctx))
	e.next("")
	if s.hub.Len() != 0 {
		t.Errorf("%d pages are still open", s.hub.Len())
	}
}

// Pages that close are forgotten.
func TestEventsForgetClosedPages(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	e := b.listenForChanges()
	if n := s.hub.Len(); n != 1 {
		t.Fatalf("%d pages", n)
	}
	s.must(e.response.Body.Close())
	until := time.Now().Add(patience)
	for s.hub.Len() > 0 && time.Now().Before(until) {
		b.get("/help")
	}
	if n := s.hub.Len(); n != 0 {
		t.Errorf("%d pages are still open", n)
	}
}

func TestEventsForNobody(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.want(b.get("/goods/events"), http.StatusSeeOther)
	in := s.browser().signIn("aysel")
	cookie := in.cookies()["portal"]
	in.post("/sign-out")
	old := in.withCookie(cookie)
	old.want(old.get("/goods/events"), http.StatusNoContent) // a browser does not come back
	quiet := newSite(t, func(o *handlers.Options) { o.Hub = nil })
	q := quiet.browser().signIn("aysel")
	q.want(q.get("/goods/events"), http.StatusNoContent)
	s.hub.Close()
	again := s.browser().signIn("aysel")
	if a := again.want(again.get("/goods/events"), http.StatusServiceUnavailable); a.Header.Get("Retry-After") == "" {
		t.Error("nobody says when to come back")
	}
}
