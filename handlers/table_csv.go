package handlers

import (
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"customs.gov.az/portal/locales"
)

// csvTable writes RFC 4180 with what makes a double click in Excel open it
// right: a byte order mark, and the separator and the decimal sign that go
// together in the reader's language: semicolon and comma in Azerbaijani, comma
// and point in English.
type csvTable struct {
	w         io.Writer
	buf       []byte
	separator byte
	decimal   byte
	zone      *time.Location
}

// csvChunk is how much is written at once.
const csvChunk = 32 << 10

// utf8Mark tells Excel, which would guess otherwise, that the file is UTF-8.
const utf8Mark = "\uFEFF"

func newCSV(w io.Writer, l *locales.Locale, columns []tableColumn) (*csvTable, error) {
	t := &csvTable{w: w, separator: ';', decimal: ',', zone: l.Zone(), buf: make([]byte, 0, csvChunk+4<<10)}
	if l.Lang() == "en" {
		t.separator, t.decimal = ',', '.'
	}
	t.buf = append(t.buf, utf8Mark...)
	heads := make([]tableCell, len(columns))
	for i, c := range columns {
		heads[i] = textCell(c.heading)
	}
	return t, t.row(heads)
}

func (t *csvTable) row(cells []tableCell) error {
	for i := range cells {
		if i > 0 {
			t.buf = append(t.buf, t.separator)
		}
		switch c := &cells[i]; c.kind {
		case cellEmpty:
		case cellText:
			t.text(c.text)
		case cellNumber:
			t.number(c.number, c.decimals)
		case cellTime:
			t.time(c.at)
		}
	}
	t.buf = append(t.buf, '\r', '\n')
	if len(t.buf) < csvChunk {
		return nil
	}
	return t.flush()
}

func (t *csvTable) close() error { return t.flush() }

func (t *csvTable) abandon() {}

func (t *csvTable) flush() error {
	_, err := t.w.Write(t.buf)
	t.buf = t.buf[:0]
	return err
}

// text writes a text, in quotes where RFC 4180 or a reader of either separator
// needs them, and with an apostrophe before what would be a formula: also
// behind a separator or a line end in it, where a program that was told another
// separator begins a new cell.
func (t *csvTable) text(s string) {
	s = guarded(s)
	risky := formula(s)
	if !risky && plain(s) {
		t.buf = append(t.buf, s...)
		return
	}
	t.buf = append(t.buf, '"')
	if risky {
		t.buf = append(t.buf, '\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		t.buf = append(t.buf, s[:i+1]...)
		t.buf = append(t.buf, '"')
		s = s[i+1:]
	}
	t.buf = append(append(t.buf, s...), '"')
}

// guarded puts an apostrophe before what would be a formula inside a text, if
// it follows a separator at once: behind a blank, as in “frozen, -18 °C”, no
// spreadsheet begins one.
func guarded(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c == ';' || c == ',' || c == '\t' || c == '\n' || c == '\r') && i+1 < len(s) && s[i+1] != ' ' && s[i+1] >= ' ' && formula(s[i+1:]) {
			s = s[:i+1] + "'" + s[i+1:]
		}
	}
	return s
}

// plain reports whether a text can stand without quotes.
func plain(s string) bool {
	if s == "" {
		return true
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c == ',' || c == ';' || c == '"' || c < ' ' {
			return false
		}
	}
	return true
}

// formula reports whether a spreadsheet could take a text for a formula: it
// begins with a sign that begins one, full-width forms included, or with a tab
// or a line end, possibly after what a spreadsheet passes over.
func formula(s string) bool {
	for i, r := range s {
		switch r {
		case '=', '+', '-', '@', '|', '\t', '\r', '\n', '＝', '＋', '－', '＠', '−', '﹢', '﹣', '﹦', '﹫':
			return true
		}
		if r < utf8.RuneSelf && r != ' ' || i > 64 || !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) {
			return false
		}
	}
	return false
}

// number writes n / 10^decimals without grouping, so that it is read as a number.
func (t *csvTable) number(n int64, decimals int) {
	if n < 0 {
		t.buf = append(t.buf, '-')
		n = -n
	}
	var digits [24]byte
	d := strconv.AppendInt(digits[:0], n, 10)
	if decimals == 0 {
		t.buf = append(t.buf, d...)
		return
	}
	for len(d) <= decimals {
		d = append(d, 0)
		copy(d[1:], d)
		d[0] = '0'
	}
	whole, frac := d[:len(d)-decimals], d[len(d)-decimals:]
	for len(frac) > 0 && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	t.buf = append(t.buf, whole...)
	if len(frac) > 0 {
		t.buf = append(append(t.buf, t.decimal), frac...)
	}
}

// time writes day and minute in Baku, 2026-11-20 14:28: the only form that Excel
// reads as a time whatever the machine's settings are, and shows by them.
func (t *csvTable) time(at time.Time) {
	at = at.In(t.zone)
	year, month, day := at.Date()
	hour, minute, _ := at.Clock()
	t.buf = appendPadded(t.buf, year, 1000)
	for _, part := range [...]struct {
		before byte
		value  int
	}{{'-', int(month)}, {'-', day}, {' ', hour}, {':', minute}} {
		t.buf = appendPadded(append(t.buf, part.before), part.value, 10)
	}
}

// appendPadded writes a number with zeros before it, up to the place of from.
func appendPadded(b []byte, n, from int) []byte {
	for ; from > 1 && n < from; from /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(n), 10)
}
