package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/handlers"
)

// program is a trader's accounting program: it has a token and no cookies.
type program struct {
	*browser
	token string
}

// token makes one on the page, as a person does.
func (b *browser) token(name string) string {
	b.Helper()
	page := b.want(b.get("/api-access"), http.StatusOK).body
	a := b.want(b.post("/api-access", "form", attribute(page, "input", "value", "value"), "name", name, "days", "90"), http.StatusCreated)
	for _, n := range elements(a.body, "p") {
		for _, attr := range n.Attr {
			if attr.Key == "class" && strings.Contains(attr.Val, "token--fresh") {
				return n.FirstChild.Data
			}
		}
	}
	b.Fatal("no token is shown")
	return ""
}

func (s *site) program(person string) program {
	s.Helper()
	return program{s.browser(), s.browser().signIn(person).token("1C")}
}

func (p program) get(path string, headers ...string) answer {
	p.Helper()
	return p.browser.get(path, append([]string{"Authorization", "Bearer " + p.token}, headers...)...)
}

// list is what a program reads from a page.
type list struct {
	AsOf         time.Time `json:"as_of"`
	VOEN         string
	Total        int
	Consignments []struct {
		Registration, VOEN, Status string
		Goods                      []struct{ Description string }
	}
	NextCursor *string `json:"next_cursor"`
}

func (p program) list(path string) (l list) {
	p.Helper()
	p.must(json.Unmarshal([]byte(p.want(p.get(path), http.StatusOK).body), &l))
	return l
}

func TestProgramReads(t *testing.T) {
	s := newSite(t)
	p := s.program("kamran")
	var codes []string
	for path := "/api/v1/consignments?limit=7"; path != ""; {
		l := p.list(path)
		if l.Total != 60 || l.VOEN != "1599000161" || time.Since(l.AsOf) > time.Hour {
			t.Errorf("%+v", l)
		}
		for _, c := range l.Consignments {
			codes = append(codes, c.Registration)
			if c.VOEN != "1599000161" || c.Goods[0].Description != "Qara çay" {
				t.Errorf("%+v", c)
			}
		}
		if path = ""; l.NextCursor != nil {
			path = "/api/v1/consignments?limit=7&cursor=" + url.QueryEscape(*l.NextCursor)
		}
	}
	slices.Sort(codes)
	if len(slices.Compact(codes)) != 60 {
		t.Errorf("%d registrations", len(codes))
	}
	aysel := s.program("aysel")
	if l := aysel.list("/api/v1/consignments?q=kolkheti&status=docs_check&waiting=you&mode=3&checkpoint=00901&from=2020-01-01"); l.Total != 3 || len(l.Consignments) != 3 {
		t.Errorf("%+v", l)
	}
	if l := aysel.list("/api/v1/consignments?status=held"); l.Total != 0 || l.Consignments == nil || l.NextCursor != nil {
		t.Errorf("%+v", l)
	}
	leyla := s.program("leyla")
	if l := leyla.list("/api/v1/consignments"); l.Total != 0 {
		t.Errorf("%+v", l)
	}
	for _, code := range []string{aysels, url.PathEscape(slashed)} {
		a := aysel.want(aysel.get("/api/v1/consignments/"+code), http.StatusOK)
		if !strings.Contains(a.body, `"events":[{"revision":1,"status":"docs_check"`) || !strings.Contains(a.body, `"gross_mass":5250.5`) {
			t.Errorf("%s: %s", code, a.body)
		}
	}
	entries := look[string](s, `select string_agg(distinct concat_ws(' ', channel, actor, subject, action, outcome, results), '; ') from register_entry where channel = 'api'`)
	if want := "api trader 1499000151 goods.detail answered 1; api trader 1499000151 goods.list answered 0; api trader 1499000151 goods.list answered 3; " +
		"api trader 1599000161 goods.list answered 4; api trader 1599000161 goods.list answered 7; api trader 9999000191 goods.list nothing_pending 0"; entries != want {
		t.Errorf("entries: %s", entries)
	}
	if n := look[int](s, `select count(*) from register_entry e join api_token t on t.id = e.session_id and t.voen = e.subject where channel = 'api'`); n != 9+2+1+2 {
		t.Errorf("%d entries name the token", n)
	}
}

// Another trader's registration is answered exactly like one that does not
// exist.
func TestProgramsOwnOnly(t *testing.T) {
	s := newSite(t)
	p := s.program("aysel")
	strip := func(a answer) string {
		p.want(a, http.StatusNotFound)
		return strings.ReplaceAll(a.body, a.Header.Get("X-Request-ID"), "")
	}
	theirs, none := strip(p.get("/api/v1/consignments/"+rashads)), strip(p.get("/api/v1/consignments/009012605999919"))
	if theirs != none || !strings.Contains(none, `"code":"not_found"`) {
		t.Errorf("%s\n%s", theirs, none)
	}
	if n := look[int](s, `select count(*) from register_entry where channel = 'api' and outcome = 'not_found' and results = 0`); n != 2 {
		t.Errorf("%d entries", n)
	}
}

// refused checks an answer of RFC 9457.
func (p program) refused(a answer, status int, code string) {
	p.Helper()
	var got struct {
		Status        int
		Code, Request string
	}
	p.must(json.Unmarshal([]byte(p.want(a, status).body), &got))
	if got.Status != status || got.Code != code || got.Request != a.Header.Get("X-Request-ID") || a.Header.Get("Content-Type") != "application/problem+json" ||
		a.Header.Get("Content-Language") != "" || a.Header.Get("Access-Control-Allow-Origin") != "" {
		p.Errorf("%s: %s %v", a.Request.URL, a.body, a.Header)
	}
}

// A token opens no page, a session opens no call, and nothing but a good token
// in the header opens anything.
func TestTokensAndSessionsAreTwoThings(t *testing.T) {
	s := newSite(t)
	signedIn := s.browser().signIn("aysel")
	p := program{s.browser(), signedIn.token("1C")}
	cookie := program{signedIn, ""}
	cookie.refused(signedIn.get("/api/v1/consignments"), http.StatusUnauthorized, "unknown_token")
	if a := signedIn.get("/api/v1/consignments"); !strings.Contains(a.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("%v", a.Header)
	}
	for _, path := range []string{"/goods", "/goods/" + aysels, "/goods.csv", "/goods.xlsx", "/api-access", "/print/goods"} {
		if a := p.get(path); a.StatusCode != http.StatusSeeOther || strings.Contains(a.body, "Qara") {
			t.Errorf("%s opens with a token: %d", path, a.StatusCode)
		}
		p.client.Jar.SetCookies(mustURL(p.base), []*http.Cookie{{Name: s.sessionCookie(), Value: p.token, Path: "/"}})
	}
	good := p.token
	last := "A"
	if strings.HasSuffix(good, "A") {
		last = "E"
	}
	for what, token := range map[string]string{
		"none": "", "short": good[:72], "long": good + "A", "other": good[:72] + last, "upper": strings.ToUpper(good), "prefix": strings.TrimPrefix(good, "mallarim_"),
		"padded": good + "=", "session": "6f9619ff-8b86-4011-b42d-00c04fc964ff.AAAA",
	} {
		p.token = token
		p.refused(p.get("/api/v1/consignments"), http.StatusUnauthorized, "unknown_token")
		if t.Failed() {
			t.Fatal(what)
		}
	}
	p.token = good
	p.refused(p.browser.get("/api/v1/consignments?access_token="+good), http.StatusUnauthorized, "unknown_token")
	p.refused(p.browser.get("/api/v1/consignments", "Authorization", "Basic "+good), http.StatusUnauthorized, "unknown_token")
	p.want(p.browser.get("/api/v1/consignments", "Authorization", "bearer "+good), http.StatusOK)
	s.sql(`update api_token set created_at = now() - interval '2 days', expires_at = now() - interval '1 second'`)
	p.refused(p.get("/api/v1/consignments"), http.StatusUnauthorized, "unknown_token")
	if log := s.log.String(); strings.Contains(log, good[:40]) || strings.Contains(log, "1499000151") {
		t.Error("the log holds a token or a taxpayer number")
	}
}

// What a program asks and cannot have is said, not left out.
func TestProgramMistakes(t *testing.T) {
	s := newSite(t)
	p := s.program("aysel")
	before := look[int](s, `select count(*) from register_entry where channel = 'api'`)
	bad := []string{
		"status=released", "status=x", "nonsense=1", "page=2", "sort=newest", "lang=en", "limit=0", "limit=501", "limit=x", "limit=", "limit=1&limit=2", "cursor=", "cursor=AAAA",
		"cursor=%00", "from=2026-02-30", "to=x", "from=2026-02-02&to=2026-02-01", "checkpoint=ZZZ", "checkpoint='", "mode=10", "waiting=me", "q=%00", "a;b", "%zz",
		"q=" + strings.Repeat("a", 101), "status=held&status=held",
	}
	for _, query := range bad {
		p.refused(p.get("/api/v1/consignments?"+query), http.StatusBadRequest, "bad_parameter")
	}
	p.refused(p.get("/api/v1/consignments/"+aysels+"?x=1"), http.StatusBadRequest, "bad_parameter")
	if n := look[int](s, `select count(*) from register_entry where channel = 'api' and outcome = 'failed'`) - before; n != len(bad)+1 {
		t.Errorf("%d entries of %d", n, len(bad)+1)
	}
	for _, path := range []string{"/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/consignments", "/api/v1/nothing"} {
		if a := p.get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	p.refused(p.get("/api/v1/nothing"), http.StatusNotFound, "no_such_address")
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		a := p.do(method, "/api/v1/consignments", nil, "Authorization", "Bearer "+p.token)
		p.refused(a, http.StatusMethodNotAllowed, "read_only")
		if a.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: Allow %q", method, a.Header.Get("Allow"))
		}
	}
	if a := p.do("OPTIONS", "/api/v1/consignments", nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "GET"); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another site may read")
	}
}

// Who has the newest already is sent no body, but an entry is made.
func TestProgramUnchanged(t *testing.T) {
	s := newSite(t)
	p := s.program("aysel")
	for i, path := range []string{"/api/v1/consignments", "/api/v1/consignments/" + aysels} {
		first := p.want(p.get(path), http.StatusOK)
		tag := first.Header.Get("ETag")
		s.feed(fmt.Sprintf(`{"checkpoint":"00901","as_of":%q}`, stamp(time.Second))) // a heartbeat changes nothing
		before := s.countEntries(path)
		same := p.want(p.get(path, "If-None-Match", tag), http.StatusNotModified)
		if same.body != "" || same.Header.Get("ETag") != tag || s.countEntries(path) != before+1 {
			t.Errorf("%s: %q %v", path, same.body, same.Header)
		}
		s.feed(snapshot(aysels, "1499000151", 2+i))
		changed := p.want(p.get(path, "If-None-Match", tag), http.StatusOK)
		if changed.Header.Get("ETag") == tag {
			t.Errorf("%s: the tag is still %s", path, tag)
		}
		head := p.want(p.do(http.MethodHead, path, nil, "Authorization", "Bearer "+p.token), http.StatusOK)
		if head.body != "" || head.Header.Get("Content-Length") == "" || head.Header.Get("Vary") != "Authorization, Accept-Encoding" {
			t.Errorf("HEAD %s: %v", path, head.Header)
		}
	}
}

// Each token has its rate; another token of the same trader has its own.
func TestProgramRate(t *testing.T) {
	s := newSite(t, func(o *handlers.Options) { o.Rates.Program = db.Rate{Every: 90 * time.Second, Burst: 2} })
	p, other := s.program("aysel"), s.program("aysel")
	for range 2 {
		p.want(p.get("/api/v1/consignments"), http.StatusOK)
	}
	before := look[int](s, `select count(*) from register_entry`)
	a := p.get("/api/v1/consignments")
	p.refused(a, http.StatusTooManyRequests, "too_many_requests")
	if a.Header.Get("Retry-After") != "90" || strings.Contains(a.body, "Qara") || look[int](s, `select count(*) from register_entry`) != before {
		t.Errorf("%v", a.Header)
	}
	other.want(other.get("/api/v1/consignments"), http.StatusOK)
}

// No byte without a durable entry; what fails is told in JSON.
func TestProgramEntryComesFirst(t *testing.T) {
	s := newSite(t)
	p := s.program("aysel")
	p.want(p.get("/api/v1/consignments"), http.StatusOK)
	for _, path := range []string{"/api/v1/consignments", "/api/v1/consignments/" + aysels, "/api/v1/consignments/" + rashads} {
		c := s.superuser()
		tx, err := c.Begin(t.Context())
		s.must(err)
		_, err = tx.Exec(t.Context(), `lock table register_entry in exclusive mode`)
		s.must(err)
		first := make(chan answer, 1)
		go func() { first <- p.get(path) }()
		s.until(`select exists (select from pg_locks l join pg_class r on r.oid = l.relation where r.relname = 'register_entry' and not l.granted)`)
		select {
		case <-first:
			t.Errorf("%s: an answer before its entry", path)
		default:
		}
		s.must(tx.Commit(t.Context()))
		s.must(c.Close(t.Context()))
		<-first
	}
	s.sql(`revoke insert on register_entry from portal_app`)
	for _, path := range []string{"/api/v1/consignments", "/api/v1/consignments/" + aysels, "/api/v1/consignments/" + rashads} {
		a := p.get(path)
		p.refused(a, http.StatusServiceUnavailable, "unavailable")
		if a.Header.Get("Retry-After") == "" || a.Header.Get("ETag") != "" || strings.Contains(a.body, "Qara") {
			t.Errorf("%s: %v %s", path, a.Header, a.body)
		}
	}
	s.stopDatabase()
	defer s.startDatabase()
	p.refused(p.get("/api/v1/consignments"), http.StatusServiceUnavailable, "unavailable")
}

// What the interface really answers is what its description says, which is
// OpenAPI.
func TestProgramAnswersAsDescribed(t *testing.T) {
	s := newSite(t)
	p := s.program("aysel")
	a := p.want(p.browser.get("/api/v1/openapi.yaml"), http.StatusOK)
	tree := func(text string) any {
		var v any
		s.must(yaml.Unmarshal([]byte(text), &v))
		b, err := json.Marshal(v)
		s.must(err)
		plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		s.must(err)
		return plain
	}
	published, err := os.ReadFile("testdata/openapi-3.1.schema.json")
	s.must(err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s.must(c.AddResource("openapi.json", tree(string(published))))
	document := tree(a.body)
	s.must(c.AddResource("https://portal.example/api/v1/openapi.yaml", document))
	s.must(c.AddResource("https://portal.example/feed/v1/schema.json", tree(p.browser.get("/feed/v1/schema.json").body)))
	schema := func(id string) *jsonschema.Schema {
		sch, err := c.Compile(id)
		s.must(err)
		return sch
	}
	s.must(schema("openapi.json").Validate(document))
	part := func(name string) *jsonschema.Schema {
		return schema("https://portal.example/api/v1/openapi.yaml#/components/schemas/" + name)
	}
	s.valid(part("List"), p.get("/api/v1/consignments").body)
	s.valid(part("List"), p.get("/api/v1/consignments?limit=1").body)
	s.valid(part("List"), p.get("/api/v1/consignments?status=held").body)
	s.valid(part("Detail"), p.get("/api/v1/consignments/"+aysels).body)
	s.valid(part("Problem"), p.get("/api/v1/consignments/none").body)
	s.valid(part("Problem"), p.get("/api/v1/consignments?x=1").body)
	if part("List").Validate(map[string]any{}) == nil {
		t.Error("the schema allows everything")
	}
}
