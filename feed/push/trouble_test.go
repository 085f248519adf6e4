package push_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/push"
)

// A folder that goes away while it is watched, as a share does, is told once,
// and watched on when it is back.
func TestWatchOutlivesItsFolder(t *testing.T) {
	d := newDesk(t)
	folder := filepath.Join(d.dir, "share")
	d.must(os.Mkdir(folder, 0o755))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	type told struct {
		name string
		err  error
	}
	tell := make(chan told, 100)
	f := push.Folder{
		Pusher: push.New(d.options), Name: folder, Watch: true, Every: time.Millisecond,
		Each: func(name string, _ push.Result, err error) { tell <- told{name, err} },
	}
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	for i, name := range []string{"one", "two", "three"} {
		d.write("share/"+name+".ndjson", name+"\n")
		if got := <-tell; got.err != nil {
			t.Fatal(got.err)
		}
		d.must(os.Rename(folder, folder+"-away"))
		got := <-tell
		for filepath.Dir(got.name) == folder && errors.Is(got.err, fs.ErrNotExist) { // it went while its files were looked at
			got = <-tell
		}
		if got.name != folder || !errors.Is(got.err, fs.ErrNotExist) {
			t.Errorf("told %+v", got)
		}
		time.AfterFunc(20*time.Millisecond, func() { d.must(os.Rename(folder+"-away", folder)) })
		for {
			if _, err := os.Stat(folder); err == nil {
				break
			}
		}
		if n := len(tell); n > 0 {
			t.Errorf("time %d: told %d times more", i, n)
		}
	}
	stop()
	d.must(<-ended)
	d.expectTaken("one\ntwo\nthree\n")
}

// A file that cannot be read keeps no other back, is not tried for ever, and
// nothing of it counts as delivered.
func TestADamagedFileKeepsNoOtherBack(t *testing.T) {
	for what, spoil := range map[string]func([]byte) []byte{
		"cut off":   func(b []byte) []byte { return b[:len(b)/2] },
		"damaged":   func(b []byte) []byte { b[len(b)/2] ^= 0x55; b[len(b)/2+1] ^= 0x55; return b },
		"no coding": func([]byte) []byte { return []byte(numbered(20)) },
	} {
		for _, c := range []feed.Coding{feed.Gzip, feed.Zstd} {
			d := newDesk(t)
			d.options.GiveUp = 0 // it is no trouble of the network's
			folder := filepath.Join(d.dir, "out")
			d.must(os.Mkdir(folder, 0o755))
			var b strings.Builder
			w, err := feed.Encode(&b, c)
			d.must(err)
			_, err = w.Write([]byte(numbered(2000)))
			d.must(err)
			d.must(w.Close())
			extension := map[feed.Coding]string{feed.Gzip: ".gz", feed.Zstd: ".zst"}[c]
			bad := d.write("out/a.ndjson"+extension, string(spoil([]byte(b.String()))))
			good := d.write("out/b.ndjson", "good\n")
			var failed, fine []string
			f := push.Folder{Pusher: push.New(d.options), Name: folder, Done: true, Each: func(name string, _ push.Result, err error) {
				if err != nil {
					failed = append(failed, name)
				} else {
					fine = append(fine, name)
				}
			}}
			if err := f.Run(t.Context()); err == nil || strings.Join(failed, " ") != bad || strings.Join(fine, " ") != good {
				t.Errorf("%s %s: failed %v, fine %v: %v", c, what, failed, fine, err)
			}
			if _, err := os.Stat(bad); err != nil {
				t.Errorf("%s %s: it was moved away: %v", c, what, err)
			}
			if p := d.options.Journal.Position(d.border.URL, bad); !p.Time.IsZero() {
				t.Errorf("%s %s: noted as done: %+v", c, what, p)
			}
			// The portal may still be reading the broken request when the
			// next has come, so the good line is not always the last.
			if taken := d.border.taken(); !slices.Contains(taken, "good") {
				t.Errorf("%s %s: %d lines taken, the good file's not", c, what, len(taken))
			}
		}
	}
}

// The clock plays no part in what was delivered: it may go back, and files may
// be of the future.
func TestClocksThatAreWrong(t *testing.T) {
	d := newDesk(t)
	name := d.write("a.ndjson", numbered(3))
	for _, at := range []time.Time{time.Now().AddDate(10, 0, 0), time.Unix(0, 0), time.Now().AddDate(-30, 0, 0)} {
		d.must(os.Chtimes(name, at, at))
		d.deliver(name)
		if r := d.deliver(name); r != (push.Result{}) {
			t.Errorf("%s: again %+v", at, r)
		}
	}
	d.write("a.ndjson", numbered(4))
	past := time.Unix(1, 0)
	d.must(os.Chtimes(name, past, past))
	if r := d.deliver(name); r.Lines != 1 {
		t.Errorf("%+v", r)
	}
	d.expectTaken(numbered(4))
	if n := d.border.asked; n != 2 {
		t.Errorf("the portal was asked %d times for two deliveries", n)
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// What could not be remembered of one file cannot be of the next: a run ends, as
// a watch does, and does not deliver a whole folder in vain.
func TestATroubleOnThisSideEndsARun(t *testing.T) {
	d := newDesk(t)
	d.options.Report = fullDisk{}
	for _, name := range []string{"a", "b", "c"} {
		d.write(name+".ndjson", "bad "+name+"\n")
	}
	f := push.Folder{Pusher: push.New(d.options), Name: d.dir}
	if err := f.Run(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("it ends with %v", err)
	}
	if d.border.asked != 1 {
		t.Errorf("%d files were sent, want the first alone", d.border.asked)
	}
}
