package db_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

// Whatever is asked for, all pages after one another are the rows of the file
// in its order, be they counted one by one or in bulk: the list and the file
// find, order and count in different statements.
func TestPagesAreTheFile(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	key := signIn(t, d, aysel)
	r := rand.New(rand.NewPCG(5, 8))
	batch := lot(aysel, 120)
	for i, s := range batch {
		c := s.Consignment
		c.Checkpoint = []string{"00901", "00902", "00911", "00952"}[r.IntN(4)]
		c.Status = []customs.Status{customs.Registered, customs.Held, customs.DocsCheck}[r.IntN(3)]
		c.Transport.Mode = 1 + r.IntN(3)
		c.RegisteredAt = noon.Add(time.Duration(r.IntN(40)) * time.Hour) // some at the same moment
		c.Goods[0].Description = []string{"Qara çay", "Yaşıl çay", "Şəkər", "Fındıq"}[i%4]
		if r.IntN(3) == 0 {
			c.Goods[0].GrossMass = nil
		} else {
			*c.Goods[0].GrossMass = customs.Mass(r.IntN(5) * 1000)
		}
		if r.IntN(2) == 0 {
			due := noon.Add(time.Duration(r.IntN(20)) * time.Hour)
			c.Requires = []customs.Requirement{{Code: "permit", Who: []customs.Actor{customs.You, customs.Agency}[r.IntN(2)], Since: noon, Due: &due}}
		}
	}
	store(t, d, batch...)
	filters := []customs.Query{
		{},
		{Text: "çay"},
		{Text: "cay qara"},
		{Text: "çya"},
		{Text: "nothing of this"},
		{Status: customs.Held},
		{Status: customs.Held, Text: "cay"},
		{Status: customs.Released},
		{Mode: "2", Waiting: customs.You},
		{Mode: "2", Waiting: customs.You, Text: "seker"},
		{Checkpoint: "00911"},
		{Checkpoint: "00911", Text: "R00"},
		{From: "2026-03-02"},
		{To: "2026-03-01", Text: "r0"},
		{From: "2026-03-01", To: "2026-03-02", Status: customs.DocsCheck},
	}
	found := 0
	for _, bulk := range []string{"false", "registration < 'R00070'", "true"} {
		exec(t, su, "update pending set bulk = "+bulk)
		for _, filter := range filters {
			for _, sort := range customs.Sorts {
				for _, size := range []int{11, 200} {
					q := filter
					q.Sort = sort
					first := list(t, d, key, q, size)
					q = first.Answers(q)
					_, rows := export(t, d, key, q)
					want := registrations(customs.List{Rows: rows})
					var got []string
					sum := 0
					for page := 1; page <= first.Pages; page++ {
						q.Page = page
						l := list(t, d, key, q, size)
						got = append(got, registrations(l)...)
						if l.Page != page || l.Pages != first.Pages || l.Total != len(want) || page < l.Pages && len(l.Rows) != size {
							t.Fatalf("bulk %s, %+v: page %d of %d with %d rows, total %d, want %d", bulk, q, l.Page, l.Pages, len(l.Rows), l.Total, len(want))
						}
					}
					for _, g := range first.Groups {
						sum += g.Count
					}
					if !slices.Equal(got, want) || sum != len(want) {
						t.Fatalf("bulk %s, %+v, %d a page: %d rows, counted %d\n%v\nwant\n%v", bulk, q, size, len(got), sum, got, want)
					}
					q.Page = 1000
					if l := list(t, d, key, q, size); l.Page != first.Pages || len(want) > 0 && !slices.Equal(registrations(l), want[(first.Pages-1)*size:]) {
						t.Fatalf("bulk %s, %+v: past the last page is not the last", bulk, q)
					}
					found += len(want)
				}
			}
		}
	}
	if found < 5000 {
		t.Fatalf("%d rows were compared: the test does not test", found)
	}
}

// Numbers are found as people type them, with what stands between their letters
// and digits and without, also those that were stored before the portal knew.
func TestBareNumbers(t *testing.T) {
	_, d := open(t)
	key := signIn(t, d, aysel)
	for i, n := range []string{"10-AA-555", "77 RR 001", "AB/12.34-5", "MSKU 123456-7", "Əİ-900"} {
		store(t, d, goodsOf(aysel, fmt.Sprint("V", i), 1, func(c *customs.Consignment) { c.Transport.Vehicle = n }),
			goodsOf(aysel, fmt.Sprint("D", i), 1, func(c *customs.Consignment) { c.Documents[0].Number = "X-" + n }),
			goodsOf(aysel, fmt.Sprint("C", i), 1, func(c *customs.Consignment) { c.Transport.Containers = []string{"Y " + n} }))
	}
	for text, want := range map[string]int{"10aa555": 3, "10-aa-555": 3, "77RR001": 3, "ab12345": 3, "AB/12.34-5": 3, "msku1234567": 3, "ei900": 3, "əi-900": 3, "x10aa555": 1, "y10aa555": 1, "10aa5555": 0} {
		if l := list(t, d, key, customs.Query{Text: text}, 25); l.Nearest == "" && l.Total != want {
			t.Errorf("%q finds %d, want %d", text, l.Total, want)
		}
	}
}
