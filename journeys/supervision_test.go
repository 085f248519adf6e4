package journeys_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// supervise is a supervisor's way, in both languages, with and without
// JavaScript: what happens now, a search, an entry with its proof, a file, and
// the month on paper; and a trader whose request shows.
func supervise(t *testing.T, w *world) {
	rules := axeRules(t)
	for _, c := range []struct {
		lang    string
		scripts bool
	}{{"az", true}, {"en", true}, {"az", false}, {"en", false}} {
		t.Run(c.lang+" scripts "+strconv.FormatBool(c.scripts), func(t *testing.T) {
			t.Parallel()
			trader := w.visit(t).as("rashad")
			v := w.visit(t)
			if !c.scripts {
				v.withoutScripts()
			}
			v.open("/supervision?lang=" + c.lang)
			v.words = w.words.For(c.lang)
			v.wantAt("/?return=%2Fsupervision%3Flang%3D" + c.lang)
			v.follow(`.methods a[href^="/sign-in/file"]`)
			v.enter("supervisor")
			v.wantText(v.words.T("supervision.heading"), v.words.T("supervision.hours"), v.words.T("supervision.outcome_refused"))
			if v.count(".chart__plot rect") == 0 || v.count(".hbars .bar") == 0 || v.count("#figures dt") != 8 {
				t.Errorf("%d bars of hours, %d others, %d figures", v.count(".chart__plot rect"), v.count(".hbars .bar"), v.count("#figures dt"))
			}
			v.moves(trader, c.scripts)
			v.searches()
			v.prints()
			if c.scripts {
				l := &look{visitor: v, axe: rules, who: "supervisor", queue: []string{
					"/supervision", "/supervision?paused=1", "/supervision/register", "/supervision/register?q=hello", "/supervision/register/1", "/supervision/month",
				}}
				l.everywhere(false)
			}
			v.follow(".masthead form button")
			v.open("/supervision")
			v.wantAt("/?return=%2Fsupervision")
		})
	}
}

// moves makes sure that a trader's request shows: by itself where there are
// scripts, by asking again where there are none.
func (v *visitor) moves(trader *visitor, scripts bool) {
	v.Helper()
	const newest = `document.querySelector(".feed a")?.getAttribute("href") ?? ""`
	before := ask[string](v, newest)
	for range 3 {
		trader.open("/goods")
	}
	if scripts {
		v.until(newest + ` !== "` + before + `"`)
		v.do(chromedp.Click(chromedp.CSS("#live button"), chromedp.NodeVisible))
		v.until(`document.querySelector(".live").classList.contains("live--off")`)
		return
	}
	if v.count("noscript a, .live ~ a") == 0 && v.count(`a[href="/supervision?paused=1"]`) == 0 {
		v.Error("without scripts the page cannot be kept from renewing itself")
	}
	v.arrive(chromedp.Reload())
	if ask[string](v, newest) == before {
		v.Error("a trader's request does not show")
	}
}

// searches goes from the register to an entry and takes the file along.
func (v *visitor) searches() {
	v.Helper()
	v.follow(`.tabs a[href="/supervision/register"]`)
	v.wantText(v.words.T("supervision.register_heading"))
	v.do(chromedp.SendKeys(chromedp.CSS("#rq"), "1499000152"))
	v.follow("form.filters button")
	if n := v.count("tbody tr"); n == 0 || n != ask[int](v, `[...document.querySelectorAll("tbody .code")].filter(c => c.textContent === "1499000152").length`) {
		v.Errorf("%d entries, not all of the taxpayer", n)
	}
	b, err := os.ReadFile(v.download(`a[href*="register.csv"]`))
	must(v.T, err)
	if lines := strings.Count(string(b), "\r\n"); lines < 2 || !strings.Contains(string(b), "1499000152") {
		v.Errorf("a file of %d lines", lines)
	}
	v.follow("tbody tr:last-child .reg")
	v.wantText("1499000152", v.words.T("supervision.proof"))
	if !strings.Contains(v.text(".leaf"), "register/entry/v1") {
		v.do(chromedp.Click(chromedp.CSS("details.pop summary"), chromedp.NodeVisible))
		if leaf := v.text(".leaf"); !strings.Contains(leaf, "register/entry/v1") {
			v.Errorf("the leaf is %q", leaf)
		}
	}
}

// prints opens the month and prints it: A4, upright, figures and tables, no
// navigation.
func (v *visitor) prints() {
	v.Helper()
	v.open("/supervision")
	v.follow(`.lede a[href="/supervision/month"]`)
	v.wantText(v.words.T("supervision.by_day"), v.words.T("supervision.by_place"), v.words.T("supervision.failures"))
	v.media("print")
	for _, gone := range []string{".tabs", ".filters", ".foot", ".masthead form"} {
		if ask[bool](v, fmt.Sprintf(`document.querySelector(%q)?.getBoundingClientRect().height > 0`, gone)) {
			v.Errorf("on paper there is still %s", gone)
		}
	}
	v.media("")
	v.sheets("/supervision/month", false)
}
