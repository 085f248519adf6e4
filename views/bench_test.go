package views

import (
	"bytes"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"github.com/a-h/templ"
)

// BenchmarkGoods writes a full page of a list: goods at a dozen checkpoints, and
// of every checkpoint how old its data is and how long clearance takes.
func BenchmarkGoods(b *testing.B) {
	p, g := samplePage(b, "az"), sampleGoods()
	sample, places := g.List.Rows, g.Checkpoints.All()
	l := &g.List
	l.Rows, l.All, l.Groups, l.Fresh, g.Paces = nil, nil, nil, nil, map[string]customs.Pace{}
	for i, c := range places {
		l.Fresh = append(l.Fresh, customs.Freshness{Checkpoint: c.Code, AsOf: atp(time.Duration(i) * time.Minute), ReceivedAt: atp(0)})
		g.Paces[c.Code] = customs.Pace{Checkpoint: c.Code, Completed: 900 + i, Median: time.Duration(i) * time.Hour, P90: time.Duration(2*i) * time.Hour}
		if i%3 != 0 || len(l.All) == 12 {
			continue
		}
		n := customs.CheckpointCount{Checkpoint: c.Code, Count: 5, Packages: new(int64(4652)), GrossMass: num(customs.Mass(106685500))}
		l.All, l.Groups = append(l.All, n), append(l.Groups, n)
		for range 2 {
			row := sample[len(l.Rows)%3]
			row.Checkpoint = c.Code
			l.Rows = append(l.Rows, row)
		}
	}
	l.Total, l.AllTotal = 60, 60
	p.Kept = &Kept{}
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
