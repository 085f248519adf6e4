package feed

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"customs.gov.az/portal/customs"
)

// MaxLine is the longest line accepted, in bytes without its line end.
const MaxLine = 8 << 20

// probe is how many non-blank lines may fail before the whole input is called
// something else.
const probe = 16

var (
	// ErrNotNDJSON says that none of the first lines is a JSON object with a
	// member of the feed: the input is of another format altogether.
	ErrNotNDJSON = errors.New("feed: the input is not newline-delimited JSON of the feed")
	// ErrEmpty says that the input holds no line but blank ones.
	ErrEmpty = errors.New("feed: the input is empty")
)

// Options are what a Reader needs to know of the world. The zero value reads
// by the machine's clock and takes every checkpoint for known.
type Options struct {
	Now   func() time.Time             // for "not in the future"; time.Now if nil
	Known func(checkpoint string) bool // is this code on the list of checkpoints
	Begun bool                         // this is the rest of a feed, whose first lines were lines of one
}

// Record is one non-blank line of the feed. Exactly one of these holds: it has
// Problems and is rejected, or Consignment is set, or Heartbeat is set.
type Record struct {
	Line         int                  // from 1, blank lines counted
	Registration string               // if it could be read, also of a rejected line
	Consignment  *customs.Consignment // normalised: times in UTC, codes alphabetic
	Heartbeat    *customs.Heartbeat
	Document     []byte   // the consignment as canonical JSON, owned by the record
	Digest       [16]byte // first half of the SHA-256 of Document
	Problems     []Problem
	Warnings     []Problem
}

// OK reports whether the line is accepted, with or without warnings.
func (r Record) OK() bool { return len(r.Problems) == 0 }

// Reader reads records from a feed. It keeps one line in memory.
type Reader struct {
	in      *bufio.Reader
	opts    Options
	dec     *jsontext.Decoder
	src     bytes.Buffer
	long    []byte // the current line, if it is longer than in's buffer
	number  int
	held    []Record // read ahead to tell whether this is the format
	started bool
	err     error
}

// NewReader returns a Reader over r.
func NewReader(r io.Reader, o Options) *Reader {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Known == nil {
		o.Known = func(string) bool { return true }
	}
	return &Reader{in: bufio.NewReaderSize(r, 64<<10), opts: o, dec: jsontext.NewDecoder(new(bytes.Buffer))}
}

// Next returns the next record, or io.EOF after the last one. It fails with
// ErrEmpty or ErrNotNDJSON before the first record, or with the error of the
// underlying reader; every later call then fails the same way. Problems of a
// line are no error: they stand in the record.
func (r *Reader) Next() (Record, error) {
	if !r.started {
		r.started = true
		if !r.opts.Begun {
			r.err = r.start()
		}
	}
	if len(r.held) > 0 {
		rec := r.held[0]
		r.held = r.held[1:]
		return rec, nil
	}
	if r.err != nil {
		return Record{}, r.err
	}
	rec, _, err := r.record()
	r.err = err
	return rec, err
}

// start reads ahead until a line proves that the input is the feed's format.
// An error it keeps for after the held records, unless there are none.
func (r *Reader) start() error {
	if bom, _ := r.in.Peek(3); string(bom) == "\ufeff" {
		_, _ = r.in.Discard(3)
	}
	for len(r.held) < probe {
		rec, ours, err := r.record()
		switch {
		case errors.Is(err, io.EOF) && len(r.held) == 0:
			return ErrEmpty
		case errors.Is(err, io.EOF):
			r.held = nil
			return ErrNotNDJSON
		case err != nil:
			return err
		}
		r.held = append(r.held, rec)
		if ours {
			return nil
		}
	}
	r.held = nil
	return ErrNotNDJSON
}

// record reads the next non-blank line. ours reports whether the line looks
// like one of the feed, right or wrong.
func (r *Reader) record() (rec Record, ours bool, err error) {
	for {
		b, tooLong, err := r.line()
		if err != nil {
			return Record{}, false, err
		}
		r.number++
		if len(bytes.TrimLeft(b, " \t\r")) == 0 {
			continue
		}
		rec = Record{Line: r.number}
		switch {
		case tooLong:
			return r.unreadable(b, TooLongLine)
		case !utf8.Valid(b):
			return r.unreadable(b, InvalidUTF8)
		}
		return rec, r.parse(b, &rec), nil
	}
}

// unreadable rejects a line whose content cannot be judged. Its beginning may
// still say which registration it was about.
func (r *Reader) unreadable(b []byte, code Code) (Record, bool, error) {
	var seen Record
	ours := r.parse(bytes.ToValidUTF8(b[:min(len(b), 4<<10)], []byte("?")), &seen)
	return Record{Line: r.number, Registration: seen.Registration, Problems: []Problem{{Code: code}}}, ours, nil
}

// line returns the next line without its end; of a line that is too long only
// the beginning. The bytes are valid until the next call.
func (r *Reader) line() (b []byte, tooLong bool, err error) {
	b, err = r.in.ReadSlice('\n')
	if err == nil || (errors.Is(err, io.EOF) && len(b) > 0) {
		return trimEnd(b), false, nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, false, err
	}
	r.long = r.long[:0]
	for {
		if len(r.long)+len(b) <= MaxLine+2 {
			r.long = append(r.long, b...)
		} else {
			tooLong = true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
		b, err = r.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	b = trimEnd(r.long)
	return b, tooLong || len(b) > MaxLine, nil
}

func trimEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}
