package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"golang.org/x/net/html"
)

func TestGoodsPage(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		doc := parse(t, Goods(p, sampleGoods()))
		checkPage(t, doc, lang)
		checkFiles(t, p, doc)
		if got, want := text(all(doc, "h1")[0]), p.L.N("goods.heading", 17); got != want {
			t.Errorf("h1 %q, want the answer: %q", got, want)
		}
		if groups := byClass(doc, "group"); len(groups) != 4 {
			t.Errorf("%d checkpoints", len(groups))
		}
		if !strings.Contains(text(all(doc, "body")[0]), "12 ms") {
			t.Error("the processing time is missing")
		}
		if live := text(byClass(doc, "live")[0]); !strings.Contains(live, "14:32:07") {
			t.Errorf("as of when: %q", live)
		}
	}
}

func TestGoodsRows(t *testing.T) {
	doc := parse(t, Goods(samplePage(t, "en"), sampleGoods()))
	rows := byClass(doc, "data--goods")
	first := all(all(rows[0], "tbody")[0], "tr")
	if len(first) != 4 {
		t.Fatalf("%d rows at the first checkpoint", len(first))
	}
	for i, want := range []string{
		"009222611000481 New 20.11.2026 14:28 4 minutes ago Təzə pomidor, çeri növü HS code 0702 00 000 0 +2 more Road: IR 45 782 19 CMR 0482917 1,240 18,450 Registered at the border Customs: check of the documents",
		"009222611000479 20.11.2026 09:41 4 hours 51 minutes ago Mərmər plitə, cilalanmış HS code 6802 91 Road: 99-XA-127 CMR 0482655 312 21,980.5 Documents under check You: submit the certificate of origin Due 22.11.2026 16:32 (2 days 2 hours left)",
		"009222611000473 19.11.2026 22:32 16 hours ago Xurma, qurudulmuş HS code 0804 +1 more Road: IR 24 611 35 TIR XH 81 990 2,100 20,160 Under customs control AQTA: phytosanitary certificate",
		"009222611000438 15.11.2026 20:32 4 days 18 hours ago Yuyucu vasitə, toz halında HS code 3402 50 900 0 +4 more Road: IR 33 284 16 —not given —not given Detained You: submit documents that confirm the customs value Overdue since 20.11.2026 12:32",
	} {
		if got := text(first[i]); got != want {
			t.Errorf("row %d\n got %q\nwant %q", i, got, want)
		}
	}
	if !hasClass(first[0], "is-new") || hasClass(first[1], "is-new") {
		t.Error("only what was registered minutes ago is new")
	}
	body := text(all(doc, "body")[0])
	for _, want := range []string{"Clearance in progress Customs: Rentgen növbəsi", "09999 1 registration", "data is old: 13:45 (47 minutes ago)", "no data received from the checkpoint yet", "last record received 20.11.2026 13:32", "4 on this page"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// What a sender writes into the goods' description must stay text.
func TestHostileDataStaysText(t *testing.T) {
	page := render(t, Goods(samplePage(t, "az"), sampleGoods()))
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img") {
		t.Error("markup from the data reached the page")
	}
	doc := parse(t, Goods(samplePage(t, "az"), sampleGoods()))
	if !strings.Contains(text(doc), `<script>alert("x")</script>`) {
		t.Error("the description must be shown as it was sent")
	}
	if !slices.Contains(hrefs(doc), "/goods/X%2F1%202") {
		t.Errorf("a code with a slash needs an escaped address: %v", hrefs(doc))
	}
	g := sampleGoods()
	g.Query = customs.Query{Text: `"><script>x</script>`, Checkpoint: `"><script>`, Status: `"><script>`}
	g.Ignored = []string{`<script>x</script>`}
	if page := render(t, Goods(samplePage(t, "az"), g)); strings.Contains(page, "<script>") {
		t.Error("markup from the query reached the page")
	}
}

func hrefs(n *html.Node) []string {
	var out []string
	for _, a := range all(n, "a") {
		v, _ := attr(a, "href")
		out = append(out, v)
	}
	return out
}

func TestTallyFilters(t *testing.T) {
	g := sampleGoods()
	g.List.Waiting[customs.Agency] = 0
	tally := byClass(parse(t, Goods(samplePage(t, "en"), g)), "tally")[0]
	want := []string{"/goods?waiting=you", "/goods?waiting=customs", "/goods?status=held"}
	if got := hrefs(tally); !slices.Equal(got, want) {
		t.Errorf("%v, want %v: a figure of zero is no link", got, want)
	}
}

func TestFilteredPage(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p, g := samplePage(t, lang), sampleGoods()
		g.Query = customs.Query{
			Text: "mərmər", Checkpoint: "00922", Status: customs.DocsCheck, Mode: "3", Waiting: customs.You,
			From: "2026-11-01", To: "2026-11-20", Sort: customs.Oldest, Page: 2,
		}
		g.List.Rows, g.List.Total, g.List.Pages, g.List.Page = g.List.Rows[1:2], 1, 1, 1
		g.Ignored = []string{"sort", "color"}
		doc := parse(t, Goods(p, g))
		checkPage(t, doc, lang)
		chips := byClass(doc, "chip")
		if len(chips) != 7 {
			t.Fatalf("%d chips: %v", len(chips), texts(chips))
		}
		first, _ := attr(chips[0], "href")
		if want := "/goods?checkpoint=00922&status=docs_check&mode=3&waiting=you&from=2026-11-01&to=2026-11-20&sort=oldest"; first != want {
			t.Errorf("the first chip leads to %q, want %q", first, want)
		}
		values := map[string]string{}
		for _, in := range all(byClass(doc, "filters")[0], "input") {
			name, _ := attr(in, "name")
			values[name], _ = attr(in, "value")
		}
		for _, o := range all(byClass(doc, "filters")[0], "option") {
			if _, chosen := attr(o, "selected"); chosen {
				name, _ := attr(o.Parent, "name")
				values[name], _ = attr(o, "value")
			}
		}
		for name, want := range map[string]string{"q": "mərmər", "checkpoint": "00922", "status": "docs_check", "mode": "3", "waiting": "you", "from": "2026-11-01", "to": "2026-11-20", "sort": "oldest"} {
			if values[name] != want {
				t.Errorf("%s: the form forgot %q, has %q", name, want, values[name])
			}
		}
		notice := text(byClass(doc, "notice--warn")[0])
		if !strings.Contains(notice, p.L.T("goods.field_sort")) || !strings.Contains(notice, "color") {
			t.Errorf("ignored parameters: %q", notice)
		}
	}
}

func TestNothingPending(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p, g := samplePage(t, lang), sampleGoods()
		g.List = customs.List{AsOf: sampleNow, Fresh: g.List.Fresh, Page: 1, Pages: 1}
		doc := parse(t, Goods(p, g))
		checkPage(t, doc, lang)
		body := text(byClass(doc, "empty")[0])
		for _, want := range []string{"1403287651", "20.11.2026 14:32", "195(6)"} {
			if !strings.Contains(body, want) {
				t.Errorf("an empty list must say %q: %q", want, body)
			}
		}
		if rows := all(byClass(doc, "freshness")[0], "tr"); len(rows) != 1+len(g.Checkpoints.All())+1 {
			t.Errorf("%d rows: every checkpoint's date is part of the answer", len(rows))
		}
		if len(byClass(doc, "filters"))+len(byClass(doc, "overview")) != 0 {
			t.Error("nothing to filter")
		}
	}
}

func TestNothingMatches(t *testing.T) {
	p, g := samplePage(t, "en"), sampleGoods()
	g.Query = customs.Query{Text: "zzz", Checkpoint: "00931"}
	g.List.Rows, g.List.Groups, g.List.Total, g.List.Pages = nil, nil, 0, 1
	doc := parse(t, Goods(p, g))
	checkPage(t, doc, "en")
	if body := text(byClass(doc, "empty")[0]); !strings.Contains(body, "Registrations searched as of 20.11.2026 14:32: 17.") {
		t.Error(body)
	}
	if !slices.Contains(hrefs(byClass(doc, "empty")[0]), "/goods") {
		t.Error("a way back to the whole list is missing")
	}
	chosen := ""
	for _, o := range all(doc, "option") {
		if _, has := attr(o, "selected"); has && text(o) == "Sadarak (0)" {
			chosen = text(o)
		}
	}
	if chosen == "" {
		t.Error("the chosen checkpoint must stay in the form even if it holds nothing")
	}
}

func TestNotLive(t *testing.T) {
	p, g := samplePage(t, "en"), sampleGoods()
	p.Now = sampleNow.Add(34 * time.Minute)
	doc := parse(t, Goods(p, g))
	if len(byClass(doc, "live--off")) != 1 || !strings.Contains(text(doc), "The list is as of 20.11.2026 14:32") || !strings.Contains(text(doc), "34 minutes ago") {
		t.Error("old data must say so and how old it is")
	}
}

func TestDownloads(t *testing.T) {
	p, g := samplePage(t, "az"), sampleGoods()
	if page := render(t, Goods(p, g)); strings.Contains(page, "goods.csv") {
		t.Error("no button for what does not exist")
	}
	g.Downloads, g.Query.Checkpoint = true, "00922"
	doc := parse(t, Goods(p, g))
	for _, want := range []string{"/goods.csv?checkpoint=00922", "/goods.xlsx?checkpoint=00922"} {
		if !slices.Contains(hrefs(doc), want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// A list without rows offers no files: there is nothing to take away.
func TestNothingToTakeAway(t *testing.T) {
	p, g := samplePage(t, "az"), sampleGoods()
	g.Downloads, g.Query.Text = true, "yoxdur"
	g.List.Total, g.List.Rows, g.List.Groups = 0, nil, nil
	for _, link := range hrefs(parse(t, Goods(p, g))) {
		if strings.Contains(link, ".csv") || strings.Contains(link, ".xlsx") || strings.Contains(link, "/print") {
			t.Errorf("an empty list offers %s", link)
		}
	}
}
