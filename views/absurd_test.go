package views

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"customs.gov.az/portal/customs"
)

// broken is what a page says when a value was too much for it.
var broken = regexp.MustCompile(`%!|<nil>|NaN|[+-]Inf|-9223372036854775808|\b0001\b|&lt;|&#|\{\{|\bmap\[|0x[0-9a-f]{6}`)

// Whatever a checkpoint says of goods, the pages stay pages: nothing of it is
// markup, no value breaks a sentence, nothing that is there is left out.
func TestAbsurdConsignments(t *testing.T) {
	long := strings.Repeat("Azərbaycanlılaşdırılmışlardan", 150)
	for what, c := range map[string]struct {
		change func(*customs.Consignment)
		shown  string // on the details
	}{
		"nothing but what must be": {func(c *customs.Consignment) {
			*c = customs.Consignment{Registration: "X", Checkpoint: c.Checkpoint, VOEN: c.VOEN, Status: c.Status, StatusAt: c.StatusAt, RegisteredAt: c.RegisteredAt}
		}, "X"},
		"no goods":             {func(c *customs.Consignment) { c.Goods = nil }, "009222611000479"},
		"empty names":          {func(c *customs.Consignment) { c.Consignee.Name, c.Consignor.Name, c.Carrier.Name = "", "", "" }, "IR"},
		"no packages, no mass": {func(c *customs.Consignment) { c.Goods[0].Packages, c.Goods[0].GrossMass = nil, nil }, "Mərmər"},
		"none of something":    {func(c *customs.Consignment) { c.Goods[0].Packages.Count = 0; *c.Goods[0].GrossMass = 0 }, "Mərmər"},
		"more than a ship carries": {func(c *customs.Consignment) {
			c.Goods[0].Packages.Count = math.MaxInt64
			*c.Goods[0].GrossMass = math.MaxInt64
		}, "223"},
		"less than nothing":  {func(c *customs.Consignment) { c.Goods[0].Packages.Count = -1; *c.Goods[0].GrossMass = -1 }, "Mərmər"},
		"the dearest goods":  {func(c *customs.Consignment) { *c.Goods[0].Value = math.MaxInt64; c.Goods[0].Currency = "xyz" }, "Mərmər"},
		"one very long word": {func(c *customs.Consignment) { c.Goods[0].Description, c.Consignor.Name = long, long }, long},
		"from right to left": {func(c *customs.Consignment) {
			c.Goods[0].Description, c.Consignor.Name = "رخام مصقول 60×60", "شرکت سنگ اصفهان"
		}, "شرکت سنگ اصفهان"},
		"markup": {func(c *customs.Consignment) { c.Goods[0].Description, c.Consignee.Name = hostile, hostile }, `<script>alert("x")</script>`},
		"markup in codes": {func(c *customs.Consignment) {
			c.Registration, c.Transport.Vehicle = `"><b>1`, hostile
			c.Documents[0].Number = hostile
		}, `"><b>1`},
		"templates and formulas":  {func(c *customs.Consignment) { c.Goods[0].Description = "{.} =1+1 ${x} %s" }, "{.} =1+1 ${x} %s"},
		"letters of other planes": {func(c *customs.Consignment) { c.Goods[0].Description = "👩‍🚀 𝔊𝔬𝔬𝔡𝔰 ə\u0301" }, "👩‍🚀 𝔊𝔬𝔬𝔡𝔰 ə\u0301"},
		"unknown codes": {func(c *customs.Consignment) {
			c.Transport.Mode, c.Transport.Nationality, c.Checkpoint = 99, "ZZ", "99999"
			c.Documents[0].Type = "999"
		}, "999"},
		"a code that is a path": {func(c *customs.Consignment) { c.Registration = "../../sign-out?x=1#y" }, "../../sign-out?x=1#y"},
		"so many containers":    {func(c *customs.Consignment) { c.Transport.Containers = slices.Repeat([]string{"MSCU 123456 7"}, 200) }, "MSCU 123456 7"},
		"so many requirements":  {func(c *customs.Consignment) { c.Requires = slices.Repeat(c.Requires, 100) }, "Əsli tələb olunur"},
		"a requirement of nobody": {func(c *customs.Consignment) {
			c.Requires[0] = customs.Requirement{Code: hostile, Who: "<b>", Note: hostile, Since: at(time.Hour)}
		}, "009222611000479"},
		"long ago": {func(c *customs.Consignment) {
			c.RegisteredAt, c.StatusAt = sampleNow.AddDate(-30, 0, 0), sampleNow.AddDate(-30, 0, 0)
		}, "1996"},
		"tomorrow": {func(c *customs.Consignment) {
			c.RegisteredAt, c.StatusAt = sampleNow.Add(26*time.Hour), sampleNow.Add(26*time.Hour)
		}, "2026"},
		"due before it was asked for": {func(c *customs.Consignment) { c.Requires[0].Due = new(sampleNow.AddDate(-1, 0, 0)) }, "Əsli"},
	} {
		for _, lang := range []string{"az", "en"} {
			t.Run(what+" "+lang, func(t *testing.T) {
				for name, doc := range show(t, lang, consignmentPages, c.change) {
					checkPage(t, doc, lang)
					checkText(t, name, doc)
					if name == "details" && !strings.Contains(strings.Join(strings.Fields(content(doc)), " "), strings.Join(strings.Fields(c.shown), " ")) {
						t.Errorf("the details do not show %.60q", c.shown)
					}
				}
			})
		}
	}
}

// content is all that a document holds as text.
func content(doc *html.Node) string {
	var b strings.Builder
	for d := range all(doc, "main")[0].Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// checkText fails for what a page says by mistake, and for elements and
// addresses that came from a value.
func checkText(t *testing.T, name string, doc *html.Node) {
	t.Helper()
	page := content(doc)
	if bad := broken.FindString(strings.ReplaceAll(page, hostile, "")); bad != "" {
		i := strings.Index(page, bad)
		t.Errorf("%s says %q: …%s…", name, bad, page[max(0, i-40):min(len(page), i+40)])
	}
	for _, n := range all(doc, "img") {
		if src, _ := attr(n, "src"); !strings.HasSuffix(src, "/qr.png") || name != "document" {
			t.Errorf("%s: a picture of %q", name, src)
		}
	}
	if len(all(doc, "script")) > 0 && len(all(all(doc, "main")[0], "script")) > 0 {
		t.Errorf("%s: a script among the words", name)
	}
	for _, n := range all(doc, "a") {
		href, _ := attr(n, "href")
		if !strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "#") && !strings.HasPrefix(href, "https://") && !strings.HasPrefix(href, "tel:") && !strings.HasPrefix(href, "mailto:") {
			t.Errorf("%s: a link to %q", name, href)
		}
		if strings.HasPrefix(href, "//") || strings.Contains(href, "/sign-out?") {
			t.Errorf("%s: a value became an address: %q", name, href)
		}
	}
}

var (
	oneOfMany = regexp.MustCompile(`(?:^|[^\d,.:–-])1 (registrations|items|goods items|packages|hours|days|minutes|seconds|pages|results|people|cases|reports|entries|checkpoints|companies|drafts|tokens|files|places)\b`)
	manyOfOne = regexp.MustCompile(`(?:^|[^\d,.:])(?:0|[2-9]|1\d|2[02-9]) (registration|goods item|package|hour|day|minute|second|page|result|case|report|checkpoint|draft|token|place)\b(?:[^-s]|$)`)
	azPlural  = regexp.MustCompile(`\b\d+ (qeydiyyatlar|saatlar|günlər|dəqiqələr|yerlər|mallar|məntəqələr|müraciətlər|qutular)\b`)
)

// Numbers and what they count agree on every page: English has a form for one,
// Azerbaijani none after a number.
func TestNumbersAgree(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 11, 21, 24} {
		for _, lang := range []string{"az", "en"} {
			for name, doc := range show(t, lang, consignmentPages, func(c *customs.Consignment) {
				ago := func(unit time.Duration) time.Time { return sampleNow.Add(-time.Duration(n * int(unit))) }
				c.RegisteredAt, c.StatusAt = ago(24*time.Hour), ago(time.Hour)
				item := c.Goods[0]
				item.Packages = &customs.Packages{Count: int64(n), Type: "CT"}
				c.Goods = slices.Repeat([]customs.GoodsItem{item}, n)
				c.Requires[0].Since, c.Requires[0].Due = ago(time.Minute), new(sampleNow.AddDate(0, 0, n))
			}) {
				page := text(doc)
				if name == "document" && lang == "en" && !strings.Contains(page, "(1 entry)") {
					t.Errorf("the preview does not count the history in its own language: %s", page)
				}
				for _, wrong := range []*regexp.Regexp{oneOfMany, manyOfOne, azPlural} {
					if bad := wrong.FindString(page); bad != "" {
						t.Errorf("%d, %s, %s: %q", n, lang, name, bad)
					}
				}
			}
		}
	}
	for phrase, wrong := range map[string]*regexp.Regexp{"for 1 days": oneOfMany, "in 2 hour.": manyOfOne, "3 saatlar": azPlural} {
		if !wrong.MatchString(phrase) {
			t.Errorf("%q would not be found", phrase)
		}
	}
}
