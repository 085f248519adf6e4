package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, a *Assets, method, url, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, url, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Result()
}

func TestEveryFileIsServed(t *testing.T) {
	a := New()
	for name, f := range a.files {
		res := get(t, a, http.MethodGet, a.URL(name), "")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK || !bytes.Equal(body, f.plain) || res.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d, %d bytes", name, res.StatusCode, len(body))
		}
		if cc := res.Header.Get("Cache-Control"); !strings.Contains(cc, "immutable") {
			t.Errorf("%s: Cache-Control %q", name, cc)
		}
		if res.Header.Get("Content-Type") != contentType(name) || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", name, res.Header)
		}
	}
}

func TestTypes(t *testing.T) {
	for name, want := range map[string]string{
		"css/app.css": "text/css; charset=utf-8", "img/map.svg": "image/svg+xml", "fonts/manat.woff2": "font/woff2",
		"fonts/OFL-plex.txt": "text/plain; charset=utf-8", "js/live.js": "text/javascript; charset=utf-8",
	} {
		if got := contentType(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestCompressedWhereWelcome(t *testing.T) {
	a := New()
	res := get(t, a, http.MethodGet, a.URL("css/app.css"), "br;q=0.5, gzip")
	if res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatal(res.Header)
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(z); err != nil || !bytes.Equal(body, a.files["css/app.css"].plain) {
		t.Error("the compressed stylesheet is another one", err)
	}
	if res := get(t, a, http.MethodGet, a.URL("fonts/plex-latin.woff2"), "gzip"); res.Header.Get("Content-Encoding") != "" {
		t.Error("a font is compressed already")
	}
}

func TestTakesGzip(t *testing.T) {
	for value, want := range map[string]bool{
		"":                          false,
		"gzip":                      true,
		"gzip, deflate, br, zstd":   true,
		"br;q=1.0, GZIP;q=0.8, *":   true,
		"deflate, br":               false,
		"gzip;q=0":                  false,
		"gzip; q=0.000, br":         false,
		"gzip ; q=0.001":            true,
		"*":                         false,
		"identity":                  false,
		"notgzip, gzipped":          false,
		";;;,,, q=1":                false,
		"br, gzip;level=9":          true,
		strings.Repeat("br,", 1000): false,
	} {
		if got := TakesGzip([]string{value}); got != want {
			t.Errorf("%.40q: %v, want %v", value, got, want)
		}
	}
	if TakesGzip(nil) || !TakesGzip([]string{"br", "gzip"}) {
		t.Error("no header is no, and a second header counts")
	}
}

func TestRefusals(t *testing.T) {
	a := New()
	for _, url := range []string{"/static/", "/static/0000000000/css/app.css", a.base, a.base + "css", a.base + "static.go", a.base + "../static.go", a.base + "css/app.css/"} {
		if res := get(t, a, http.MethodGet, url, ""); res.StatusCode != http.StatusNotFound || strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", url, res.StatusCode, res.Header)
		}
	}
	if res := get(t, a, http.MethodPost, a.URL("css/app.css"), ""); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", res.StatusCode)
	}
	res := get(t, a, http.MethodHead, a.URL("css/app.css"), "")
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || len(body) != 0 || res.Header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d, %d bytes", res.StatusCode, len(body))
	}
}

func TestAddressesAreStable(t *testing.T) {
	a, b := New(), New()
	if a.URL("css/app.css") != b.URL("css/app.css") || !strings.HasPrefix(a.URL("css/app.css"), Prefix) {
		t.Error(a.URL("css/app.css"), b.URL("css/app.css"))
	}
	if !a.Has("img/icons.svg") || a.Has("img/none.svg") {
		t.Error("Has")
	}
	if got := a.URL("img/icons.svg#truck"); got != a.URL("img/icons.svg")+"#truck" {
		t.Error(got)
	}
}

// Addresses inside the stylesheet are relative, so they must lead to files of
// the tree from where the stylesheet stands.
func TestStylesheetFindsItsFiles(t *testing.T) {
	a := New()
	found := regexp.MustCompile(`url\(([^)]+)\)`).FindAllStringSubmatch(string(a.files["css/app.css"].plain), -1)
	if len(found) < 5 {
		t.Fatal("fonts and band expected")
	}
	for _, m := range found {
		if name := path.Join("css", m[1]); !a.Has(name) {
			t.Errorf("%s leads to %s, which does not exist", m[1], name)
		}
	}
}

func TestLicencesShip(t *testing.T) {
	a := New()
	for name, words := range map[string]string{
		"fonts/LICENSE.md": "SIL Open Font License", "fonts/OFL-plex.txt": "SIL OPEN FONT LICENSE", "fonts/OFL-noto.txt": "SIL OPEN FONT LICENSE", "img/map.svg": "Natural Earth",
	} {
		if !bytes.Contains(a.files[name].plain, []byte(words)) {
			t.Errorf("%s does not say %q", name, words)
		}
	}
}

// The budget of a first visit leaves room for these files: 100 KB over the wire.
func TestWeight(t *testing.T) {
	a, sum := New(), 0
	for _, name := range []string{"css/app.css", "fonts/plex-latin.woff2", "fonts/plex-latin-ext.woff2", "img/icons.svg", "img/map.svg", "img/band.svg", "img/favicon.svg"} {
		f := a.files[name]
		if f.gzipped != nil {
			sum += len(f.gzipped)
		} else {
			sum += len(f.plain)
		}
	}
	if sum > 100<<10 || sum == 0 {
		t.Errorf("%d bytes", sum)
	}
}
