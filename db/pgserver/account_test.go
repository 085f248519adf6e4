package pgserver

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// someone is an account that owns nothing in these tests.
func someone() account { return account{uid: 4_000_001, gid: 4_000_001, switched: true} }

func TestReaches(t *testing.T) {
	base, err := os.MkdirTemp("/tmp", "pgserver-reach-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	inner := filepath.Join(base, "in", "side")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	me := account{uid: uint32(os.Getuid()), gid: uint32(os.Getgid()), switched: true}
	group := account{uid: 4_000_001, gid: uint32(os.Getgid()), switched: true}
	tests := map[string]struct {
		mode os.FileMode // of the outermost folder
		who  account
		want bool
	}{
		"open to all":             {0o755, someone(), true},
		"search without read":     {0o711, someone(), true},
		"read without search":     {0o744, someone(), false},
		"closed":                  {0o700, someone(), false},
		"the owner's":             {0o700, me, true},
		"the group's":             {0o710, group, true},
		"the group's alone":       {0o701, group, false},
		"not for one who is that": {0o700, account{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if err := os.Chmod(base, test.mode); err != nil {
				t.Fatal(err)
			}
			if got := test.who.reaches(inner); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if someone().reaches(filepath.Join(base, "none")) {
		t.Error("reaches a folder that does not exist")
	}
}

func TestChooseAccount(t *testing.T) {
	a, err := chooseAccount(filepath.Join(t.TempDir(), "none"))
	if err != nil {
		t.Fatal(err)
	}
	if a.uid == 0 {
		t.Error("PostgreSQL would run as root")
	}
	if a.switched != (os.Geteuid() == 0) {
		t.Errorf("switched is %v", a.switched)
	}
}

func TestMine(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := mine(dir); err != nil {
		t.Errorf("a new folder: %v", err)
	}
	link := dir + "-link"
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if mine(link) == nil {
		t.Error("a link that somebody left passes for our folder")
	}
}

func TestPidFile(t *testing.T) {
	tests := map[string]struct {
		text string
		want pidFile
		ok   bool
	}{
		"ready":      {"12\n/data\n1\n5432\n/tmp/portal-pg-1\n\n 5 6\nready   \n", pidFile{12, "/tmp/portal-pg-1", true}, true},
		"starting":   {"12\n/data\n1\n5432\n/tmp/portal-pg-1\n\n 5 6\nstarting\n", pidFile{12, "/tmp/portal-pg-1", false}, true},
		"first line": {"12\n", pidFile{12, "", false}, true},
		"empty":      {"", pidFile{}, false},
		"no number":  {"x\n", pidFile{}, false},
		"a group":    {"-12\n", pidFile{pid: -12}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, ok := readPidFile(dir)
			if ok != test.ok || got != test.want {
				t.Errorf("got %+v %v", got, ok)
			}
		})
	}
	if _, ok := readPidFile(t.TempDir()); ok {
		t.Error("found a file that does not exist")
	}
}

func TestRunsIn(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if runsIn(syscall.Getpid(), t.TempDir()) {
		t.Error("this process does not work there")
	}
	if !runsIn(syscall.Getpid(), here) {
		t.Error("this process works here")
	}
	if runsIn(1<<30, here) {
		t.Error("no such process")
	}
}

func TestTail(t *testing.T) {
	l := newTail(failing{})
	for i := range 3000 {
		if _, err := l.Write([]byte{'a' + byte(i%26), '\n'}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := l.String(), "e\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np"; len(got) != len(want) {
		t.Errorf("got %q", got)
	}
	if len(l.last) > tailSize {
		t.Errorf("remembers %d bytes", len(l.last))
	}
}

// failing is a reader of logs that went away.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }
