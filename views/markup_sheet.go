package views

import (
	"io"
	"sync"
	"text/template"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"github.com/a-h/templ"
)

// sheet is markup on its way to the page, in one piece of memory that many pages
// use one after another; writing to it does not fail.
type sheet struct {
	out  []byte
	text []byte // a text that has yet to be escaped
}

var sheets = sync.Pool{New: func() any { return new(sheet) }}

// largeSheet is the size, in bytes, above which a sheet is not kept: one long
// list must not hold its memory for ever.
const largeSheet = 256 << 10

// onSheet lets fill write on a sheet and puts it down on the page.
func onSheet(w io.Writer, fill func(*sheet)) error {
	s := sheets.Get().(*sheet)
	s.out = s.out[:0]
	fill(s)
	_, err := w.Write(s.out)
	if cap(s.out) <= largeSheet {
		sheets.Put(s)
	}
	return err
}

// add puts markup down as it stands.
func (s *sheet) add(pieces ...string) {
	for _, piece := range pieces {
		s.out = append(s.out, piece...)
	}
}

// Write implements io.Writer.
func (s *sheet) Write(b []byte) (int, error) {
	s.out = append(s.out, b...)
	return len(b), nil
}

// words puts down what is not the program's own, as content or in an attribute.
func (s *sheet) words(words string) { s.out = append(s.out, templ.EscapeString(words)...) }

// said puts down a message, see locales.Locale.T.
func (s *sheet) said(l *locales.Locale, id string, args ...any) {
	s.out = l.AppendHTML(s.out, id, args...)
}

// counted puts down a message for a number, see locales.Locale.N.
func (s *sheet) counted(l *locales.Locale, id string, n int, args ...any) {
	s.out = l.AppendHTMLN(s.out, id, n, args...)
}

// address puts down the address of a list with a query.
func (s *sheet) address(g *GoodsView, q customs.Query) {
	s.text = appendQuery(s.text, g.path(), q)
	s.escaped()
}

// escaped puts down the text.
func (s *sheet) escaped() { template.HTMLEscape(s, s.text) }

// below puts down a smaller line, unless there is none.
func (s *sheet) below(words string) {
	if words != "" {
		s.add(`<span class="sub">`)
		s.words(words)
		s.add(`</span>`)
	}
}
