package views

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/customs"
	"golang.org/x/net/html"
)

// full is a query with every filter set.
func fullQuery() customs.Query {
	return customs.Query{
		Text: "mərmər & plitə", Checkpoint: "00922", Status: customs.DocsCheck, Mode: "3", Waiting: customs.You,
		From: "2026-11-01", To: "2026-11-20", Sort: customs.Deadline, Page: 2,
	}
}

// Each chip removes its own parameter and keeps every other, except the page,
// which would be another one.
func TestEachChipRemovesItsFilter(t *testing.T) {
	removes := []string{"q", "checkpoint", "status", "mode", "waiting", "from", "to"}
	for lang, words := range map[string][]string{
		"az": {"“mərmər & plitə”", "Biləsuvar: 6", "Sənədlər yoxlanılır: 0", "Avtomobil: 12", "Sizdən gözlənilir: 5", "01.11.2026 tarixindən", "20.11.2026 tarixinədək"},
		"en": {"“mərmər & plitə”", "Bilasuvar: 6", "Documents under check: 0", "Road: 12", "Waiting on you: 5", "from 01.11.2026", "to 20.11.2026"},
	} {
		p, g := samplePage(t, lang), sampleGoods()
		g.Query = fullQuery()
		chips := byClass(parse(t, Goods(p, g)), "chip")
		if len(chips) != len(removes) {
			t.Fatalf("%s: %d chips", lang, len(chips))
		}
		for i, chip := range chips {
			if got := spaced(chip); got != words[i]+" "+p.L.T("goods.chip_remove") {
				t.Errorf("%s: chip %d says %q, want %q and that it removes", lang, i, got, words[i])
			}
			want := parameters(t, (&GoodsView{}).url(g.Query))
			want.Del(removes[i])
			want.Del("page")
			if got := parameters(t, attribute(chip, "href")); got.Encode() != want.Encode() {
				t.Errorf("%s: the chip %q leads to %v, want %v", lang, words[i], got, want)
			}
		}
	}
}

// One filter alone leaves one chip, which leads to the whole list.
func TestOneChip(t *testing.T) {
	full := fullQuery()
	for name, q := range map[string]customs.Query{
		"text": {Text: full.Text}, "checkpoint": {Checkpoint: full.Checkpoint}, "status": {Status: full.Status}, "mode": {Mode: full.Mode},
		"waiting": {Waiting: full.Waiting}, "from": {From: full.From}, "to": {To: full.To},
	} {
		g := sampleGoods()
		g.Query = q
		doc := parse(t, Goods(samplePage(t, "az"), g))
		if got := hrefs(only(t, doc, "chips")); !slices.Equal(got, []string{"/goods", "/goods"}) {
			t.Errorf("%s: the chip and “clear” lead to %v", name, got)
		}
		inside := q.Text == ""
		if open := attributeSet(only(t, doc, "filters__more"), "open"); open != inside {
			t.Errorf("%s: the fold is open: %v", name, open)
		}
	}
}

// Without a filter there is nothing to remove, whatever the order and page.
func TestNoChips(t *testing.T) {
	g := sampleGoods()
	g.Query = customs.Query{Sort: customs.Oldest, Page: 2}
	doc := parse(t, Goods(samplePage(t, "en"), g))
	if len(byClass(doc, "chips")) != 0 || attributeSet(only(t, doc, "filters__more"), "open") {
		t.Error("an order is no filter")
	}
	if got := text(all(only(t, doc, "toolbar"), "p")[0]); got != "17 registrations · checkpoints: 4" {
		t.Errorf("%q", got)
	}
}

func parameters(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Path != GoodsPath {
		t.Fatalf("%q is no address of the list", address)
	}
	return u.Query()
}

func attributeSet(n *html.Node, name string) bool {
	_, has := attr(n, name)
	return has
}

// answers are what a browser would send of the search form as it stands.
func answers(form *html.Node) url.Values {
	out := url.Values{}
	for _, in := range all(form, "input") {
		out.Set(attribute(in, "name"), attribute(in, "value"))
	}
	for _, s := range all(form, "select") {
		options := all(s, "option")
		chosen := options[0]
		for _, o := range options {
			if attributeSet(o, "selected") {
				chosen = o
			}
		}
		out.Set(attribute(s, "name"), attribute(chosen, "value"))
	}
	return out
}

// The form sends again what was asked, field by field, and nothing else.
func TestFormKeepsWhatWasAsked(t *testing.T) {
	names := []string{"checkpoint", "from", "mode", "q", "sort", "status", "to", "waiting"}
	full := fullQuery()
	for name, q := range map[string]customs.Query{
		"nothing": {}, "everything": full, "default order": {Sort: customs.Newest}, "hostile": {Text: `"><script>`, Status: `"own status`},
		"a checkpoint that holds nothing": {Checkpoint: "00931"}, "a checkpoint that nobody knows": {Checkpoint: "12345"},
		"a mode that nothing has": {Mode: "5"}, "a status of another checkpoint": {Status: "waiting_for_scan"},
	} {
		g := sampleGoods()
		g.Query = q
		form := only(t, parse(t, Goods(samplePage(t, "az"), g)), "filters")
		got := answers(form)
		var sent []string
		for name := range got {
			sent = append(sent, name)
		}
		slices.Sort(sent)
		if !slices.Equal(sent, names) || attribute(form, "method") != "get" || attribute(form, "action") != GoodsPath {
			t.Fatalf("%s: the form sends %v", name, sent)
		}
		q.Page = 0
		want := parameters(t, (&GoodsView{}).url(q))
		for name, v := range got {
			if v[0] != want.Get(name) {
				t.Errorf("%s: %s is %q, want %q", name, name, v[0], want.Get(name))
			}
		}
	}
}

// Every choice begins with “all” and has each value once, exactly one of them
// chosen.
func TestChoices(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		for _, q := range []customs.Query{{}, fullQuery(), {Status: "strange", Checkpoint: "12345", Mode: "9"}} {
			g := sampleGoods()
			g.Query = q
			for _, s := range all(only(t, parse(t, Goods(p, g)), "filters"), "select") {
				name := attribute(s, "name")
				options := all(s, "option")
				var values []string
				chosen := 0
				for _, o := range options {
					values = append(values, attribute(o, "value"))
					if attributeSet(o, "selected") {
						chosen++
					}
					if text(o) == "" {
						t.Errorf("%s: an option of %s has no words", lang, name)
					}
				}
				if values[0] != "" || chosen != 1 || (name != "sort") != (text(options[0]) == p.L.T("goods.all")) {
					t.Errorf("%s, %s: begins with %q, %d chosen", lang, name, text(options[0]), chosen)
				}
				slices.Sort(values)
				if len(slices.Compact(slices.Clone(values))) != len(values) {
					t.Errorf("%s: %s has a value twice: %v", lang, name, values)
				}
			}
		}
	}
}

// A status of a checkpoint's own shows its code, because all of them are called
// “clearance in progress”.
func TestOwnStatusesAreToldApart(t *testing.T) {
	g := sampleGoods()
	g.List.Statuses["second_scan"] = 1
	var shown []string
	for _, o := range g.statusOptions(samplePage(t, "en").L) {
		if strings.Contains(o.words, "(") && o.counted && o.count == 1 {
			shown = append(shown, o.words)
		}
	}
	if want := []string{"Clearance in progress (second_scan)", "Clearance in progress (waiting_for_scan)"}; !slices.Equal(shown, want) {
		t.Errorf("%q", shown)
	}
}

// What was left out of a query is named as the form names it.
func TestIgnoredParameters(t *testing.T) {
	known := []string{"q", "checkpoint", "status", "waiting", "mode", "from", "to", "sort", "page"}
	for lang, want := range map[string]string{
		"az": "Bu filtrlər tanınmadı və nəzərə alınmadı: Axtarış, Məntəqə, Status, Kimdən gözlənilir, Nəqliyyat, Başlanğıc tarix, Son tarix, Çeşidlə, Səhifə, “<b>”.",
		"en": "These filters were not understood and were left out: Search, Checkpoint, Status, Waiting on, Transport, From date, To date, Sort by, Page, “<b>”.",
	} {
		g := sampleGoods()
		g.Ignored = append(slices.Clone(known), "<b>")
		notice := only(t, parse(t, Goods(samplePage(t, lang), g)), "notice--warn")
		if text(notice) != want || attribute(notice, "role") != "status" || len(all(notice, "b")) != 0 {
			t.Errorf("%s: %q", lang, text(notice))
		}
	}
	if len(byClass(parse(t, Goods(samplePage(t, "az"), sampleGoods())), "notice")) != 0 {
		t.Error("a notice without a reason")
	}
}

// The summary of the fold counts what is inside it.
func TestFilterCount(t *testing.T) {
	for want, q := range map[int]customs.Query{0: {Text: "x", Sort: customs.Oldest, Page: 3}, 1: {From: "2026-01-01"}, 6: fullQuery()} {
		g := sampleGoods()
		g.Query = q
		summary := text(all(only(t, parse(t, Goods(samplePage(t, "en"), g)), "filters__more"), "summary")[0])
		if wantWords := map[int]string{0: "Filters", 1: "Filters (1)", 6: "Filters (6)"}[want]; summary != wantWords {
			t.Errorf("%q, want %q", summary, wantWords)
		}
	}
}
