package db_test

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	osexec "os/exec"
	"testing"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/register/witness"
)

// TestSealUntilKilled is the sealer of TestKilledSealer, in a process of its
// own; without its settings it has nothing to do.
func TestSealUntilKilled(t *testing.T) {
	url, private, dir := os.Getenv("SEAL_URL"), os.Getenv("SEAL_KEY"), os.Getenv("SEAL_DIR")
	if url == "" {
		return
	}
	d, err := db.Open(t.Context(), url, db.Options{MaxConns: 2})
	must(t, err)
	keys, err := register.ParseKeys(private, "")
	must(t, err)
	v, err := keys.Verifiers()
	must(t, err)
	folder, err := witness.NewFolder(dir, v, time.Now)
	must(t, err)
	sealer := db.NewSealer(d, keys, v, folder)
	for {
		if n, err := sealer.Seal(t.Context()); err != nil {
			t.Fatal(err)
		} else if n > 0 {
			os.Stdout.WriteString("sealed\n")
		}
	}
}

// A sealer that is killed at any moment leaves a register that verifies, that
// the next sealer goes on with, and copies outside that fit it.
func TestKilledSealer(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	for round := range 8 {
		cmd := osexec.Command(os.Args[0], "-test.run=^TestSealUntilKilled$")
		cmd.Env = append(os.Environ(), "SEAL_URL="+s.URL, "SEAL_KEY="+s.private, "SEAL_DIR="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for range round%3 + 1 { // entries arrive while it seals
			s.fill(t, 100)
			if !lines.Scan() {
				t.Fatal("the sealer ended by itself")
			}
		}
		s.fill(t, 50*round)
		must(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
	}
	// One that was killed between the database and the folder, and in the
	// middle of a line.
	f, err := os.OpenFile(dir+"/checkpoints-"+time.Now().UTC().Format("2006-01")+".ndjson", os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString(`{"at":"2026-11-20T10:32:07Z","checkp`)
	must(t, err)
	must(t, f.Close())
	if err := os.Remove(dir + "/checkpoint"); !errors.Is(err, fs.ErrNotExist) { // a kill may have come before it was ever written
		must(t, err)
	}

	folder, err := witness.NewFolder(dir, s.verifiers, time.Now)
	must(t, err)
	s.fill(t, 1)
	// PostgreSQL may not have noticed the last one's end: its lock is still held,
	// and the next sealer leaves the entries for its next try.
	for sealer, n := db.NewSealer(s.db, s.keys, s.verifiers, folder), int64(0); n == 0; {
		if n, err = sealer.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r := s.verify(t, db.VerifyOptions{Outside: func(visit func(register.Checkpoint) error) error {
		return witness.All(dir, s.verifiers, visit, func(p witness.Problem) error { return p })
	}})
	if !r.OK() || r.Unsealed != 0 || r.Size < 800 || r.Outside < 8 {
		t.Errorf("%+v", r)
	}
}
