package views

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"golang.org/x/net/html"
)

// sparse is the least that a feed may send about a registration.
func sparse() DetailView {
	place, _ := customs.BuiltInCheckpoints().Get("00922")
	return DetailView{
		Detail: customs.Detail{
			AsOf: sampleNow, ReceivedAt: at(time.Minute), Freshness: customs.Freshness{AsOf: atp(time.Minute)},
			Consignment: customs.Consignment{
				Registration: "501403200303074", Checkpoint: "00922", VOEN: "1403287651", Status: customs.Registered,
				StatusAt: at(time.Hour), RegisteredAt: at(time.Hour), Consignee: customs.Party{Name: "A"}, Transport: customs.Transport{Mode: 3},
				Goods: []customs.GoodsItem{{Number: 1, Description: "Qara çay", CommodityCode: "0902"}},
			},
			Events: []customs.Event{{Revision: 1, Status: customs.Registered, At: at(time.Hour), Received: at(time.Hour)}},
		},
		Checkpoint: place,
	}
}

// factsOf is the list of facts: term to value with what stands below it.
func factsOf(t *testing.T, p Page, d DetailView) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, div := range all(all(byID(t, parse(t, Details(p, d)), "facts").Parent, "dl")[0], "div") {
		out[text(all(div, "dt")[0])] = spaced(all(div, "dd")[0])
	}
	return out
}

func byID(t *testing.T, doc *html.Node, id string) *html.Node {
	t.Helper()
	for _, n := range all(doc, "*") {
		if attribute(n, "id") == id {
			return n
		}
	}
	t.Fatalf("nothing has the id %q", id)
	return nil
}

// What the feed did not send has no term: an empty value would say that it is
// known to be empty.
func TestFactsOfTheLeast(t *testing.T) {
	want := map[string]string{
		"Registration code": "501403200303074", "Border checkpoint": "Bilasuvar Iran border", "Registered": "20.11.2026 13:32 1 hour ago",
		"Consignee": "A", "Mode of transport": "Road", "Latest data received": "20.11.2026 14:31 1 minute ago",
	}
	got := factsOf(t, samplePage(t, "en"), sparse())
	for term, value := range want {
		if got[term] != value {
			t.Errorf("%s: %q, want %q", term, got[term], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("facts without a source: %q", got)
	}
}

// Each thing that the feed may add appears under its own term.
func TestFactsThatMayBeThere(t *testing.T) {
	for term, c := range map[string]struct {
		change func(*customs.Consignment)
		want   string
	}{
		"Nəqliyyat vasitəsi": {
			func(c *customs.Consignment) {
				c.Transport = customs.Transport{Mode: 3, Vehicle: "99-XA-127", Trailer: "99-RA-045", Nationality: "TR"}
			},
			"99-XA-127 Avtomobil · Türkiyə · qoşqu: 99-RA-045",
		},
		"Nəqliyyat növü": {func(c *customs.Consignment) { c.Transport.Nationality = "GE" }, "Avtomobil · Gürcüstan"},
		"Konteynerlər":   {func(c *customs.Consignment) { c.Transport.Containers = []string{"MSCU 1", "MSCU 2"} }, "MSCU 1, MSCU 2"},
		"Plomblar":       {func(c *customs.Consignment) { c.Transport.Seals = []string{"A-1"} }, "A-1"},
		"Malı qəbul edən": {func(c *customs.Consignment) {
			c.Consignee = customs.Party{Name: "B", VOEN: "1403287651", Country: "AZ", Address: "Bakı"}
		}, "B VÖEN 1403287651 · Azərbaycan · Bakı"},
		"Daşıyıcı": {func(c *customs.Consignment) { c.Carrier = &customs.Party{Name: "Araz", Country: "GE"} }, "Araz Gürcüstan"},
		"Göndərən": {func(c *customs.Consignment) {
			c.Consignor = &customs.Party{Name: "Sepahan", Country: "IR", Address: "Isfahan"}
		}, "Sepahan Isfahan"},
		"Göndərən ölkə":         {func(c *customs.Consignment) { c.Consignor = &customs.Party{Name: "Sepahan", Country: "IR"} }, "İran"},
		"Təyinat gömrük orqanı": {func(c *customs.Consignment) { c.DestinationOffice = "Yevlax g/p" }, "Yevlax g/p"},
		"Yer sayı":              {func(c *customs.Consignment) { c.Goods[0].Packages = &customs.Packages{Count: 1240} }, "1.240"},
		"Brutto çəki":           {func(c *customs.Consignment) { c.Goods[0].GrossMass = num(customs.Mass(18450500)) }, "18.450,5 kq"},
		"Netto çəki":            {func(c *customs.Consignment) { c.Goods[0].NetMass = num(customs.Mass(1)) }, "0,001 kq"},
		"İnvoys dəyəri": {func(c *customs.Consignment) {
			c.Goods[0].Value, c.Goods[0].Currency = num(customs.Amount(123456)), "EUR"
		}, "1.234,56 EUR"},
		"Nəqliyyat sənədi": {func(c *customs.Consignment) {
			c.Documents = []customs.Document{{Type: "730", Number: "0482655", Date: "2026-11-18"}}
		}, "CMR 0482655 18.11.2026"},
	} {
		p, d := samplePage(t, "az"), sparse()
		if _, there := factsOf(t, p, d)[term]; there && term != "Malı qəbul edən" && term != "Nəqliyyat növü" {
			t.Errorf("%s: there without a value", term)
		}
		c.change(&d.Detail.Consignment)
		if got := factsOf(t, p, d)[term]; got != c.want {
			t.Errorf("%s: %q, want %q", term, got, c.want)
		}
	}
}

// A consignor whose country the feed did not give has no country of dispatch.
func TestConsignorWithoutCountry(t *testing.T) {
	d := sparse()
	d.Detail.Consignment.Consignor = &customs.Party{Name: "Sepahan"}
	got := factsOf(t, samplePage(t, "en"), d)
	if country, there := got["Country of dispatch"]; there || got["Consignor"] != "Sepahan" {
		t.Errorf("%q, country %q", got["Consignor"], country)
	}
}

// Only a document that goes with the goods on their way is called a transport
// document, wherever it stands among the others.
func TestTransportDocument(t *testing.T) {
	for name, c := range map[string]struct {
		types []string
		want  string // type, "" for none
	}{
		"none": {nil, ""}, "invoice only": {[]string{"380", "861"}, ""}, "after an invoice": {[]string{"380", "705"}, "705"}, "two": {[]string{"952", "730"}, "952"},
		"manifest": {[]string{"785"}, ""}, "rail": {[]string{"722"}, "722"}, "ATA": {[]string{"955"}, "955"}, "declaration": {[]string{"929", "950"}, ""},
	} {
		d := sparse()
		for _, typ := range c.types {
			d.Detail.Consignment.Documents = append(d.Detail.Consignment.Documents, customs.Document{Type: typ, Number: "N-" + typ})
		}
		p := samplePage(t, "en")
		want := ""
		if c.want != "" {
			want = p.L.DocumentShort(c.want) + " N-" + c.want
		}
		if got := factsOf(t, p, d)["Transport document"]; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The box of what to do lists what waits for the trader and nothing else; what
// others are waited for stands below the status.
func TestNextStepsByActor(t *testing.T) {
	you := customs.Requirement{Code: "invoice", Who: customs.You, Since: at(time.Hour)}
	office := customs.Requirement{Code: "inspection", Who: customs.Customs, Since: at(time.Hour)}
	agency := customs.Requirement{Code: "laboratory_result", Who: customs.Agency, Agency: "AQTA", Since: at(time.Hour)}
	since := " 20.11.2026 13:32 tarixindən gözlənilir (1 saat)"
	for name, c := range map[string]struct {
		requires   []customs.Requirement
		heading    string
		own, waits []string
	}{
		"nobody":       {nil, "", nil, nil},
		"you":          {[]customs.Requirement{you}, "Sizdən gözlənilir: invoys", []string{"Siz: invoysu təqdim edin" + since}, nil},
		"customs":      {[]customs.Requirement{office}, "", nil, []string{"Gömrük: gömrük baxışı" + since}},
		"another body": {[]customs.Requirement{agency}, "", nil, []string{"AQTA: laboratoriya nəticəsi" + since}},
		"all of them": {
			[]customs.Requirement{office, you, agency},
			"Sizdən gözlənilir: invoys",
			[]string{"Siz: invoysu təqdim edin" + since},
			[]string{"Gömrük: gömrük baxışı" + since, "AQTA: laboratoriya nəticəsi" + since},
		},
		"you twice": {[]customs.Requirement{you, you}, "Sizdən gözlənilir: 2 addım", []string{"Siz: invoysu təqdim edin" + since, "Siz: invoysu təqdim edin" + since}, nil},
	} {
		d := sparse()
		d.Detail.Consignment.Requires = c.requires
		doc := parse(t, Details(samplePage(t, "az"), d))
		checkPage(t, doc, "az")
		heading, own := "", []string(nil)
		for _, box := range byClass(doc, "next") {
			heading = text(all(box, "h2")[0])
			for _, li := range all(box, "li") {
				own = append(own, spaced(li))
			}
		}
		var waits []string
		for _, list := range byClass(doc, "waits") {
			for _, li := range all(list, "li") {
				waits = append(waits, spaced(li))
			}
		}
		if heading != c.heading || !slices.Equal(own, c.own) || !slices.Equal(waits, c.waits) {
			t.Errorf("%s: %q\n %q\n %q", name, heading, own, waits)
		}
		if now := spaced(byID(t, doc, "now").Parent); !strings.Contains(now, "Mallar məntəqədə qeydə alınıb. Rəsmiləşdirmə hələ başa çatmayıb.") {
			t.Errorf("%s: the status is not explained: %q", name, now)
		}
	}
}

// A checkpoint's contact is shown if it is configured, and none is invented.
func TestCheckpointContact(t *testing.T) {
	d := sampleDetail()
	p := samplePage(t, "en")
	if got := text(only(t, parse(t, Details(p, d)), "next")); strings.Contains(got, "Checkpoint contact") {
		t.Errorf("invented: %q", got)
	}
	d.Checkpoint.Contact = "(+994 25) 000-00-00"
	if got := text(only(t, parse(t, Details(p, d)), "next")); !strings.Contains(got, "Checkpoint contact: (+994 25) 000-00-00") {
		t.Errorf("%q", got)
	}
}

// Stages come from events alone, oldest first, each change once; a status that
// came twice in a row is one stage, one that came back is two.
func TestStages(t *testing.T) {
	for name, c := range map[string]struct {
		events string // oldest first
		want   string
	}{
		"none": {"", ""}, "one": {"registered", ""}, "two": {"registered held", "registered held"},
		"repeated":  {"registered registered docs_check", "registered docs_check"},
		"came back": {"registered held registered", "registered held registered"},
		"all one":   {"held held held", ""},
		"many":      {"registered under_control docs_check inspection in_transit arrived declared", "docs_check inspection in_transit arrived declared"},
		"unknown":   {"registered scan", "registered scan"},
	} {
		d := sparse()
		d.Detail.Events = nil
		for i, s := range strings.Fields(c.events) {
			e := customs.Event{Revision: int64(i + 1), Status: customs.Status(s), At: at(time.Duration(20-i) * time.Hour), Received: at(time.Duration(20-i) * time.Hour)}
			d.Detail.Events = slices.Insert(d.Detail.Events, 0, e)
		}
		for _, lang := range []string{"az", "en"} {
			p := samplePage(t, lang)
			var got, want []string
			for _, track := range byClass(parse(t, Details(p, d)), "track") {
				for i, li := range all(track, "li") {
					got = append(got, strings.Fields(spaced(li))[0])
					last := i == len(all(track, "li"))-1
					if hasClass(li, "is-now") != last || hasClass(li, "is-done") == last || (attribute(li, "aria-current") == "step") != last {
						t.Errorf("%s: stage %d has the class %q", name, i, attribute(li, "class"))
					}
				}
			}
			for s := range strings.FieldsSeq(c.want) {
				want = append(want, strings.Fields(p.L.Status(customs.Status(s)))[0])
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: %q, want %q", lang, name, got, want)
			}
		}
	}
}

// Each event stands in the timeline, newest first; one that reached the portal
// late says when.
func TestTimelineOrder(t *testing.T) {
	d := sparse()
	d.Detail.Events = []customs.Event{
		{Revision: 3, Status: "scan", At: at(time.Hour), Received: at(45 * time.Minute)},
		{Revision: 2, Status: customs.Held, At: at(2 * time.Hour), Received: at(104 * time.Minute)},
		{Revision: 1, Status: customs.Registered, At: at(3 * time.Hour), Received: at(3 * time.Hour)},
	}
	const by = " Recorded by: customs. Checkpoint: Bilasuvar."
	want := []string{"20.11.2026 13:32 Clearance in progress" + by, "20.11.2026 12:32 Detained" + by + " reached the portal 20.11.2026 12:48", "20.11.2026 11:32 Registered at the border" + by}
	items := all(only(t, parse(t, Details(samplePage(t, "en"), d)), "timeline"), "li")
	if !slices.Equal(texts(items), want) {
		t.Errorf("%q", texts(items))
	}
	for i, li := range items {
		if hasClass(li, "is-now") != (i == 0) || attribute(all(li, "time")[0], "datetime") == "" {
			t.Errorf("event %d: class %q", i, attribute(li, "class"))
		}
	}
}

// A section without content has no heading. What must be there says that
// nothing is known.
func TestSectionsOfDetails(t *testing.T) {
	for name, c := range map[string]struct {
		view DetailView
		want string
	}{
		"the least":  {sparse(), "now facts items-h documents events checkpoint-h disagree"},
		"everything": {sampleDetail(), "progress next now facts items-h documents previous events checkpoint-h disagree"},
	} {
		for _, lang := range []string{"az", "en"} {
			p := samplePage(t, lang)
			doc := parse(t, Details(p, c.view))
			checkPage(t, doc, lang)
			var got []string
			for _, h := range all(doc, "h2") {
				got = append(got, attribute(h, "id"))
				if rest := strings.TrimPrefix(text(h.Parent), text(h)); h.Parent.Data == "section" && strings.TrimSpace(rest) == "" {
					t.Errorf("%s: nothing stands under %q", name, text(h))
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s, %s: %v, want %s", lang, name, got, c.want)
			}
		}
	}
}

// Goods come a hundred a page; the sums are of all of them and stand once, at
// the end.
func TestItemPages(t *testing.T) {
	for _, c := range []struct {
		items, page  int
		first, count int
		total        bool
		shown        string
		links        []string
	}{
		{1, 0, 1, 1, true, "", nil},
		{100, 1, 1, 100, true, "", nil},
		{101, 1, 1, 100, false, "1–100 of 101 items", []string{"?items=2#items"}},
		{101, 2, 101, 1, true, "101–101 of 101 items", []string{"#items"}},
		{250, 2, 101, 100, false, "101–200 of 250 items", []string{"#items", "?items=3#items"}},
		{250, 3, 201, 50, true, "201–250 of 250 items", []string{"?items=2#items"}},
		{250, 99, 201, 50, true, "201–250 of 250 items", []string{"?items=2#items"}},
		{250, -5, 1, 100, false, "1–100 of 250 items", []string{"?items=2#items"}},
	} {
		d := sparse()
		d.Detail.Consignment.Goods = nil
		for i := range c.items {
			d.Detail.Consignment.Goods = append(d.Detail.Consignment.Goods, customs.GoodsItem{
				Number: i + 1, Description: "Mal", CommodityCode: "0902",
				GrossMass: num(customs.Mass(1500)), Packages: &customs.Packages{Count: 2}, Value: num(customs.Amount(150)), Currency: []string{"USD", "EUR"}[i%2],
			})
		}
		d.ItemsPage = c.page
		name := strconv.Itoa(c.items) + " items, page " + strconv.Itoa(c.page)
		doc := parse(t, Details(samplePage(t, "en"), d))
		table := only(t, doc, "data--items")
		rows := all(all(table, "tbody")[0], "tr")
		if len(rows) != c.count || !strings.HasPrefix(text(rows[0]), strconv.Itoa(c.first)+". ") {
			t.Errorf("%s: %d rows from %q", name, len(rows), text(rows[0]))
		}
		if foot := all(table, "tfoot"); (len(foot) == 1) != c.total {
			t.Errorf("%s: the sums are there: %v", name, !c.total)
		} else if c.items == 250 && c.total && spaced(foot[0]) != "Total 500 375 — not given 187.50 EUR 187.50 USD" {
			t.Errorf("%s: the sums are %q", name, spaced(foot[0]))
		}
		shown, links := "", []string(nil)
		for _, pager := range byClass(doc, "pager") {
			shown, links = text(only(t, pager, "muted")), hrefs(pager)
		}
		for i := range links {
			links[i] = strings.TrimPrefix(links[i], "/goods/501403200303074")
		}
		if shown != c.shown || !slices.Equal(links, c.links) {
			t.Errorf("%s: %q %q", name, shown, links)
		}
	}
}

// One registration says like the list whether what it shows is current.
func TestDetailsSayHowOld(t *testing.T) {
	for lang, want := range map[string][2]string{
		"az": {"Real vaxt rejimində · 14:32:07 vəziyyətinə", "Yenilənmir · 1 saat əvvəl"},
		"en": {"In real time · as of 14:32:07", "Not live · 1 hour ago"},
	} {
		p := samplePage(t, lang)
		for i, late := range []time.Duration{0, time.Hour} {
			p.Now = sampleNow.Add(late)
			live := only(t, parse(t, Details(p, sampleDetail())), "live")
			if got := spaced(live); got != want[i] || hasClass(live, "live--off") != (i == 1) {
				t.Errorf("%s: %q, want %q", lang, got, want[i])
			}
		}
	}
}

// A registration whose clearance ended is still told of by its address, as done.
func TestTerminalDetails(t *testing.T) {
	for _, s := range customs.TerminalStatuses {
		d := sparse()
		d.Detail.Consignment.Status = s
		d.Detail.Events = slices.Insert(d.Detail.Events, 0, customs.Event{Revision: 2, Status: s, At: at(time.Minute), Received: at(time.Minute)})
		doc := parse(t, Details(samplePage(t, "az"), d))
		for i, li := range all(only(t, doc, "track"), "li") {
			if !hasClass(li, "is-done") {
				t.Errorf("%s: stage %d is not done", s, i)
			}
		}
		if badge := byClass(doc, "badge")[0]; !hasClass(badge, "badge--done") {
			t.Errorf("%s: %q", s, attribute(badge, "class"))
		}
	}
}
