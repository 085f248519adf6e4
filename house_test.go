package portal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "customs.gov.az/portal"

// floors is the picture of ARCHITECTURE.md: a package imports only packages of
// lower floors, or of its own folder. customs is the ground: words only.
var floors = map[string]int{
	"customs":  0,
	"register": 1, "live": 1, "locales": 1, "static": 1,
	"db": 2, "views": 2, "esign": 2, "feed": 2, "mygov": 2,
	"intake":   3,
	"mail":     3,
	"handlers": 4,
	"cmd":      5,
	"bench":    5,
	"journeys": 5,
}

// doors says which folders, or single files, may import a library or a part of
// the standard library: whatever begins with the name.
var doors = []struct {
	library string
	rooms   []string
}{
	{"github.com/labstack/", []string{"handlers"}},
	{"github.com/gorilla/", []string{"handlers"}},
	{"github.com/prometheus/", []string{"handlers"}},
	{"github.com/jackc/", []string{"db", "bench"}},
	{"github.com/fergusstrange/embedded-postgres", []string{"db/pgserver"}},
	{"database/sql", []string{"bench"}},
	{"github.com/a-h/templ", []string{"views", "handlers/render.go"}},
	{"html/template", []string{"bench"}},
	{"github.com/nicksnyder/go-i18n", []string{"locales"}},
	{"github.com/santhosh-tekuri/jsonschema", []string{"feed"}},
	{"github.com/alecthomas/kong", []string{"cmd"}},
	{"golang.org/x/crypto/ocsp", []string{"esign"}},
	{"github.com/coreos/go-oidc", []string{"mygov"}},
	{"golang.org/x/oauth2", []string{"mygov"}},
	{"github.com/go-jose/", []string{"mygov/demoid"}},
	{"rsc.io/qr", []string{"handlers"}},
	{"github.com/xuri/excelize", []string{"handlers/table_xlsx.go"}},
	{"github.com/wneessen/go-mail", []string{"mail"}},
	{"github.com/emersion/", []string{"mail/demobox"}},
	{"net/http", []string{"handlers", "cmd", "views", "static", "esign", "mygov", "feed/push", "bench", "register/witness", "mail/demobox"}},
	{"github.com/klauspost/compress", []string{"feed", "handlers"}},
	{"testing", []string{"db/dbtest"}},
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Dir, Doc string
	Imports, GoFiles     []string
}

// room is the package's folder inside the module, "" for the root.
func (p pkg) room() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

func packages(t *testing.T) []pkg {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,Imports,GoFiles", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var list []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// top is the first folder of a path.
func top(room string) string {
	first, _, _ := strings.Cut(room, "/")
	return first
}

func TestImportsGoDown(t *testing.T) {
	for _, p := range packages(t) {
		from := top(p.room())
		if _, known := floors[from]; from != "" && !known {
			t.Errorf("%s: this folder is not in the picture", from)
		}
		for _, i := range p.Imports {
			if !strings.HasPrefix(i, module+"/") {
				continue
			}
			to := strings.TrimPrefix(i, module+"/")
			if top(to) != from && floors[top(to)] >= floors[from] {
				t.Errorf("%s (floor %d) imports %s (floor %d)", p.room(), floors[from], to, floors[top(to)])
			}
			if to == "db/dbtest" {
				t.Errorf("%s imports db/dbtest outside a test", p.room())
			}
		}
	}
}

func TestRootImportsNothing(t *testing.T) {
	for _, p := range packages(t) {
		if p.room() == "" && len(p.Imports) > 0 {
			t.Errorf("the root imports %v", p.Imports)
		}
	}
}

func TestDoors(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			file := p.room() + "/" + name
			for _, i := range imports(t, filepath.Join(p.Dir, name)) {
				for _, d := range doors {
					if begins(i, d.library) && !slices.ContainsFunc(d.rooms, func(r string) bool { return begins(file, r) }) {
						t.Errorf("%s imports %s, which only %v may", file, i, d.rooms)
					}
				}
			}
		}
	}
}

// begins says whether a path is a prefix's own or lies below it.
func begins(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/' || prefix[len(prefix)-1] == '/')
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, path)
	}
	return list
}

func TestPackagesHaveDocComments(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// TestProgramsHaveNoTestCode looks at everything of ours that the program links.
func TestProgramsHaveNoTestCode(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./cmd/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for i := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(i, module) && strings.HasSuffix(i, "test") {
			t.Errorf("the program links %s", i)
		}
	}
}

func TestPagesAreFresh(t *testing.T) {
	program, err := exec.Command("go", "tool", "-n", "templ").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// templ wants to see that go.mod asks for its own version.
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), read(t, "go.mod"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "views"), os.DirFS("views")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strings.TrimSpace(string(program)), "generate", "-include-version=false", "-path", "views")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("templ: %v\n%s", err, out)
	}
	files(t, func(path string) {
		if !strings.HasSuffix(path, ".templ") {
			return
		}
		generated := strings.TrimSuffix(path, ".templ") + "_templ.go"
		got, err := os.ReadFile(generated)
		if err != nil {
			t.Error(err)
			return
		}
		if !bytes.Equal(got, read(t, filepath.Join(dir, generated))) {
			t.Errorf("%s is stale: run go generate", generated)
		}
	})
}

// longest is how many lines a file of ours may have: beyond that a room wants
// a wall.
const longest = 400

func TestFilesAreShort(t *testing.T) {
	files(t, func(path string) {
		if !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".templ") || strings.HasSuffix(path, "_templ.go") {
			return
		}
		if n := bytes.Count(read(t, path), []byte("\n")); n > longest {
			t.Errorf("%s has %d lines, more than %d", path, n, longest)
		}
	})
}

// unfinished finds what must not stay: unfinished work, tests that may be
// passed over, and paths of the machine that something was written on. The
// words are split so that this file does not find itself. A home folder is
// written in small letters; a provider's address has one in capitals.
var unfinished = regexp.MustCompile(`(?i)\b(` + strings.Join([]string{
	"TO" + "DO", "FIX" + "ME", "not imple" + "mented", "coming " + "soon", "lorem " + "ipsum", `t\.Ski` + `p(f|Now)?\(`,
}, "|") + `)|(\.\./shar` + `ed|/wo` + `rk/|(?-i:/ho` + `me/[a-z]))`)

func TestNothingIsUnfinished(t *testing.T) {
	files(t, func(path string) {
		b := read(t, path)
		if bytes.IndexByte(b, 0) >= 0 || strings.HasSuffix(path, ".sum") || strings.HasSuffix(path, "-lock.json") {
			return
		}
		for n, line := range strings.Split(string(b), "\n") {
			if word := unfinished.FindString(line); word != "" {
				t.Errorf("%s:%d: %q", path, n+1, word)
			}
		}
	})
}

// files visits every file of the repository that people write.
func files(t *testing.T, visit func(path string)) {
	t.Helper()
	foreign := []string{".git", ".portal", "bin", "dist", "node_modules", "secrets"}
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(foreign, d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular() && path != ".git": // a file in a second working tree
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
