package handlers_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/securecookie"

	"customs.gov.az/portal/handlers"
)

// A panic costs one request: the reader gets a page with its number, the log
// gets the place, the next request is answered.
func TestPanic(t *testing.T) {
	var broken atomic.Bool
	s := newEmptySite(t, func(o *handlers.Options) {
		o.Now = func() time.Time {
			if broken.CompareAndSwap(true, false) {
				panic("the clock is out of order")
			}
			return time.Now()
		}
	})
	b := s.browser().english()
	broken.Store(true)
	a := b.want(b.get("/help"), http.StatusInternalServerError)
	b.explains(a, "en", "error.500")
	if strings.Contains(a.body, "clock") || a.Header.Get("Content-Security-Policy") == "" {
		t.Error("the page tells of the inside, or is not strict")
	}
	if log := s.log.String(); !strings.Contains(log, "out of order") || !strings.Contains(log, "hostile_test.go") || !strings.Contains(log, `"status":500`) {
		t.Errorf("the log: %s", log)
	}
	b.want(b.get("/help"), http.StatusOK)
}

// What a checkpoint sends is text, whatever it looks like.
func TestMarkupInTheFeed(t *testing.T) {
	s := newEmptySite(t)
	const markup = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>{{.}}`
	quoted, err := json.Marshal(markup)
	s.must(err)
	line := strings.ReplaceAll(snapshot("X1", "1499000151", 1), `"`+consignor+`"`, string(quoted))
	line = strings.ReplaceAll(line, `"Qara çay"`, string(quoted))
	line = strings.ReplaceAll(line, `"TT-417-KO"`, `"TT<b>'\"-417"`)
	s.feed(strings.ReplaceAll(line, `"GE 0048211"`, `"javascript:alert(1)"`))
	b := s.browser().signIn("aysel")
	for _, path := range []string{"/goods", "/goods/X1", "/goods?%3Cscript%3E=1", "/goods?q=%22%3E%3Cscript%3E", "/goods/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"} {
		a := b.get(path)
		for _, n := range append(append(elements(a.body, "script"), elements(a.body, "img")...), elements(a.body, "b")...) {
			if n.FirstChild != nil && strings.Contains(n.FirstChild.Data, "alert") || n.Data == "img" {
				t.Errorf("%s: <%s> from the feed or the address", path, n.Data)
			}
		}
		for _, n := range elements(a.body, "a") {
			for _, attr := range n.Attr {
				if strings.HasPrefix(attr.Key, "on") || attr.Key == "href" && strings.HasPrefix(attr.Val, "javascript:") {
					t.Errorf("%s: %s=%q", path, attr.Key, attr.Val)
				}
			}
		}
	}
	if page := words(b.get("/goods/X1").body); !strings.Contains(page, "<script>alert(1)</script>") {
		t.Error("the text is not shown as it is")
	}
}

// Even with the key of the cookies in hand, a session is not to be had without
// its secret, which is nowhere but in its browser.
func TestStolenCookieKey(t *testing.T) {
	s := newSite(t)
	s.browser().signIn("rashad")
	id := look[string](s, `select id::text from session`)
	hash := look[[]byte](s, `select secret_hash from session`)
	guess := make([]byte, 32)
	rand.Read(guess)
	codec := securecookie.New(s.options.SessionKeys[0], nil).SetSerializer(securecookie.NopEncoder{})
	for what, key := range map[string]string{
		"guess":            id + "." + base64.RawURLEncoding.EncodeToString(guess),
		"hash":             id + "." + base64.RawURLEncoding.EncodeToString(hash), // all that the database knows
		"no secret":        id + ".",
		"id alone":         id,
		"nil":              "00000000-0000-0000-0000-000000000000." + base64.RawURLEncoding.EncodeToString(make([]byte, 32)),
		"injected":         id + "' or '1'='1." + base64.RawURLEncoding.EncodeToString(guess),
		"settings":         id + " x." + base64.RawURLEncoding.EncodeToString(guess),
		"long":             strings.Repeat("a", 1000),
		"another spelling": "{" + id + "}." + base64.RawURLEncoding.EncodeToString(guess),
	} {
		cookie, err := codec.Encode("portal", fmt.Appendf(nil, `{"k":%q}`, key))
		s.must(err)
		b := s.browser()
		a := b.get("/goods", "Cookie", "portal="+cookie)
		if a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusSeeOther || strings.Contains(a.body, rashads) {
			t.Errorf("%s: status %d", what, a.StatusCode)
		}
	}
}

// One hand-over code, many requests at once: one signs in.
func TestHandoverRace(t *testing.T) {
	s := newEmptySite(t)
	b := s.browserWith("aysel")
	home := b.want(b.get(b.toCard("")), http.StatusSeeOther).to()
	cookie := b.cookies()["portal"]
	statuses := make(chan int)
	const tries = 8
	for range tries {
		other := b.withCookie(cookie)
		go func() { statuses <- other.get(home).StatusCode }()
	}
	in := 0
	for range tries {
		if <-statuses == http.StatusSeeOther {
			in++
		}
	}
	if n := look[int](s, `select count(*) from session`); in != 1 || n != 1 {
		t.Errorf("%d of %d signed in, %d sessions", in, tries, n)
	}
}

// Forms made to be expensive are read within their limit.
func TestHostileForms(t *testing.T) {
	s := newEmptySite(t)
	const kind = "multipart/form-data; boundary=a"
	part := "--a\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n"
	for what, body := range map[string]string{
		"many parts":    strings.Repeat(part, 1000) + "--a--",
		"large heading": "--a\r\nX: " + strings.Repeat("x", 1<<20),
		"many headings": "--a\r\n" + strings.Repeat("X: y\r\n", 9000) + "\r\n--a--",
		"no headings":   "--a\r\n\r\n\r\n--a--",
		"only dashes":   strings.Repeat("--a\r\n", 10000),
		"empty":         "",
		"large other":   "--a\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n" + strings.Repeat("x", 1<<20),
		"nested":        "--a\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Disposition: form-data; name=\"signature\"\r\n\r\n--b\r\n\r\n--b--\r\n--a--",
		"path as name":  "--a\r\nContent-Disposition: form-data; name=\"signature\"; filename=\"../../etc/passwd\"\r\n\r\nx\r\n--a--",
	} {
		b := s.browser()
		a := b.do(http.MethodPost, "/sign-in/file", strings.NewReader(body), "Content-Type", kind)
		if a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d", what, a.StatusCode)
		}
		b.want(b.do(http.MethodPost, "/sign-in/file", strings.NewReader(body), "Content-Type", kind, "Content-Encoding", "gzip"), a.StatusCode)
	}
	if log := s.log.String(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log tells of faults: %s", log)
	}
}

// What the client says about itself is not taken for the portal's own.
func TestBorrowedNames(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	a := b.get("/goods", "X-Request-Id", "11111111-1111-1111-1111-111111111111", "X-Forwarded-User", "1499000152", "X-Real-Ip", "10.0.0.1")
	if id := a.Header.Get("X-Request-ID"); strings.HasPrefix(id, "1111") || look[int](s, `select count(*) from register_entry where request_id::text = $1`, id) != 1 {
		t.Errorf("request %q", id)
	}
	for _, pattern := range []string{"%25", "_", "%5C", "a%25b", "*", "%27"} {
		if page := words(b.want(b.get("/goods?lang=en&q="+pattern), http.StatusOK).body); strings.Contains(page, aysels) {
			t.Errorf("q=%s finds everything", pattern)
		}
	}
}
