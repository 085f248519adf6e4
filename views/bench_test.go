package views

import (
	"bytes"
	"testing"

	"github.com/a-h/templ"
)

func BenchmarkGoods(b *testing.B) {
	p, g := samplePage(b, "az"), sampleGoods()
	for len(g.List.Rows) < 50 {
		g.List.Rows = append(g.List.Rows[:4:4], g.List.Rows...)
	}
	g.List.Rows = g.List.Rows[:50]
	writePage(b, Goods(p, g))
}

func BenchmarkDetails(b *testing.B) { writePage(b, Details(samplePage(b, "az"), sampleDetail())) }

// writePage writes a page again and again into the same memory, as handlers do.
func writePage(b *testing.B, page templ.Component) {
	b.Helper()
	out := &bytes.Buffer{}
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := page.Render(b.Context(), out); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}
