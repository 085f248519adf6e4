package views

import (
	"strings"

	"customs.gov.az/portal/customs"
)

// PrintPath is the address of the list for paper; its query is the list's own.
const PrintPath = "/print/goods"

// PrintView is the whole filtered set as a page for paper.
type PrintView struct {
	GoodsView
	Code    string // of the check of this answer; "": not sealed yet, or never
	Address string // of the check, without scheme
}

// filters says in words what the set was filtered by, "" if it was not.
func (v PrintView) filters(p Page) string {
	var out []string
	for _, c := range v.chips(p.L) {
		out = append(out, c.words)
	}
	return strings.Join(out, " · ")
}

// unpaged is the query of the whole set.
func (g *GoodsView) unpaged() customs.Query {
	q := g.Query
	q.Page = 0
	return q
}
