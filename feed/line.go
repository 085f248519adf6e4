package feed

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"customs.gov.az/portal/customs"
)

const (
	maxDepth    = 32  // levels of nesting, the feed itself needs five
	maxProblems = 20  // told of one line, problems and warnings each
	maxField    = 160 // bytes of a JSON pointer in a report
)

// line is the reading of one line. Every method that reads a value consumes it
// whole, even when it is wrong, so that all problems of a line are found in one
// pass; only broken JSON ends the pass early and sets err.
type line struct {
	dec  *jsontext.Decoder
	opts Options
	now  time.Time
	rec  *Record
	size int  // in bytes, about what the document will have
	ours bool // a member of the feed was seen
	err  error
}

// parse reads one line into rec and reports whether it looks like the feed's.
func (r *Reader) parse(b []byte, rec *Record) bool {
	// A bytes.Buffer over the line itself lets the decoder read it in place.
	r.src = *bytes.NewBuffer(b)
	r.dec.Reset(&r.src)
	l := line{dec: r.dec, opts: r.opts, now: r.opts.Now(), rec: rec, size: len(b)}
	c := l.snapshot()
	if l.err == nil {
		l.end()
	}
	if !rec.OK() {
		rec.Heartbeat = nil
		return l.ours
	}
	if rec.Heartbeat == nil {
		l.accept(c)
	}
	return l.ours
}

// end checks that nothing follows the object.
func (l *line) end() {
	if _, err := l.dec.ReadToken(); !errors.Is(err, io.EOF) {
		l.problemAt("", TrailingData)
	}
}

// accept puts a consignment without problems into the record, with the
// canonical bytes by which two snapshots can be compared.
func (l *line) accept(c *customs.Consignment) {
	document := appendDocument(make([]byte, 0, l.size), c)
	sum := sha256.Sum256(document)
	l.rec.Consignment, l.rec.Document = c, document
	copy(l.rec.Digest[:], sum[:])
}

// problem notes what is wrong with the value that was read last.
func (l *line) problem(code Code) { l.problemAt(string(l.dec.StackPointer()), code) }

func (l *line) problemAt(field string, code Code) {
	l.rec.Problems = note(l.rec.Problems, field, code, TooManyProblems)
}

// warn notes what is odd about the value that was read last.
func (l *line) warn(code Code) { l.warnAt(string(l.dec.StackPointer()), code) }

func (l *line) warnAt(field string, code Code) {
	l.rec.Warnings = note(l.rec.Warnings, field, code, TooManyWarnings)
}

// note appends a problem; past the limit it says once that there are more.
func note(list []Problem, field string, code, more Code) []Problem {
	switch {
	case len(list) > maxProblems:
		return list
	case len(list) == maxProblems:
		return append(list, Problem{Code: more})
	}
	return append(list, Problem{Field: printable(field), Code: code})
}

// printable bounds a pointer, since a sender chooses the names of unknown
// members, and keeps line breaks and the like out of reports.
func printable(field string) string {
	plain := len(field) <= maxField
	for i := 0; plain && i < len(field); i++ {
		plain = field[i] >= ' ' && field[i] < 0x7f
	}
	if plain {
		return field
	}
	out := []byte(field[:min(len(field), maxField)])
	for i, c := range out {
		if c < ' ' || c >= 0x7f {
			out[i] = '?'
		}
	}
	return string(out)
}

// fail ends the reading of a line whose JSON is broken.
func (l *line) fail(err error) {
	if l.err != nil {
		return
	}
	l.err = err
	field, code := string(l.dec.StackPointer()), InvalidJSON
	if syntax := new(jsontext.SyntacticError); errors.As(err, &syntax) {
		field = string(syntax.JSONPointer)
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		code = DuplicateMember
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		code = Truncated
	}
	l.problemAt(field, code)
}

var errTooDeep = errors.New("feed: too deep")

// skip reads past one value.
func (l *line) skip() {
	depth := l.dec.StackDepth()
	for l.err == nil {
		if _, err := l.dec.ReadToken(); err != nil {
			l.fail(err)
			return
		}
		switch now := l.dec.StackDepth(); {
		case now <= depth:
			return
		case now > maxDepth:
			l.problem(TooDeep)
			l.err = errTooDeep
		}
	}
}

// is reports whether the next value is of a kind, and whether there is one at
// all. A null is skipped in silence, as if the member were absent; a value of
// another kind is skipped with a problem.
func (l *line) is(kind jsontext.Kind, otherwise Code) (ok, present bool) {
	switch l.dec.PeekKind() {
	case kind:
		return true, true
	case 'n':
		l.skip()
		return false, false
	case 0:
		_, err := l.dec.ReadToken()
		l.fail(err)
	default:
		l.skip()
		if l.err == nil {
			l.problem(otherwise)
		}
	}
	return false, true
}

// object reads an object, calling member for each name with the decoder before
// the value. The name is valid until then. It reports whether an object, right
// or wrong, was there.
func (l *line) object(member func(name []byte)) (ok, present bool) {
	if ok, present := l.is('{', WantObject); !ok {
		return false, present
	}
	if _, err := l.dec.ReadToken(); err != nil {
		l.fail(err)
	}
	for l.err == nil && l.dec.PeekKind() != '}' {
		if name := l.name(); l.err == nil {
			member(name)
		}
	}
	return l.closed(), true
}

// name reads the name of a member.
func (l *line) name() []byte {
	v, err := l.dec.ReadValue()
	if err != nil {
		l.fail(err)
		return nil
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1]
	}
	v, err = jsontext.AppendUnquote(nil, v)
	if err != nil {
		l.fail(err)
	}
	return v
}

// list reads an array of at most most elements, calling element before each.
// It reports whether there is anything in it, or something else in its place.
func (l *line) list(most int, element func()) (present bool) {
	if ok, present := l.is('[', WantList); !ok {
		return present
	}
	if _, err := l.dec.ReadToken(); err != nil {
		l.fail(err)
	}
	n := 0
	for ; l.err == nil && l.dec.PeekKind() != ']'; n++ {
		if n < most {
			element()
		} else {
			l.skip()
		}
	}
	if !l.closed() {
		return false
	}
	if n > most {
		l.problem(TooMany)
	}
	return n > 0
}

// closed reads the end of an object or array.
func (l *line) closed() bool {
	if l.err == nil {
		if _, err := l.dec.ReadToken(); err != nil {
			l.fail(err)
		}
	}
	return l.err == nil
}

// unknown reads past a member that the feed does not have, or not yet.
func (l *line) unknown() {
	l.skip()
	if l.err == nil {
		l.warn(UnknownMember)
	}
}

// require notes a member that the object read last should have had. Null and
// empty text count as absent.
func (l *line) require(name string, present bool) {
	if !present && l.err == nil {
		l.problemAt(string(l.dec.StackPointer())+"/"+name, Missing)
	}
}

// snapshot reads the whole line. It returns nil for a heartbeat, which goes
// into the record at once.
func (l *line) snapshot() *customs.Consignment {
	switch l.dec.PeekKind() {
	case '[', '"', '0', 't', 'f', 'n':
		if _, err := l.dec.ReadToken(); err != nil { // "not JSON" begins like null
			l.fail(err)
			return nil
		}
		l.problemAt("", NotObject)
		l.err = errNotObject
		return nil
	}
	return l.consignment()
}

var errNotObject = errors.New("feed: not an object")
