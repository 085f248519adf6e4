package journeys_test

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// known are the pages that must be looked at, by who looks. Whatever else
// nobody and aysel can reach from them by links is looked at too, one page of
// each kind.
var known = map[string][]string{
	"": {
		"/", "/?return=%2Fgoods", "/?signed-out=1", "/sign-in/file", "/sign-in/card", "/appeals", "/help", "/accessibility", "/privacy",
		"/no-such-page",
	},
	"aysel":  {"/goods", "/goods?q=zzzz", "/goods?waiting=you&page=99&sort=nonsense", "/goods/no-such-code"},
	"leyla":  {"/goods"},
	"kamran": {"/goods?page=2"},
}

// pages looks at every page in both languages: as a wide and as a narrow window,
// light and dark, and at four times its size.
func pages(t *testing.T, w *world) {
	rules := axeRules(t)
	for person, paths := range known {
		name := person
		if name == "" {
			name = "nobody"
		}
		for _, lang := range []string{"az", "en"} {
			t.Run(name+" "+lang, func(t *testing.T) {
				t.Parallel()
				v := w.visit(t)
				if person != "" {
					v.as(person)
				}
				v.open("/help?lang=" + lang)
				v.words = w.words.For(lang)
				l := &look{visitor: v, axe: rules, who: name, queue: slices.Clone(paths)}
				l.everywhere(person == "" || person == "aysel")
			})
		}
	}
	t.Run("after a mistake", func(t *testing.T) {
		t.Parallel()
		v := w.visit(t)
		l := &look{visitor: v, axe: rules, who: "mistake"}
		v.open("/sign-in/file?lang=en")
		v.words = w.words.For("en")
		v.follow(`form[enctype] button`)
		l.page("no file")
		v.open("/sign-in/file")
		v.enter("several")
		l.page("company")
		v.follow("form.stack button")
		l.page("no company")
	})
}

// look goes from page to page by links.
type look struct {
	*visitor
	axe, who string
	queue    []string
	shapes   []string // of the pages in the queue and before
	sheets   []string // style sheets that were looked into
}

// everywhere looks at the pages of the queue and, if wanted, at one page of each
// kind to which they lead.
func (l *look) everywhere(farther bool) {
	l.Helper()
	for _, path := range l.queue {
		l.shapes = append(l.shapes, shape(path))
	}
	for len(l.queue) > 0 {
		path := l.queue[0]
		l.queue = l.queue[1:]
		if status := l.open(path); status >= 500 {
			l.Errorf("%s: status %d", path, status)
		}
		l.page(path)
		if !farther {
			continue
		}
		for _, link := range ask[[]string](l.visitor, `[...document.querySelectorAll("a[href]:not([download])")].map(a => a.getAttribute("href"))`) {
			if s := shape(link); strings.HasPrefix(link, "/") && leads(link) && !slices.Contains(l.shapes, s) {
				l.shapes = append(l.shapes, s)
				l.queue = append(l.queue, link)
			}
		}
	}
}

// leads says whether a link leads to a page of the portal: not to a file, to
// the other language, to another listener or provider.
func leads(link string) bool {
	u, err := url.Parse(link)
	return err == nil && !u.Query().Has("lang") && !strings.HasSuffix(u.Path, "/start") && !file.MatchString(u.Path)
}

var (
	file     = regexp.MustCompile(`\.(csv|xlsx|json|png|tlog-proof|yaml|txt|pem)$|^/(static|register|feed)/|/challenge`)
	variable = regexp.MustCompile(`/[0-9A-F][0-9A-Za-z-]{5,}|/[0-9]+\b`)
)

// shape is what the addresses of pages of one kind have in common. Filters of
// the list are one kind.
func shape(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return link
	}
	s := variable.ReplaceAllString(u.Path, "/*")
	if u.Path != "/goods" {
		for name := range u.Query() {
			s += "?" + name
		}
	} else if u.RawQuery != "" {
		s += "?"
	}
	return s
}

// page looks at the page that the window shows.
func (l *look) page(name string) {
	l.Helper()
	l.strict(name)
	l.styles(name)
	name = l.who + strings.NewReplacer("/", "_", "?", "_", "&", "_", "=", "-", "%", "", " ", "-").Replace(strings.TrimSuffix("_"+name, "/"))
	for _, width := range []int64{1280, 375} {
		l.do(chromedp.EmulateViewport(width, 900))
		for _, scheme := range []string{"light", "dark"} {
			l.media("", "prefers-color-scheme", scheme)
			switch {
			case scheme == "light":
				l.violations(fmt.Sprintf("%d %s", width, scheme), `{preload: false}`)
			case l.words.Lang() == "az": // only the colours are others, and not by language
				l.violations(fmt.Sprintf("%d %s", width, scheme), `{runOnly: ["color-contrast", "link-in-text-block"]}`)
			}
			l.picture(fmt.Sprintf("%s.%s.%d.%s", name, l.words.Lang(), width, scheme))
		}
	}
	l.media("")
	for _, width := range []int64{576, 641, 768, 960, 1024} { // between these and beside them the style sheets change the layout
		l.do(chromedp.EmulateViewport(width, 900))
		l.fits(fmt.Sprint(width))
		l.picture(fmt.Sprintf("%s.%s.%d", name, l.words.Lang(), width))
	}
	// 400 % of 1280 × 1024 (WCAG 2.2, 1.4.10), also with wider text (1.4.12).
	l.do(chromedp.EmulateViewport(320, 256, chromedp.EmulateScale(4)))
	l.fits("at 400 %")
	ask[bool](l.visitor, `(() => {
		const s = new CSSStyleSheet();
		s.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }");
		document.adoptedStyleSheets = [s];
		return true;
	})()`)
	l.fits("at 400 % with wider text")
	l.do(chromedp.EmulateViewport(1280, 900))
}

// media sets what the page's style may ask about the window.
func (v *visitor) media(kind string, features ...string) {
	v.Helper()
	params := emulation.SetEmulatedMediaParams{Media: kind, Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}
	for pair := range slices.Chunk(features, 2) {
		params.Features = append(params.Features, &emulation.MediaFeature{Name: pair[0], Value: pair[1]})
	}
	command(v, emulation.SetEmulatedMedia, params)
}

// strict holds the page to what every page has, and to having nothing inline.
func (l *look) strict(name string) {
	l.Helper()
	if lang := ask[string](l.visitor, "document.documentElement.lang"); lang != l.words.Lang() {
		l.Errorf("%s: lang=%q, want %q", name, lang, l.words.Lang())
	}
	if n := l.count("h1"); n != 1 {
		l.Errorf("%s: %d headings of the first level", name, n)
	}
	inline := ask[[]string](l.visitor, `[...document.querySelectorAll("*")].filter(e =>
		e.tagName == "STYLE" || e.hasAttribute("style") || e.tagName == "SCRIPT" && !e.src && e.type != "application/json" ||
		e.getAttributeNames().some(n => n.startsWith("on"))).map(e => e.outerHTML.slice(0, 200))`)
	for _, html := range inline {
		l.Errorf("%s: inline script or style: %s", name, html)
	}
}

// styles holds the page's style sheets to the one rule for which axe loads them
// anew, and which asks nothing else of a page: each once, since pages share them.
// The other rule that loads files is about sound, and no page has any.
func (l *look) styles(name string) {
	l.Helper()
	if n := l.count("audio, video"); n > 0 {
		l.Errorf("%s: %d elements with sound, which nobody listens to here", name, n)
	}
	for _, sheet := range ask[[]string](l.visitor, `[...document.styleSheets].map(s => s.href)`) {
		if slices.Contains(l.sheets, sheet) {
			continue
		}
		l.sheets = append(l.sheets, sheet)
		l.violations("with "+sheet, `{runOnly: ["css-orientation-lock"]}`)
	}
}

// fits fails the test if the page must be scrolled to both sides to be read.
func (v *visitor) fits(when string) {
	v.Helper()
	wide := ask[[]string](v, `(() => {
		const d = document.documentElement;
		if (d.scrollWidth <= d.clientWidth) return [];
		return [d.scrollWidth + " > " + d.clientWidth, ...[...document.querySelectorAll("body *")].filter(e =>
			!e.closest(".vh") && e.getBoundingClientRect().right > d.clientWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 120))];
	})()`)
	if len(wide) > 0 {
		v.Errorf("%s, %s: too wide: %s", v.at(), when, strings.Join(wide, "\n\t"))
	}
}

// axeRules is axe-core's program.
func axeRules(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../tools/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing (make test installs it): %v", err)
	}
	return string(b)
}

// violation is one rule that a page breaks.
type violation struct{ ID, Impact, HTML, Why string }

// violations runs all rules of axe-core, best practices too, on the page as the
// window shows it.
func (l *look) violations(when, options string) {
	l.Helper()
	if !ask[bool](l.visitor, `"axe" in window`) {
		l.do(chromedp.Evaluate[chromedp.Void](l.axe))
	}
	list := ask[[]violation](l.visitor, `axe.run(document, {resultTypes: ["violations"], ...`+options+`}).then(r => r.violations.flatMap(v =>
		v.nodes.slice(0, 3).map(n => ({ID: v.id, Impact: v.impact, HTML: n.html.slice(0, 160), Why: n.failureSummary}))))`)
	for _, v := range list {
		l.Errorf("%s as %s, %s, %s: axe %s (%s): %s\n%s", l.at(), l.who, l.words.Lang(), when, v.ID, v.Impact, v.HTML, v.Why)
	}
}
