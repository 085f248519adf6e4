package views

import (
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/customs"
)

// The switch shows both languages in their own words; the other one is a link
// to this page with all its parameters.
func TestLanguageSwitch(t *testing.T) {
	for lang, want := range map[string]struct{ current, other, href, hreflang string }{
		"az": {"AZ – Azərbaycanca", "EN – English", "/goods?from=2026-11-01&lang=en&page=2&q=a%26b", "en"},
		"en": {"EN – English", "AZ – Azərbaycanca", "/goods?from=2026-11-01&lang=az&page=2&q=a%26b", "az"},
	} {
		p := samplePage(t, lang)
		p.Path = "/goods?q=a%26b&page=2&from=2026-11-01"
		nav := only(t, parse(t, layout(p)), "lang")
		links := all(nav, "a")
		if len(links) != 1 || text(links[0]) != want.other || attribute(links[0], "href") != want.href || attribute(links[0], "hreflang") != want.hreflang || attribute(links[0], "lang") != want.hreflang {
			t.Errorf("%s: %q leads to %q", lang, texts(links), hrefs(nav))
		}
		for _, n := range all(nav, "span") {
			if attribute(n, "aria-current") == "true" && (text(n) != want.current || attribute(n, "lang") != lang) {
				t.Errorf("%s: current: %q", lang, text(n))
			}
		}
	}
}

// The section that a page belongs to is marked, and no other; the history of
// access is offered only where it exists.
func TestSections(t *testing.T) {
	p := samplePage(t, "az")
	for tab, want := range map[Tab]string{TabGoods: "/goods", TabAccess: "/access", TabAppeals: "/appeals", TabHelp: "/help", "": ""} {
		for _, shown := range []bool{true, false} {
			p.Tab, p.ShowAccess = tab, shown
			tabs := only(t, parse(t, layout(p)), "tabs")
			if there := slices.Contains(hrefs(tabs), "/access"); there != shown {
				t.Errorf("the history of access is offered: %v", there)
			}
			current := ""
			for _, a := range all(tabs, "a") {
				if attribute(a, "aria-current") == "page" {
					current += attribute(a, "href")
				}
			}
			if current != want && (shown || tab != TabAccess) {
				t.Errorf("%q: marked %q, want %q", tab, current, want)
			}
		}
	}
}

// The footer's addresses and the department come from the configuration.
func TestFooterIsConfiguration(t *testing.T) {
	for lang, department := range map[string]string{"az": "Yeni Baş İdarə", "en": "New Main Department"} {
		p := guestPage(t, lang)
		p.Contacts = &Contacts{
			CallCentre: "123(4)", Phone: "(+99412) 000-11-22", Email: "a@example.az", Sites: []string{"one.example.az", "two.example.az"},
			DepartmentAZ: "Yeni Baş İdarə", DepartmentEN: "New Main Department",
		}
		foot := only(t, parse(t, layout(p)), "foot")
		want := []string{"tel:123", "tel:+994120001122", "mailto:a@example.az", "https://one.example.az/", "https://two.example.az/", "/help", "/appeals", "/accessibility", "/privacy"}
		if got := hrefs(foot); !slices.Equal(got, want) {
			t.Errorf("%s: %q", lang, got)
		}
		if shown := text(foot); !strings.Contains(shown, department) || strings.Contains(shown, "195") {
			t.Errorf("%s: %q", lang, shown)
		}
	}
}

// A page that must be asked for again does so only in a browser without scripts.
func TestRefresh(t *testing.T) {
	p := guestPage(t, "az")
	if strings.Contains(render(t, layout(p)), "http-equiv") {
		t.Error("a page asks for itself again without a reason")
	}
	p.Refresh = 5
	if !strings.Contains(render(t, layout(p)), `<noscript><meta http-equiv="refresh" content="5"></noscript>`) {
		t.Error("without scripts the page stays as it is")
	}
}

// Each error says it in the title, the heading and words of its own, and marks
// no section.
func TestErrorPages(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		p.Tab = TabGoods
		for name, v := range errorSamples() {
			doc := parse(t, Error(p, v))
			h1 := text(all(doc, "h1")[0])
			if got, want := text(all(doc, "title")[0]), p.L.T("site.error", "title", h1+" – "+p.L.T("site.name")); got != want {
				t.Errorf("%s, %s: title %q, want %q", lang, name, got, want)
			}
			for _, a := range all(only(t, doc, "tabs"), "a") {
				if attributeSet(a, "aria-current") {
					t.Errorf("%s, %s: marks %q as the page", lang, name, text(a))
				}
			}
			solid := 0
			for _, b := range byClass(all(doc, "main")[0], "btn") {
				if !hasClass(b, "btn--quiet") {
					solid++
				}
			}
			if solid != 1 {
				t.Errorf("%s, %s: %d main ways on, want one", lang, name, solid)
			}
			if got := text(only(t, doc, "ref")); !strings.Contains(got, p.RequestID) {
				t.Errorf("%s, %s: no code to read out: %q", lang, name, got)
			}
		}
	}
}

// The start page offers the ways to sign in that are on, in their order, each
// with the page to come back to.
func TestMethodsOffered(t *testing.T) {
	every := []Method{MethodSIMA, MethodMyGov, MethodCard, MethodFile}
	for mask := range 1 << len(every) {
		var on []Method
		var want []string
		for i, m := range every {
			if mask&(1<<i) != 0 {
				on, want = append(on, m), append(want, "/sign-in/"+string(m)+"?return=%2Fgoods%2F1")
			}
		}
		doc := parse(t, Start(guestPage(t, "en"), StartView{Methods: on, Return: "/goods/1"}))
		var got []string
		for _, list := range byClass(doc, "methods") {
			got = hrefs(list)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %q, want %q", on, got, want)
		}
	}
}

// The map repeats what the list beside it says: it is hidden from those who do
// not see it, and the keyboard passes it by.
func TestMapRepeatsTheList(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p, g := samplePage(t, lang), sampleGoods()
		g.Query.Checkpoint = "00922"
		doc := parse(t, Goods(p, g))
		drawing := only(t, doc, "map")
		if attribute(drawing, "aria-hidden") != "true" {
			t.Error("the map is read out")
		}
		listed := hrefs(only(t, doc, "cplist"))
		for _, a := range all(drawing, "a") {
			if attribute(a, "tabindex") != "-1" || !slices.Contains(listed, attribute(a, "href")) {
				t.Errorf("%s: the map leads to %q and the list does not", lang, attribute(a, "href"))
			}
			if hasClass(a, "is-on") != strings.Contains(attribute(a, "href"), "00922") {
				t.Errorf("%s: %q marked: %v", lang, attribute(a, "href"), hasClass(a, "is-on"))
			}
		}
	}
}

// Whatever set of checkpoints holds goods: circles grow with the count and stay
// apart, and no label covers a circle, another label or the edge.
func TestMapLabelsCoverNothing(t *testing.T) {
	g := sampleGoods()
	places := g.Checkpoints.All()
	for seed := range 60 {
		g.List.All = nil
		for i, c := range places {
			if n := (seed*7919 + i*104729) % 97; n%3 != 0 || seed == 0 {
				g.List.All = append(g.List.All, customs.CheckpointCount{Checkpoint: c.Code, Count: n + 1})
			}
		}
		for _, lang := range []string{"az", "en"} {
			var taken []box
			spots := g.spots(lang)
			for _, s := range spots {
				taken = append(taken, box{s.x - s.r, s.y - s.r, s.x + s.r, s.y + s.r})
			}
			for i, s := range spots {
				if bigger := spots[(i+1)%len(spots)]; s.count < bigger.count && s.r > bigger.r {
					t.Errorf("seed %d: %d is drawn larger than %d", seed, s.count, bigger.count)
				}
				if len(s.label) == 0 {
					continue
				}
				letters := 0
				for _, line := range s.label {
					letters = max(letters, len([]rune(line)))
				}
				b := box{s.labelX, s.labelY + 4 - mapLine, s.labelX + float64(letters)*mapLetter, s.labelY + 4 + float64(len(s.label)-1)*mapLine}
				if s.labelEnd {
					b.left, b.right = s.labelX-float64(letters)*mapLetter, s.labelX
				}
				if meetsAny(b, taken) || b.left < 0 || b.right > mapWidth {
					t.Errorf("seed %d, %s: the label of %s covers something: %+v", seed, lang, s.name, b)
				}
				taken = append(taken, b)
			}
		}
	}
}
