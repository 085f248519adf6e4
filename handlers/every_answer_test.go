package handlers_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/handlers"
)

// mayBeKept are the answers that are the same for everybody, and that caches
// may therefore keep.
var mayBeKept = []string{"/feed/v1/schema.json", "/feed/v1/openapi.yaml", "/api/v1/openapi.yaml", "/static/*", "/register/tile/*", "/register/checkpoint"}

// Whoever asks for whatever there is, the answer is strict with browsers, is
// kept by nobody, is in the reader's language to its last word, and is no fault.
func TestEveryAnswerIsStrict(t *testing.T) {
	w := newWhole(t)
	untranslated := messageNames(t)
	for _, r := range w.byMethod(http.MethodGet) {
		if r.streams() {
			continue
		}
		for name, b := range w.people {
			for _, lang := range []string{"en", "az"} {
				separator := "?"
				if strings.Contains(r.address, "?") {
					separator = "&"
				}
				a := b.get(r.address + separator + "lang=" + lang)
				what := "GET " + r.pattern + " as " + name
				if a.StatusCode >= http.StatusInternalServerError {
					t.Errorf("%s: status %d", what, a.StatusCode)
				}
				w.isStrict(what, r, a)
				if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
					break // no words in it
				}
				if a.Header.Get("Content-Language") != lang || !strings.Contains(a.body, `<html lang="`+lang+`"`) {
					t.Errorf("%s: asked in %s, answered in %q", what, lang, a.Header.Get("Content-Language"))
				}
				if key := untranslated.FindString(strings.ReplaceAll(words(a.body), "receipt.json", "")); key != "" {
					t.Errorf("%s: the page says %q", what, key)
				}
				for _, n := range append(elements(a.body, "a"), elements(a.body, "form")...) {
					for _, attr := range n.Attr {
						if (attr.Key == "href" || attr.Key == "action") && (attr.Val == "" || strings.ContainsAny(attr.Val, " \"<>{}")) {
							t.Errorf("%s: %s=%q", what, attr.Key, attr.Val)
						}
					}
				}
			}
		}
	}
	if log := w.log.String(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log tells of faults: %s", log)
	}
}

// isStrict checks what every answer has to say to browsers.
func (w *whole) isStrict(what string, r route, a answer) {
	w.Helper()
	strict := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
	}
	if strings.HasPrefix(r.pattern, "/register/") && a.StatusCode == http.StatusOK {
		strict["Cross-Origin-Resource-Policy"] = "cross-origin" // the log is for every verifier's page to read
	}
	if r.pattern == handlers.MyGovDonePath {
		strict["Referrer-Policy"] = "no-referrer" // its address holds a code
	}
	for name, want := range strict {
		if got := a.Header.Get(name); got != want {
			w.Errorf("%s: %s is %q, want %q", what, name, got, want)
		}
	}
	if policy := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		w.Errorf("%s: policy %q", what, policy)
	}
	if len(a.Header.Get("X-Request-ID")) != 36 {
		w.Errorf("%s: request %q", what, a.Header.Get("X-Request-ID"))
	}
	public := slices.Contains(mayBeKept, r.pattern) && a.StatusCode == http.StatusOK
	kept := a.Header.Get("Cache-Control")
	switch {
	case public && strings.HasPrefix(kept, "public, "):
	case strings.HasPrefix(r.pattern, "/api/") && kept == "private, no-cache": // a program asks again with what it has: TestProgramUnchanged
	case strings.HasSuffix(kept, "no-store"):
	default:
		w.Errorf("%s: Cache-Control %q", what, kept)
	}
	if public && (a.Header.Get("Set-Cookie") != "" || strings.Contains(a.Header.Get("Vary"), "Cookie")) {
		w.Errorf("%s: a cache would hand out %q, by %q", what, a.Header.Get("Set-Cookie"), a.Header.Get("Vary"))
	}
	for _, c := range a.Cookies() {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			w.Errorf("%s: cookie %s", what, c.Raw)
		}
	}
}

// messageNames matches what a page would say in place of a message that is
// missing: its name.
func messageNames(t *testing.T) *regexp.Regexp {
	t.Helper()
	files, err := filepath.Glob("../locales/*.en.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no words: %v", err)
	}
	var tables []string
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\[+"?([a-z_]+)`).FindAllStringSubmatch(string(b), -1) {
			if !slices.Contains(tables, m[1]) {
				tables = append(tables, m[1])
			}
		}
	}
	return regexp.MustCompile(`(^| )(` + strings.Join(tables, "|") + `)(\.[a-z0-9_]+)+( |$)`)
}
