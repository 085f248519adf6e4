package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// postgres are the PostgreSQL servers that run on a data folder.
func (d demo) postgres(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("ps", "-eo", "pid=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "-D "+filepath.Join(d.data, "postgres")) || strings.Contains(line, "initdb") && strings.Contains(line, d.data) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// untouched demands that nothing runs any more and nothing points at it.
func (d demo) untouched(t *testing.T) {
	t.Helper()
	if left := d.postgres(t); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
	for _, name := range []string{"database.url", demoOwnerURL} {
		if _, err := os.Stat(filepath.Join(d.data, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	for _, address := range []string{d.main, d.card, d.ops} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Errorf("still open: %v", err)
			continue
		}
		l.Close()
	}
}

// Ctrl-C at any moment of a start: it ends soon, says that it was interrupted
// and not what it was at, leaves nothing running, and the next start is whole.
func TestDemoInterrupted(t *testing.T) {
	d := newDemo(t)
	for _, phase := range []string{
		"", // before anything
		"postgres/cluster.new", "postgres/cluster/PG_VERSION", "postgres/cluster/postmaster.pid", "database.url", "session.key", "sima.key",
	} {
		file := filepath.Join(d.data, phase)
		p := begin(t, d.args()...)
		if phase != "" {
			limit := time.Now().Add(patience)
			for {
				_, err := os.Stat(file)
				if err == nil || time.Now().After(limit) {
					break
				}
				select {
				case err := <-p.ended:
					t.Fatalf("ended before there was %s: %v", phase, err)
				default:
				}
			}
		}
		pressed := time.Now()
		err := p.end(t)
		if !errors.Is(err, errInterrupted) && err != nil {
			t.Errorf("at %q it says: %v", phase, err)
		}
		if took := time.Since(pressed); took > 30*time.Second {
			t.Errorf("at %q it took %s to end", phase, took)
		}
		d.untouched(t)
	}
	p := d.start(t)
	if n := d.consignments(t); n != 400 {
		t.Errorf("%d consignments, want 400", n)
	}
	if err := p.end(t); err != nil {
		t.Errorf("the end: %v", err)
	}
	d.untouched(t)
}

// A start that cannot go on says why, once, and leaves nothing behind.
func TestDemoCannotStart(t *testing.T) {
	file := filepath.Join(openFolder(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, tt := range map[string]struct {
		more []string
		make func(demo) error
		want string
	}{
		"no PostgreSQL where it was said to be": {more: []string{"--postgres", "/nowhere/bin"}, want: "/nowhere/bin"},
		"PostgreSQL in a folder of others":      {more: []string{"--postgres", filepath.Dir(file)}, want: "apt-get install postgresql"},
		"a data folder in a file":               {more: []string{"--data", filepath.Join(file, "data")}, want: "not a directory"},
		"a data folder nobody can make":         {more: []string{"--data", "/proc/portal"}, want: "/proc/portal"},
		"a log that is a folder":                {make: func(d demo) error { return os.MkdirAll(filepath.Join(d.data, "portal.log"), 0o755) }, want: "portal.log: is a directory"},
		"a session key that is a folder":        {make: func(d demo) error { return os.MkdirAll(filepath.Join(d.data, "session.key"), 0o755) }, want: "session.key: is a directory"},
		"PostgreSQL's folder is a file": {make: func(d demo) error {
			return errors.Join(os.MkdirAll(d.data, 0o755), os.WriteFile(filepath.Join(d.data, "postgres"), nil, 0o600))
		}, want: "postgres"},
		"a checkpoint list that is none": {more: []string{"--checkpoints", file}, want: "PORTAL_CHECKPOINTS: "},
		"the mailbox in words":           {more: []string{"--mailbox", "somewhere"}, want: `--mailbox: "somewhere" is not host:port`},
	} {
		t.Run(what, func(t *testing.T) {
			d := newDemo(t)
			if tt.make != nil {
				if err := tt.make(d); err != nil {
					t.Fatal(err)
				}
			}
			_, err := said(t, d.args(tt.more...)...)
			if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "\nremove ") {
				t.Errorf("%v, want %q", err, tt.want)
			}
			d.untouched(t)
		})
	}
}
