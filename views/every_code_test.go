package views

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"customs.gov.az/portal/customs"
)

// The pages that show a consignment: to its trader, on paper, in a complaint
// and to an officer under a case.
var consignmentPages = []string{"list", "details", "paper", "complaint", "document", "officer's list", "officer's details"}

// show renders some of those pages for a consignment.
func show(t *testing.T, lang string, names []string, change func(*customs.Consignment)) map[string]*html.Node {
	t.Helper()
	d := sampleDetail()
	c := &d.Detail.Consignment
	change(c)
	d.Detail.Events = []customs.Event{{Revision: c.Revision, Status: c.Status, At: c.StatusAt, Received: c.StatusAt}}
	p := samplePage(t, lang)
	list := listOf(pendingOf(c))
	list.List.Statuses = map[customs.Status]int{c.Status: 1}
	officer := p
	officer.Person = nil
	officer.Staff = &Officer{Name: "Günel Həsənova", Number: "OP-0101", Role: customs.RoleOperator, Home: AssistPath}
	officer.Behalf = &Behalf{Path: "/assist/1", Number: "M-2026-000001", VOEN: "1403287651", Organisation: "MMC", Caller: "Leyla", Until: sampleNow.Add(time.Minute), Left: time.Minute}
	builder, document := sampleBuilder(), sampleDocument(t, lang, Sealed)
	builder.Found = &d.Detail
	e := customs.NewEvidence(d.Detail, d.Checkpoint)
	document.Evidence = &e
	pages := map[string]*html.Node{}
	for _, name := range names {
		pages[name] = parse(t, map[string]templ.Component{
			"list": Goods(p, list), "details": Details(p, d), "paper": GoodsPrint(p, PrintView{GoodsView: *list}), "complaint": Complaint(p, builder),
			"document": ComplaintDocument(p, document), "officer's list": AssistGoods(officer, list), "officer's details": AssistDetails(officer, d),
		}[name])
	}
	return pages
}

// pendingOf is the row of a consignment, as the database keeps it.
func pendingOf(c *customs.Consignment) customs.Pending {
	r := customs.Pending{
		Registration: c.Registration, Checkpoint: c.Checkpoint, Status: c.Status, StatusAt: c.StatusAt, RegisteredAt: c.RegisteredAt, ReceivedAt: c.StatusAt,
		Mode: c.Transport.Mode, Vehicle: c.Transport.Vehicle, GoodsCount: len(c.Goods),
	}
	if len(c.Documents) > 0 {
		r.DocumentType, r.DocumentNumber = c.Documents[0].Type, c.Documents[0].Number
	}
	if len(c.Goods) > 0 {
		r.GoodsDescription, r.CommodityCode, r.GrossMass = c.Goods[0].Description, c.Goods[0].CommodityCode, c.Goods[0].GrossMass
		if c.Goods[0].Packages != nil {
			r.Packages = &c.Goods[0].Packages.Count
		}
	}
	if n := c.Next(); n != nil {
		r.NextCode, r.NextWho, r.NextAgency, r.NextNote, r.NextSince, r.NextDue = n.Code, n.Who, n.Agency, n.Note, &n.Since, n.Due
	}
	return r
}

// spoken is what a page says, without the addresses of its links.
func spoken(doc *html.Node) string { return text(all(doc, "main")[0]) }

// codes are the codes that have words in a table of the messages.
func codes(t *testing.T, table string) []string {
	t.Helper()
	b, err := os.ReadFile("../locales/common.en.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(b), "\n["+table+"]\n")
	rest, _, _ = strings.Cut(rest, "\n[")
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^"?([0-9A-Za-z_]+)"? = `).FindAllStringSubmatch(rest, -1) {
		list = append(list, m[1])
	}
	if !found || len(list) == 0 {
		t.Fatalf("no table %s", table)
	}
	return list
}

// Every status that a checkpoint may send, and one that nobody knows, stands in
// words on every page, in both languages, and never as its code.
func TestEveryStatusOnEveryPage(t *testing.T) {
	for _, status := range append(append(slices.Clone(customs.PendingStatuses), customs.TerminalStatuses...), "waiting_for_scan") {
		for _, lang := range []string{"az", "en"} {
			l := samplePage(t, lang).L
			for name, doc := range show(t, lang, consignmentPages, func(c *customs.Consignment) { c.Status, c.Requires = status, nil }) {
				checkPage(t, doc, lang)
				page, words := spoken(doc), l.Status(status)
				if name == "document" {
					words = samplePage(t, "az").L.Status(status) // the paper is for an authority
				}
				if !strings.Contains(page, words) {
					t.Errorf("%s, %s, %s: does not say %q", status, lang, name, words)
				}
				if status.Known() && strings.Contains(string(status), "_") && strings.Contains(page, string(status)) || strings.Contains(page, "status.") {
					t.Errorf("%s, %s, %s: the code stands on the page", status, lang, name)
				}
			}
		}
	}
}

// Every requirement, of whoever must act, is told in words; one without words
// is told by the checkpoint's note.
func TestEveryRequirementOnEveryPage(t *testing.T) {
	for _, code := range append(slices.Clone(customs.RequirementCodes), "x-ray") {
		for _, who := range customs.Actors {
			for _, lang := range []string{"az", "en"} {
				l := samplePage(t, lang).L
				words := l.Step(code, who)
				if words == "" {
					words = "Rentgen növbəsi"
				}
				for name, doc := range show(t, lang, []string{"list", "details", "paper"}, func(c *customs.Consignment) {
					c.Status = customs.DocsCheck
					c.Requires = []customs.Requirement{{Code: code, Who: who, Agency: "AQTA", Note: "Rentgen növbəsi", Since: at(time.Hour)}}
				}) {
					page := spoken(doc)
					if !strings.Contains(strings.ToLower(page), strings.ToLower(words)) {
						t.Errorf("%s of %s, %s, %s: does not say %q", code, who, lang, name, words)
					}
					if (strings.Contains(code, "_") || code == "x-ray") && strings.Contains(page, code) {
						t.Errorf("%s of %s, %s, %s: the code stands on the page", code, who, lang, name)
					}
				}
			}
		}
	}
}

// Every mode, document, package and country that has words is told by them on
// the pages that tell of it.
func TestEveryOtherCodeOnTheDetails(t *testing.T) {
	documents, packages := codes(t, "document"), codes(t, "package")
	for _, lang := range []string{"az", "en"} {
		l := samplePage(t, lang).L
		doc := show(t, lang, []string{"details"}, func(c *customs.Consignment) {
			c.Documents, c.Goods = nil, nil
			for i, code := range documents {
				if code != "unknown" {
					c.Documents = append(c.Documents, customs.Document{Type: code, Number: fmt.Sprint("N", i)})
				}
			}
			for i, code := range packages[:min(len(packages), 25)] { // a page of items
				c.Goods = append(c.Goods, customs.GoodsItem{Number: i + 1, Description: "Mal", CommodityCode: "0902", Packages: &customs.Packages{Count: int64(i + 2), Type: code}})
			}
		})["details"]
		page := spoken(doc)
		for _, code := range documents {
			if name := l.DocumentType(code); code != "unknown" && !strings.Contains(page, name) {
				t.Errorf("%s: document %s is not called %q", lang, code, name)
			}
		}
		for _, code := range packages[:min(len(packages), 25)] {
			if name := l.PackageType(code); !strings.Contains(strings.ToLower(page), strings.ToLower(name)) || name == code {
				t.Errorf("%s: package %s is not called %q", lang, code, name)
			}
		}
		for mode := range 12 {
			for name, doc := range show(t, lang, []string{"details", "officer's details"}, func(c *customs.Consignment) { c.Transport.Mode = mode }) {
				if words := l.Mode(mode); mode > 0 && mode < 10 && !strings.Contains(spoken(doc), words) {
					t.Errorf("%s, %s: mode %d is not called %q", lang, name, mode, words)
				}
			}
		}
	}
}
