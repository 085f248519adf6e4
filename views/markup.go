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

// icon is one drawing of the sprite, decoration beside words that say the same.
// The name is the program's own.
func icon(p Page, name string) drawing { return drawing{p.Assets, name} }

type drawing struct {
	assets *static.Assets
	name   string
}

// Render implements templ.Component.
func (d drawing) Render(_ context.Context, w io.Writer) error { return onSheet(w, d.on) }

func (d drawing) on(s *sheet) {
	s.add(`<svg class="icon" aria-hidden="true" focusable="false"><use href="`, d.assets.Sprite(), `#`, d.name, `"></use></svg>`)
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
func (b statusBadge) Render(_ context.Context, w io.Writer) error { return onSheet(w, b.on) }

func (b statusBadge) on(s *sheet) {
	tone, name := badgeOf(b.status, b.who)
	s.add(`<span class="`, tone.class(), `">`)
	drawing{b.assets, name}.on(s)
	s.words(b.l.Status(b.status))
	s.add(`</span>`)
}

// due says by when something is required, and how long that is from now.
func due(p Page, at, now time.Time) deadline { return deadline{p.L, at, now} }

type deadline struct {
	l       *locales.Locale
	at, now time.Time
}

// Render implements templ.Component.
func (d deadline) Render(_ context.Context, w io.Writer) error { return onSheet(w, d.on) }

func (d deadline) on(s *sheet) {
	var room, more [32]byte
	at := string(d.l.AppendDateTime(room[:0], d.at))
	if left := d.at.Sub(d.now); left > 0 {
		s.add(`<span class="sub due">`)
		s.said(d.l, "goods.due", "time", at, "span", string(d.l.AppendSpan(more[:0], max(left, time.Minute))))
	} else {
		s.add(`<span class="sub due due--past">`)
		s.said(d.l, "goods.overdue", "time", at)
	}
	s.add(`</span>`)
}

// missing stands for a value that the checkpoint did not give.
func missing(p Page) missingValue { return missingValue{p.L} }

type missingValue struct{ l *locales.Locale }

// Render implements templ.Component.
func (m missingValue) Render(_ context.Context, w io.Writer) error { return onSheet(w, m.on) }

func (m missingValue) on(s *sheet) {
	s.add(`<span aria-hidden="true">`)
	s.said(m.l, "goods.none")
	s.add(`</span><span class="vh">`)
	s.said(m.l, "goods.none_words")
	s.add(`</span>`)
}
