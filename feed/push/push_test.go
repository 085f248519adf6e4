package push_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/push"
)

// border is a portal's feed address cut down to what a sender can see: it takes
// lines in batches of three, remembers them, and answers as the real one does.
// The real one is tried in package handlers and in the command's tests.
type border struct {
	*httptest.Server
	mu     sync.Mutex
	lines  []string // in the order of their arrival, repeated ones too
	status []int    // answers to the next requests, 0: take it
	limit  int      // break off after so many lines of a request, 0: never
	asked  int
	mute   bool   // refuse without a code, as what stands between may
	during func() // is called once, when the first line of a request is there
}

func newBorder(t testing.TB) *border {
	b := &border{}
	b.Server = httptest.NewServer(http.HandlerFunc(b.take))
	t.Cleanup(b.Close)
	return b
}

func (b *border) take(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked++
	status, limit := 0, b.limit
	if len(b.status) > 0 {
		status, b.status = b.status[0], b.status[1:]
	}
	b.mu.Unlock()
	if status != 0 {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		if !b.mute {
			fmt.Fprintf(w, `{"code":"code_%d","detail":"because"}`, status)
		}
		return
	}
	rc := http.NewResponseController(w)
	_ = rc.EnableFullDuplex()
	plain, err := feed.Decode(r.Body, feed.Coding(r.Header.Get("Content-Encoding")))
	if err != nil {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	in := bufio.NewScanner(plain)
	in.Buffer(nil, 16<<20)
	var offset, n, kept int
	fmt.Sscan(r.Header.Get("Feed-Offset"), &offset)
	answer := func(format string, a ...any) { fmt.Fprintf(w, format+"\n", a...); _ = rc.Flush() }
	batch := func() {
		if n > kept {
			answer(`{"batch":{"first":%d,"acknowledged":%d,"lines":%d,"stored":%d}}`, offset+kept+1, offset+n, n-kept, n-kept)
			kept = n
		}
	}
	for in.Scan() {
		if limit > 0 && n == limit {
			panic(http.ErrAbortHandler)
		}
		n++
		b.mu.Lock()
		b.lines = append(b.lines, in.Text())
		during := b.during
		b.during = nil
		b.mu.Unlock()
		if during != nil {
			during()
		}
		if strings.Contains(in.Text(), "bad") {
			answer(`{"line":%d,"outcome":"rejected","code":"missing"}`, offset+n)
		}
		if n-kept == 3 {
			batch()
		}
	}
	if in.Err() != nil {
		return
	}
	batch()
	answer(`{"summary":{"complete":true,"outcome":"complete","acknowledged":%d}}`, offset+n)
}

func (b *border) taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.lines...)
}

func (b *border) answerWith(status ...int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = status
}

// desk is a sender with its folder and journal.
type desk struct {
	testing.TB
	dir     string
	border  *border
	options push.Options
	waits   []time.Duration
	report  bytes.Buffer
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{TB: t, dir: t.TempDir(), border: newBorder(t)}
	u, err := url.Parse(d.border.URL)
	d.must(err)
	d.options = push.Options{
		URL: u, Client: d.border.Client(), Token: "t", Report: &d.report, GiveUp: 20,
		Pause: func(_ context.Context, wait time.Duration) error { d.waits = append(d.waits, wait); return nil },
	}
	d.openJournal()
	return d
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) openJournal() {
	d.Helper()
	var err error
	d.options.Journal, err = push.OpenJournal(filepath.Join(d.dir, "journal"))
	d.must(err)
	d.Cleanup(func() { d.options.Journal.Close() })
}

func (d *desk) write(name, content string) string {
	d.Helper()
	path := filepath.Join(d.dir, name)
	d.must(os.WriteFile(path, []byte(content), 0o600))
	return path
}

func (d *desk) deliver(name string) push.Result {
	d.Helper()
	r, err := push.New(d.options).Deliver(d.Context(), name, false)
	d.must(err)
	return r
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func (d *desk) expectTaken(want string) {
	d.Helper()
	if got := strings.Join(d.border.taken(), "\n") + "\n"; got != want {
		d.Errorf("taken\n%.300s\nwant\n%.300s", got, want)
	}
}

func TestDeliversAFileOnce(t *testing.T) {
	for _, c := range []feed.Coding{feed.Identity, feed.Gzip, feed.Zstd} {
		d := newDesk(t)
		d.options.Coding = c
		name := d.write("a.ndjson", numbered(10))
		if r := d.deliver(name); r.Lines != 10 || r.Stored != 10 {
			t.Errorf("%q: %+v", c, r)
		}
		if r := d.deliver(name); r != (push.Result{}) || d.border.asked != 1 {
			t.Errorf("%q: a second time %+v", c, r)
		}
		d.expectTaken(numbered(10))
	}
}

func TestDeliversWhatWasAdded(t *testing.T) {
	d := newDesk(t)
	name := d.write("a.ndjson", numbered(5))
	d.deliver(name)
	d.write("a.ndjson", numbered(8))
	d.options.Journal.Close()
	d.openJournal() // as another process
	if r := d.deliver(name); r.Lines != 3 {
		t.Errorf("%+v", r)
	}
	d.expectTaken(numbered(8))
}

// A file that is another one under the same name is delivered whole, also when
// it is as long.
func TestDeliversAnotherFileOfTheSameName(t *testing.T) {
	d := newDesk(t)
	name := d.write("a.ndjson", numbered(5))
	d.deliver(name)
	other := strings.ReplaceAll(numbered(5), "line", "LINE")
	d.write("a.ndjson", other)
	d.must(os.Chtimes(name, time.Now(), time.Now().Add(time.Hour)))
	if r := d.deliver(name); r.Lines != 5 {
		t.Errorf("%+v", r)
	}
	d.write("a.ndjson", "one\n") // shorter
	if r := d.deliver(name); r.Lines != 1 {
		t.Errorf("%+v", r)
	}
	d.expectTaken(numbered(5) + other + "one\n")
}

func TestGoesOnAfterBreaks(t *testing.T) {
	d := newDesk(t)
	d.border.limit = 7
	name := d.write("a.ndjson", numbered(40))
	d.deliver(name)
	seen := map[string]int{}
	for _, l := range d.border.taken() {
		seen[l]++
	}
	for l := range strings.Lines(numbered(40)) {
		if seen[strings.TrimSpace(l)] == 0 {
			t.Errorf("%q never arrived", l)
		}
	}
	// Each request gets 6 lines acknowledged, so only those beyond come twice.
	if n := len(d.border.taken()); n > 40+7 {
		t.Errorf("%d lines were sent for 40", n)
	}
	if len(d.waits) == 0 || d.waits[0] < 500*time.Millisecond || d.waits[0] > 2*time.Second {
		t.Errorf("waits %v", d.waits)
	}
}

func TestPassingTroubleIsWaitedOut(t *testing.T) {
	d := newDesk(t)
	d.border.answerWith(503, 429, 500, 502, 408)
	name := d.write("a.ndjson", numbered(2))
	if r := d.deliver(name); r.Lines != 2 {
		t.Errorf("%+v", r)
	}
	if len(d.waits) != 5 {
		t.Fatalf("waits %v", d.waits)
	}
	for i, w := range d.waits {
		if w < 7*time.Second { // the portal's Retry-After
			t.Errorf("wait %d is %s", i, w)
		}
	}
}

func TestGivesUp(t *testing.T) {
	d := newDesk(t)
	d.options.GiveUp = 3
	d.border.answerWith(503, 503, 503, 503)
	_, err := push.New(d.options).Deliver(t.Context(), d.write("a.ndjson", "x\n"), false)
	var refused *push.RefusedError
	if err == nil || errors.As(err, &refused) || d.border.asked != 3 {
		t.Errorf("%v after %d tries", err, d.border.asked)
	}
}

func TestRefusalsAreFinal(t *testing.T) {
	for status, sender := range map[int]bool{400: false, 413: false, 415: false, 401: true, 403: true, 404: true, 405: true, 302: true} {
		d := newDesk(t)
		d.options.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		d.border.answerWith(status)
		name := d.write("a.ndjson", "x\n")
		_, err := push.New(d.options).Deliver(t.Context(), name, false)
		var refused *push.RefusedError
		if !errors.As(err, &refused) || refused.Status != status || refused.Sender() != sender || refused.Detail != "because" {
			t.Errorf("%d: %v", status, err)
		}
		// A refused file is left alone until it changes, and stays refused; a
		// refused sender is tried again.
		_, err = push.New(d.options).Deliver(t.Context(), name, false)
		refused = nil
		if want := map[bool]int{true: 2, false: 1}[sender]; errors.As(err, &refused) == sender || refused != nil && !refused.Before || d.border.asked != want {
			t.Errorf("%d again: %v, asked %d times", status, err, d.border.asked)
		}
		d.write("a.ndjson", "x\ny\n")
		d.deliver(name)
	}
}

// What stands between may refuse a file that the portal would take: that is
// not for good.
func TestRefusalsWithoutACodeAreTriedAgain(t *testing.T) {
	d := newDesk(t)
	d.border.mute = true
	d.border.answerWith(413)
	name := d.write("a.ndjson", "x\n")
	var refused *push.RefusedError
	if _, err := push.New(d.options).Deliver(t.Context(), name, false); !errors.As(err, &refused) || refused.Status != 413 {
		t.Error(err)
	}
	d.deliver(name)
	d.expectTaken("x\n")
}

func TestReportNamesTheFile(t *testing.T) {
	d := newDesk(t)
	name := d.write("a\"b.ndjson", "good\nbad\ngood\n")
	d.deliver(name)
	var e struct {
		File    string
		Line    int
		Outcome string
	}
	d.must(json.Unmarshal(d.report.Bytes(), &e))
	if e.File != name || e.Line != 2 || e.Outcome != "rejected" {
		t.Errorf("%+v", e)
	}
}

func TestASilentPortalIsLeft(t *testing.T) {
	d := newDesk(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	d.must(err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	d.options.URL = &url.URL{Scheme: "http", Host: l.Addr().String()}
	d.options.Patience, d.options.GiveUp = 50*time.Millisecond, 2
	if _, err := push.New(d.options).Deliver(t.Context(), d.write("a.ndjson", "x\n"), false); err == nil || !strings.Contains(err.Error(), "says nothing") {
		t.Error(err)
	}
}

func TestEndsWhenToldTo(t *testing.T) {
	d := newDesk(t)
	d.border.answerWith(503)
	ctx, cancel := context.WithCancel(t.Context())
	d.options.Pause = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if _, err := push.New(d.options).Deliver(ctx, d.write("a.ndjson", "x\n"), false); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
