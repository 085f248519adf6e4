package views

import "github.com/a-h/templ"

// GoodsVolatile is what differs between two answers that tell the reader the
// same: near the page's head the second at which the list was read, near its
// foot how long that took and the answer's own receipt. Everything else that
// changes with time, such as ages in words, is part of what a page says.
func GoodsVolatile(p Page, g *GoodsView) (head, foot templ.Component) {
	return asOf(p, g.List.AsOf), processed(p, milliseconds(p.L, g.Elapsed), g.Receipt)
}
