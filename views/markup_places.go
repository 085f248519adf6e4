package views

import (
	"context"
	"io"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
)

// freshMark says as of when the checkpoint's data is.
func freshMark(p Page, f customs.Freshness, now time.Time) ageMark {
	return ageMark{p.Assets, p.L, f, now}
}

type ageMark struct {
	assets *static.Assets
	l      *locales.Locale
	fresh  customs.Freshness
	now    time.Time
}

// Render implements templ.Component.
func (m ageMark) Render(_ context.Context, w io.Writer) error { return onSheet(w, m.on) }

func (m ageMark) on(s *sheet) {
	words, stale := freshWords(m.l, m.fresh, m.now)
	if stale {
		s.add(`<p class="fresh fresh--stale">`)
		drawing{m.assets, "alert"}.on(s)
	} else {
		s.add(`<p class="fresh">`)
	}
	s.words(words)
	s.add(`</p>`)
}

// ageRows are the rows of the table that says as of when each checkpoint's
// data is, and how long clearance takes there.
type ageRows struct {
	p Page
	g *GoodsView
}

// Render implements templ.Component.
func (f ageRows) Render(_ context.Context, w io.Writer) error { return onSheet(w, f.on) }

func (f ageRows) on(s *sheet) {
	if f.p.Kept != nil {
		f.p.Kept.agesOn(s, f)
	} else {
		f.rows(s)
	}
}

func (f ageRows) rows(s *sheet) {
	l := f.p.L
	age, pace := l.T("goods.col_fresh"), l.T("list.pace_heading", "days", customs.PaceDays)
	for _, code := range f.g.checkpointCodes() {
		place, _ := f.g.Checkpoints.Get(code)
		s.add(`<tr role="row"><th role="rowheader" scope="row" class="w">`)
		s.words(place.Name(l.Lang()))
		s.below(place.Contact)
		s.add(`</th><td role="cell" data-label="`)
		s.words(age)
		s.add(`">`)
		fresh, _ := f.g.List.Fresh.Of(code)
		freshMark(f.p, fresh, f.g.List.AsOf).on(s)
		s.add(`</td><td role="cell" data-label="`)
		s.words(pace)
		s.add(`">`)
		s.words(paceShort(l, f.g.Paces[code]))
		s.add(`</td></tr>`)
	}
}

// goodsPlaces are the checkpoints where goods lie, as links to what is there.
type goodsPlaces struct {
	p Page
	g *GoodsView
}

// Render implements templ.Component.
func (v goodsPlaces) Render(_ context.Context, w io.Writer) error { return onSheet(w, v.on) }

func (v goodsPlaces) on(s *sheet) {
	l := v.p.L
	for _, c := range v.g.List.All {
		place, _ := v.g.Checkpoints.Get(c.Checkpoint)
		s.add(`<li><a href="`)
		s.address(v.g, v.g.checkpointQuery(c.Checkpoint))
		s.add(`"`)
		if v.g.Query.Checkpoint == c.Checkpoint {
			s.add(` aria-current="true"`)
		}
		s.add(`><span class="cplist__name">`)
		s.words(place.Name(l.Lang()))
		s.add(` `)
		if message, country := whereMessage(place); message != "" {
			s.add(`<span class="sub">`)
			s.said(l, message, "country", l.Country(country))
			s.add(`</span>`)
		}
		s.add(`</span> <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">`,
			`<rect width="100" height="6" class="bar__bg"></rect><rect width="`, v.g.share(c.Count), `" height="6"></rect></svg>`)
		before, after := l.SplitN("goods.count", c.Count, "n")
		s.add(`<b><span class="vh">`)
		s.words(before)
		s.add(`</span>`)
		s.out = l.AppendInt(s.out, int64(c.Count))
		s.add(`<span class="vh">`)
		s.words(after)
		s.add(`</span></b></a></li>`)
	}
}
