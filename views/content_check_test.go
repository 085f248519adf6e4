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
	file := SignInFileView{
		Methods: methods, ChallengeURL: "/sign-in/file/c/7f3c", ChallengeName: "sorgu-7f3c.txt",
		Valid: 15 * time.Minute, MaxBytes: 64 << 10, Return: "/goods?status=held",
	}
	badFile := file
	badFile.Problem = "not_a_signature"
	companies := []Company{{VOEN: "1499000151", Name: "“Xəzər Aqro Ticarət” MMC"}, {VOEN: "1599000161", Name: ""}}
	privacy := PrivacyView{
		SessionCookie: "portal_session", LanguageCookie: "portal_language",
		LanguageKept: 365 * 24 * time.Hour, Idle: 20 * time.Minute, Absolute: 8 * time.Hour,
	}
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
		p := samplePage(t, lang)
		pages := openPages(p)
		for _, name := range slices.Sorted(maps.Keys(pages)) {
			t.Run(lang+"/"+name, func(t *testing.T) {
				doc := parse(t, pages[name])
				checkPage(t, doc, lang)
				checkFiles(t, p, doc)
				checkDescriptions(t, doc)
				checkWords(t, doc)
			})
		}
	}
}

// checkDescriptions wants a target for everything that points to a description.
func checkDescriptions(t *testing.T, doc *html.Node) {
	t.Helper()
	ids := map[string]bool{}
	for _, n := range all(doc, "*") {
		ids[attribute(n, "id")] = true
	}
	for _, n := range all(doc, "*") {
		for id := range strings.FieldsSeq(attribute(n, "aria-describedby")) {
			if !ids[id] {
				t.Errorf("<%s> is described by %q, which does not exist", n.Data, id)
			}
		}
	}
	for _, n := range all(doc, "summary") {
		if text(n) == "" {
			t.Error("a summary has no words")
		}
	}
}

// unfinished is what a missing message or an unfilled placeholder looks like.
var unfinished = regexp.MustCompile(`\b(start|signin|contact|appeals|help|accessibility|privacy|error|expired)\.[a-z_0-9]+\b|\{\w+\}|\{\{`)

func checkWords(t *testing.T, doc *html.Node) {
	t.Helper()
	words := text(all(doc, "body")[0])
	if m := unfinished.FindString(words); m != "" {
		t.Errorf("the page shows %q", m)
	}
	if m := regexp.MustCompile(`[:;][^\s/]{3,}\(`).FindString(words); m != "" {
		t.Errorf("no space in %q", m)
	}
	if strings.Contains(strings.ToLower(words), "imtina") {
		t.Error("the word “imtina”: the regulation knows no refusal (clause 3.2.1)")
	}
}

// attribute is the value of an attribute, or "".
func attribute(n *html.Node, name string) string {
	v, _ := attr(n, name)
	return v
}
