// Package static holds the stylesheet, fonts, icons and map that pages use, and
// serves them. Every address carries a hash of the whole tree, so a browser may
// keep a file for ever and a new release never meets an old stylesheet.
//
// The fonts are subsets under the SIL Open Font License 1.1 (fonts/LICENSE.md);
// the map is drawn from Natural Earth, which is in the public domain.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed css fonts img js
var tree embed.FS

// Prefix is where the files are mounted; addresses are Prefix, hash, "/", name.
const Prefix = "/static/"

// Assets are the files ready to be sent. It is immutable and safe for
// concurrent use.
type Assets struct {
	base   string // Prefix and hash with a slash at the end
	sprite string // URL of the drawings
	files  map[string]file
}

type file struct {
	url     string
	kind    string // Content-Type
	plain   []byte
	gzipped []byte // nil when compression gains nothing
}

// New reads the embedded tree, hashes it and compresses what gains by it, once
// in a process. The tree is part of the program, so it cannot fail once the
// tests have passed.
func New() *Assets { return newOnce() }

var newOnce = sync.OnceValue(func() *Assets {
	a := &Assets{files: make(map[string]file)}
	sum := sha256.New()
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := tree.ReadFile(name)
		if err != nil {
			return err
		}
		sum.Write([]byte(name + "\x00" + strconv.Itoa(len(b)) + "\x00"))
		sum.Write(b)
		a.files[name] = file{kind: contentType(name), plain: b, gzipped: compress(name, b)}
		return nil
	})
	if err != nil {
		panic(err) // the tree is embedded at build time
	}
	a.base = Prefix + hex.EncodeToString(sum.Sum(nil))[:10] + "/"
	for name, f := range a.files {
		f.url = a.base + name
		a.files[name] = f
	}
	a.sprite = a.URL("img/icons.svg")
	return a
})

// Sprite is the address of the drawings; each is a fragment of it.
func (a *Assets) Sprite() string { return a.sprite }

// URL is the address of a file of the tree, such as "css/app.css". A fragment
// may follow the name: "img/icons.svg#truck".
func (a *Assets) URL(name string) string {
	if f, ok := a.files[name]; ok {
		return f.url
	}
	return a.base + name
}

// Has reports whether the tree holds the file.
func (a *Assets) Has(name string) bool {
	_, ok := a.files[name]
	return ok
}

// ServeHTTP answers GET and HEAD for addresses made by URL and 404 for all
// others, an older release's hash included.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, a.base)
	f, found := a.files[name]
	if !ok || !found {
		w.Header().Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	body := f.plain
	if f.gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if TakesGzip(r.Header.Values("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = f.gzipped
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the client went away: nobody is left to tell
	}
}

// contentType names the types of the tree's own extensions, so that the answer
// does not depend on the machine's mime table.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	default:
		return "text/plain; charset=utf-8"
	}
}

// compress returns the file gzipped, or nil for fonts, which are compressed
// already, and for files that would not get at least a tenth smaller.
func compress(name string, b []byte) []byte {
	if path.Ext(name) == ".woff2" {
		return nil
	}
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
	_, _ = z.Write(b)                                       // a buffer takes everything
	_ = z.Close()
	if out.Len() > len(b)*9/10 {
		return nil
	}
	return out.Bytes()
}

// TakesGzip reads Accept-Encoding (RFC 9110 §12.5.3): gzip must be named there
// and not be weighed with nothing. A * is not enough: no browser means it so.
func TakesGzip(values []string) bool {
	for _, value := range values {
		for coding := range strings.SplitSeq(value, ",") {
			name, parameters, _ := strings.Cut(coding, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			weight, weighed := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(parameters, " ", "")), "q=")
			return !weighed || strings.Trim(weight, "0.") != ""
		}
	}
	return false
}
