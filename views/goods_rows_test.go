package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"golang.org/x/net/html"
)

// row is the plainest registration that the list can hold.
func row(change func(*customs.Pending)) customs.Pending {
	r := customs.Pending{
		Registration: "501403200303074", Checkpoint: "00922", Status: customs.Registered,
		RegisteredAt: at(26 * time.Hour), Mode: 3, GoodsDescription: "Qara çay", CommodityCode: "090230", GoodsCount: 1,
	}
	if change != nil {
		change(&r)
	}
	return r
}

// listOf is a list that holds these rows and nothing else.
func listOf(rows ...customs.Pending) *GoodsView {
	g := sampleGoods()
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.Checkpoint]++
	}
	g.List.Groups = nil
	for _, r := range rows {
		if n := counts[r.Checkpoint]; n > 0 {
			g.List.Groups = append(g.List.Groups, customs.CheckpointCount{Checkpoint: r.Checkpoint, Count: n})
			delete(counts, r.Checkpoint)
		}
	}
	g.List.Rows, g.List.All = rows, g.List.Groups
	g.List.Total, g.List.AllTotal, g.List.Page, g.List.Pages = len(rows), len(rows), 1, 1
	return g
}

// rowOf renders one registration and returns its row.
func rowOf(t *testing.T, p Page, r customs.Pending) *html.Node {
	t.Helper()
	rows := all(all(only(t, parse(t, Goods(p, listOf(r))), "data--goods"), "tbody")[0], "tr")
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	return rows[0]
}

// only is the one element of a class.
func only(t *testing.T, n *html.Node, class string) *html.Node {
	t.Helper()
	found := byClass(n, class)
	if len(found) != 1 {
		t.Fatalf("%d elements of class %q, want one", len(found), class)
	}
	return found[0]
}

// Every cell says one thing. The table changes one property of the plainest row
// and names the cell that must say so, in both languages.
func TestRowCells(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*customs.Pending)
		class  string // of the cell
		az, en string
	}{
		"code":                {nil, "c-reg", "501403200303074", "501403200303074"},
		"new":                 {func(r *customs.Pending) { r.RegisteredAt = at(14 * time.Minute) }, "c-reg", "501403200303074 Yeni", "501403200303074 New"},
		"new no longer":       {func(r *customs.Pending) { r.RegisteredAt = at(15 * time.Minute) }, "c-reg", "501403200303074", "501403200303074"},
		"clocks differ":       {func(r *customs.Pending) { r.RegisteredAt = at(-time.Minute) }, "c-time", "20.11.2026 14:33 indicə", "20.11.2026 14:33 just now"},
		"time and age":        {nil, "c-time", "19.11.2026 12:32 1 gün 2 saat əvvəl", "19.11.2026 12:32 1 day 2 hours ago"},
		"a month":             {func(r *customs.Pending) { r.RegisteredAt = at(40 * 24 * time.Hour) }, "c-time", "11.10.2026 14:32 40 gün əvvəl", "11.10.2026 14:32 40 days ago"},
		"goods":               {nil, "c-goods", "Qara çay XİF MN 0902 30", "Qara çay HS code 0902 30"},
		"two kinds of goods":  {func(r *customs.Pending) { r.GoodsCount = 2 }, "c-goods", "Qara çay XİF MN 0902 30 +1 mal", "Qara çay HS code 0902 30 +1 more"},
		"code of four digits": {func(r *customs.Pending) { r.CommodityCode = "0902" }, "c-goods", "Qara çay XİF MN 0902", "Qara çay HS code 0902"},
		"code of ten digits":  {func(r *customs.Pending) { r.CommodityCode = "0902300009" }, "c-goods", "Qara çay XİF MN 0902 30 000 9", "Qara çay HS code 0902 30 000 9"},
		"no vehicle":          {nil, "c-veh", "Avtomobil: nömrə göstərilməyib", "Road: number not given"},
		"vehicle":             {func(r *customs.Pending) { r.Vehicle = "99-XA-127" }, "c-veh", "Avtomobil: 99-XA-127", "Road: 99-XA-127"},
		"document":            {func(r *customs.Pending) { r.DocumentType, r.DocumentNumber = "705", "MEDU 1" }, "c-veh", "Avtomobil: nömrə göstərilməyib Konosament MEDU 1", "Road: number not given B/L MEDU 1"},
		"unknown document":    {func(r *customs.Pending) { r.DocumentType, r.DocumentNumber = "999", "1" }, "c-veh", "Avtomobil: nömrə göstərilməyib Sənəd (növü 999) 1", "Road: number not given Document (type 999) 1"},
		"ship":                {func(r *customs.Pending) { r.Mode, r.Vehicle = 1, "GÜL" }, "c-veh", "Dəniz: GÜL", "Sea: GÜL"},
		"mode unheard of":     {func(r *customs.Pending) { r.Mode = 42 }, "c-veh", "Göstərilməyib: nömrə göstərilməyib", "Not specified: number not given"},
		"no packages":         {nil, "c-pk", "— göstərilməyib", "— not given"},
		"no package at all":   {func(r *customs.Pending) { r.Packages = new(int64(0)) }, "c-pk", "0", "0"},
		"packages":            {func(r *customs.Pending) { r.Packages = new(int64(12345)) }, "c-pk", "12.345", "12,345"},
		"no mass":             {nil, "c-kg", "— göstərilməyib", "— not given"},
		"a gram":              {func(r *customs.Pending) { r.GrossMass = num(customs.Mass(1)) }, "c-kg", "0,001", "0.001"},
		"mass":                {func(r *customs.Pending) { r.GrossMass = num(customs.Mass(21980500)) }, "c-kg", "21.980,5", "21,980.5"},
		"nobody waited for":   {nil, "c-status", "Sərhəddə qeydə alınıb", "Registered at the border"},
	} {
		t.Run(name, func(t *testing.T) {
			for lang, want := range map[string]string{"az": c.az, "en": c.en} {
				if got := spaced(only(t, rowOf(t, samplePage(t, lang), row(c.change)), c.class)); got != want {
					t.Errorf("%s: %q, want %q", lang, got, want)
				}
			}
		})
	}
}

// spaced is the text of an element with a space between all its parts, whatever
// their kind: what is compared is words, not layout.
func spaced(n *html.Node) string {
	var parts []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			parts = append(parts, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(parts, " ")
}

// Who is waited for, what for and until when: each combination that a feed can
// send, and the words of the last column.
func TestRowNextStep(t *testing.T) {
	due := sampleNow.Add(50 * time.Hour)
	for name, c := range map[string]struct {
		who                customs.Actor
		code, agency, note string
		due                *time.Time
		az, en             string
	}{
		"you":                 {who: customs.You, code: "payment", az: "Siz: gömrük ödənişlərini ödəyin", en: "You: pay the customs payments"},
		"customs":             {who: customs.Customs, code: "inspection", az: "Gömrük: gömrük baxışı", en: "Customs: customs inspection"},
		"a body by its name":  {who: customs.Agency, code: "laboratory_result", agency: "AQTA", az: "AQTA: laboratoriya nəticəsi", en: "AQTA: laboratory result"},
		"a body without name": {who: customs.Agency, code: "laboratory_result", az: "Digər qurum: laboratoriya nəticəsi", en: "Another body: laboratory result"},
		"customs with a name": {who: customs.Customs, code: "weighing", agency: "AQTA", az: "Gömrük: malların çəkisinin müəyyən edilməsi", en: "Customs: weighing of the goods"},
		"own code and note":   {who: customs.You, code: "x-1", note: "Kassaya yaxınlaşın", az: "Siz: Kassaya yaxınlaşın", en: "You: Kassaya yaxınlaşın"},
		"own code, no note":   {who: customs.You, code: "x-1", az: "Siz: «x-1» kodlu addım", en: "You: step with the code “x-1”"},
		"known code and note": {who: customs.You, code: "invoice", note: "iki nüsxə", az: "Siz: invoysu təqdim edin", en: "You: submit the invoice"},
		"due": {
			who: customs.You, code: "invoice", due: &due, az: "Siz: invoysu təqdim edin Son müddət: 22.11.2026 16:32 (qalıb: 2 gün 2 saat)",
			en: "You: submit the invoice Due 22.11.2026 16:32 (2 days 2 hours left)",
		},
		"due this minute": {
			who: customs.You, code: "invoice", due: new(sampleNow.Add(59 * time.Second)), az: "Siz: invoysu təqdim edin Son müddət: 20.11.2026 14:33 (qalıb: 1 dəqiqə)",
			en: "You: submit the invoice Due 20.11.2026 14:33 (1 minute left)",
		},
		"due now": {
			who: customs.You, code: "invoice", due: &sampleNow, az: "Siz: invoysu təqdim edin Müddəti keçib: 20.11.2026 14:32",
			en: "You: submit the invoice Overdue since 20.11.2026 14:32",
		},
		"overdue": {
			who: customs.Customs, code: "inspection", due: atp(time.Hour), az: "Gömrük: gömrük baxışı Müddəti keçib: 20.11.2026 13:32",
			en: "Customs: customs inspection Overdue since 20.11.2026 13:32",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for lang, want := range map[string]string{"az": c.az, "en": c.en} {
				p := samplePage(t, lang)
				cell := only(t, rowOf(t, p, row(func(r *customs.Pending) {
					r.NextWho, r.NextCode, r.NextAgency, r.NextNote, r.NextDue = c.who, c.code, c.agency, c.note, c.due
				})), "c-status")
				if got := strings.TrimPrefix(spaced(cell), p.L.Status(customs.Registered)+" "); got != want {
					t.Errorf("%s: %q, want %q", lang, got, want)
				}
				if past := len(byClass(cell, "due--past")) == 1; past != (c.due != nil && !c.due.After(sampleNow)) {
					t.Errorf("%s: marked as overdue: %v", lang, past)
				}
			}
		})
	}
}

// Every status is said in words, with one icon, and never by colour alone.
func TestRowStatuses(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		for _, s := range append(slices.Clone(customs.PendingStatuses), "scan_queue", "<b>") {
			for _, who := range append(slices.Clone(customs.Actors), "") {
				r := rowOf(t, p, row(func(r *customs.Pending) { r.Status, r.NextWho, r.NextCode = s, who, "invoice" }))
				b := only(t, r, "badge")
				if got := text(b); got != p.L.Status(s) {
					t.Errorf("%s, %s: the badge says %q, want %q", lang, s, got, p.L.Status(s))
				}
				if len(all(b, "use")) != 1 {
					t.Errorf("%s, %s: a badge has one icon", lang, s)
				}
				if hasClass(b, "badge--stop") != (s == customs.Held) || hasClass(b, "badge--done") {
					t.Errorf("%s, %s waiting for %q: class %q", lang, s, who, attribute(b, "class"))
				}
				if hasClass(b, "badge--act") != (who == customs.You && s != customs.Held) {
					t.Errorf("%s, %s waiting for %q: class %q: only what waits for the trader is saffron", lang, s, who, attribute(b, "class"))
				}
				if steps := byClass(r, "step"); len(steps) != 1 && who != "" || len(steps) != 0 && who == "" {
					t.Errorf("%s, %s waiting for %q: %d steps", lang, s, who, len(steps))
				}
			}
		}
	}
}

// What a sender writes is shown as written: long, foreign, empty, or markup.
func TestRowForeignTexts(t *testing.T) {
	p := samplePage(t, "en")
	for name, c := range map[string]struct{ sent, shown string }{
		"Azerbaijani": {"Kərə yağı, şirəli əncir, İĞDIR üzümü", "Kərə yağı, şirəli əncir, İĞDIR üzümü"},
		"Russian":     {"Мраморная плита, полированная", "Мраморная плита, полированная"},
		"Arabic":      {"رخام مصقول", "رخام مصقول"},
		"Chinese":     {"大理石板", "大理石板"},
		"formula":     {"=HYPERLINK(1)", "=HYPERLINK(1)"},
		"markup":      {"<b>x</b> & y", "<b>x</b> & y"},
		"empty":       {"", ""},
		"at the edge": {strings.Repeat("ə", descriptionShown), strings.Repeat("ə", descriptionShown)},
		"one more":    {strings.Repeat("ə", descriptionShown+1), strings.Repeat("ə", descriptionShown) + "…"},
		"long words":  {strings.Repeat("mərmər ", 600), strings.TrimSpace(strings.Repeat("mərmər ", 23)) + "…"},
	} {
		cell := only(t, rowOf(t, p, row(func(r *customs.Pending) { r.GoodsDescription = c.sent })), "c-goods")
		if got := strings.TrimSpace(strings.TrimSuffix(spaced(cell), "HS code 0902 30")); got != c.shown {
			t.Errorf("%s: %q, want %q", name, got, c.shown)
		}
		if len(all(cell, "b")) != 0 {
			t.Errorf("%s: markup from the sender", name)
		}
	}
}

// A registration's code leads to its page, whatever characters it holds.
func TestRowLinks(t *testing.T) {
	for code, want := range map[string]string{
		"501403200303074": "/goods/501403200303074", "A/B": "/goods/A%2FB", "x y": "/goods/x%20y", "?q#f": "/goods/%3Fq%23f", "Ə-1": "/goods/%C6%8F-1", "..": "/goods/..", "50%": "/goods/50%25",
	} {
		link := only(t, rowOf(t, samplePage(t, "az"), row(func(r *customs.Pending) { r.Registration = code })), "reg")
		if got := attribute(link, "href"); got != want || text(link) != code {
			t.Errorf("%q leads to %q, want %q", text(link), got, want)
		}
	}
}

// On a narrow screen a cell stands without its column's heading, so it carries
// it; and as a block it needs its role said.
func TestRowsStayATable(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		for _, table := range byClass(parse(t, Goods(p, sampleGoods())), "data--goods") {
			heads := texts(all(all(table, "thead")[0], "th"))
			for _, tr := range all(all(table, "tbody")[0], "tr") {
				cells := slices.DeleteFunc(all(tr, "*"), func(n *html.Node) bool { return n.Data != "td" && n.Data != "th" })
				if len(cells) != len(heads) || attribute(tr, "role") != "row" {
					t.Fatalf("%d cells under %d headings", len(cells), len(heads))
				}
				for i, cell := range cells {
					want := map[bool]string{true: "rowheader", false: "cell"}[i == 0]
					if attribute(cell, "role") != want {
						t.Errorf("cell %d has the role %q, want %q", i, attribute(cell, "role"), want)
					}
					if label := attribute(cell, "data-label"); hasClass(cell, "n") && label != heads[i] {
						t.Errorf("a number stands under %q and is labelled %q", heads[i], label)
					}
				}
			}
		}
	}
}
