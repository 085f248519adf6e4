package views

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestFrame(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		p.Title, p.Tab = "X", TabHelp
		doc := parse(t, Goods(p, sampleGoods()))
		checkPage(t, doc, lang)
		checkFiles(t, p, doc)
		if got, want := text(all(doc, "title")[0]), "X – "+p.L.T("site.name"); got != want {
			t.Errorf("title %q", got)
		}
		skip := all(doc, "a")[0]
		if href, _ := attr(skip, "href"); href != "#main" || !hasClass(skip, "skip") {
			t.Error("the first link must skip to the content")
		}
		foot := text(byClass(doc, "foot")[0])
		for _, want := range []string{"195(6)", "(+99412) 404-22-00", "office@customs.gov.az", "www.customs.gov.az", "www.dxr.az", p.L.T("site.official"), p.Contacts.Department(lang)} {
			if !strings.Contains(foot, want) {
				t.Errorf("the footer lacks %q", want)
			}
		}
	}
}

func TestSignedOut(t *testing.T) {
	p := samplePage(t, "az")
	p.Person = nil
	doc := parse(t, layout(p))
	if len(byClass(doc, "tabs")) != 0 || len(all(doc, "form")) != 0 || len(byClass(doc, "who")) != 0 {
		t.Error("nothing personal before sign-in")
	}
	if href, _ := attr(byClass(doc, "brand")[0], "href"); href != "/" {
		t.Errorf("the service's name leads to %q", href)
	}
}

func TestSignedIn(t *testing.T) {
	p := samplePage(t, "en")
	p.Tab, p.ShowAccess = TabAccess, true
	doc := parse(t, layout(p))
	form := all(doc, "form")[0]
	action, _ := attr(form, "action")
	method, _ := attr(form, "method")
	if action != "/sign-out" || method != "post" {
		t.Errorf("sign-out: %s %s", method, action)
	}
	var current []string
	for _, a := range all(byClass(doc, "tabs")[0], "a") {
		if v, has := attr(a, "aria-current"); has {
			current = append(current, v+" "+text(a))
		}
	}
	if len(current) != 1 || current[0] != "page Who viewed my data" {
		t.Errorf("current section: %v", current)
	}
	if who := text(byClass(doc, "who")[0]); !strings.Contains(who, "“Xəzər Aqro Ticarət” MMC") || !strings.Contains(who, "1403287651") {
		t.Error(who)
	}
	p.Person.Organisation = ""
	if got := p.Person.Display(); got != "Əliyev Rəşad" {
		t.Error(got)
	}
}

func TestTitles(t *testing.T) {
	p := samplePage(t, "en")
	for _, c := range []struct {
		title string
		error bool
		want  string
	}{
		{"", false, "My goods at the border"}, {"Help", false, "Help – My goods at the border"}, {"Help", true, "Error: Help – My goods at the border"},
	} {
		p.Title, p.Error = c.title, c.error
		if got := p.title(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestHeroAndRobots(t *testing.T) {
	p := samplePage(t, "az")
	p.Hero, p.Noindex = true, true
	doc := parse(t, layout(p))
	if !hasClass(all(doc, "main")[0], "has-hero") || len(byClass(doc, "masthead--plain")) != 1 {
		t.Error("a page with a hero carries the band itself")
	}
	robots := false
	for _, m := range all(doc, "meta") {
		if name, _ := attr(m, "name"); name == "robots" {
			robots = true
		}
	}
	if !robots {
		t.Error("noindex is missing")
	}
}

func TestLanguageLinks(t *testing.T) {
	p := samplePage(t, "az")
	for path, want := range map[string]string{
		"/goods":                        "/goods?lang=en",
		"/goods?q=a%26b&lang=az":        "/goods?lang=en&q=a%26b",
		"/goods/X%2F1":                  "/goods/X%2F1?lang=en",
		"":                              "/?lang=en",
		"//evil.example/x":              "/?lang=en",
		"https://evil.example/x":        "/?lang=en",
		"javascript:alert(1)":           "/?lang=en",
		"/goods?from=2026-11-01&page=2": "/goods?from=2026-11-01&lang=en&page=2",
	} {
		p.Path = path
		if got := p.langURL("en"); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	var en *html.Node
	for _, a := range all(byClass(parse(t, layout(p)), "lang")[0], "a") {
		en = a
	}
	if v, _ := attr(en, "hreflang"); v != "en" {
		t.Error("the other language must be a link and say which")
	}
}

func TestTelephoneLinks(t *testing.T) {
	for number, want := range map[string]string{"195(6)": "tel:195", "(+99412) 404-22-00": "tel:+994124042200", "195": "tel:195"} {
		if got := telURL(number); got != want {
			t.Errorf("%q: %q", number, got)
		}
	}
}
