package push

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A full disk may leave half a note. Nothing is written behind it, so that the
// journal opens again, with what was noted before.
func TestANoteThatFailsIsTheLast(t *testing.T) {
	name, file := filepath.Join(t.TempDir(), "journal"), filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	first := Position{Lines: 1, Bytes: 10, Sum: "aa"}
	if err := j.Note("to", file, first); err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	disk := j.f
	j.f = full
	if err := j.Note("to", file, Position{Lines: 2, Bytes: 20, Sum: "bb"}); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), name) {
		t.Errorf("on a full disk: %v", err)
	}
	full.Close()
	j.f = disk
	if _, err := disk.WriteString(`{"to":"to","fi`); err != nil { // what fitted
		t.Fatal(err)
	}
	if err := j.Note("to", file, Position{Lines: 3, Bytes: 30, Sum: "cc"}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("when there is room again: %v", err)
	}
	if got := j.Position("to", file); got != first {
		t.Errorf("it is taken for noted: %+v", got)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	again, err := OpenJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := again.Position("to", file); got != first {
		t.Errorf("opened again: %+v", got)
	}
}

// What stands in a journal's place is left as it is, and the lock is given back.
func TestJournalsThatAreNone(t *testing.T) {
	for what, content := range map[string]string{
		"a feed": "{\"registration\":\"A\"}\n", "a note without a file": "{\"to\":\"x\"}\n", "a torn note in the middle": "{\"to\":\"x\",\"fi{\"to\":\"x\",\"file\":\"y\"}\n",
		"zeros of a lost disk": strings.Repeat("\x00", 8192), "zeros and a line": strings.Repeat("\x00", 10) + "\n", "text": "hello\n", "a list": "[]\n",
		"numbers as text": "{\"to\":\"x\",\"file\":\"y\",\"lines\":\"3\"}\n",
	} {
		name := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time, too: nothing holds the lock
			if j, err := OpenJournal(name); !errors.Is(err, ErrJournal) {
				t.Errorf("%s: %v, %v", what, j, err)
			}
		}
		if b, err := os.ReadFile(name); err != nil || string(b) != content {
			t.Errorf("%s was changed: %v", what, err)
		}
	}
	for what, name := range map[string]string{"a folder": t.TempDir(), "nowhere": filepath.Join(t.TempDir(), "no", "such", "folder", "journal")} {
		if _, err := OpenJournal(name); err == nil || errors.Is(err, ErrJournal) || errors.Is(err, ErrBusy) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
