package push_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/feed/push"
)

func TestJournalRemembers(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	at := push.Position{Lines: 3, Bytes: 30, Sum: "ab", Size: 30, Time: time.Now().Truncate(time.Second).UTC()}
	for i := range 5 {
		j, err := push.OpenJournal(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := j.Position("to", "file"); i > 0 && got != at {
			t.Errorf("%+v, want %+v", got, at)
		}
		if got := j.Position("elsewhere", "file"); got != (push.Position{}) {
			t.Errorf("another portal's: %+v", got)
		}
		for range 10 {
			at.Lines++
			if err := j.Note("to", "file", at); err != nil {
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
		if _, err := f.WriteString(`{"to":"to","file":"file","lines":99`); err != nil {
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
		name := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := push.OpenJournal(name)
		if err != nil {
			return
		}
		want := push.Position{Lines: 1, Bytes: 1, Sum: "s"}
		if err := j.Note("to", "file", want); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if j, err = push.OpenJournal(name); err != nil {
			t.Fatal(err)
		}
		if j.Position("to", "file") != want {
			t.Error("a note was lost")
		}
		j.Close()
	})
}
