package push_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/push"
)

func TestFilesOfAFolder(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"B.NDJSON", "b.ndjson", "a.jsonl", "c.ndjson.gz", "d.jsonl.zst", ".hidden.ndjson", "a.ndjson.report.ndjson", "x.txt", "e.ndjson.tmp"} {
		d.write(name, "x\n")
	}
	d.must(os.Mkdir(filepath.Join(d.dir, "z.ndjson"), 0o700))
	files, err := push.Files(d.dir)
	d.must(err)
	var names []string
	for _, f := range files {
		names = append(names, filepath.Base(f))
	}
	if want := []string{"B.NDJSON", "a.jsonl", "b.ndjson", "c.ndjson.gz", "d.jsonl.zst"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

func (d *desk) writeCoded(name string, c feed.Coding, content string) string {
	d.Helper()
	f, err := os.Create(filepath.Join(d.dir, name))
	d.must(err)
	w, err := feed.Encode(f, c)
	d.must(err)
	_, err = w.Write([]byte(content))
	d.must(err)
	d.must(w.Close())
	d.must(f.Close())
	return f.Name()
}

func TestFolderDeliversAllInOrder(t *testing.T) {
	d := newDesk(t)
	d.write("2.ndjson", "two\n")
	d.write("1.ndjson", "one\nbad\n")
	d.writeCoded("3.ndjson.gz", feed.Gzip, "three\n")
	d.writeCoded("4.jsonl.zst", feed.Zstd, "four")
	var told []string
	f := push.Folder{Pusher: push.New(d.options), Name: d.dir, Done: true, Each: func(file string, r push.Result, err error) {
		d.must(err)
		told = append(told, filepath.Base(file))
	}}
	d.must(f.Run(t.Context()))
	d.expectTaken("one\nbad\ntwo\nthree\nfour\n")
	if len(told) != 4 {
		t.Errorf("told of %q", told)
	}
	// The same name again, with other content and with the same.
	d.write("1.ndjson", "one more\n")
	d.must(f.Run(t.Context()))
	d.write("1.ndjson", "one\nbad\n")
	d.must(f.Run(t.Context()))
	left, err := push.Files(d.dir)
	d.must(err)
	done, err := os.ReadDir(filepath.Join(d.dir, "done"))
	d.must(err)
	if len(left) != 0 || len(done) != 6 {
		t.Errorf("left %q, done %v", left, done)
	}
	for name, want := range map[string]string{"1.ndjson": "one\nbad\n", "1.ndjson.1": "one more\n", "1.ndjson.2": "one\nbad\n"} {
		b, err := os.ReadFile(filepath.Join(d.dir, "done", name))
		if err != nil || string(b) != want {
			t.Errorf("done/%s is %q, %v", name, b, err)
		}
	}
}

func TestARefusedFileDoesNotKeepOthersBack(t *testing.T) {
	d := newDesk(t)
	d.write("1.ndjson", "one\n")
	d.write("2.ndjson", "two\n")
	d.border.answerWith(400)
	f := push.Folder{Pusher: push.New(d.options), Name: d.dir, Done: true}
	if err := f.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "1.ndjson") {
		t.Error(err)
	}
	d.expectTaken("two\n")
	for range 2 {
		if left, _ := push.Files(d.dir); len(left) != 1 {
			t.Errorf("left %q", left)
		}
		if err := f.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "1.ndjson") || d.border.asked != 2 {
			t.Errorf("another time: %v, asked %d times", err, d.border.asked)
		}
	}
}

// What refuses on the way without being the portal does not end a watch.
func TestAProxyThatRefusesIsNotTheEnd(t *testing.T) {
	for _, status := range []int{302, 401, 403, 404, 407, 421} {
		d := newDesk(t)
		d.write("1.ndjson", "one\n")
		d.write("2.ndjson", "two\n")
		d.border.mute = true
		d.border.answerWith(status)
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		told := make(chan error, 9)
		f := push.Folder{
			Pusher: push.New(d.options), Name: d.dir, Watch: true, Every: time.Millisecond,
			Each: func(_ string, _ push.Result, err error) { told <- err },
		}
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		if err := <-told; err == nil || !strings.Contains(err.Error(), "on the way") {
			t.Errorf("%d: told %v", status, err)
		}
		if err := <-told; err != nil {
			t.Errorf("%d: then %v", status, err)
		}
		stop()
		d.must(<-ended)
		d.expectTaken("two\n")
	}
}

// A file that cannot be moved away is told, in a watch not at each look.
func TestAFileThatCannotBeMovedIsTold(t *testing.T) {
	for _, watch := range []bool{false, true} {
		d := newDesk(t)
		name := d.write("1.ndjson", "one\n")
		old := time.Now().Add(-time.Hour)
		d.must(os.Chtimes(name, old, old))
		d.write("done", "in the way\n")
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		var told []error
		f := push.Folder{
			Pusher: push.New(d.options), Name: d.dir, Done: true, Watch: watch, Every: 100 * time.Millisecond,
			Each: func(_ string, _ push.Result, err error) {
				if told = append(told, err); err != nil {
					time.AfterFunc(3*time.Second, stop) // thirty looks more
				}
			},
		}
		err := f.Run(ctx)
		stop()
		if !watch && err == nil {
			t.Error("no error at the end")
		}
		var failed []error
		for _, err := range told {
			if err != nil {
				failed = append(failed, err)
			}
		}
		if len(failed) != 1 || !strings.Contains(failed[0].Error(), "done") {
			t.Errorf("watch %v: told %v", watch, told)
		}
	}
}

// A file is moved when its writer is done with it, not before.
func TestDoneWaitsForTheWriter(t *testing.T) {
	d := newDesk(t)
	f := push.Folder{Pusher: push.New(d.options), Name: d.dir, Done: true}
	w, err := os.OpenFile(d.write("1.ndjson", "one\n"), os.O_APPEND|os.O_WRONLY, 0)
	d.must(err)
	d.must(f.Run(t.Context()))
	if left, _ := push.Files(d.dir); runtime.GOOS == "linux" && len(left) != 1 {
		t.Fatalf("left %q", left)
	}
	_, err = w.WriteString("two\n")
	d.must(err)
	d.must(w.Close())
	d.must(f.Run(t.Context()))
	d.expectTaken("one\ntwo\n")
	if left, _ := push.Files(d.dir); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}

// The report of what was wrong may lie in the folder itself.
func TestTheReportIsNoFeed(t *testing.T) {
	d := newDesk(t)
	d.write("1.ndjson", "one\n")
	report, err := os.Stat(d.write("wrong.ndjson", "{\"line\":1}\n"))
	d.must(err)
	f := push.Folder{Pusher: push.New(d.options), Name: d.dir, Except: report}
	d.must(f.Run(t.Context()))
	d.expectTaken("one\n")
}

func TestARefusedSenderStops(t *testing.T) {
	d := newDesk(t)
	d.write("1.ndjson", "one\n")
	d.write("2.ndjson", "two\n")
	d.border.answerWith(401, 401)
	f := push.Folder{Pusher: push.New(d.options), Name: d.dir, Watch: true}
	if err := f.Run(t.Context()); err == nil || d.border.asked != 1 {
		t.Errorf("%v after %d requests", err, d.border.asked)
	}
}

// Whole lines of a growing file are delivered as they come; the rest of the
// last one when it is there.
func TestWatchFollowsAGrowingFile(t *testing.T) {
	d := newDesk(t)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	name := d.write("a.ndjson", "one\ntw")
	arrived := make(chan struct{}, 10)
	f := push.Folder{
		Pusher: push.New(d.options), Name: d.dir, Watch: true, Every: time.Millisecond,
		Each: func(_ string, _ push.Result, err error) { d.must(err); arrived <- struct{}{} },
	}
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	<-arrived
	d.expectTaken("one\n")
	a, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	d.must(err)
	_, err = a.WriteString("o\nthree\nfou")
	d.must(err)
	d.must(a.Close())
	<-arrived
	d.expectTaken("one\ntwo\nthree\n")
	d.write("b.ndjson", "beside\n")
	<-arrived
	d.expectTaken("one\ntwo\nthree\nbeside\n")
	stop()
	d.must(<-ended)
}
