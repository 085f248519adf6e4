package views

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// openPages are the pages of this part of the portal with all their variants.
func openPages(p Page) map[string]templ.Component {
	guest := p
	guest.Person = nil
	methods := []Method{MethodSIMA, MethodMyGov, MethodCard, MethodFile}
	file := SignInFileView{Methods: methods, ChallengeURL: "/sign-in/file/c/7f3c", ChallengeName: "sorgu-7f3c.txt",
		Valid: 15 * time.Minute, MaxBytes: 64 << 10, Return: "/goods?status=held"}
	badFile := file
	badFile.Problem = "not_a_signature"
	companies := []Company{{"1499000151", "“Xəzər Aqro Ticarət” MMC"}, {"1599000161", ""}}
	privacy := PrivacyView{SessionCookie: "portal_session", LanguageCookie: "portal_language",
		LanguageKept: 365 * 24 * time.Hour, Idle: 20 * time.Minute, Absolute: 8 * time.Hour}
	kept := privacy
	kept.Retention = 90 * 24 * time.Hour
	pages := map[string]templ.Component{
		"start":             Start(guest, StartView{Methods: methods, Return: "/goods", Checkpoints: customs.BuiltInCheckpoints().All()}),
		"start, signed out": Start(guest, StartView{Methods: methods, SignedOut: true}),
		"start, no methods": Start(guest, StartView{}),
		"file":              SignInFile(guest, file),
		"file, problem":     SignInFile(guest, badFile),
		"card":              SignInCard(guest, SignInCardView{Methods: methods, Start: "https://card.example/sign-in/card"}),
		"card, problem":     SignInCard(guest, SignInCardView{Methods: methods, Start: "https://card.example/", Problem: "no_certificate"}),
		"card listener":     CardProblem(guest, CardProblemView{Home: "https://portal.example/", Retry: "https://portal.example/sign-in/card", Other: "https://portal.example/"}),
		"problem":           SignInProblemPage(guest, "handover_expired", methods, "/goods"),
		"company":           SignInCompany(guest, CompanyView{Companies: companies, Return: "/goods"}),
		"company, problem":  SignInCompany(guest, CompanyView{Companies: companies, Problem: "company_missing"}),
		"appeals":           Appeals(p, AppealsView{}),
		"appeals, builder":  Appeals(p, AppealsView{Builder: "/appeals/complaint"}),
		"help":              Help(guest),
		"help, signed in":   Help(p),
		"accessibility":     Accessibility(guest),
		"privacy":           Privacy(guest, privacy),
		"privacy, kept":     Privacy(p, kept),
		"expired":           SessionExpired(p, ExpiredView{Return: "/goods/1", Idle: 20 * time.Minute}),
	}
	for name, v := range errorSamples() {
		pages["error "+name] = Error(p, v)
	}
	return pages
}

// TestOpenPages holds every page to what all of them must be.
func TestOpenPages(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		pages := openPages(samplePage(t, lang))
		for _, name := range slices.Sorted(maps.Keys(pages)) {
			t.Run(lang+"/"+name, func(t *testing.T) {
				doc := parse(t, pages[name])
				checkFrame(t, doc, lang)
				checkHeadings(t, doc)
				checkReferences(t, doc)
				checkControls(t, doc)
				checkPolicy(t, doc)
				checkWords(t, doc)
			})
		}
	}
}

func checkFrame(t *testing.T, doc *html.Node, lang string) {
	t.Helper()
	if got := attribute(pick(doc, "html")[0], "lang"); got != lang {
		t.Errorf("lang is %q, want %q", got, lang)
	}
	if got := strings.TrimSpace(innerText(pick(doc, "title")[0])); len(got) < 10 {
		t.Errorf("title is %q", got)
	}
	for _, tag := range []string{"h1", "main", "header"} {
		if n := len(pick(doc, tag)); n != 1 {
			t.Errorf("%d of <%s>, want 1", n, tag)
		}
	}
}

// checkHeadings wants words in every heading and no level left out.
func checkHeadings(t *testing.T, doc *html.Node) {
	t.Helper()
	last := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || len(n.Data) != 2 || n.Data[0] != 'h' || n.Data[1] < '1' || n.Data[1] > '6' {
			continue
		}
		level := int(n.Data[1] - '0')
		if level > last+1 {
			t.Errorf("<%s> %q follows a heading of level %d", n.Data, innerText(n), last)
		}
		if strings.TrimSpace(innerText(n)) == "" {
			t.Errorf("empty <%s>", n.Data)
		}
		last = level
	}
}

// checkReferences wants unique ids and a target for everything that points.
func checkReferences(t *testing.T, doc *html.Node) {
	t.Helper()
	ids := map[string]bool{}
	for n := range doc.Descendants() {
		if id := attribute(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("id %q stands twice", id)
			}
			ids[id] = true
		}
	}
	for n := range doc.Descendants() {
		for _, name := range []string{"for", "aria-labelledby", "aria-describedby"} {
			for id := range strings.FieldsSeq(attribute(n, name)) {
				if !ids[id] {
					t.Errorf("%s=%q points nowhere", name, id)
				}
			}
		}
		if id, ok := strings.CutPrefix(attribute(n, "href"), "#"); ok && n.Data == "a" && !ids[id] {
			t.Errorf("href=#%s points nowhere", id)
		}
	}
}

// checkControls wants words on links and buttons and labels on fields.
func checkControls(t *testing.T, doc *html.Node) {
	t.Helper()
	labels := map[string]bool{}
	for _, n := range pick(doc, "label") {
		labels[attribute(n, "for")] = true
	}
	for _, tag := range []string{"a", "button", "summary"} {
		for _, n := range pick(doc, tag) {
			if strings.TrimSpace(innerText(n)) == "" {
				t.Errorf("<%s href=%q> has no words", tag, attribute(n, "href"))
			}
		}
	}
	for _, n := range pick(doc, "input") {
		if attribute(n, "type") != "hidden" && !labels[attribute(n, "id")] {
			t.Errorf("input %q has no label", attribute(n, "name"))
		}
	}
	for _, n := range pick(doc, "th") {
		if attribute(n, "scope") == "" {
			t.Errorf("table heading %q has no scope", innerText(n))
		}
	}
}

// checkPolicy wants nothing that a strict Content-Security-Policy would block.
func checkPolicy(t *testing.T, doc *html.Node) {
	t.Helper()
	for n := range doc.Descendants() {
		if n.Data == "style" || n.Data == "script" {
			t.Errorf("inline <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("attribute %s on <%s>", a.Key, n.Data)
			}
		}
	}
}

// unfinished is what a missing message or an unfilled placeholder looks like.
var unfinished = regexp.MustCompile(`\b(start|signin|contact|appeals|help|accessibility|privacy|error|expired)\.[a-z_0-9]+\b|\{\w+\}|\{\{`)

func checkWords(t *testing.T, doc *html.Node) {
	t.Helper()
	text := innerText(pick(doc, "body")[0])
	if m := unfinished.FindString(text); m != "" {
		t.Errorf("the page shows %q", m)
	}
	if m := regexp.MustCompile(`[:.;][A-ZƏİÖÜÇŞĞa-zəıöüçşğ0-9]{4,}\(`).FindString(text); m != "" {
		t.Errorf("no space in %q", m)
	}
	if strings.Contains(strings.ToLower(text), "imtina") {
		t.Error("the word “imtina”: the regulation knows no refusal (clause 3.2.1)")
	}
}

// pick lists the elements of a name in document order.
func pick(n *html.Node, tag string) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag {
			out = append(out, d)
		}
	}
	return out
}

// attribute is the value of an attribute, or "".
func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// innerText joins the text below a node.
func innerText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
