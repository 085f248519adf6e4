package handlers_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"customs.gov.az/portal/handlers"
)

// Every answer is strict with browsers, and none that could hold anything
// personal is kept by anybody.
func TestHeadersOnEveryAnswer(t *testing.T) {
	s := newSite(t)
	in, out := s.browser().signIn("aysel"), s.browser()
	for _, tt := range []struct {
		b      *browser
		method string
		path   string
		status int
	}{
		{out, "GET", "/", 200},
		{in, "GET", "/", 303},
		{out, "GET", "/sign-in/file", 200},
		{out, "GET", "/sign-in/file/challenge", 200},
		{out, "POST", "/sign-in/file", 422},
		{out, "GET", "/sign-in/card", 200},
		{out, "GET", "/sign-in/card/start", 303},
		{out, "GET", "/sign-in/card/done", 422},
		{out, "GET", "/sign-in/company", 422},
		{in, "GET", "/goods", 200},
		{out, "GET", "/goods", 303},
		{in, "GET", "/goods/" + aysels, 200},
		{in, "GET", "/goods/" + rashads, 404},
		{in, "GET", "/goods?q=%00", 200},
		{out, "GET", "/help", 200},
		{in, "GET", "/help", 200},
		{out, "GET", "/appeals", 200},
		{out, "GET", "/privacy", 200},
		{out, "GET", "/accessibility", 200},
		{out, "GET", "/nowhere", 404},
		{out, "PUT", "/goods", 405},
		{out, "GET", "/sign-out", 405},
		{out, "GET", "/static/none/x.css", 404},
		{out, "POST", "/sign-out", 303},
		{out, "GET", s.card.URL + "/sign-in/card", 303},
		{out, "GET", s.card.URL + "/nowhere", 404},
	} {
		a := tt.b.do(tt.method, tt.path, nil)
		if a.StatusCode != tt.status {
			t.Errorf("%s %s: status %d, want %d", tt.method, tt.path, a.StatusCode, tt.status)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": keeping(tt.path, tt.status),
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", tt.method, tt.path, name, got, want)
			}
		}
		policy := a.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s %s: the policy lacks %s", tt.method, tt.path, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s %s: policy %s", tt.method, tt.path, policy)
		}
		if len(a.Header.Get("X-Request-ID")) != 36 || a.Header.Get("Server") != "" {
			t.Errorf("%s %s: request %q, server %q", tt.method, tt.path, a.Header.Get("X-Request-ID"), a.Header.Get("Server"))
		}
	}
}

// keeping is what a browser may keep: nothing; lists say so for caches on the way too.
func keeping(path string, status int) string {
	if status == http.StatusOK && (path == "/goods" || strings.HasPrefix(path, "/goods?")) {
		return "private, no-store"
	}
	return "no-store"
}

// HEAD answers like GET, without the page.
func TestHead(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	b.get("/goods") // what is told once is told
	for _, path := range []string{"/goods", "/goods/" + aysels, "/goods/nothing", "/help", "/sign-in/file", "/nowhere", "/feed/v1/schema.json"} {
		get, head := b.get(path), b.do(http.MethodHead, path, nil)
		if head.body != "" || head.StatusCode != get.StatusCode || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("%s: %d %q, GET has %d %q", path, head.StatusCode, head.Header.Get("Content-Type"), get.StatusCode, get.Header.Get("Content-Type"))
		}
	}
}

func TestMethodsNotAllowed(t *testing.T) {
	s := newSite(t)
	b := s.browser().english()
	for _, tt := range []struct{ method, path, allow string }{
		{"GET", "/sign-out", "POST"},
		{"DELETE", "/goods", "GET HEAD"},
		{"POST", "/goods", "GET HEAD"},
		{"POST", "/goods/x", "GET HEAD"},
		{"PUT", "/sign-in/file", "GET HEAD POST"},
		{"PATCH", "/", "GET HEAD"},
		{"POST", "/sign-in/file/challenge", "GET"},
		{"TRACE", "/help", "GET HEAD"},
		{"PROPFIND", "/goods", "GET HEAD"},
	} {
		a := b.do(tt.method, tt.path, nil)
		if a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: status %d", tt.method, tt.path, a.StatusCode)
			continue
		}
		for m := range strings.FieldsSeq(tt.allow) {
			if !strings.Contains(a.Header.Get("Allow"), m) {
				t.Errorf("%s %s: Allow %q lacks %s", tt.method, tt.path, a.Header.Get("Allow"), m)
			}
		}
		b.explains(a, "en", "error.405")
	}
}

// Only the portal's own names are answered, and no claim about them is believed.
func TestHost(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	_, port, _ := strings.Cut(s.options.URL.Host, ":")
	for _, host := range []string{"evil.example", "127.0.0.1", "127.0.0.1:1", "evil.example:" + port, s.options.URL.Host + ".evil.example", "127.0.0.1:" + port + "@evil.example", "[::1]:1"} {
		a := b.get("/help", "Host", host)
		if a.StatusCode != http.StatusMisdirectedRequest && a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", host, a.StatusCode)
		}
		if strings.Contains(a.body, "evil") {
			t.Errorf("%s is in the page", host)
		}
	}
	for _, host := range []string{"localhost:" + port, "LocalHost:" + port, "[::1]:" + port} {
		b.want(b.get("/help", "Host", host), http.StatusOK)
	}
	a := b.get("/goods", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "Forwarded", "host=evil.example", "X-Original-URL", "/metrics", "X-Rewrite-URL", "/metrics", "X-HTTP-Method-Override", "DELETE")
	if a.StatusCode != http.StatusSeeOther || a.to() != "/?return=%2Fgoods" {
		t.Errorf("%d to %q", a.StatusCode, a.to())
	}
	if text := string(b.challenge("/sign-in/file")); !strings.Contains(text, "URL: "+b.base+"\r\n") {
		t.Errorf("the text to sign is for another address: %s", text)
	}
	named := newEmptySite(t, func(o *handlers.Options) { o.URL.Host = "Portal.Example" })
	for host, want := range map[string]int{"portal.example": 200, "portal.example:80": 200, "PORTAL.EXAMPLE": 200, "portal.example:443": 421, "portal.example.": 421, "localhost": 421} {
		if a := named.browser().do(http.MethodGet, named.main.URL+"/help", nil, "Host", host); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, a.StatusCode, want)
		}
	}
}

// Requests that no browser makes are answered without harm.
func TestOddRequests(t *testing.T) {
	s := newSite(t)
	for request, want := range map[string]int{
		"GET http://HOST/help HTTP/1.1\r\nHost: HOST":                                                     200,
		"GET http://HOST/help HTTP/1.1\r\nHost: evil.example":                                             200, // RFC 9112 §3.2.2: the target's host counts
		"GET http://evil.example/help HTTP/1.1\r\nHost: HOST":                                             421,
		"GET https://evil.example/ HTTP/1.1\r\nHost: HOST":                                                421,
		"GET javascript:alert(1) HTTP/1.1\r\nHost: HOST":                                                  404,
		"GET help HTTP/1.1\r\nHost: HOST":                                                                 400,
		"GET * HTTP/1.1\r\nHost: HOST":                                                                    404,
		"OPTIONS * HTTP/1.1\r\nHost: HOST":                                                                200,
		"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443":                                     421,
		"GET /help HTTP/1.0":                                                                              421,
		"GET /help HTTP/1.1":                                                                              400,
		"GET /help HTTP/1.1\r\nHost: HOST\r\nHost: evil.example":                                          400,
		"GET /help HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2":                      400,
		"POST /sign-out HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, x":                          501,
		"GET //help HTTP/1.1\r\nHost: HOST":                                                               404,
		"GET /help/ HTTP/1.1\r\nHost: HOST":                                                               404,
		"GET /../help HTTP/1.1\r\nHost: HOST":                                                             404,
		"GET /static/../help HTTP/1.1\r\nHost: HOST":                                                      404,
		"GET /%2e%2e/help HTTP/1.1\r\nHost: HOST":                                                         404,
		"GET /goods%zz HTTP/1.1\r\nHost: HOST":                                                            400,
		"GET /" + strings.Repeat("a", 12<<10) + " HTTP/1.1\r\nHost: HOST":                                 404,
		"GET /" + strings.Repeat("a", 32<<10) + " HTTP/1.1\r\nHost: HOST":                                 431,
		"GET /help HTTP/1.1\r\nHost: HOST\r\nCookie: " + strings.Repeat("a", 32<<10):                      431,
		"GET /help HTTP/1.1\r\nHost: HOST\r\nCookie: portal=" + strings.Repeat("a=1; portal=", 600) + "x": 200,
		"GET /help?lang=en%0d%0aX-Evil:1 HTTP/1.1\r\nHost: HOST":                                          200,
		"GET /goods?x=\xff\xfe HTTP/1.1\r\nHost: HOST":                                                    303,
		"NONSENSE": 400,
	} {
		name, _, _ := strings.Cut(request, "\r\n")
		a := s.raw(strings.TrimSuffix(request, "\r\n") + "\r\nConnection: close\r\n\r\n")
		if a.StatusCode != want {
			t.Errorf("%.70s: status %d, want %d", name, a.StatusCode, want)
		}
		if a.Header.Get("X-Evil") != "" || strings.Contains(a.to(), "evil") || strings.Contains(a.body, `href="javascript:`) {
			t.Errorf("%.70s: harm", name)
		}
	}
	if log := s.log.String(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "panic") {
		t.Errorf("the log tells of faults: %s", log)
	}
}

// Another site cannot make a browser do anything for the person signed in.
func TestCrossSite(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
		{"Origin", "http://127.0.0.1:1"},
		{"Sec-Fetch-Site", "cross-site", "Origin", b.base},
	} {
		for _, path := range []string{"/sign-out", "/sign-in/file", "/sign-in/company"} {
			a := b.want(b.do(http.MethodPost, path, strings.NewReader("voen=1499000151"), append(headers, "Content-Type", "application/x-www-form-urlencoded")...), http.StatusForbidden)
			b.explains(a, "en", "error.403")
		}
		// Looking is allowed: a link from another site leads here.
		b.want(b.get("/goods", headers...), http.StatusOK)
	}
	b.want(b.get("/goods"), http.StatusOK)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin", "Origin", b.base}, {"Origin", b.base}, {"Sec-Fetch-Site", "none"}, {}} {
		b.want(b.do(http.MethodPost, "/sign-out", nil, headers...), http.StatusSeeOther)
	}
}

func TestOversizedBodies(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	large := strings.Repeat("a=1&", 1<<18)
	form := "application/x-www-form-urlencoded"
	b.want(b.do(http.MethodPost, "/sign-in/company", strings.NewReader(large), "Content-Type", form), http.StatusRequestEntityTooLarge)
	b.want(b.do(http.MethodPost, "/sign-out", strings.NewReader(large), "Content-Type", form), http.StatusSeeOther)
	b.want(b.do(http.MethodGet, "/help", strings.NewReader(large)), http.StatusOK)
	if a := b.do(http.MethodPost, "/goods", strings.NewReader(large)); a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("status %d", a.StatusCode)
	}
}

// Files of the tree are kept for ever under an address that their content
// decides; nothing else is served from there.
func TestStaticFiles(t *testing.T) {
	s := newEmptySite(t)
	b := s.browser()
	page := b.get("/").body
	css := attribute(page, "link", "rel", "href")
	for _, n := range elements(page, "link") {
		for _, a := range n.Attr {
			if a.Key == "href" && strings.HasSuffix(a.Val, ".css") {
				css = a.Val
			}
		}
	}
	plain := b.want(b.get(css), http.StatusOK)
	zipped := b.want(b.get(css, "Accept-Encoding", "gzip, br"), http.StatusOK)
	if zipped.Header.Get("Content-Encoding") != "gzip" || len(zipped.body) >= len(plain.body) {
		t.Errorf("gzip: %q, %d of %d bytes", zipped.Header.Get("Content-Encoding"), len(zipped.body), len(plain.body))
	}
	z, err := gzip.NewReader(strings.NewReader(zipped.body))
	s.must(err)
	if whole, err := io.ReadAll(z); err != nil || string(whole) != plain.body {
		t.Errorf("gzip holds something else: %v", err)
	}
	for _, a := range []answer{plain, zipped} {
		if h := a.Header; h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("Vary") != "Accept-Encoding" ||
			h.Get("Content-Type") != "text/css; charset=utf-8" || h.Get("Set-Cookie") != "" || h.Get("Content-Security-Policy") == "" {
			t.Errorf("headers %v", h)
		}
	}
	if head := b.do(http.MethodHead, css, nil); head.StatusCode != http.StatusOK || head.body != "" || head.ContentLength != int64(len(plain.body)) {
		t.Errorf("HEAD: %d, %d bytes of %d", head.StatusCode, len(head.body), head.ContentLength)
	}
	base := strings.TrimSuffix(css, "css/app.css")
	for _, path := range []string{
		"/static/", base, base + "css", base + "css/", "/static/0000000000/css/app.css", base + "../../handlers/routes.go", base + "css/..%2fapp.css",
		base + "css/app.css/", base + "css/app.css%00", base + "static.go", "/favicon.ico/x", base + "%2e%2e/%2e%2e/go.mod",
	} {
		if a := b.get(path); a.StatusCode != http.StatusNotFound || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %q", path, a.StatusCode, a.Header.Get("Cache-Control"))
		}
	}
	b.want(b.do(http.MethodPost, css, nil), http.StatusMethodNotAllowed)
}

func TestUnknownPage(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/nowhere", "/metrics", "/healthz", "/readyz", "/debug/pprof/", "/.git/config", "/goods.exe", "/sign-in", "/sign-in/file/x", "/admin"} {
		for _, lang := range []string{"az", "en"} {
			b := s.browser()
			a := b.want(b.get(path+"?lang="+lang), http.StatusNotFound)
			b.explains(a, lang, "error.404")
		}
	}
}

// Figures and health are on the listener for operations, and name no address
// that anybody asked for.
func TestOperations(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	b.get("/goods/" + rashads + "?q=Sirr")
	b.get("/Sirr/" + rashads)
	b.want(b.get("/goods?q=Sirr"), http.StatusOK)
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if a := b.want(b.get(s.ops.URL+path), http.StatusOK); a.body != want {
			t.Errorf("%s: %q", path, a.body)
		}
	}
	figures := b.want(b.get(s.ops.URL+"/metrics"), http.StatusOK).body
	for _, want := range []string{`portal_request_seconds_count{route="/goods",status="200"} 1`, `route="/goods/:code",status="404"`, "portal_sign_ins_total", "portal_open_pages 0"} {
		if !strings.Contains(figures, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, secret := range []string{"Sirr", rashads, "1499000151"} {
		if strings.Contains(figures, secret) {
			t.Errorf("the figures hold %q", secret)
		}
	}
	for _, path := range []string{"/", "/goods", "/sign-in/file"} {
		b.want(b.get(s.ops.URL+path), http.StatusNotFound)
	}
}

// The schema of the feed is for everybody to fetch.
func TestSchema(t *testing.T) {
	s := newEmptySite(t)
	a := s.browser().get("/feed/v1/schema.json")
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/schema+json" || !strings.Contains(a.body, "2020-12/schema") {
		t.Errorf("%d %q", a.StatusCode, a.Header.Get("Content-Type"))
	}
	if a.Header.Get("Cache-Control") != "public, max-age=3600" {
		t.Errorf("Cache-Control %q", a.Header.Get("Cache-Control"))
	}
}
