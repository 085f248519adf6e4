package views

import (
	"context"
	"io"
	"strconv"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// fact writes what is known of one thing, and below it what more there is to
// say, or "".
func fact(term, value, sub string) factLine { return factLine{term, value, sub} }

type factLine struct{ term, value, sub string }

// Render implements templ.Component.
func (f factLine) Render(_ context.Context, w io.Writer) error { return onSheet(w, f.on) }

func (f factLine) on(s *sheet) {
	s.add(`<div><dt>`)
	s.words(f.term)
	s.add(`</dt><dd>`)
	s.words(f.value)
	s.add(` `)
	s.below(f.sub)
	s.add(`</dd></div>`)
}

// goodsLines are the rows of the table of goods items.
type goodsLines struct {
	l     *locales.Locale
	goods []customs.GoodsItem
}

// Render implements templ.Component.
func (g goodsLines) Render(_ context.Context, w io.Writer) error { return onSheet(w, g.on) }

func (g goodsLines) on(s *sheet) {
	for i := range g.goods {
		g.item(s, &g.goods[i])
	}
}

func (g goodsLines) item(s *sheet, item *customs.GoodsItem) {
	l := g.l
	s.add(`<tr role="row"><th role="rowheader" scope="row" class="w">`, strconv.Itoa(item.Number), `. `)
	s.words(item.Description)
	s.add(` `)
	if words := item.CommodityCode.HeadingText(); words != "" {
		s.add(`<span class="sub">`)
		s.said(l, "list.heading", "code", item.CommodityCode.Heading())
		s.add(` <span lang="en">`)
		s.words(words)
		s.add(`</span></span> `)
	}
	if item.Quantity != nil {
		s.below(l.T("detail.quantity", "n", l.Quantity(*item.Quantity), "unit", item.Unit))
	}
	s.add(`</th>`)
	g.cell(s, "", "detail.col_code")
	s.add(`<span class="code nowrap">`)
	s.words(item.CommodityCode.String())
	s.add(`</span></td>`)
	g.cell(s, "", "detail.col_origin")
	g.value(s, l.Country(item.Origin))
	g.cell(s, "third n", "detail.col_packages")
	if item.Packages != nil {
		s.words(l.Int64(item.Packages.Count))
		s.add(` `)
		s.below(l.PackageType(item.Packages.Type))
		s.add(`</td>`)
	} else {
		g.value(s, "")
	}
	g.cell(s, "third n", "detail.col_gross")
	g.value(s, massWords(l, item.GrossMass))
	g.cell(s, "third n", "detail.col_net")
	g.value(s, massWords(l, item.NetMass))
	g.cell(s, "w n", "detail.col_value")
	if item.Value != nil {
		g.value(s, l.Amount(*item.Value, item.Currency))
	} else {
		g.value(s, "")
	}
	s.add(`</tr>`)
}

// cell begins a cell under a heading.
func (g goodsLines) cell(s *sheet, class, heading string) {
	s.add(`<td role="cell"`)
	if class != "" {
		s.add(` class="`, class, `"`)
	}
	s.add(` data-label="`)
	s.said(g.l, heading)
	s.add(`">`)
}

// value ends a cell with what it holds.
func (g goodsLines) value(s *sheet, words string) {
	perhaps{g.l, words}.on(s)
	s.add(`</td>`)
}

// perhaps are words, or what stands for a value that was not given.
type perhaps struct {
	l     *locales.Locale
	words string
}

// Render implements templ.Component.
func (p perhaps) Render(_ context.Context, w io.Writer) error { return onSheet(w, p.on) }

func (p perhaps) on(s *sheet) {
	if p.words != "" {
		s.words(p.words)
	} else {
		missingValue{p.l}.on(s)
	}
}

// massWords is a mass in kilograms, "" if it is not known.
func massWords(l *locales.Locale, m *customs.Mass) string {
	if m == nil {
		return ""
	}
	return l.Mass(*m)
}
