package push_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"customs.gov.az/portal/feed/push"
)

func TestJournalRemembers(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	at := push.Position{Lines: 3, Bytes: 30, Sum: "ab", Size: 30, Time: time.Now().Truncate(time.Second).UTC()}
	file := existing(t)
	for i := range 5 {
		j, err := push.OpenJournal(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := j.Position("to", file); i > 0 && got != at {
			t.Errorf("%+v, want %+v", got, at)
		}
		if got := j.Position("elsewhere", file); got != (push.Position{}) {
			t.Errorf("another portal's: %+v", got)
		}
		for range 10 {
			at.Lines++
			if err := j.Note("to", file, at); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		// What kill -9 leaves: a note that was not written to its end.
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(`{"to":"to","file":"` + file + `","lines":99`); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n != 11 {
		t.Errorf("the journal keeps %d notes of one file; opening it should leave one", n)
	}
}

func existing(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A watch may go on for months: its journal stays about as long as there are
// files, and knows after any end what it knew.
func TestJournalDoesNotGrowForEver(t *testing.T) {
	name, file := filepath.Join(t.TempDir(), "journal"), existing(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(name), ".journal.new"), []byte("of one that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := push.OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	at := push.Position{Sum: "ab"}
	longest := int64(0)
	for range 5000 {
		at.Lines++
		if err := j.Note("to", file, at); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, info.Size())
	}
	if most := int64(1100 * (len(file) + 80)); longest > most {
		t.Errorf("the journal of one file grew to %d bytes, want at most %d", longest, most)
	}
	beside, err := filepath.Glob(filepath.Join(filepath.Dir(name), ".*"))
	if err != nil || len(beside) > 0 {
		t.Errorf("left beside it: %v %v", beside, err)
	}
	j.Close()
	if j, err = push.OpenJournal(name); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if got := j.Position("to", file); got != at {
		t.Errorf("%+v, want %+v", got, at)
	}
}

// What one portal has may be sent again without asking the others.
func TestJournalForgetsAPortal(t *testing.T) {
	name, file := filepath.Join(t.TempDir(), "journal"), existing(t)
	j, err := push.OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	at := push.Position{Lines: 1, Bytes: 1, Sum: "s"}
	if err := errors.Join(j.Note("one", file, at), j.Note("other", file, at), j.Forget("one"), j.Close()); err != nil {
		t.Fatal(err)
	}
	if j, err = push.OpenJournal(name); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if j.Position("one", file) != (push.Position{}) || j.Position("other", file) != at {
		t.Error("it is to forget one portal, and no other")
	}
}

// Names of files are bytes on some systems.
func TestJournalKnowsNamesThatAreNoUTF8(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	files := []string{filepath.Join(t.TempDir(), "\xe9.ndjson"), filepath.Join(t.TempDir(), "\xe8.ndjson")}
	j, err := push.OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	at := func(i int) push.Position { return push.Position{Lines: i + 1, Bytes: 1, Sum: "s"} }
	for i, file := range files {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := j.Note("to", file, at(i)); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	if j, err = push.OpenJournal(name); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for i, file := range files {
		if got := j.Position("to", file); got != at(i) {
			t.Errorf("%q: %+v", file, got)
		}
	}
}

// Of a file that was taken away nothing need be known, but a folder that is not
// there may come again.
func TestJournalForgetsWhatIsGone(t *testing.T) {
	name, removed := filepath.Join(t.TempDir(), "journal"), existing(t)
	unmounted := filepath.Join(t.TempDir(), "none", "file")
	j, err := push.OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	at := push.Position{Lines: 1, Bytes: 1, Sum: "s"}
	for _, file := range []string{removed, unmounted} {
		if err := j.Note("to", file, at); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	if err := os.Remove(removed); err != nil {
		t.Fatal(err)
	}
	if j, err = push.OpenJournal(name); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if j.Position("to", removed) != (push.Position{}) || j.Position("to", unmounted) != at {
		t.Error("a file that is gone is to be forgotten, one whose folder is gone is not")
	}
}

func TestJournalHasOneOwner(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	j, err := push.OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := push.OpenJournal(name); !errors.Is(err, push.ErrBusy) {
		t.Errorf("a second owner: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, err = push.OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
}

func TestJournalIsNotSomethingElse(t *testing.T) {
	for _, content := range []string{"hello\n", "{}\n", `{"to":"a","file":""}` + "\n", "\x00\x01\n" + `{"to":"a","file":"b"}` + "\n", strings.Repeat("x", 5000)} {
		name := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := push.OpenJournal(name); !errors.Is(err, push.ErrJournal) {
			t.Errorf("%.20q: %v", content, err)
		}
		if b, _ := os.ReadFile(name); string(b) != content {
			t.Errorf("%.20q was overwritten", content)
		}
	}
	if _, err := push.OpenJournal(filepath.Join(t.TempDir(), "none", "journal")); err == nil {
		t.Error("a journal in no folder")
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"to":"a","file":"b","lines":1,"bytes":2,"sum":"c"}` + "\n{"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		name, file := filepath.Join(t.TempDir(), "journal"), existing(t)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := push.OpenJournal(name)
		if err != nil {
			return
		}
		want := push.Position{Lines: 1, Bytes: 1, Sum: "s"}
		if err := j.Note("to", file, want); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if j, err = push.OpenJournal(name); err != nil {
			t.Fatal(err)
		}
		if j.Position("to", file) != want {
			t.Error("a note was lost")
		}
		j.Close()
	})
}

// What somebody has laid where the journal is written anew is not followed, nor
// waited for.
func TestWhatLiesInTheJournalsWay(t *testing.T) {
	for what, lay := range map[string]func(at, victim string) error{
		"a file":                      func(at, _ string) error { return os.WriteFile(at, []byte("x"), 0o400) },
		"a link":                      func(at, victim string) error { return os.Symlink(victim, at) },
		"a link that leads nowhere":   func(at, victim string) error { return os.Symlink(victim+"-not", at) },
		"another name of a file":      func(at, victim string) error { return os.Link(victim, at) },
		"a pipe that nobody reads of": func(at, _ string) error { return syscall.Mkfifo(at, 0o600) },
	} {
		dir := t.TempDir()
		name, victim := filepath.Join(dir, "journal"), filepath.Join(dir, "victim")
		if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), lay(filepath.Join(dir, ".journal.new"), victim)); err != nil {
			t.Fatal(err)
		}
		j, err := push.OpenJournal(name)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if err := j.Note("to", existing(t), push.Position{Lines: 1}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		j.Close()
		if b, err := os.ReadFile(victim); string(b) != "precious" || err != nil {
			t.Errorf("%s: the other file holds %q: %v", what, b, err)
		}
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: the journal is %v, %v", what, info.Mode(), err)
		}
		if _, err := os.Lstat(victim + "-not"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: another file came about: %v", what, err)
		}
	}
}
