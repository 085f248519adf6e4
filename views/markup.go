package views

import (
	"context"
	"io"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
	"github.com/a-h/templ"
)

// The components of this file stand in every row of the list, so they are
// written by hand: a template's braces cost three allocations for each text and
// a nested template a copy of the whole page's frame, together most of the cost
// of a list. As named types they cost none.

// escaped is a text as an element's content: @escaped(s) writes what { s } does.
type escaped string

// Render implements templ.Component.
func (e escaped) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, templ.EscapeString(string(e)))
	return err
}

// write writes markup as it stands, piece by piece.
func write(w io.Writer, pieces ...string) error {
	for _, piece := range pieces {
		if _, err := io.WriteString(w, piece); err != nil {
			return err
		}
	}
	return nil
}

// icon is one drawing of the sprite, decoration beside words that say the same.
// The name is the program's own.
func icon(p Page, name string) drawing { return drawing{p.Assets, name} }

type drawing struct {
	assets *static.Assets
	name   string
}

// Render implements templ.Component.
func (d drawing) Render(_ context.Context, w io.Writer) error { return d.to(w) }

func (d drawing) to(w io.Writer) error {
	return write(w, `<svg class="icon" aria-hidden="true" focusable="false"><use href="`,
		d.assets.URL("img/icons.svg"), `#`, d.name, `"></use></svg>`)
}

// badge is a status in words with its icon; the tone only repeats them.
func badge(p Page, s customs.Status, who customs.Actor) statusBadge {
	return statusBadge{p.Assets, p.L, s, who}
}

type statusBadge struct {
	assets *static.Assets
	l      *locales.Locale
	status customs.Status
	who    customs.Actor
}

// Render implements templ.Component.
func (b statusBadge) Render(_ context.Context, w io.Writer) error { return b.to(w) }

func (b statusBadge) to(w io.Writer) error {
	tone, name := badgeOf(b.status, b.who)
	if err := write(w, `<span class="`, tone.class(), `">`); err != nil {
		return err
	}
	if err := (drawing{b.assets, name}).to(w); err != nil {
		return err
	}
	return write(w, templ.EscapeString(b.l.Status(b.status)), `</span>`)
}

// due says by when something is required.
func due(p Page, at, now time.Time) deadline { return deadline{p.L, at, now} }

type deadline struct {
	l       *locales.Locale
	at, now time.Time
}

// Render implements templ.Component.
func (d deadline) Render(_ context.Context, w io.Writer) error { return d.to(w) }

func (d deadline) to(w io.Writer) error {
	words, past := dueWords(d.l, d.at, d.now)
	class := "sub due"
	if past {
		class = "sub due due--past"
	}
	return write(w, `<span class="`, class, `">`, templ.EscapeString(words), `</span>`)
}

// missing stands for a value that the checkpoint did not give.
func missing(p Page) missingValue { return missingValue{p.L} }

type missingValue struct{ l *locales.Locale }

// Render implements templ.Component.
func (m missingValue) Render(_ context.Context, w io.Writer) error { return m.to(w) }

func (m missingValue) to(w io.Writer) error {
	return write(w, `<span aria-hidden="true">`, templ.EscapeString(m.l.T("goods.none")),
		`</span><span class="vh">`, templ.EscapeString(m.l.T("goods.none_words")), `</span>`)
}
