package pgserver

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// fake makes a folder with programs that only know their version.
func fake(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"initdb", "postgres", "pg_ctl"} {
		script := "#!/bin/sh\necho '" + name + " (PostgreSQL) " + version + "'\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInspect(t *testing.T) {
	unrunnable := fake(t, "16.1")
	if err := os.Chmod(filepath.Join(unrunnable, "initdb"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		dir   string
		major int // 0: refused
	}{
		"a release":     {fake(t, "16.4 (Debian 16.4-1)"), 16},
		"the oldest":    {fake(t, "15.0"), 15},
		"a beta":        {fake(t, "19beta1"), 19},
		"too old":       {fake(t, "14.9"), 0},
		"no version":    {fake(t, "unknown"), 0},
		"not there":     {filepath.Join(t.TempDir(), "none"), 0},
		"cannot be run": {unrunnable, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := inspect(t.Context(), test.dir, account{})
			if p.major != test.major || (err != nil) != (test.major == 0) {
				t.Errorf("version %d, error %v; want version %d", p.major, err, test.major)
			}
		})
	}
}

func TestProgramsNamedButUnusable(t *testing.T) {
	o := Options{Programs: t.TempDir(), Log: io.Discard}
	_, err := o.programs(t.Context(), t.TempDir(), account{}, 0)
	var programs *ProgramsError
	if !errors.As(err, &programs) || !slices.Equal(programs.Looked, []string{o.Programs}) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("%v does not say what to do", err)
	}
}

func TestInstalledPrefersThePath(t *testing.T) {
	dir := fake(t, "16.4")
	t.Setenv("PATH", dir)
	dirs := installed(t.Context())
	if len(dirs) == 0 || dirs[0] != dir {
		t.Errorf("found %v, want %s first", dirs, dir)
	}
}

func TestInstalledFollowsLinks(t *testing.T) {
	target, links := fake(t, "16.4"), t.TempDir()
	if err := os.Symlink(filepath.Join(target, "initdb"), filepath.Join(links, "initdb")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", links)
	if dirs := installed(t.Context()); len(dirs) == 0 || dirs[0] != target {
		t.Errorf("found %v, want %s first", dirs, target)
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]int{
		"postgres (PostgreSQL) 15.18": 15, "/usr/lib/postgresql/9.6/bin": 9, "none": 0, "": 0,
		"99999999999999999999": 0,
	} {
		if got := number(text); got != want {
			t.Errorf("number(%q) = %d, want %d", text, got, want)
		}
	}
}

// repository serves an archive of programs the way the library's does.
func repository(t *testing.T, archive []byte) *httptest.Server {
	t.Helper()
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	w, err := z.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".jar") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(jar.Len()))
		_, _ = w.Write(jar.Bytes())
	}))
	t.Cleanup(s.Close)
	return s
}

func TestFetch(t *testing.T) {
	source := fake(t, "17.2")
	tree := t.TempDir()
	if err := os.CopyFS(filepath.Join(tree, "bin"), os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	archive, err := exec.Command("tar", "-C", tree, "-cJf", "-", "bin").Output()
	if err != nil {
		t.Fatal(err)
	}
	s := repository(t, archive)
	dir := filepath.Join(t.TempDir(), "programs")
	if err := fetch(t.Context(), dir, s.URL, io.Discard); err != nil {
		t.Fatal(err)
	}
	p, err := inspect(t.Context(), filepath.Join(dir, "bin"), account{})
	if err != nil || p.major != 17 {
		t.Errorf("version %d, %v", p.major, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFetchFails(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	if err := fetch(t.Context(), t.TempDir(), s.URL, io.Discard); err == nil {
		t.Error("no error")
	}
}
