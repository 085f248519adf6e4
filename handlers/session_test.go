package handlers_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"customs.gov.az/portal/handlers"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Nothing from before a sign-in is worth anything after it.
func TestSignInRotatesEverything(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	before := b.challenge("/sign-in/file")
	cookie0 := b.cookies()["portal"]
	b.signIn("aysel")
	cookie1 := b.cookies()["portal"]
	if cookie0 == "" || cookie1 == cookie0 {
		t.Fatal("the cookie did not change")
	}
	b.want(b.withCookie(cookie0).get("/goods"), http.StatusSeeOther)

	// The secret that bound the sign-in to the browser is new: a text from before is another browser's.
	if a := b.upload(b.sign("aysel", before)); !strings.Contains(words(a.body), s.options.Catalogue.For("az").T("signin.problem.challenge_other_browser.title")) {
		t.Error(words(a.body))
	}
	b.want(b.get("/goods"), http.StatusOK)

	// Signing in again, as somebody else, ends the session that was.
	b.signIn("rashad")
	b.want(b.withCookie(cookie1).get("/goods"), http.StatusUnauthorized)
	if page := words(b.want(b.get("/goods"), http.StatusOK).body); !strings.Contains(page, rashads) || strings.Contains(page, aysels) {
		t.Error("the new session does not show the new person's goods alone")
	}
	if n := look[int](s, `select count(*) from session where ended_at is null`); n != 1 {
		t.Errorf("%d sessions are open", n)
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	cookie := b.cookies()["portal"]
	a := b.want(b.post("/sign-out"), http.StatusSeeOther)
	if b.cookies()["portal"] != "" || a.to() != "/?signed-out=1" || a.Header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("cookie %q, to %q, Clear-Site-Data %q", b.cookies()["portal"], a.to(), a.Header.Get("Clear-Site-Data"))
	}
	if start := b.want(b.get(a.to()), http.StatusOK); !strings.Contains(words(start.body), "You have signed out") {
		t.Error("nobody is told")
	}
	b.want(b.get("/goods"), http.StatusSeeOther)

	old := b.withCookie(cookie)
	for _, path := range []string{"/goods", "/goods?q=x", "/goods/" + aysels} {
		replay := old.want(old.get(path, "Cookie", "lang=en; portal="+cookie), http.StatusUnauthorized)
		if !strings.Contains(words(replay.body), s.options.Catalogue.For("en").T("expired.title")) || strings.Contains(replay.body, "Xəzər") {
			t.Errorf("%s: %s", path, words(replay.body))
		}
		if old.cookies()["portal"] == cookie {
			t.Error("the browser keeps a session that has ended")
		}
		old = b.withCookie(cookie)
	}
	if look[int](s, `select count(*) from session where ended_at is null`) != 0 {
		t.Error("the session lives on in the database")
	}
	b.want(b.post("/sign-out"), http.StatusSeeOther) // once more is no error
}

// A page that asks by itself learns that its session has ended, and takes no
// cookie away, which may be another window's new one by then.
func TestALookTakesNoCookieAway(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	s.sql(`update session set seen_at = now() - idle`)
	if a := b.want(b.get("/goods", "Portal-Live", "1"), http.StatusUnauthorized); len(a.Header.Values("Set-Cookie")) > 0 {
		t.Errorf("cookies %v", a.Header.Values("Set-Cookie"))
	}
	if a := b.want(b.get("/goods"), http.StatusUnauthorized); len(a.Header.Values("Set-Cookie")) == 0 {
		t.Error("the person's own request does not")
	}
}

func TestSessionEnds(t *testing.T) {
	s := newSite(t)
	for what, statement := range map[string]string{
		"idle":     `update session set seen_at = now() - idle`,
		"absolute": `update session set expires_at = now()`,
		"deleted":  `delete from session`,
	} {
		b := s.browser().signIn("aysel")
		b.want(b.get("/goods"), http.StatusOK)
		s.sql(statement)
		a := b.want(b.get("/goods?status=docs_check"), http.StatusUnauthorized)
		if !strings.Contains(a.body, url.QueryEscape("/goods?status=docs_check")) {
			t.Errorf("%s: the way back is lost", what)
		}
		b.want(b.get("/goods"), http.StatusSeeOther)
	}
}

// hostile cookies are no cookies.
func TestForgedCookies(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	good := b.cookies()["portal"]
	foreign := openSite(t, s.test, s.db, func(o *handlers.Options) { o.SessionKeys = [][]byte{bytes.Repeat([]byte{9}, 32)} })
	text, err := base64.URLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	middle := append([]byte(nil), text...)
	middle[len(middle)/2] ^= 1
	for what, cookie := range map[string]string{
		"of another key": foreign.browser().signIn("rashad").cookies()["portal"],
		"one bit":        base64.URLEncoding.EncodeToString(middle),
		"cut":            good[:len(good)-3],
		"longer":         good + "AAAA",
		"empty value":    "",
		"plain":          `{"k":"00000000-0000-0000-0000-000000000000.AAAA"}`,
		"very long":      strings.Repeat("A", 8000),
		"not base64":     "%00%ff;",
	} {
		a := s.browser().get("/goods", "Cookie", "portal="+cookie)
		if a.StatusCode != http.StatusSeeOther || a.to() != "/?return=%2Fgoods" {
			t.Errorf("%s: %d to %q", what, a.StatusCode, a.to())
		}
	}
	// Still, signing in works for a browser that brings one.
	c := b.withCookie("forged").signIn("rashad")
	c.want(c.get("/goods"), http.StatusOK)
}

// The cookie says nothing about the person, is for this host alone and cannot
// be read by scripts.
func TestSessionCookie(t *testing.T) {
	s := newSite(t)
	p := person(t, "aysel")
	b := s.browser()
	a := b.upload(b.sign("aysel", b.challenge("/sign-in/file")))
	var c *http.Cookie
	for _, set := range a.Cookies() {
		if set.Name == "portal" {
			c = set
		}
	}
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Fatalf("cookie %+v", c)
	}
	text, err := base64.URLEncoding.DecodeString(c.Value)
	if err != nil {
		t.Fatal(err)
	}
	inner := text
	if parts := bytes.Split(text, []byte("|")); len(parts) > 1 {
		if d, err := base64.URLEncoding.DecodeString(string(parts[1])); err == nil {
			inner = d
		}
	}
	for _, personal := range []string{string(p.VOENs[0]), string(p.PIN), p.Surname, "Aqro"} {
		if bytes.Contains(inner, []byte(personal)) || bytes.Contains(text, []byte(personal)) {
			t.Errorf("the cookie holds %q", personal)
		}
	}
	if !bytes.HasPrefix(inner, []byte("{")) {
		t.Errorf("the test does not see into the cookie: %q", inner)
	}
}

func TestCookieThroughTLS(t *testing.T) {
	s := newSite(t, func(o *handlers.Options) { o.URL.Scheme = "https" })
	b := s.browser()
	a := b.upload(b.sign("aysel", b.challenge("/sign-in/file")))
	b.want(a, http.StatusSeeOther)
	set := strings.Join(a.Header.Values("Set-Cookie"), "\n")
	if !strings.Contains(set, "__Host-portal=") || !strings.Contains(set, "; Secure") {
		t.Errorf("Set-Cookie: %s", set)
	}
	goods := b.want(b.get("/goods"), http.StatusOK)
	if goods.Header.Get("Strict-Transport-Security") == "" || goods.ProtoMajor != 2 {
		t.Errorf("HTTP/%d, Strict-Transport-Security %q", goods.ProtoMajor, goods.Header.Get("Strict-Transport-Security"))
	}
	e := b.listenForChanges()
	s.hub.Publish("1499000151")
	e.next("look")
	if lang := b.get("/?lang=en").Header.Get("Set-Cookie"); !strings.Contains(lang, "Secure") {
		t.Errorf("language cookie: %s", lang)
	}
}

// A new key signs, the one before it still counts.
func TestSessionKeysRotate(t *testing.T) {
	first, second := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)
	s := newSite(t, func(o *handlers.Options) { o.SessionKeys = [][]byte{first} })
	cookie := s.browser().signIn("aysel").cookies()["portal"]

	both := openSite(t, s.test, s.db, func(o *handlers.Options) { o.SessionKeys = [][]byte{second, first} })
	b := both.browser().withCookie(cookie)
	b.want(b.get("/goods"), http.StatusOK)

	newer := both.browser().signIn("aysel").cookies()["portal"]
	only := openSite(t, s.test, s.db, func(o *handlers.Options) { o.SessionKeys = [][]byte{second} })
	only.browser().want(only.browser().withCookie(newer).get("/goods"), http.StatusOK)
	only.browser().want(only.browser().withCookie(cookie).get("/goods"), http.StatusSeeOther)
}

// The page that was asked for opens after signing in, in another language too
// and after an attempt that failed.
func TestDeepLinkThroughFile(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	wanted := "/goods/" + url.PathEscape(slashed)
	start := b.want(b.get(wanted), http.StatusSeeOther).to()
	page := b.want(b.get(start), http.StatusOK)
	var link string
	for _, n := range elements(page.body, "a") {
		for _, a := range n.Attr {
			if a.Key == "href" && strings.HasPrefix(a.Val, "/sign-in/file?") {
				link = a.Val
			}
		}
	}
	text := b.challenge(link)
	form := attribute(b.get(link).body, "form", "enctype", "action")
	for _, nonsense := range [][]byte{nil, []byte("nonsense"), random(1 << 20)} {
		failed := b.uploadTo(form, nonsense)
		if form = attribute(failed.body, "form", "enctype", "action"); form == "" {
			t.Fatal("the form is gone")
		}
	}
	a := b.want(b.uploadTo(form, b.sign("aysel", text)), http.StatusSeeOther)
	if a.to() != wanted {
		t.Fatalf("to %q", a.to())
	}
	if !strings.Contains(words(b.want(b.get(a.to()), http.StatusOK).body), slashed) {
		t.Error("another page opened")
	}
}

// Addresses that a browser would read as another site, or as a page that is
// none to come back to.
func TestOpenRedirect(t *testing.T) {
	s := newSite(t)
	for _, evil := range []string{
		"//evil.example", `/\evil.example`, `\\evil.example`, "https://evil.example/goods", "https:evil.example", "javascript:alert(1)",
		"/goods/..//evil.example", "/goods/../sign-out", "/goods/%2e%2e/%2e%2e//evil.example", "/goods\r\nSet-Cookie: a=b", "/goods\tx",
		"/goodsevil", "/goods@evil.example", "///goods", "goods", " /goods", "/\t/evil.example", "/sign-out", "/", "?x", "/goods/\x00",
		"http:///goods", "//goods", "/goods//evil", "data:text/html,x", "/" + strings.Repeat("g", 2000), "/goods/" + strings.Repeat("A", 1000),
	} {
		b := s.browser()
		for _, page := range []string{"/?return=", "/sign-in/file?return=", "/sign-in/card?return="} {
			body := b.want(b.get(page+url.QueryEscape(evil)), http.StatusOK).body
			for _, back := range returns(body) {
				t.Errorf("%s%q leads back to %q", page, evil, back)
			}
		}
		file := b.sign("aysel", b.challenge("/sign-in/file"))
		a := b.want(b.uploadTo("/sign-in/file?return="+url.QueryEscape(evil), file), http.StatusSeeOther)
		if a.to() != "/goods" {
			t.Errorf("return=%q leads to %q", evil, a.to())
		}
	}
}

// returns are the pages to come back to that a page's links and forms carry;
// the language switch keeps the page's own address and does not count.
func returns(page string) []string {
	var list []string
	for _, n := range append(elements(page, "a"), elements(page, "form")...) {
		for _, a := range n.Attr {
			if a.Key != "href" && a.Key != "action" {
				continue
			}
			if q := mustURL(a.Val).Query(); q.Has("return") && !q.Has("lang") {
				list = append(list, q.Get("return"))
			}
		}
	}
	return list
}
