package main

import (
	"crypto/tls"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// httptestPair is a certificate that nobody here trusts.
func httptestPair(t *testing.T) tls.Certificate {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0]
}

// The demo's telephone says in words what came of it, shows what it was given
// as text, and calls nobody but this machine.
func TestPhonePage(t *testing.T) {
	dir, key := t.TempDir(), []byte("a master key of this test only")
	if err := democa.Create(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	answered := 0
	answers := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := `{"data":"` + base64.StdEncoding.EncodeToString([]byte("challenge")) + `"}`
		if r.Method == http.MethodPost {
			answered++
			text = `{"status":"success"}`
		}
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write([]byte(text))
	})
	portal := httptest.NewServer(answers)
	defer portal.Close()
	over := func(pair tls.Certificate) string {
		s := httptest.NewUnstartedServer(answers)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL + "/sima"
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls/server.pem"), filepath.Join(dir, "tls/server.key"))
	if err != nil {
		t.Fatal(err)
	}
	secure, strange := over(own), over(httptestPair(t))
	code := func(address, callback string, until time.Duration, assignee ...customs.PIN) string {
		b, err := esign.SIMAContract{
			Version: "1.3", OperationID: "1", NotBefore: time.Now().Add(-time.Hour), Expires: time.Now().Add(until), Assignee: assignee,
			Client: esign.SIMAClient{Name: "<b>DGK", Callback: callback},
		}.Seal(key)
		if err != nil {
			t.Fatal(err)
		}
		return address + "?tsquery=" + base64.StdEncoding.EncodeToString(b)
	}
	here := portal.URL + "/sima"
	page := newPhonePage(dir, key)
	ask := func(method, query string, form url.Values, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/"+query, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		return w
	}
	for what, tt := range map[string]struct {
		person, code string
		status       int
		said         string
	}{
		"a good code":               {"aysel", " " + code(here, here, time.Minute) + "\n", 200, "Confirmed as aysel."},
		"by the link":               {"aysel", "http://127.0.0.1:8071/?data=" + code(here, here, time.Minute), 200, "Confirmed as aysel."},
		"nobody":                    {"", code(here, here, time.Minute), 400, "Choose a person."},
		"a stranger":                {"nobody", code(here, here, time.Minute), 400, "Choose a person."},
		"a file that is no person":  {"../authorities/root", code(here, here, time.Minute), 400, "Choose a person."},
		"no code":                   {"aysel", "hello", 422, "this is no code of this demo."},
		"a code of far away":        {"aysel", code("http://192.0.2.1/sima", here, time.Minute), 422, "this is no code of this demo."},
		"an answer to far away":     {"aysel", code(here, "https://evil.example/", time.Minute), 422, "this is no code of this demo."},
		"an answer to what is none": {"aysel", code(here, "http://[", time.Minute), 422, "this is no code of this demo."},
		"for another":               {"aysel", code(here, here, time.Minute, "1111111"), 422, "the code is for the person whose FİN was typed."},
		"expired":                   {"aysel", code(here, here, -time.Second), 422, "the code has expired."},
		"over TLS":                  {"aysel", code(secure, secure, time.Minute), 200, "Confirmed as aysel."},
		"a stranger's certificate":  {"aysel", code(strange, strange, time.Minute), 422, "the telephone does not reach the portal, or does not trust"},
		"nobody is there":           {"aysel", code("http://127.0.0.1:1/sima", here, time.Minute), 422, "the telephone does not reach the portal"},
		"refused":                   {"aysel", code(portal.URL+"/no", here, time.Minute), 422, "the portal said no"},
	} {
		answered = 0
		w := ask(http.MethodPost, "", url.Values{"person": {tt.person}, "code": {tt.code}})
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.said) || (answered == 1) != (tt.status == 200) || strings.Contains(w.Body.String(), "<b>DGK") {
			t.Errorf("%s: %d, answered %d times: %s", what, w.Code, answered, w.Body)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", what, w.Header())
		}
	}
	shown := ask(http.MethodGet, "?data="+code(here, here, time.Minute, "5A7KM2L"), nil)
	if text := shown.Body.String(); shown.Code != 200 || !strings.Contains(text, "&lt;b&gt;DGK asks to sign in, until ") || !strings.Contains(text, "Only for FİN 5A7KM2L.") || !strings.Contains(text, here+"?tsquery=") {
		t.Errorf("shown: %d %s", shown.Code, text)
	}
	if w := ask(http.MethodGet, `?data=%22%3E<script>`, nil); strings.Contains(w.Body.String(), "<script>") || strings.Contains(w.Body.String(), "asks to sign in") {
		t.Errorf("nonsense: %s", w.Body)
	}
	answered = 0
	cross := ask(http.MethodPost, "", url.Values{"person": {"aysel"}, "code": {code(here, here, time.Minute)}}, "Sec-Fetch-Site", "cross-site")
	if cross.Code != http.StatusForbidden || answered != 0 {
		t.Errorf("from another site: %d, answered %d times", cross.Code, answered)
	}
	if w := ask(http.MethodGet, "elsewhere", nil); w.Code != http.StatusNotFound {
		t.Errorf("another page: %d", w.Code)
	}
	if w := ask(http.MethodPost, "", url.Values{"person": {"aysel"}, "code": {strings.Repeat("x", 70<<10)}}); w.Code != http.StatusBadRequest {
		t.Errorf("a form without end: %d", w.Code)
	}
}
