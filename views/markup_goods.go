package views

import (
	"context"
	"io"
	"math"
	"strconv"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// tally is the headline figures; each that is not zero filters the list.
type tally struct {
	p Page
	g *GoodsView
}

// Render implements templ.Component.
func (v tally) Render(_ context.Context, w io.Writer) error { return onSheet(w, v.on) }

func (v tally) on(s *sheet) {
	l := &v.g.List
	s.add(`<div class="tally">`)
	v.figure(s, l.Waiting[customs.You], "goods.tally_you", customs.Query{Waiting: customs.You}, "is-act")
	v.figure(s, l.Waiting[customs.Customs], "goods.tally_customs", customs.Query{Waiting: customs.Customs}, "")
	v.figure(s, l.Waiting[customs.Agency], "goods.tally_agency", customs.Query{Waiting: customs.Agency}, "")
	v.figure(s, l.Statuses[customs.Held], "goods.tally_held", customs.Query{Status: customs.Held}, "is-stop")
	s.add(`</div>`)
}

func (v tally) figure(s *sheet, count int, message string, q customs.Query, class string) {
	element := `div`
	if count > 0 {
		element = `a`
	}
	s.add(`<`, element)
	if count > 0 {
		s.add(` href="`)
		s.address(v.g, q)
		s.add(`" class="`, class, `"`)
		if v.g.Query.Waiting == q.Waiting && v.g.Query.Status == q.Status {
			s.add(` aria-current="true"`)
		}
	}
	s.add(`><b>`)
	s.out = strconv.AppendInt(s.out, int64(count), 10)
	s.add(`</b><span>`)
	s.said(v.p.L, message)
	s.add(`</span></`, element, `>`)
}

// processed is the line below an answer: how long it took (clause 1.7), and
// where its receipt stands. Of what a standby answered there is none before the
// primary is back.
func processed(p Page, elapsed, receipt string) processedLine {
	if !p.Standby.IsZero() {
		receipt = ""
	}
	return processedLine{p.L, elapsed, receipt}
}

type processedLine struct {
	l                *locales.Locale
	elapsed, receipt string
}

// Render implements templ.Component.
func (v processedLine) Render(_ context.Context, w io.Writer) error { return onSheet(w, v.on) }

func (v processedLine) on(s *sheet) {
	s.add(`<p class="muted small elapsed">`)
	s.said(v.l, "goods.elapsed", "ms", v.elapsed)
	if v.receipt != "" {
		s.add(` <a class="no-print" href="`)
		s.words(v.receipt)
		s.add(`" rel="nofollow">`)
		s.said(v.l, "receipt.link")
		s.add(`</a>`)
	}
	s.add(`</p>`)
}

// choice is a field in which one of several is chosen.
func choice(p Page, name, label string, options []option) choiceField {
	return choiceField{p.L, name, label, options}
}

type choiceField struct {
	l           *locales.Locale
	name, label string
	options     []option
}

// Render implements templ.Component.
func (f choiceField) Render(_ context.Context, w io.Writer) error { return onSheet(w, f.on) }

func (f choiceField) on(s *sheet) {
	s.add(`<div class="field"><label for="`)
	s.words(f.name)
	s.add(`">`)
	s.words(f.label)
	s.add(`</label> <select class="input" id="`)
	s.words(f.name)
	s.add(`" name="`)
	s.words(f.name)
	s.add(`">`)
	for i := range f.options {
		f.options[i].on(s, f.l)
	}
	s.add(`</select></div>`)
}

func (o *option) on(s *sheet, l *locales.Locale) {
	s.add(`<option value="`)
	s.words(o.value)
	s.add(`"`)
	if o.selected {
		s.add(` selected`)
	}
	s.add(`>`)
	if o.counted {
		s.said(l, "list.option", "words", o.words, "n", o.count)
	} else {
		s.words(o.words)
	}
	s.add(`</option>`)
}

// goodsSpots are the checkpoints on the map: small ones that hold nothing for
// the trader, and circles for those that do.
type goodsSpots struct {
	p Page
	g *GoodsView
}

// Render implements templ.Component.
func (v goodsSpots) Render(_ context.Context, w io.Writer) error { return onSheet(w, v.on) }

func (v goodsSpots) on(s *sheet) {
	s.add(`<g class="map__idle">`)
	for _, c := range v.g.Checkpoints.All() {
		if (c.X != 0 || c.Y != 0) && !v.g.holds(c.Code) {
			s.add(`<circle cx="`)
			s.out = strconv.AppendInt(s.out, int64(c.X), 10)
			s.add(`" cy="`)
			s.out = strconv.AppendInt(s.out, int64(c.Y), 10)
			s.add(`" r="4"></circle>`)
		}
	}
	s.add(`</g>`)
	spots := v.g.spots(v.p.L.Lang())
	for i := range spots {
		spots[i].on(s, v.p.L, v.g)
	}
}

// on draws a circle with the count in it and, where there is room, the name.
func (s *spot) on(to *sheet, l *locales.Locale, g *GoodsView) {
	to.add(`<a class="map__cp`)
	if s.current {
		to.add(` is-on`)
	}
	to.add(`" href="`)
	to.address(g, g.checkpointQuery(s.code))
	to.add(`" tabindex="-1"><circle cx="`)
	to.length(s.x)
	to.add(`" cy="`)
	to.length(s.y)
	to.add(`" r="`)
	to.length(s.r)
	to.add(`"></circle> <text class="map__n" x="`)
	to.length(s.x)
	to.add(`" y="`)
	to.length(s.y + 5)
	to.add(`">`)
	to.out = l.AppendInt(to.out, int64(s.count))
	to.add(`</text> `)
	if len(s.label) > 0 {
		to.add(`<text x="`)
		to.length(s.labelX)
		to.add(`" y="`)
		to.length(s.labelY)
		to.add(`"`)
		if s.labelEnd {
			to.add(` text-anchor="end"`)
		}
		to.add(`>`)
		for i, line := range s.label {
			to.add(`<tspan x="`)
			to.length(s.labelX)
			to.add(`" y="`)
			to.length(s.labelY + float64(i)*mapLine)
			to.add(`">`)
			to.words(line)
			to.add(`</tspan>`)
		}
		to.add(`</text>`)
	}
	to.add(`</a>`)
}

// length puts down a length on the map, to a tenth of a unit.
func (s *sheet) length(f float64) {
	tenths := int64(math.RoundToEven(f * 10))
	if tenths < 0 {
		s.add(`-`)
		tenths = -tenths
	}
	s.out = strconv.AppendInt(s.out, tenths/10, 10)
	s.out = append(s.out, '.', byte('0'+tenths%10))
}
