package handlers_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestGoodsList(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	page := words(b.want(b.get("/goods"), http.StatusOK).body)
	for _, want := range []string{aysels, aysels2, slashed, "Qara çay", "TT-417-KO"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list does not show %q", want)
		}
	}
	if strings.Contains(page, rashads) || strings.Contains(page, "K0001") {
		t.Error("the list shows another trader's goods")
	}
	empty := s.browser().english().signIn("leyla")
	if page := words(empty.want(empty.get("/goods"), http.StatusOK).body); !strings.Contains(page, "9999000191") {
		t.Errorf("the empty list does not say what was searched: %s", page)
	}
	for outcome, voen := range map[string]string{"answered": "1499000151", "nothing_pending": "9999000191"} {
		if n := look[int](s, `select count(*) from register_entry where subject = $1 and outcome = $2 and action = 'goods.list'`, voen, outcome); n != 1 {
			t.Errorf("%d entries %s of %s", n, outcome, voen)
		}
	}
}

// Each trader's page holds their registrations and nobody else's, whatever the
// address asks for.
func TestGoodsPages(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("kamran")
	seen := map[string]bool{}
	for page := 1; page <= 3; page++ {
		body := b.want(b.get("/goods?page="+itoa(page)), http.StatusOK).body
		for i := range 60 {
			if code := fmt.Sprintf("K%04d", i); strings.Contains(body, code) {
				if seen[code] {
					t.Errorf("%s is on two pages", code)
				}
				seen[code] = true
			}
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d of 60 registrations are on the pages", len(seen))
	}
	last := words(b.want(b.get("/goods?page=3"), http.StatusOK).body)
	for _, absurd := range []string{"4", "999999", "1000000"} {
		if got := words(b.want(b.get("/goods?page="+absurd), http.StatusOK).body); !strings.Contains(got, firstCode(last)) {
			t.Errorf("page %s is not the last one", absurd)
		}
	}
}

func firstCode(page string) string {
	i := strings.Index(page, "K0")
	return page[i : i+5]
}

// No query value is an error: what cannot be understood is named and left out.
func TestGoodsQueryIsNeverAnError(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	for _, query := range []string{
		"page=0", "page=-1", "page=99999999999999999999", "page=1e3", "page=1&page=2", "page=٣", "page=%00",
		"q=%00", "q=%ff%fe", "q=%F0%9F%9A%9A", "q=" + strings.Repeat("a", 101), "q=" + strings.Repeat("a+", 50), "q=%25%5F%5C", "q=';drop+table+pending--",
		"checkpoint='", "checkpoint=ZZZZZ", "checkpoint=00901,00902", "status=released", "status=%00", "mode=10", "mode=x", "waiting=nobody",
		"from=2026-02-30", "from=9999-12-31", "to=0000-00-00", "from=2026-12-31&to=2026-01-01", "sort=;", "sort=newest,oldest",
		"lang=xx", "lang=en&lang=az", "unknown=1", "=1", "%zz=1", "a;b=c", "q[]=1", "Q=x", strings.Repeat("a=1&", 2000), "<script>=1",
		"q=%3Cscript%3Ealert(1)%3C/script%3E", "\xff\xfe=1", "q=\xff", "items=-1",
	} {
		name := query[:min(len(query), 40)]
		a := b.get("/goods?" + query)
		if a.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", name, a.StatusCode)
		}
		if strings.Contains(a.body, "<script>") {
			t.Errorf("%s: script in the page", name)
		}
		if d := b.get("/goods/" + aysels + "?" + query); d.StatusCode != http.StatusOK {
			t.Errorf("detail %s: status %d", name, d.StatusCode)
		}
	}
	ignored := words(b.get("/goods?status=nonsense&page=0").body)
	if !strings.Contains(ignored, "left out: Page, Status.") || !strings.Contains(ignored, aysels) {
		t.Errorf("nobody is told that parts of the address were left out: %s", ignored)
	}
	if strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Errorf("the log tells of faults:\n%s", s.log)
	}
}

// Codes with slashes open their page under the address that the list gives;
// what merely looks like an address of a code is not found.
func TestGoodsDetail(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	linked := ""
	for _, n := range elements(b.get("/goods").body, "a") {
		for _, a := range n.Attr {
			if a.Key == "href" && strings.Contains(a.Val, "0901-17") {
				linked = a.Val
			}
		}
	}
	for _, path := range []string{linked, "/goods/" + aysels, "/goods/%30" + aysels[1:], "/goods/26AZ%2f0901-17%2F3%2EA", "/goods/" + aysels + "?items=2", "/goods/" + slashed} {
		a := b.get(path)
		if a.StatusCode != http.StatusOK || !strings.Contains(words(a.body), consignor) {
			t.Errorf("%s: status %d", path, a.StatusCode)
		}
	}
	for _, path := range []string{
		"/goods/%00", "/goods/%ff", "/goods/%2e%2e", "/goods/..%2f..%2fetc%2fpasswd", "/goods/%2F", "/goods//", "/goods/",
		"/goods/" + aysels + "/", "/goods/" + aysels + "%00", "/goods/" + aysels + "%20", "/goods/" + strings.Repeat("A", 9000), "/goods/%25", "/goods/%252F",
		"/goods/*", "/goods/:code", "/goods/'%20or%201=1--", "/goods/9" + aysels[1:], "/goods/%E2%80%AE", "/goods%2F" + aysels, "/goods%00",
	} {
		a := b.get(path)
		if a.StatusCode != http.StatusNotFound || strings.Contains(a.body, consignor) {
			t.Errorf("%.60s: status %d", path, a.StatusCode)
		}
	}
	if log := s.log.String(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log tells of faults:\n%s", log)
	}
}

// Another trader's registration is answered exactly like one that does not
// exist: same status, headers and bytes but for the clock, and the same entry in
// the register.
func TestAnothersCodeIsLikeNone(t *testing.T) {
	s := newSite(t)
	clock := regexp.MustCompile(`\d\d:\d\d:\d\d|data-left="\d+"`) // a second may pass between the two
	for _, lang := range []string{"az", "en"} {
		b := s.browser().signIn("aysel")
		b.get("/goods?lang=" + lang)   // what is told once is told
		const none = "009012605999919" // as long as the other
		page := func(code string) (string, http.Header) {
			a := b.want(b.get("/goods/"+code), http.StatusNotFound)
			body := strings.ReplaceAll(a.body, a.Header.Get("X-Request-ID"), "REQUEST")
			h := a.Header.Clone()
			h.Del("X-Request-ID")
			h.Del("Date")
			return clock.ReplaceAllString(strings.ReplaceAll(body, code, "CODE"), "NOW"), h
		}
		theirs, theirHeader := page(rashads)
		nobodys, noHeader := page(none)
		if theirs != nobodys || fmt.Sprint(theirHeader) != fmt.Sprint(noHeader) {
			t.Errorf("%s: the two answers differ:\n%s\n%s\n%v\n%v", lang, theirs, nobodys, theirHeader, noHeader)
		}
	}
	entries := look[string](s, `select string_agg(distinct concat_ws(' ', channel, actor, subject, action, outcome, results), '; ') from register_entry where action = 'goods.detail'`)
	if entries != "web trader 1499000151 goods.detail not_found 0" {
		t.Errorf("entries: %s", entries)
	}
}

// No byte of an answer leaves before its entry is durable.
func TestEntryComesFirst(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	b.want(b.get("/goods"), http.StatusOK) // connections are open, nothing else waits
	for _, path := range []string{"/goods", "/goods/" + aysels, "/goods/" + rashads} {
		c := s.superuser()
		tx, err := c.Begin(t.Context())
		s.must(err)
		_, err = tx.Exec(t.Context(), `lock table register_entry in exclusive mode`)
		s.must(err)
		before := s.countEntries(path)

		first := make(chan answer, 1)
		go func() { first <- b.get(path) }()
		s.until(`select exists (select from pg_locks l join pg_class r on r.oid = l.relation
			where r.relname = 'register_entry' and not l.granted)`)
		select {
		case a := <-first:
			t.Errorf("%s: %d bytes before the entry could be written", path, len(a.body))
		default:
		}
		s.must(tx.Commit(t.Context()))
		s.must(c.Close(t.Context()))
		a := <-first
		if a.StatusCode >= 500 {
			t.Errorf("%s: status %d after the wait", path, a.StatusCode)
		}
		if n := s.countEntries(path) - before; n != 1 {
			t.Errorf("%s: %d entries", path, n)
		}
		if id := a.Header.Get("X-Request-ID"); look[int](s, `select count(*) from register_entry where request_id = $1::text::uuid`, id) != 1 {
			t.Errorf("%s: the entry is not that of this request", path)
		}
	}
}

func (s *site) countEntries(asked string) int {
	return look[int](s, `select count(*) from register_entry where asked = $1`, asked)
}

// until asks the database until it says yes.
func (s *site) until(question string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	c := s.superuser()
	defer c.Close(context.WithoutCancel(ctx))
	for yes := false; !yes; {
		if err := c.QueryRow(ctx, question).Scan(&yes); err != nil {
			s.Fatalf("%s: %v", question, err)
		}
	}
}

// Without its entry no page is sent, and the reader is told so.
func TestNoEntryNoPage(t *testing.T) {
	s := newSite(t)
	az, en := s.browser().signIn("aysel"), s.browser().english().signIn("aysel")
	s.sql(`revoke insert on register_entry from portal_app`)
	for _, path := range []string{"/goods", "/goods/" + aysels, "/goods?q=tea", "/goods/" + rashads} {
		for lang, b := range map[string]*browser{"az": az, "en": en} {
			a := b.want(b.get(path), http.StatusServiceUnavailable)
			b.explains(a, lang, "error.503_register")
			if strings.Contains(a.body, "Qara") || strings.Contains(a.body, consignor) {
				t.Errorf("%s: goods in a page without an entry", path)
			}
		}
	}
	az.want(az.get("/readyz"), http.StatusNotFound)
	if a := az.do(http.MethodGet, s.ops.URL+"/readyz", nil); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", a.StatusCode)
	}
	s.sql(`grant insert on register_entry to portal_app`)
	az.want(az.get("/goods"), http.StatusOK)
	for _, method := range []string{http.MethodGet, http.MethodHead} { // some that ask take no body
		if a := az.do(method, s.ops.URL+"/readyz", nil); a.StatusCode != http.StatusOK {
			t.Errorf("%s /readyz: %d", method, a.StatusCode)
		}
	}
}

// explains fails unless the answer is a whole page in the reader's language
// that says what is the matter, with the request's number.
func (b *browser) explains(a answer, lang, message string) {
	b.Helper()
	l := b.options.Catalogue.For(lang)
	page := words(a.body)
	if !strings.Contains(page, l.T(message+".title")) {
		b.Errorf("%s: the page does not say %q: %s", a.Request.URL.Path, l.T(message+".title"), page)
	}
	if id := a.Header.Get("X-Request-ID"); id == "" || !strings.Contains(a.body, id) {
		b.Errorf("%s: the page does not show the request's number", a.Request.URL.Path)
	}
	if !strings.Contains(a.body, `<html lang="`+lang+`"`) || !strings.HasSuffix(strings.TrimSpace(a.body), "</html>") || a.Header.Get("Content-Language") != lang {
		b.Errorf("%s: not a whole page in %s", a.Request.URL.Path, lang)
	}
}

// With the database gone, what needs it says so and what does not goes on;
// once it is back, so are the goods, for the same session.
func TestDatabaseIsGone(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	b.want(b.get("/goods"), http.StatusOK)
	text := b.browser().challenge("/sign-in/file")
	s.stopDatabase()
	for _, path := range []string{"/goods", "/goods?q=x&page=2", "/goods/" + aysels, "/sign-in/file/challenge", "/sign-in/card/start"} {
		a := b.want(b.get(path), http.StatusServiceUnavailable)
		b.explains(a, "en", "error.503_data")
		if a.Header.Get("Retry-After") == "" || strings.Contains(a.body, "Xəzər") {
			t.Errorf("%s: Retry-After %q", path, a.Header.Get("Retry-After"))
		}
	}
	b.want(b.upload(b.sign("aysel", text)), http.StatusServiceUnavailable)
	// Who leaves a machine that others use too is out of that browser in any case.
	leaving := b.withCookie(b.cookies()[s.sessionCookie()])
	leaving.want(leaving.post("/sign-out"), http.StatusServiceUnavailable)
	leaving.want(leaving.get("/goods"), http.StatusSeeOther)
	for _, path := range []string{"/help", "/appeals", "/privacy", "/accessibility", "/sign-in/file", "/sign-in/card"} {
		b.want(b.get(path), http.StatusOK)
	}
	for path, want := range map[string]int{"/readyz": 503, "/healthz": 200, "/metrics": 200} {
		if a := b.get(s.ops.URL + path); a.StatusCode != want {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	s.startDatabase()
	// The register's writer notices by itself that its connection was lost.
	b.want(b.get("/goods"), http.StatusOK)
}

func (s *site) stopDatabase() {
	s.Helper()
	s.elsewhere(`alter database ` + s.test.Name + ` with allow_connections false`)
	s.elsewhere(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '` + s.test.Name + `'`)
}

func (s *site) startDatabase() {
	s.Helper()
	s.elsewhere(`alter database ` + s.test.Name + ` with allow_connections true`)
}

// elsewhere runs a statement in the server's own database.
func (s *site) elsewhere(statement string) {
	s.Helper()
	here := s.test.SuperuserURL
	u := mustURL(here)
	u.Path = "/postgres"
	s.test.SuperuserURL = u.String()
	defer func() { s.test.SuperuserURL = here }()
	s.sql(statement)
}

// Who leaves before the answer is no fault of the portal's.
func TestReaderLeaves(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	c := s.superuser()
	tx, err := c.Begin(t.Context())
	s.must(err)
	_, err = tx.Exec(t.Context(), `lock table pending in access exclusive mode`)
	s.must(err)
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan error, 1)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/goods", nil)
	s.must(err)
	go func() {
		response, err := b.client.Do(r)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
		done <- err
	}()
	s.until(`select exists (select from pg_locks l join pg_class r on r.oid = l.relation where r.relname = 'pending' and not l.granted)`)
	leave()
	if err := <-done; err == nil {
		t.Error("there was an answer")
	}
	deadline := time.Now().Add(patience)
	for !strings.Contains(s.log.String(), `"left":true`) && time.Now().Before(deadline) {
		s.until(`select true`)
	}
	s.must(tx.Rollback(t.Context()))
	s.must(c.Close(t.Context()))
	if log := s.log.String(); !strings.Contains(log, `"left":true`) || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log: %s", log)
	}
}

func TestLanguage(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	is := func(a answer, lang string) {
		t.Helper()
		if a.Header.Get("Content-Language") != lang || !strings.Contains(a.body, `<html lang="`+lang+`"`) {
			t.Errorf("%s is in %q, want %s", a.Request.URL, a.Header.Get("Content-Language"), lang)
		}
	}
	is(b.get("/goods"), "az")
	is(b.get("/goods", "Accept-Language", "en"), "az")
	is(b.get("/goods?lang=xx"), "az")
	is(b.get("/goods?lang=en&q=tea"), "en")
	is(b.get("/goods"), "en")
	is(b.get("/nowhere"), "en")
	is(b.get("/goods/nothing"), "en")
	is(b.get("/help"), "en")
	is(s.browser().get("/", "Cookie", "lang=<script>"), "az")
	b.post("/sign-out")
	is(b.get("/"), "en")
	is(b.get("/?lang=az"), "az")
	is(b.get("/"), "az")
	if kept := b.get("/?lang=" + url.QueryEscape("az\r\nX: y")).Header.Get("X"); kept != "" {
		t.Error("a header came from the address")
	}
}
