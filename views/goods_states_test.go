package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"golang.org/x/net/html"
)

// The pager leads to the neighbours and the ends, keeps what was asked, and says
// which rows of how many are shown.
func TestPager(t *testing.T) {
	for name, c := range map[string]struct {
		page, pages, rows, total int
		links                    []string // numbers of the pages that links lead to, in order
		current                  string
		prev, next               string
		shown                    string
	}{
		"first":      {1, 3, 7, 17, []string{"2", "3", "2"}, "Page 1", "", "2", "1–7 of 17 registrations"},
		"middle":     {2, 3, 7, 17, []string{"", "", "3", "3"}, "Page 2", "", "3", "8–14 of 17 registrations"},
		"last":       {3, 3, 3, 17, []string{"2", "", "2"}, "Page 3", "2", "", "15–17 of 17 registrations"},
		"of many":    {500, 1000, 7, 7000, []string{"499", "", "499", "501", "1000", "501"}, "Page 500", "499", "501", "3,494–3,500 of 7,000 registrations"},
		"one of two": {1, 2, 7, 8, []string{"2", "2"}, "Page 1", "", "2", "1–7 of 8 registrations"},
	} {
		t.Run(name, func(t *testing.T) {
			g := listOf(slices.Repeat([]customs.Pending{row(nil)}, c.rows)...)
			g.Query = customs.Query{Mode: "3", Sort: customs.Oldest, Page: c.page}
			g.List.Page, g.List.Pages, g.List.Total = c.page, c.pages, c.total
			pager := only(t, parse(t, Goods(samplePage(t, "en"), g)), "pager")
			var links []string
			rel := map[string]string{}
			for _, a := range all(pager, "a") {
				q := parameters(t, attribute(a, "href"))
				if q.Get("mode") != "3" || q.Get("sort") != "oldest" {
					t.Errorf("the link to page %s forgets what was asked: %v", q.Get("page"), q)
				}
				links = append(links, q.Get("page"))
				if r := attribute(a, "rel"); r != "" {
					rel[r] = q.Get("page")
				}
			}
			if !slices.Equal(links, c.links) {
				t.Errorf("links to %q, want %q", links, c.links)
			}
			if _, has := rel["prev"]; has != (c.page > 1) || rel["prev"] != c.prev || rel["next"] != c.next {
				t.Errorf("neighbours %v", rel)
			}
			var current []string
			for _, n := range all(pager, "span") {
				if attribute(n, "aria-current") == "page" {
					current = append(current, text(n))
				}
			}
			if !slices.Equal(current, []string{c.current}) || text(only(t, pager, "muted")) != c.shown {
				t.Errorf("current %q, %q", current, text(only(t, pager, "muted")))
			}
		})
	}
}

// One page needs no pager, and a print of one page of several says so.
func TestPagerAndPrint(t *testing.T) {
	for lang, want := range map[string]string{
		"az": "Çıxarış 20.11.2026 14:32 vəziyyətinədir. Təqdim edilib: “Xəzər Aqro Ticarət” MMC, VÖEN 1403287651.",
		"en": "Extract as of 20.11.2026 14:32. Provided to: “Xəzər Aqro Ticarət” MMC, VÖEN 1403287651.",
	} {
		p, g := samplePage(t, lang), sampleGoods()
		if got := text(only(t, parse(t, Goods(p, g)), "print-only")); got != want+" "+g.shown(p.L)+"." {
			t.Errorf("%s: of several pages: %q", lang, got)
		}
		g.List.Pages = 1
		doc := parse(t, Goods(p, g))
		if got := text(only(t, doc, "print-only")); got != want || len(byClass(doc, "pager")) != 0 {
			t.Errorf("%s: of one page: %q", lang, got)
		}
	}
}

// state is what a reader is told before the rows.
type state struct{ title, h1, lede, live, empty string }

func stateOf(t *testing.T, p Page, g *GoodsView) state {
	t.Helper()
	doc := parse(t, Goods(p, g))
	checkPage(t, doc, p.L.Lang())
	s := state{title: text(all(doc, "title")[0]), h1: text(all(doc, "h1")[0]), lede: text(only(t, doc, "lede")), live: spaced(only(t, doc, "live"))}
	for _, n := range byClass(doc, "empty") {
		s.empty = text(all(n, "h2")[0])
	}
	return s
}

// The answer stands in the heading, and how it is known beside it.
func TestListStates(t *testing.T) {
	p := samplePage(t, "en")
	none := sampleGoods()
	none.List = customs.List{AsOf: sampleNow, Fresh: none.List.Fresh, Page: 1, Pages: 1}
	noMatch := sampleGoods()
	noMatch.Query.Text = "zzz"
	noMatch.List.Rows, noMatch.List.Groups, noMatch.List.Total, noMatch.List.Pages = nil, nil, 0, 1
	one := listOf(row(nil))
	old := sampleGoods()
	old.List.AsOf = at(2 * time.Minute)
	edge := sampleGoods()
	edge.List.AsOf = at(time.Minute)
	pending := "Goods registered to VÖEN 1403287651 at border checkpoints whose clearance is not complete. Goods on their way to a destination customs office stay on the list until clearance ends."
	for name, c := range map[string]struct {
		view *GoodsView
		want state
	}{
		"some":          {sampleGoods(), state{"17 registrations – My goods at the border", "You have 17 registrations at the border", pending, "In real time · as of 14:32:07", ""}},
		"one":           {one, state{"1 registration – My goods at the border", "You have 1 registration at the border", pending, "In real time · as of 14:32:07", ""}},
		"none":          {none, state{"No pending goods – My goods at the border", "You have no pending goods at the border", "No registration whose clearance is not complete was found for VÖEN 1403287651.", "In real time · as of 14:32:07", "No goods with incomplete clearance are registered"}},
		"nothing found": {noMatch, state{"0 registrations – My goods at the border", "You have 17 registrations at the border", pending, "In real time · as of 14:32:07", "No registration matches these filters"}},
		"a minute old":  {edge, state{"17 registrations – My goods at the border", "You have 17 registrations at the border", pending, "In real time · as of 14:31:07", ""}},
		"not current":   {old, state{"17 registrations – My goods at the border", "You have 17 registrations at the border", pending, "Not live · 2 minutes ago", ""}},
	} {
		if got := stateOf(t, p, c.view); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
	az := stateOf(t, samplePage(t, "az"), old)
	if az.h1 != "Sərhəddə 17 qeydiyyatınız var" || az.live != "Yenilənmir · 2 dəqiqə əvvəl" || az.title != "17 qeydiyyat – Sərhəddə qeydə alınan mallarım" {
		t.Errorf("%q", az)
	}
}

// parts are the sections of the page, present or not.
func parts(doc *html.Node) (there []string) {
	for _, class := range []string{"tally", "overview", "filters", "toolbar", "group", "empty", "freshness", "elapsed", "notice--big"} {
		if len(byClass(doc, class)) > 0 {
			there = append(there, class)
		}
	}
	return there
}

// A part that would have nothing to say is left out whole, not left empty.
func TestListParts(t *testing.T) {
	none := sampleGoods()
	none.List = customs.List{AsOf: sampleNow, Page: 1, Pages: 1}
	noMatch := sampleGoods()
	noMatch.Query.Text = "zzz"
	noMatch.List.Rows, noMatch.List.Groups, noMatch.List.Total, noMatch.List.Pages = nil, nil, 0, 1
	old := sampleGoods()
	old.List.AsOf = at(time.Hour)
	for name, c := range map[string]struct {
		view *GoodsView
		want string
	}{
		"some":          {sampleGoods(), "tally overview filters toolbar group freshness elapsed"},
		"none":          {none, "empty freshness elapsed"},
		"nothing found": {noMatch, "tally overview filters toolbar empty freshness elapsed"},
		"not current":   {old, "tally overview filters toolbar group freshness elapsed notice--big"},
	} {
		for _, lang := range []string{"az", "en"} {
			if got := strings.Join(parts(parse(t, Goods(samplePage(t, lang), c.view))), " "); got != c.want {
				t.Errorf("%s, %s: %s, want %s", lang, name, got, c.want)
			}
		}
	}
}

// An empty list opens the table of dates: they are part of the answer. A list
// with rows keeps it folded.
func TestFreshnessFold(t *testing.T) {
	none := sampleGoods()
	none.List.AllTotal, none.List.Total, none.List.Rows = 0, 0, nil
	for name, c := range map[string]struct {
		view *GoodsView
		open bool
	}{"some": {sampleGoods(), false}, "none": {none, true}} {
		fold := all(only(t, parse(t, Goods(samplePage(t, "az"), c.view)), "freshness"), "details")[0]
		if attributeSet(fold, "open") != c.open {
			t.Errorf("%s: open: %v", name, !c.open)
		}
	}
}

// The processing time is whole milliseconds, at least one (clause 1.7); the
// receipt is linked where there is one.
func TestProcessingTime(t *testing.T) {
	for elapsed, want := range map[time.Duration]string{
		0: "1 ms", 300 * time.Microsecond: "1 ms", 1499 * time.Microsecond: "1 ms", 1500 * time.Microsecond: "2 ms", 12 * time.Millisecond: "12 ms", 1234 * time.Millisecond: "1,234 ms",
	} {
		g := sampleGoods()
		g.Elapsed = elapsed
		line := only(t, parse(t, Goods(samplePage(t, "en"), g)), "elapsed")
		if got := text(line); got != "Your request was processed automatically. Processing time: "+want+"." || len(all(line, "a")) != 0 {
			t.Errorf("%v: %q", elapsed, got)
		}
	}
	g := sampleGoods()
	g.Receipt = "/receipts/01J?x=1"
	if got := hrefs(only(t, parse(t, Goods(samplePage(t, "en"), g)), "elapsed")); !slices.Equal(got, []string{"/receipts/01J?x=1"}) {
		t.Errorf("receipt: %v", got)
	}
}

// A list of what was found with other words says so, and quotes both as text;
// its links lead on with the words that found something.
func TestNearNote(t *testing.T) {
	g := listOf(row(nil))
	g.Query, g.Asked = customs.Query{Text: "<b>tekstil"}, "<b>tekstl"
	for nearest, want := range map[string]int{"<b>tekstil": 1, "": 0} {
		g.List.Nearest = nearest
		page := render(t, Goods(samplePage(t, "en"), g))
		if n := strings.Count(page, "No registration has “&lt;b&gt;tekstl”. Shown are those with “&lt;b&gt;tekstil”."); n != want {
			t.Errorf("nearest %q: said %d times", nearest, n)
		}
	}
}
