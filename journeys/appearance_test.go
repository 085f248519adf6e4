package journeys_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// forcedColours shows the pages in the few colours that somebody has chosen for
// all programs: what is told by a background or a shadow must be told otherwise.
func forcedColours(t *testing.T, w *world) {
	t.Parallel()
	v := w.visit(t).as("aysel")
	code := v.text("tr .reg")
	for _, path := range []string{"/goods", "/goods/" + code, "/sign-in/file", "/appeals"} {
		for _, scheme := range []string{"light", "dark"} {
			v.media("", "forced-colors", "active", "prefers-color-scheme", scheme)
			v.open(path)
			if !ask[bool](v, `matchMedia("(forced-colors: active)").matches`) {
				t.Fatal("the browser does not force colours")
			}
			bare := ask[[]string](v, `[...document.querySelectorAll(".btn, .badge, .input, .chip")].filter(e => {
				const s = getComputedStyle(e);
				return e.checkVisibility() && (s.borderTopStyle === "none" || parseFloat(s.borderTopWidth) < 1);
			}).map(e => e.outerHTML.slice(0, 120))`)
			for _, html := range bare {
				t.Errorf("%s: without an edge in forced colours: %s", path, html)
			}
			if v.tab(); path == "/goods" {
				for range 8 {
					if s := v.tab(); !s.Ring {
						t.Errorf("%s: does not look focused in forced colours: %s", path, s.Name)
					}
				}
			}
			v.picture("forced" + regexp.MustCompile(`\W`).ReplaceAllString(path, "_") + "." + scheme)
		}
	}
}

// paper prints the list and one registration.
func paper(t *testing.T, w *world) {
	t.Parallel()
	v := w.visit(t).as("aysel")
	rows, code := v.count("tr .reg"), v.text("tr .reg")
	for _, c := range []struct {
		path      string
		landscape bool
		rows      int
	}{{"/goods", true, rows}, {"/goods/" + code, false, 0}} {
		v.open(c.path)
		v.media("print")
		v.do(chromedp.EmulateViewport(1000, 700))
		for _, hidden := range []string{".tabs", ".filters", ".toolbar__x", ".lang", ".out", ".map", ".pager", ".back", ".no-print"} {
			if n := ask[int](v, `[...document.querySelectorAll(`+quote(hidden)+`)].filter(e => e.checkVisibility()).length`); n > 0 {
				t.Errorf("%s: on paper there is %s", c.path, hidden)
			}
		}
		shown := ask[int](v, `[...document.querySelectorAll("tr .reg")].filter(e => e.checkVisibility()).length`)
		if shown != c.rows {
			t.Errorf("%s: %d registrations on paper, want %d", c.path, shown, c.rows)
		}
		for _, class := range []string{"h1", ".print-only", ".who"} {
			if ask[int](v, `[...document.querySelectorAll(`+quote(class)+`)].filter(e => e.checkVisibility() && e.innerText.trim()).length`) == 0 {
				t.Errorf("%s: on paper there is no %s", c.path, class)
			}
		}
		v.wantText(v.words.T("site.voen"), "1499000151")
		v.media("")
		v.sheets(c.path, c.landscape)
	}
}

var sheet = regexp.MustCompile(`/MediaBox\s*\[\s*0 0 ([0-9.]+) ([0-9.]+)\s*\]`)

// sheets prints the page as its style wants it and looks at the sheets: A4, in
// the wanted direction, not one after another without end.
func (v *visitor) sheets(path string, landscape bool) {
	v.Helper()
	pdf := command(v, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true), PrintBackground: new(false)}).Data
	found := sheet.FindAllSubmatch(pdf, -1)
	if len(found) == 0 || len(found) > 12 {
		v.Errorf("%s: printed on %d sheets", path, len(found))
	}
	for _, s := range found {
		width, _ := strconv.ParseFloat(string(s[1]), 64)
		height, _ := strconv.ParseFloat(string(s[2]), 64)
		if (width > height) != landscape || max(width, height) < 840 || max(width, height) > 844 {
			v.Errorf("%s: a sheet of %.0f × %.0f points", path, width, height)
		}
	}
}

// The most that the list may cost over the wire, fonts included, in bytes.
const (
	firstVisit = 150 << 10
	laterVisit = 40 << 10
)

// weight counts the bytes of the list for a browser that was never here, and
// for one that comes again. Nobody else is there: where goods move, a list looks
// again, which costs bytes of its own.
func weight(t *testing.T, w *world) {
	for _, person := range []string{"aysel", "kamran"} {
		v := w.visit(t).as(person)
		command(v, network.ClearBrowserCache, cdp.Empty{})
		v.seen.weigh()
		for _, visit := range []struct {
			name, path string
			limit      int
		}{
			{"first", "/goods", firstVisit},
			{"second", "/goods", laterVisit},
			{"other", "/goods?sort=oldest", laterVisit}, // the whole list, told otherwise
		} {
			v.open(visit.path)
			v.settled()
			total, by := v.seen.weigh()
			t.Logf("%s, %s visit: %d bytes %v", person, visit.name, total, by)
			if rows := v.count("tr .reg"); rows == 0 || total == 0 || total > visit.limit {
				t.Errorf("%s: the %s visit costs %d bytes, more than %d: %v", person, visit.name, total, visit.limit, by)
			}
		}
	}
}

// settled waits until the fonts that the page uses are there.
func (v *visitor) settled() {
	v.Helper()
	if fonts := ask[int](v, `document.fonts.ready.then(f => [...f].filter(x => x.status === "loaded").length)`); fonts == 0 {
		v.Error("the page uses none of its fonts")
	}
}
