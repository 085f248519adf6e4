package push_test

import (
	"os"
	"strings"
	"testing"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/push"
)

// What is added to a file while it is on its way was not sent with it.
func TestWhatIsAddedMeanwhileComesAfter(t *testing.T) {
	for _, c := range []feed.Coding{feed.Identity, feed.Gzip} {
		d := newDesk(t)
		var name string
		var grow func()
		if c == feed.Identity {
			name = d.write("a.ndjson", numbered(5))
			grow = func() { d.write("a.ndjson", numbered(900)) }
		} else {
			name = d.writeCoded("a.ndjson.gz", c, numbered(5))
			more, err := os.ReadFile(d.writeCoded("more", c, strings.TrimPrefix(numbered(900), numbered(5))))
			d.must(err)
			grow = func() { // with another member, as gzip >> does
				first, err := os.ReadFile(name)
				d.must(err)
				d.write("a.ndjson.gz", string(first)+string(more))
			}
		}
		d.border.during = grow
		if r := d.deliver(name); r.Lines != 5 {
			t.Errorf("%q: %+v", c, r)
		}
		if r := d.deliver(name); r.Lines != 895 {
			t.Errorf("%q: then %+v", c, r)
		}
		if r := d.deliver(name); r.Lines != 0 {
			t.Errorf("%q: at last %+v", c, r)
		}
		d.expectTaken(numbered(900))
	}
}

// A file that is written anew while it is on its way is another file: what was
// acknowledged is what was sent, not what stands there when that is said.
func TestAFileThatIsWrittenAnewMeanwhileIsDeliveredToo(t *testing.T) {
	first, second := numbered(50), strings.ReplaceAll(numbered(50), "line", "news")
	for _, c := range []feed.Coding{feed.Identity, feed.Gzip, feed.Zstd} {
		for _, folder := range []bool{false, true} {
			d := newDesk(t)
			name := map[feed.Coding]string{feed.Identity: "a.ndjson", feed.Gzip: "a.ndjson.gz", feed.Zstd: "a.ndjson.zst"}[c]
			path := d.writeCoded(name, c, first)
			d.border.during = func() { d.writeCoded(name, c, second) }
			deliver := func() {
				if !folder {
					d.deliver(path)
					return
				}
				d.must((&push.Folder{Pusher: push.New(d.options), Name: d.dir, Done: true}).Run(t.Context()))
			}
			deliver()
			deliver()
			d.expectTaken(first + second)
			if _, err := os.Stat(path); folder != os.IsNotExist(err) {
				t.Errorf("%q: moved to done: %v", c, err)
			}
		}
	}
}

// Half a line is no line: it waits for its other half, and says so.
func TestHalfALineWaits(t *testing.T) {
	d := newDesk(t)
	whole := "{\"a\":1}\n{\"b\":\"ü\"}\n"
	for n := 8; n < len(whole)-2; n++ {
		name := d.write("a.ndjson", whole[:n])
		r, err := push.New(d.options).Deliver(t.Context(), name, false)
		if torn := n > 8; (err != nil) != torn || torn && !strings.Contains(err.Error(), "not whole") || (r.Lines == 1) != (n == 8) {
			t.Errorf("with %q: %+v, %v", whole[:n], r, err)
		}
	}
	name := d.write("a.ndjson", whole[:len(whole)-1]) // nothing but its end is missing
	if r := d.deliver(name); r.Lines != 1 {
		t.Errorf("%+v", r)
	}
	d.expectTaken(whole)
	if r := d.deliver(name); r.Lines != 0 {
		t.Errorf("again %+v", r)
	}
	d.write("a.ndjson", whole+"{\"c\":3}\n")
	d.deliver(name)
	if taken := d.border.taken(); taken[len(taken)-1] != `{"c":3}` || len(taken) > 4 {
		t.Errorf("%q", taken)
	}
}
