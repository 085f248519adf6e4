package witness

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/register"
)

const origin = "portal.test/register"

// log is a log in memory, with tlog's own storage.
type log struct {
	keys      *register.Keys
	verifiers *register.Verifiers
	hashes    []tlog.Hash
	size      int64
}

func newLog(t testing.TB) *log {
	t.Helper()
	private, _, err := register.NewKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := register.ParseKeys(private, "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := keys.Verifiers()
	if err != nil {
		t.Fatal(err)
	}
	return &log{keys: keys, verifiers: v}
}

// ReadHashes implements tlog.HashReader.
func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = l.hashes[x]
	}
	return out, nil
}

// grow adds leaves and signs the head.
func (l *log) grow(t testing.TB, n int, what string) register.Checkpoint {
	t.Helper()
	for range n {
		hashes, err := tlog.StoredHashes(l.size, fmt.Appendf(nil, "%s %d", what, l.size), l)
		if err != nil {
			t.Fatal(err)
		}
		l.hashes = append(l.hashes, hashes...)
		l.size++
	}
	root, err := tlog.TreeHash(l.size, l)
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.keys.Sign(tlog.Tree{N: l.size, Hash: root})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (l *log) prove(from int64) (tlog.TreeProof, error) { return tlog.ProveTree(l.size, from, l) }

// collect reads a folder as verification does.
func collect(t *testing.T, dir string, v *register.Verifiers) (sizes []int64, wrong []string, err error) {
	t.Helper()
	err = All(dir, v, func(c register.Checkpoint) error { sizes = append(sizes, c.Tree.N); return nil },
		func(p Problem) error { wrong = append(wrong, p.Error()); return nil })
	return sizes, wrong, err
}

func TestFolder(t *testing.T) {
	l, dir := newLog(t), filepath.Join(t.TempDir(), "made", "here")
	now := time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC)
	f, err := NewFolder(dir, l.verifiers, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if c, err := f.Latest(t.Context()); err != nil || c.Tree.N != 0 {
		t.Errorf("an empty folder: %+v %v", c, err)
	}
	if _, _, err := collect(t, dir, l.verifiers); err == nil {
		t.Error("a folder without checkpoints proves nothing, and that must be told")
	}
	for range 3 {
		c := l.grow(t, 5, "x")
		if err := f.Keep(t.Context(), c, l.prove); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Latest(t.Context()); err != nil || got != c {
			t.Errorf("%+v %v", got, err)
		}
		now = now.Add(time.Second)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 3 {
		t.Errorf("%v", files)
	}
	sizes, wrong, err := collect(t, dir, l.verifiers)
	if err != nil || len(wrong) > 0 || fmt.Sprint(sizes) != "[5 10 15 15]" {
		t.Errorf("%v %v %v", sizes, wrong, err)
	}
}

// What a killed process leaves does no harm; what somebody changed is told.
func TestFolderDamaged(t *testing.T) {
	l, dir := newLog(t), t.TempDir()
	f, err := NewFolder(dir, l.verifiers, func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	keep := func() {
		if err := f.Keep(t.Context(), l.grow(t, 1, "x"), l.prove); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "checkpoints-2026-11.ndjson")
	keep()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 7, len(whole) / 2, len(whole) - 1} { // torn lines
		if err := os.WriteFile(name, append(append([]byte(nil), whole...), whole[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		keep()
		sizes, wrong, err := collect(t, dir, l.verifiers)
		if cut == len(whole)-1 { // only its end is missing: it counts
			if len(sizes) != 4 || len(wrong) > 0 || err != nil {
				t.Errorf("cut at %d: %v %v %v", cut, sizes, wrong, err)
			}
		} else if cut >= 7 && (len(sizes) != 3 || len(wrong) > 0 || err != nil) {
			t.Errorf("cut at %d: %v %v %v", cut, sizes, wrong, err)
		}
	}
	other := newLog(t)
	stranger := other.grow(t, 1, "x")
	for _, line := range []string{
		"nonsense", "{}", `{"at":"2026-11-01T00:00:00Z","checkpoint":"x"}`,
		fmt.Sprintf(`{"at":"2026-11-01T00:00:00Z","checkpoint":%q}`, stranger.Note),
	} {
		if err := os.WriteFile(name, []byte(string(whole)+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, wrong, err := collect(t, dir, l.verifiers)
		if err != nil || len(wrong) != 1 || !strings.Contains(wrong[0], "checkpoints-2026-11.ndjson, line 2") {
			t.Errorf("%s: %v %v", line, wrong, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, newest), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Latest(t.Context()); !errors.Is(err, register.ErrCheckpoint) {
		t.Errorf("the newest is no checkpoint: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, wrong, err := collect(t, dir, l.verifiers); err != nil || len(wrong) != 1 {
		t.Errorf("%v %v", wrong, err)
	}
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	l, dir := newLog(t), t.TempDir()
	f, err := NewFolder(dir, l.verifiers, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Keep(t.Context(), l.grow(t, 1, "x"), l.prove); err == nil {
		t.Error("a checkpoint is kept nowhere")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewFolder(file, l.verifiers, time.Now); err == nil {
		t.Error("a file is taken for a folder")
	}
}

// listener is a witness as C2SP tlog-witness describes it.
type listener struct {
	verifiers *register.Verifiers
	last      tlog.Tree
	requests  int
}

func (w *listener) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.requests++
	body, _ := io.ReadAll(r.Body)
	head, note, ok := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if !ok || err != nil || r.URL.Path != "/prefix/add-checkpoint" || r.Method != http.MethodPost {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	c, err := w.verifiers.Open(note)
	switch {
	case err != nil:
		rw.WriteHeader(http.StatusForbidden)
		return
	case old > c.Tree.N:
		rw.WriteHeader(http.StatusBadRequest)
		return
	case old != w.last.N:
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintf(rw, "%d\n", w.last.N)
		return
	case old == c.Tree.N && w.last != c.Tree:
		rw.WriteHeader(http.StatusConflict)
		return
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		proof = append(proof, tlog.Hash(h))
	}
	if old > 0 && old < c.Tree.N && tlog.CheckTree(proof, c.Tree.N, c.Tree.Hash, old, w.last.Hash) != nil || old == 0 && len(proof) > 0 {
		rw.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	w.last = c.Tree
	fmt.Fprintln(rw, "— witness.test AAAA")
}

func TestHTTP(t *testing.T) {
	l := newLog(t)
	w := &listener{verifiers: l.verifiers}
	server := httptest.NewServer(w)
	defer server.Close()
	keep := func(h *HTTP, c register.Checkpoint) error { return h.Keep(t.Context(), c, l.prove) }
	h := NewHTTP(server.URL + "/prefix/")
	for range 4 {
		c := l.grow(t, 7, "x")
		for range 2 { // the same again is no harm
			if err := keep(h, c); err != nil {
				t.Fatal(err)
			}
		}
		if w.last != c.Tree {
			t.Errorf("the witness saw %v, want %v", w.last, c.Tree)
		}
	}
	// A process that starts anew does not know what the witness saw.
	if err := keep(NewHTTP(server.URL+"/prefix"), l.grow(t, 1, "x")); err != nil {
		t.Error(err)
	}
	if c, err := h.Latest(t.Context()); err != nil || c.Tree.N != 0 {
		t.Errorf("%+v %v", c, err)
	}
	// An old backup, and one that has grown differently since.
	old := &log{keys: l.keys, verifiers: l.verifiers}
	if err := NewHTTP(server.URL+"/prefix").Keep(t.Context(), old.grow(t, 10, "x"), old.prove); !errors.Is(err, ErrAhead) {
		t.Errorf("an old backup: %v", err)
	}
	if err := NewHTTP(server.URL+"/prefix").Keep(t.Context(), old.grow(t, 30, "y"), old.prove); !errors.Is(err, ErrRefused) {
		t.Errorf("a fork: %v", err)
	}
	stranger := newLog(t)
	if err := NewHTTP(server.URL+"/prefix").Keep(t.Context(), stranger.grow(t, 50, "x"), stranger.prove); !errors.Is(err, ErrRefused) {
		t.Errorf("a stranger's log: %v", err)
	}
}

func TestHTTPTrouble(t *testing.T) {
	l := newLog(t)
	c := l.grow(t, 3, "x")
	for name, answer := range map[string]http.HandlerFunc{
		"error":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no size":      func(w http.ResponseWriter, _ *http.Request) { conflict(w, "x") },
		"negative":     func(w http.ResponseWriter, _ *http.Request) { conflict(w, "-1") },
		"for ever":     func(w http.ResponseWriter, _ *http.Request) { conflict(w, "2") },
		"another kind": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) },
	} {
		server := httptest.NewServer(answer)
		if err := NewHTTP(server.URL).Keep(t.Context(), c, l.prove); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
		if err := NewHTTP(server.URL).Keep(t.Context(), c, l.prove); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("nobody there: %v", err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := NewHTTP("http://127.0.0.1:1").Keep(ctx, c, l.prove); err == nil {
		t.Error("a cancelled submission succeeds")
	}
}

func conflict(w http.ResponseWriter, size string) {
	w.Header().Set("Content-Type", "text/x.tlog.size")
	w.WriteHeader(http.StatusConflict)
	fmt.Fprintln(w, size)
}

func FuzzAll(f *testing.F) {
	l := newLog(f)
	c := l.grow(f, 3, "x")
	f.Add(fmt.Sprintf("{\"at\":\"2026-11-01T00:00:00Z\",\"checkpoint\":%q}\n", c.Note))
	f.Add("{\"at\":\n\n{}")
	f.Fuzz(func(t *testing.T, content string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "checkpoints-2026-11.ndjson"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, newest), []byte(c.Note), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = All(dir, l.verifiers, func(got register.Checkpoint) error { // an error is an answer, too
			if got.Tree != c.Tree {
				t.Errorf("a checkpoint that nobody signed: %+v", got)
			}
			return nil
		}, func(Problem) error { return nil })
	})
}
