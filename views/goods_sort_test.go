package views

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

// Each order is a turn of one column: a link in every group's head, which keeps
// the filters and leads to the first page.
func TestColumnsSort(t *testing.T) {
	for current, want := range map[customs.Sort][3]string{ // what the heads of registered, gross and status lead to
		"":               {"oldest", "weight", "deadline"},
		customs.Newest:   {"oldest", "weight", "deadline"},
		customs.Oldest:   {"", "weight", "deadline"},
		customs.Heaviest: {"", "weight", "deadline"},
		customs.Deadline: {"", "weight", "waiting"},
		customs.Waiting:  {"", "weight", "deadline"},
	} {
		p, g := samplePage(t, "en"), sampleGoods()
		g.Query = customs.Query{Waiting: customs.You, Text: "a&b", Sort: current, Page: 2}
		doc := parse(t, Goods(p, g))
		groups := byClass(doc, "group")
		for _, group := range groups {
			var got []string
			for _, a := range byClass(group, "sort") {
				to := parameters(t, attribute(a, "href"))
				if to.Get("waiting") != "you" || to.Get("q") != "a&b" || to.Has("page") {
					t.Errorf("%s: leads to %v", current, to)
				}
				got = append(got, to.Get("sort"))
			}
			if !slices.Equal(got, want[:]) {
				t.Errorf("%q: the heads lead to %q, want %q", current, got, want)
			}
			sorted := 0
			for _, th := range all(group, "th") {
				if s := attribute(th, "aria-sort"); s != "" {
					sorted++
					if down := current == "" || current == customs.Newest || current == customs.Heaviest; (s == "descending") != down {
						t.Errorf("%q: %s", current, s)
					}
					if len(all(th, "svg")) != 1 {
						t.Errorf("%q: the direction is not seen", current)
					}
				}
			}
			if sorted != 1 {
				t.Errorf("%q: %d columns say that they are sorted", current, sorted)
			}
		}
		if len(groups) < 2 {
			t.Fatal("one group proves little")
		}
	}
}

// Every order that the form offers is some column's.
func TestEveryOrderHasAColumn(t *testing.T) {
	var turns []customs.Sort
	for _, c := range sampleGoods().columns(samplePage(t, "az").L) {
		turns = append(turns, c.turns...)
	}
	for _, s := range customs.Sorts {
		if n := len(slices.DeleteFunc(slices.Clone(turns), func(o customs.Sort) bool { return o != s })); n != 1 {
			t.Errorf("%s: in %d columns", s, n)
		}
	}
}

// Above the list stand the sums of what the filters leave, and they stop where
// numbers end.
func TestTotals(t *testing.T) {
	p, g := samplePage(t, "en"), sampleGoods()
	if got := text(only(t, parse(t, Goods(p, g)), "toolbar")); !strings.Contains(got, "Packages 4,656 · Gross 129,025.5 kg") {
		t.Error(got)
	}
	most := int64(math.MaxInt64)
	g.List.Groups = []customs.CheckpointCount{{Count: 1, Packages: &most}, {Count: 1, Packages: &most}, {Count: 1}}
	if got := g.totals(); *got.Packages != most || got.GrossMass != nil || got.Count != 3 {
		t.Errorf("%+v", got)
	}
	g.List.Groups = nil
	if got := g.totals(); got.Packages != nil || got.GrossMass != nil {
		t.Errorf("%+v", got)
	}
}

// A chip that is alone says how many registrations there are, whatever it
// filters by.
func TestLoneChipCounts(t *testing.T) {
	for _, q := range []customs.Query{{Text: "x"}, {Checkpoint: "00922"}, {Status: customs.Held}, {Mode: "3"}, {Waiting: customs.You}, {From: "2026-11-01"}, {To: "2026-11-20"}} {
		p, g := samplePage(t, "en"), sampleGoods()
		g.Query, g.List.Total = q, 2
		if chips := byClass(parse(t, Goods(p, g)), "chip"); len(chips) != 1 || !strings.Contains(text(chips[0]), ": 2") {
			t.Errorf("%+v: %q", q, texts(chips))
		}
	}
}

// The counts at the top lead to their part of the list; the one that is shown
// says so.
func TestTallyShowsWhereOneIs(t *testing.T) {
	for q, want := range map[customs.Query]int{{}: 0, {Waiting: customs.You}: 1, {Status: customs.Held}: 1, {Waiting: customs.You, Status: customs.Held}: 0, {Text: "x"}: 0} {
		g := sampleGoods()
		g.Query = q
		n := 0
		for _, a := range all(only(t, parse(t, Goods(samplePage(t, "az"), g)), "tally"), "a") {
			if attribute(a, "aria-current") == "true" {
				n++
			}
		}
		if n != want {
			t.Errorf("%+v: %d are marked", q, n)
		}
	}
}

// Rows are marked while they are news: a new one, or one whose status changed.
func TestMarks(t *testing.T) {
	for _, c := range []struct {
		registered, status time.Duration
		want               string
	}{{time.Minute, time.Minute, "goods.new"}, {time.Hour, time.Minute, "live.changed"}, {time.Hour, 20 * time.Minute, ""}, {15 * time.Minute, 15 * time.Minute, ""}} {
		r := customs.Pending{RegisteredAt: at(c.registered), StatusAt: at(c.status)}
		if got := markOf(&r, sampleNow); got != c.want {
			t.Errorf("%v: %q", c, got)
		}
	}
}
