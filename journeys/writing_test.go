package journeys_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// writing is interrupted by the end of the session, in every way that there
// is: the words come back, the way leads to the same page, and there they can
// be sent.
func writing(t *testing.T, w *world) {
	const words = `Üç gün gözlədim: "<b>" & 'ə'`
	for _, lang := range []string{"az", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			v := w.visit(t).as("aysel")
			v.speak(lang)
			page := "/access/not-mine?registration=" + v.text("tr .reg")
			// The page notices by itself.
			v.open(page)
			v.do(chromedp.SendKeys(chromedp.CSS("#body"), words))
			v.forgotten()
			v.arrive(chromedp.Evaluate[chromedp.Void](`new BroadcastChannel("session").postMessage("kept"); window.dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`))
			v.givenBack(words)
			(&look{visitor: v, axe: axeRules(t), who: "writing"}).page("given back by the page")
			v.backTo(page, "aysel")
			// Nobody wrote anything: the page just leaves.
			v.forgotten()
			v.arrive(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`))
			if at := v.at(); !strings.HasPrefix(at, "/session-timeout?return=") || v.count("textarea") != 0 {
				t.Errorf("at %s with %d texts", at, v.count("textarea"))
			}
			// A complaint comes back as the form that it is.
			v.as("aysel")
			v.open("/appeals/complaint")
			v.do(chromedp.SendKeys(chromedp.CSS("#facts"), words))
			v.forgotten()
			v.arrive(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`))
			v.wantText(v.words.T("complaint.notice.ended"))
			if facts := ask[string](v, `document.querySelector("#facts").value`); facts != words {
				t.Errorf("of the complaint came back %q", facts)
			}
		})
		t.Run(lang+", no scripts", func(t *testing.T) {
			t.Parallel()
			v := w.visit(t).withoutScripts().as("rashad")
			v.speak(lang)
			page := "/access/not-mine?registration=" + v.text("tr .reg")
			v.open(page)
			v.do(chromedp.SendKeys(chromedp.CSS("#body"), words))
			v.forgotten()
			if status := v.follow(`form[action="/access/not-mine"] button`); status != http.StatusUnauthorized {
				t.Errorf("status %d", status)
			}
			v.givenBack(words)
			v.backTo(page, "rashad")
			v.do(chromedp.SendKeys(chromedp.CSS("#body"), words))
			v.follow(`form[action="/access/not-mine"] button`)
			v.wantText(words)
			if !strings.HasPrefix(v.at(), "/access/reports/") {
				t.Errorf("at %s", v.at())
			}
		})
	}
}

// forgotten lets the browser forget its session, but not its language.
func (v *visitor) forgotten() {
	v.Helper()
	lang := ask[string](v, "document.documentElement.lang")
	command(v, network.ClearBrowserCookies, cdp.Empty{})
	command(v, network.SetCookie, network.SetCookieParams{Name: "lang", Value: lang, URL: "http://" + v.w.portal.addr})
}

// givenBack expects the page that says what was not sent.
func (v *visitor) givenBack(words string) {
	v.Helper()
	v.wantText(v.words.T("expired.title"), v.words.T("expired.not_taken"), v.words.T("expired.typed"))
	if got := ask[string](v, `document.querySelector("textarea[readonly]")?.value ?? ""`); got != words {
		v.Errorf("at %s: given back %q", v.at(), got)
	}
	if strings.Contains(v.text("main"), v.words.T("expired.text")) {
		v.Error("the page says that nothing has been lost")
	}
}

// backTo signs in by the page's own link and expects to be where it was.
func (v *visitor) backTo(page, person string) {
	v.Helper()
	v.follow(`main a[href^="/?return="]`)
	v.follow(`.methods a[href^="/sign-in/file"]`)
	v.enter(person)
	v.wantAt(page)
}

// behind is a script that puts a window behind another one, or before it again,
// as far as its page can tell.
func behind(hidden bool) string {
	return `(() => {
		Object.defineProperty(document, "hidden", {value: ` + strconv.FormatBool(hidden) + `, configurable: true});
		return String(document.dispatchEvent(new Event("visibilitychange")));
	})()`
}

// now evaluates an expression in a page that may be on its way to another.
func (v *visitor) now(expression string) string {
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		return ""
	}
	return text
}

// eventually waits until an expression has a value, in a page that may load
// itself again; meanwhile it checks what must hold all the time.
func (v *visitor) eventually(expression, want string, meanwhile ...func()) {
	v.Helper()
	for end := time.Now().Add(patience); v.now(expression) != want; {
		for _, check := range meanwhile {
			check()
		}
		if time.Now().After(end) {
			v.Fatalf("at %s: %s is %q, not %q", v.at(), expression, v.now(expression), want)
		}
	}
}

// twoCompanies has two windows open while one of them goes over to another
// company: no window shows one company's name over the other's goods.
func twoCompanies(t *testing.T, w *world) {
	t.Parallel()
	first := w.visit(t)
	first.open("/sign-in/file")
	first.enter("several")
	first.do(chromedp.Click(chromedp.ID("voen-0")))
	first.follow("form.stack button")
	first.wantAt("/goods")
	first.listening()
	one := first.text(".who .num")
	goods := first.text("tr .reg")
	ask[string](first, behind(true))
	second := w.visitBeside(t, first)
	second.open("/company")
	(&look{visitor: second, axe: axeRules(t), who: "several"}).page("company switch")
	other := ask[string](second, `[...document.querySelectorAll("input[name=voen]")].map(i => i.value).find(v => v !== `+quote(one)+`)`)
	second.do(chromedp.Click(chromedp.CSS(`input[value="` + other + `"]`)))
	second.follow("main form button:not([name])")
	second.wantAt("/goods")
	if got := second.text(".who .num"); got != other || second.text("tr .reg") == goods {
		t.Errorf("the second window is %s's, with %s", got, second.text("tr .reg"))
	}
	first.now(behind(false)) // it may be on its way to the other's list by itself
	first.eventually(`document.querySelector(".who .num")?.textContent ?? ""`, other, func() {
		if row := first.now(`document.querySelector("tr .reg")?.textContent ?? ""`); row != "" && row != goods && first.now(`document.querySelector(".who .num")?.textContent ?? ""`) == one {
			t.Fatalf("the first window shows %s under the name of %s", row, one)
		}
	})
	first.loaded()
	if row := first.text("tr .reg"); row != second.text("tr .reg") {
		t.Errorf("at %s the first window shows %s", first.at(), row)
	}
	// Nothing that was written for the one is sent for the other.
	first.open("/notifications")
	first.do(chromedp.SendKeys(chromedp.CSS("#new-address"), "buxgalter@example.az"))
	second.open("/company")
	second.do(chromedp.Click(chromedp.CSS(`input[value="` + one + `"]`)))
	second.follow("main form button:not([name])")
	first.eventually(`document.querySelector("textarea[readonly]")?.value ?? ""`, "buxgalter@example.az")
	second.open("/notifications")
	if second.count("article") != 0 || second.text(".who .num") != one {
		t.Error("an address was added for the company that was gone over to")
	}
	second.open("/company")
	second.do(chromedp.Click(chromedp.CSS(`input[value="` + other + `"]`)))
	second.follow("main form button:not([name])")
	// Where no script can notice, the form itself says whose it is.
	third := w.visitBeside(t, first).withoutScripts()
	third.open("/notifications")
	third.do(chromedp.SendKeys(chromedp.CSS("#new-address"), "buxgalter@example.az"))
	second.open("/company")
	second.do(chromedp.Click(chromedp.CSS(`input[value="` + one + `"]`)))
	second.follow("main form button:not([name])")
	if status := third.follow("section form button"); status != http.StatusConflict {
		t.Errorf("a form of the other company answers %d", status)
	}
	third.wantText(third.words.T("company.moved.title"), one)
	if got := ask[string](third, `document.querySelector("textarea[readonly]")?.value ?? ""`); got != "buxgalter@example.az" {
		t.Errorf("what was written is lost: %q", got)
	}
	command(third, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}) // axe is one
	(&look{visitor: third, axe: axeRules(t), who: "several"}).page("company moved")
	third.follow("main .btn[href]")
	third.wantAt("/notifications")
	if third.count("article") != 0 {
		t.Error("an address was added for the company that was gone over to")
	}
	second.open("/company")
	second.do(chromedp.Click(chromedp.CSS(`input[value="` + other + `"]`)))
	second.follow("main form button:not([name])")
	// A page of the company that was left answers as for a stranger.
	if status := first.open("/goods/" + goods); status != http.StatusNotFound {
		t.Errorf("the other company's registration answers %d", status)
	}
}
