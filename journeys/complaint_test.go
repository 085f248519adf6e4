package journeys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// complaint goes from a registration to a paper that can be signed: in both
// languages, with and without scripts, by keys alone, narrow, dark and printed.
func complaint(t *testing.T, w *world) {
	for _, c := range []struct {
		name, person, lang string
		scripts            bool
	}{{"az", "kamran", "az", true}, {"en", "aysel", "en", true}, {"en without scripts", "rashad", "en", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := w.visit(t)
			if !c.scripts {
				v.withoutScripts()
			}
			v.as(c.person)
			v.speak(c.lang)
			v.complain(c.person, c.scripts)
		})
	}
	t.Run("keyboard", func(t *testing.T) {
		t.Parallel()
		v := w.visit(t).as("aysel")
		code := v.text("tr .reg")
		v.open("/appeals/complaint?registration=" + code)
		v.tabThrough()
		v.open("/appeals/complaint?registration=" + code)
		v.fillByKeys()
		v.signed()
		v.tabThrough()
	})
	t.Run("signed out", func(t *testing.T) {
		t.Parallel()
		v := w.visit(t)
		v.open("/appeals")
		v.follow(`a[href="/appeals/complaint"]`)
		l := &look{visitor: v, axe: axeRules(t), who: "nobody"}
		l.page("complaint, signed out")
		v.follow(`a.btn[href^="/?return"]`)
		v.follow(`a[href^="/sign-in/file"]`)
		v.enter("aysel")
		v.wantAt("/appeals/complaint")
	})
}

// complain writes a complaint the way a person does: with a mistake first, and
// a night between. axe-core, which looks at the pages, is a script itself.
func (v *visitor) complain(person string, scripts bool) {
	v.Helper()
	code := v.text("tr .reg")
	l := &look{visitor: v, axe: axeRules(v.T), who: "complaint"}
	see := func(name string) {
		if scripts {
			l.page(name)
		}
	}
	v.open("/appeals/complaint?registration=" + code)
	v.wantText(code, v.words.T("complaint.voen_note"))
	see("form")

	v.follow(`button[value="make"]`)
	if title := ask[string](v, "document.title"); !strings.HasPrefix(title, v.words.T("site.error", "title", "")) {
		v.Errorf("title %q", title)
	}
	see("mistakes")
	v.do(chromedp.Click(chromedp.CSS(`.errors a[href="#facts"]`), chromedp.NodeVisible))
	if at := ask[string](v, "document.activeElement.id"); at != "facts" {
		v.Errorf("the link of a mistake leads to %q", at)
	}
	long := strings.Repeat("Azərbaycanlılaşdırılmışlardan", 20)
	v.do(chromedp.SendKeys(chromedp.CSS("#facts"), "Mal gözləyir. "))
	command(v, input.InsertText, input.InsertTextParams{Text: long}) // as pasted: hundreds of keys take a busy browser half a minute
	v.do(chromedp.SendKeys(chromedp.CSS("#address"), "Bakı şəhəri"))
	v.follow(`button[value="save"]`)
	v.wantText(v.words.T("complaint.notice.saved"))
	draft := strings.TrimSuffix(v.at(), "?saved=1")

	v.follow("form .out")
	v.open("/sign-in/file")
	v.enter(person)
	v.open("/appeals")
	v.follow(`a[href="/appeals/complaint"]`)
	v.follow(`.drafts a[href="` + draft + `"]`)
	if facts := ask[string](v, "document.querySelector('#facts').value"); !strings.HasSuffix(facts, long) {
		v.Errorf("the draft says %q", facts)
	}
	v.do(chromedp.Click(chromedp.CSS(`label[for="kind-inaction"]`), chromedp.NodeVisible))
	v.do(chromedp.SendKeys(chromedp.CSS("#demand"), "Rəsmiləşdirmənin davam etdirilməsi"))
	v.follow(`button[value="make"]`)
	v.wantAt(draft + "/document")
	v.signed()
	v.wantText("İNZİBATİ ŞİKAYƏT", "Mal gözləyir", code, v.words.T("complaint.parts"))
	if v.words.Lang() == "en" {
		v.do(chromedp.Click(chromedp.CSS(".preview summary"), chromedp.NodeVisible))
		v.wantText("ADMINISTRATIVE COMPLAINT")
	}
	see("document")
	v.white()
	v.media("print")
	for _, hidden := range []string{".masthead", ".tabs", ".foot", "aside", ".no-print", ".preview"} {
		if n := ask[int](v, `[...document.querySelectorAll(`+quote(hidden)+`)].filter(e => e.checkVisibility()).length`); n > 0 {
			v.Errorf("on paper there is %s", hidden)
		}
	}
	v.media("")
	v.sheets(draft+"/document", false)

	v.open(draft + "/delete")
	see("delete")
	v.follow("main form .btn")
	v.wantText(v.words.T("complaint.notice.deleted"))
}

// signed opens a document until the register is signed: before that the page asks
// for itself again, every three seconds.
func (v *visitor) signed() {
	v.Helper()
	page := v.at()
	for end := time.Now().Add(patience); v.count(".sheet__qr") == 0; v.open(page) {
		if time.Now().After(end) {
			v.Fatalf("at %s: the register is not signed", page)
		}
	}
}

// white holds the paper to being white in a dark window too.
func (v *visitor) white() {
	v.Helper()
	v.media("", "prefers-color-scheme", "dark")
	if c := ask[string](v, `(() => { const s = getComputedStyle(document.querySelector(".sheet")); return s.backgroundColor + " " + s.color; })()`); c != "rgb(255, 255, 255) rgb(16, 33, 30)" {
		v.Errorf("in the dark the paper is %s", c)
	}
	v.media("")
}

// fillByKeys fills the form in and makes the document with nothing but keys.
func (v *visitor) fillByKeys() {
	v.Helper()
	for _, step := range [][2]string{
		{"#address", "Bakı"}, {"#kind-decision", " "}, {"#act_date", "16.11.2025"}, {"#facts", "Faktlar"}, {"#demand", "Tələb"},
	} {
		v.tabTo(step[0])
		v.do(chromedp.KeyEvent(step[1]))
	}
	for range 10 {
		if s := v.tab(); strings.Contains(s.Name, `value="make"`) {
			break
		}
	}
	v.arrive(chromedp.KeyEvent(kb.Enter))
	if !strings.HasSuffix(v.at(), "/document") {
		v.Fatalf("at %s: %s", v.at(), v.text(".errors"))
	}
	v.wantText("16.11.2025", "qərarından")
}
