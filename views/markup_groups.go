package views

import (
	"context"
	"io"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// goodsGroups are the registrations on this page of the list, those of each
// checkpoint in a table of their own.
type goodsGroups struct {
	p Page
	g *GoodsView
}

// Render implements templ.Component.
func (v goodsGroups) Render(_ context.Context, w io.Writer) error { return onSheet(w, v.on) }

func (v goodsGroups) on(s *sheet) {
	rows := newRowSheet(s, &v.p, v.g.List.AsOf)
	head, headEnd := 0, 0 // where on the sheet it stands
	for _, part := range v.g.groups() {
		s.add(`<section class="group" aria-labelledby="g-`)
		s.words(part.Checkpoint)
		s.add(`">`)
		v.heading(s, &part)
		s.add(`<div class="table-box"><table class="data data--goods data--cards" role="table"><caption class="vh">`)
		count := v.p.L.N("goods.count", part.Count)
		s.said(v.p.L, "goods.caption", "place", v.g.name(v.p.L, part.Checkpoint), "count", count)
		s.add(`</caption>`)
		if head == headEnd {
			head = len(s.out)
			v.g.head(s, v.p)
			headEnd = len(s.out)
		} else {
			s.out = append(s.out, s.out[head:headEnd]...)
		}
		s.add(`<tbody role="rowgroup">`)
		for i := range part.rows {
			rows.row(&part.rows[i])
		}
		s.add(`</tbody></table></div></section>`)
	}
}

// heading says of a checkpoint which it is, what it holds, and as of when that is.
func (v goodsGroups) heading(s *sheet, part *group) {
	l := v.p.L
	place, _ := v.g.Checkpoints.Get(part.Checkpoint)
	fresh, _ := v.g.List.Fresh.Of(part.Checkpoint)
	s.add(`<header class="group__head"><h2 id="g-`)
	s.words(part.Checkpoint)
	s.add(`">`)
	drawing{v.p.Assets, "pin"}.on(s)
	s.words(place.Name(l.Lang()))
	s.add(`</h2><p>`)
	s.counted(l, "goods.count", part.Count)
	if len(part.rows) < part.Count {
		s.add(` · `)
		s.counted(l, "goods.group_here", len(part.rows))
	}
	if message, country := whereMessage(place); message != "" {
		s.add(` · `)
		s.said(l, message, "country", l.Country(country))
	}
	s.add(`</p>`)
	freshMark(v.p, fresh, v.g.List.AsOf).on(s)
	s.add(`<p class="group__sum">`)
	sums{l, part.CheckpointCount}.on(s)
	s.add(`</p></header>`)
}

// sums are the packages and the gross mass of a checkpoint's registrations, as
// far as they are known.
type sums struct {
	l *locales.Locale
	c customs.CheckpointCount
}

func (v sums) known() bool { return v.c.Packages != nil || v.c.GrossMass != nil }

// Render implements templ.Component.
func (v sums) Render(_ context.Context, w io.Writer) error { return onSheet(w, v.on) }

func (v sums) on(s *sheet) {
	if v.c.Packages != nil {
		s.said(v.l, "goods.sum_packages", "n", int(*v.c.Packages))
	}
	if v.c.GrossMass != nil {
		if v.c.Packages != nil {
			s.add(` · `)
		}
		s.said(v.l, "goods.sum_gross", "mass", v.l.Mass(*v.c.GrossMass))
	}
}
