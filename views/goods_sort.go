package views

import (
	"context"
	"io"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
)

// column is the head of one column of the list; one with a next order is a link
// that sorts.
type column struct {
	words string
	right bool
	sort  string         // aria-sort, "" when the list is not in its order
	next  customs.Sort   // the order that the link leads to, "" where there is no link
	turns []customs.Sort // the orders that the link goes through, in turn
}

// columns are the list's columns. Each order belongs to one of them; in a group
// rows are in the order of the page.
func (g *GoodsView) columns(l *locales.Locale) []column {
	current := g.Query.Sort
	if current == "" {
		current = customs.Newest
	}
	all := []column{
		{words: l.T("goods.col_registration")},
		{words: l.T("goods.col_registered"), turns: []customs.Sort{customs.Newest, customs.Oldest}},
		{words: l.T("goods.col_goods")},
		{words: l.T("goods.col_vehicle")},
		{words: l.T("goods.col_packages"), right: true},
		{words: l.T("goods.col_gross"), right: true, turns: []customs.Sort{customs.Heaviest}},
		{words: l.T("goods.col_status"), turns: []customs.Sort{customs.Deadline, customs.Waiting}},
	}
	for i := range all {
		c := &all[i]
		for n, s := range c.turns {
			if s == current {
				c.sort = ariaSort(s)
				c.next = c.turns[(n+1)%len(c.turns)]
			}
		}
		if c.next == "" && len(c.turns) > 0 {
			c.next = c.turns[0]
		}
	}
	return all
}

// ariaSort says in which direction an order goes in its column.
func ariaSort(s customs.Sort) string {
	switch s {
	case customs.Newest, customs.Heaviest:
		return "descending"
	default:
		return "ascending"
	}
}

// head writes the row of column heads. It is the same in every group, so it is
// written once a page and repeated as it is.
func (g *GoodsView) head(b *sheet, p Page) {
	q := g.Query
	q.Page = 0
	b.add(`<thead role="rowgroup"><tr role="row">`)
	for _, c := range g.columns(p.L) {
		b.add(`<th role="columnheader" scope="col"`)
		if c.right {
			b.add(` class="n"`)
		}
		if c.sort != "" {
			b.add(` aria-sort="`, c.sort, `"`)
		}
		b.add(`>`)
		if c.next == "" {
			b.words(c.words)
		} else {
			q.Sort = c.next
			b.add(`<a class="sort" href="`)
			b.address(g, q)
			b.add(`">`)
			b.words(c.words)
			b.add(sortArrow(p.Assets, c.sort), `</a>`)
		}
		b.add(`</th>`)
	}
	b.add(`</tr></thead>`)
}

// sortArrow shows the direction of a column that the list is sorted by.
func sortArrow(a *static.Assets, direction string) string {
	if direction == "" {
		return ""
	}
	return `<svg class="icon sort__` + direction + `" aria-hidden="true" focusable="false"><use href="` + a.Sprite() + `#down"></use></svg>`
}

// markup is markup that is ready: every value in it is escaped already.
type markup string

// Render implements templ.Component.
func (m markup) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(m))
	return err
}

// totals sums the filtered set over its checkpoints, as far as the sums are
// known.
func (g *GoodsView) totals() customs.CheckpointCount {
	var t customs.CheckpointCount
	for _, c := range g.List.Groups {
		t.Count += c.Count
		t.Packages = plus(t.Packages, c.Packages)
		t.GrossMass = plus(t.GrossMass, c.GrossMass)
	}
	return t
}

// plus adds what is known. A sum that no number holds stops at the greatest.
func plus[N ~int64](a, b *N) *N {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	sum := *a + *b
	if sum < *a { // neither is negative
		sum = 1<<63 - 1
	}
	return &sum
}
