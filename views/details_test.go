package views

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

func TestDetailsPage(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		p.Path = "/goods/009222611000479"
		doc := parse(t, Details(p, sampleDetail()))
		checkPage(t, doc, lang)
		checkFiles(t, p, doc)
		if got, want := text(all(doc, "h1")[0]), p.L.T("detail.heading", "code", "009222611000479"); got != want {
			t.Errorf("h1 %q, want %q", got, want)
		}
	}
}

func TestDetailsSayWhatToDo(t *testing.T) {
	p, d := samplePage(t, "en"), sampleDetail()
	doc := parse(t, Details(p, d))
	next := text(byClass(doc, "next")[0])
	for _, want := range []string{
		"Your action needed: certificate of origin", "You: submit the certificate of origin", "Əsli tələb olunur",
		"waiting since 20.11.2026 11:32 (3 hours)", "Due 22.11.2026 16:32 (2 days 2 hours left)",
	} {
		if !strings.Contains(next, want) {
			t.Errorf("%q is missing in %q", want, next)
		}
	}
	if waits := text(byClass(doc, "waits")[0]); waits != "AQTA: laboratory resultwaiting since 20.11.2026 14:31" {
		t.Error(waits)
	}
	own := &d.Detail.Consignment.Requires
	*own = append(*own, customs.Requirement{Code: "own-code", Who: customs.You, Since: sampleNow, Due: atp(time.Hour), Note: "Kassaya yaxınlaşın"})
	next = text(byClass(parse(t, Details(p, d)), "next")[0])
	if !strings.Contains(next, "Your action needed: 2 steps") || !strings.Contains(next, "You: Kassaya yaxınlaşın") || !strings.Contains(next, "Overdue since 20.11.2026 13:32") {
		t.Error(next)
	}
	*own = []customs.Requirement{{Code: "own-code", Who: customs.You, Since: sampleNow}}
	next = text(byClass(parse(t, Details(p, d)), "next")[0])
	if !strings.Contains(next, "Your action is needed") || !strings.Contains(next, "step with the code “own-code”") {
		t.Error(next)
	}
	*own = nil
	doc = parse(t, Details(p, d))
	if len(byClass(doc, "next")) != 0 || !strings.Contains(text(doc), "Customs is checking the documents.") {
		t.Error("without a requirement the status alone speaks")
	}
}

func TestProgressShowsOnlyWhatHappened(t *testing.T) {
	p, d := samplePage(t, "en"), sampleDetail()
	stages := all(byClass(parse(t, Details(p, d)), "track")[0], "li")
	if len(stages) != 3 || !hasClass(stages[0], "is-done") || !hasClass(stages[2], "is-now") {
		t.Errorf("%v", texts(stages))
	}
	if v, _ := attr(stages[2], "aria-current"); v != "step" {
		t.Error("the current stage must say so")
	}
	d.Detail.Events = d.Detail.Events[2:]
	if len(byClass(parse(t, Details(p, d)), "track")) != 0 {
		t.Error("one event is no progress")
	}
	d.Detail.Events = nil
	for i := range 9 {
		s := customs.Released
		if i > 0 {
			s = customs.PendingStatuses[i]
		}
		d.Detail.Events = append(d.Detail.Events, customs.Event{Status: s, At: at(time.Duration(i) * time.Hour)})
	}
	stages = all(byClass(parse(t, Details(p, d)), "track")[0], "li")
	if len(stages) != stagesShown || !hasClass(stages[4], "is-done") || !strings.HasPrefix(text(stages[4]), "Released") {
		t.Errorf("the latest few, and what is complete as done: %v", texts(stages))
	}
}

func TestTimeline(t *testing.T) {
	doc := parse(t, Details(samplePage(t, "en"), sampleDetail()))
	want := []string{
		"20.11.2026 14:31 Step required from: AQTA laboratory result",
		"20.11.2026 11:32 Step required from: You submit the certificate of origin",
		"20.11.2026 11:05 Documents under check Recorded by: customs. Checkpoint: Bilasuvar.",
		"20.11.2026 10:12 Under customs control Recorded by: customs. Checkpoint: Bilasuvar. reached the portal 20.11.2026 11:12",
		"20.11.2026 09:41 Registered at the border Recorded by: customs. Checkpoint: Bilasuvar.",
	}
	if got := texts(all(byClass(doc, "timeline")[0], "li")); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// headingOf is the official text of a heading.
func headingOf(t *testing.T, code customs.CommodityCode) string {
	t.Helper()
	words := code.HeadingText()
	if words == "" {
		t.Fatalf("no heading %s", code)
	}
	return strings.Join(strings.Fields(words), " ")
}

func TestDetailsTables(t *testing.T) {
	doc := parse(t, Details(samplePage(t, "en"), sampleDetail()))
	rows := all(byClass(doc, "data--items")[0], "tr")
	if len(rows) != 5 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, want := range map[int]string{
		1: "1. Mərmər plitə, cilalanmış, 60×60 sm HS heading 6802: " + headingOf(t, "6802") + " Quantity: 1,200.5 MTK 6802 91 000 0 Iran 280 pallet 19,740.5 19,180 9,000.05 USD",
		3: "3. Yapışqan qarışığı HS heading 3824: " + headingOf(t, "3824") + " 3824 50 —not given 6 bag 370 —not given 640.00 EUR",
		4: "Total 286 20,110.5 19,180 640.00 EUR9,000.05 USD",
	} {
		if got := text(rows[i]); got != want {
			t.Errorf("row %d\n got %q\nwant %q", i, got, want)
		}
	}
	body := text(doc)
	for _, want := range []string{
		"Road consignment note (CMR) 0482655 18.11.2026", "Commercial invoice SPH-2291 —not given", "Transit declaration 26IR0007 17.11.2026",
		"Containers MSCU 123456 7", "Seals A-1001, A-1002", "Sepahan Stone Co. <b>", "Destination customs office Yevlax", "640.00 EUR + 9,000.05 USD",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if page := render(t, Details(samplePage(t, "en"), sampleDetail())); strings.Contains(page, "<script>") || strings.Contains(page, "<b>,") || strings.Contains(page, "<img") {
		t.Error("markup from the data reached the page")
	}
}

// The least that a feed may send.
func TestSparseDetails(t *testing.T) {
	d := sampleDetail()
	d.Detail.Consignment = customs.Consignment{
		Registration: "1", Checkpoint: "09999", Status: "own", StatusAt: sampleNow, RegisteredAt: sampleNow,
		Goods: []customs.GoodsItem{{Number: 1, Description: strings.Repeat("uzun söz ", 400), CommodityCode: "0101"}},
	}
	d.Detail.Events, d.Detail.Freshness = nil, customs.Freshness{}
	d.Checkpoint, _ = customs.BuiltInCheckpoints().Get("09999")
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		doc := parse(t, Details(p, d))
		checkPage(t, doc, lang)
		if lede := text(byClass(doc, "lede")[0]); len([]rune(lede)) > 220 || !strings.Contains(lede, "…") {
			t.Errorf("a description of thousands of letters in the lede: %d", len(lede))
		}
		if !strings.Contains(text(doc), p.L.T("detail.documents_none")) || !strings.Contains(text(doc), p.L.T("goods.fresh_never")) {
			t.Error("what is not known must be said")
		}
	}
}

func TestManyItemsComeInPages(t *testing.T) {
	d := sampleDetail()
	d.Detail.Consignment.Goods = make([]customs.GoodsItem, 10000)
	for i := range d.Detail.Consignment.Goods {
		d.Detail.Consignment.Goods[i] = customs.GoodsItem{Number: i + 1, Description: "Mal " + strconv.Itoa(i+1), CommodityCode: "0101", GrossMass: num(customs.Mass(1000))}
	}
	for page, want := range map[int][2]string{-1: {"1. Mal 1", "100. Mal 100"}, 0: {"1. Mal 1", "100. Mal 100"}, 2: {"101. Mal 101", "200. Mal 200"}, 9999: {"9901. Mal 9901", "10000. Mal 10000"}} {
		d.ItemsPage = page
		doc := parse(t, Details(samplePage(t, "en"), d))
		table := byClass(doc, "data--items")[0]
		heads := all(all(table, "tbody")[0], "th")
		if len(heads) != 100 || !strings.HasPrefix(text(heads[0]), want[0]+" ") || !strings.HasPrefix(text(heads[99]), want[1]+" ") {
			t.Errorf("page %d: %d items from %q", page, len(heads), text(heads[0]))
		}
		if totals := len(all(table, "tfoot")); (totals == 1) != (page == 9999) {
			t.Errorf("page %d: the sum stands on the last page", page)
		}
		if links := hrefs(byClass(doc, "pager")[0]); page == 2 && !slices.Equal(links, []string{"/goods/009222611000479#items", "/goods/009222611000479?items=3#items"}) {
			t.Errorf("%v", links)
		}
	}
}
