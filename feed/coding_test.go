package feed_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"customs.gov.az/portal/feed"
)

var codings = []feed.Coding{feed.Identity, feed.Gzip, feed.Zstd}

func encoded(t testing.TB, c feed.Coding, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := feed.Encode(&b, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decoded(t testing.TB, c feed.Coding, r io.Reader) ([]byte, error) {
	t.Helper()
	d, err := feed.Decode(r, c)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return io.ReadAll(d)
}

// lines is content that shrinks about as a feed does.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"registration":"0090126%08d","revision":%d,"goods":[{"description":"Qara çay %x"}]}`+"\n", i*7919%n, i%5, i*i)
	}
	return b.Bytes()
}

func TestCodingsKeepTheContent(t *testing.T) {
	for _, c := range codings {
		for _, content := range [][]byte{nil, []byte("{}\n"), lines(20_000)} {
			got, err := decoded(t, c, iotest.HalfReader(bytes.NewReader(encoded(t, c, content))))
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%q, %d bytes: %d came back, %v", c, len(content), len(got), err)
			}
		}
	}
}

// What was flushed can be read before the end is there: lines are stored as
// they come.
func TestCodingsPassOnWhatWasFlushed(t *testing.T) {
	for _, c := range codings {
		r, w := io.Pipe()
		e, err := feed.Encode(w, c)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := io.WriteString(e, "{}\n")
			if err = errors.Join(err, e.Flush()); err != nil {
				w.CloseWithError(err)
			}
		}()
		d, err := feed.Decode(r, c)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 3)
		if _, err := io.ReadFull(d, got); err != nil || string(got) != "{}\n" {
			t.Errorf("%q: %q, %v", c, got, err)
		}
		r.Close()
		d.Close()
	}
}

func TestCutTransfersAreToldFromDamagedOnes(t *testing.T) {
	content := lines(5000)
	for _, c := range codings[1:] {
		whole := encoded(t, c, content)
		for _, n := range []int{3, 12, len(whole) / 2, len(whole) - 1} {
			if _, err := decoded(t, c, bytes.NewReader(whole[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q cut after %d of %d: %v", c, n, len(whole), err)
			}
		}
		if _, err := decoded(t, c, strings.NewReader(`{"registration":"1"}`+strings.Repeat(" ", 100))); !errors.Is(err, feed.ErrCoding) {
			t.Errorf("%q that is plain text: %v", c, err)
		}
		bent := bytes.Clone(whole)
		bent[len(bent)-2] ^= 0xff // in the checksum
		if _, err := decoded(t, c, bytes.NewReader(bent)); err == nil {
			t.Errorf("%q with a wrong checksum was read", c)
		}
		gone := errors.New("the network is gone")
		r := io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), iotest.ErrReader(gone))
		if _, err := decoded(t, c, r); !errors.Is(err, gone) {
			t.Errorf("%q: the network's own error became %v", c, err)
		}
	}
}

// zeros is a bomb's content.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestBombsAreRefusedInLittleMemory(t *testing.T) {
	const size = 2 << 30
	for _, c := range codings[1:] {
		r, w := io.Pipe()
		go func() {
			e, err := feed.Encode(w, c)
			if err == nil {
				_, err = io.CopyN(e, zeros{}, size)
			}
			w.CloseWithError(err)
		}()
		d, err := feed.Decode(r, c)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := io.Copy(io.Discard, d)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, feed.ErrSwells) || n > size/4 {
			t.Errorf("%q: %d bytes and %v", c, n, err)
		}
		if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 64<<20 {
			t.Errorf("%q: %d MiB more in use", c, grown>>20)
		}
		r.Close()
		d.Close()
	}
}

func TestHugeWindowsAreRefused(t *testing.T) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(64<<20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, 70<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := decoded(t, feed.Zstd, &b); !errors.Is(err, feed.ErrSwells) {
		t.Errorf("a window of 64 MiB: %v", err)
	}
}

func TestUnknownCoding(t *testing.T) {
	if _, err := feed.Decode(strings.NewReader(""), "br"); !errors.Is(err, feed.ErrUnknownCoding) {
		t.Error(err)
	}
	if _, err := feed.Encode(io.Discard, "br"); !errors.Is(err, feed.ErrUnknownCoding) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	for i, c := range codings {
		f.Add(uint8(i), encoded(f, c, lines(3)))
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		d, err := feed.Decode(bytes.NewReader(b), codings[int(which)%len(codings)])
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, err := io.Copy(io.Discard, io.LimitReader(d, 64<<20)); err != nil &&
			!errors.Is(err, feed.ErrCoding) && !errors.Is(err, feed.ErrSwells) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("an error of no kind: %v", err)
		}
	})
}
