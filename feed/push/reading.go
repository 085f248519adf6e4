package push

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"slices"
	"sync"
)

// reading is the one reading of a file in a delivery. It sums up what it hands
// out, since that is what the portal gets: a file may be written anew meanwhile,
// and to read it again would be to take what is there then for delivered.
type reading struct {
	c io.Closer
	r *bufio.Reader

	mu     sync.Mutex
	h      hash.Hash
	read   place
	places []place // ends of lines that are not acknowledged yet
	at     Position
	ended  bool // everything was handed out
}

// place is the end of a line.
type place struct {
	lines int
	bytes int64
	sum   [sha256.Size]byte
}

func (p place) position() Position {
	return Position{Lines: p.lines, Bytes: p.bytes, Sum: hex.EncodeToString(p.sum[:])}
}

// manyPlaces is how many places are remembered; of more, each second.
const manyPlaces = 1 << 16

// read begins a reading of the file's first bytes, end of them, at what was
// acknowledged or, if the file begins otherwise now, at its beginning.
func read(f *os.File, end int64, at Position) (*reading, error) {
	c, err := beginning(f, end)
	if err != nil {
		return nil, err
	}
	r := &reading{c: c, r: bufio.NewReaderSize(c, 64<<10), h: sha256.New()}
	same, err := r.matches(at)
	if err == nil && same {
		return r, nil
	}
	if closed := c.Close(); err != nil || closed != nil {
		return r, errors.Join(err, closed)
	}
	return read(f, end, Position{})
}

// matches goes to a position and reports whether the file begins as it did when
// that was noted.
func (r *reading) matches(at Position) (bool, error) {
	n, err := io.CopyN(r.h, r.r, at.Bytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	r.read = place{lines: at.Lines, bytes: n, sum: [sha256.Size]byte(r.h.Sum(nil))}
	r.at = r.read.position()
	return n == at.Bytes && (n == 0 || r.at.Sum == at.Sum), nil
}

// over reports whether nothing is left.
func (r *reading) over() bool {
	_, err := r.r.Peek(1)
	return errors.Is(err, io.EOF)
}

// Read implements io.Reader.
func (r *reading) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	for rest := b[:n]; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n') + 1
		if i == 0 {
			r.h.Write(rest)
			r.read.bytes += int64(len(rest))
			break
		}
		r.h.Write(rest[:i])
		r.read.lines++
		r.read.bytes += int64(i)
		r.read.sum = [sha256.Size]byte(r.h.Sum(nil))
		r.remember(r.read)
		rest = rest[i:]
	}
	r.ended = r.ended || errors.Is(err, io.EOF)
	return n, err
}

func (r *reading) remember(p place) {
	if len(r.places) == manyPlaces {
		odd := false
		r.places = slices.DeleteFunc(r.places, func(place) bool { odd = !odd; return !odd })
	}
	r.places = append(r.places, p)
}

// acknowledged goes to the last end of a line, of those that are remembered,
// that is not after this one.
func (r *reading) acknowledged(line int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < len(r.places) && r.places[n].lines <= line {
		n++
	}
	if n > 0 {
		r.at = r.places[n-1].position()
		r.places = r.places[n:]
	}
}

// all says that everything that was handed out is acknowledged, and reports
// whether that was all there is.
func (r *reading) all() bool {
	r.mu.Lock()
	lines, ended := r.read.lines, r.ended
	r.mu.Unlock()
	if ended {
		r.acknowledged(lines)
	}
	return ended
}

// position is how much is acknowledged.
func (r *reading) position() Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// Close closes what was opened for the reading, but not the file.
func (r *reading) Close() error { return r.c.Close() }
