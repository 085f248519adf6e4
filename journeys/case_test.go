package journeys_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// guarded is a taxpayer whose goods need a second officer. No other journey
// says what the call centre may see of them.
const guarded = "1699000171"

// sensitive says that cases about a taxpayer need a second officer.
func (w *world) sensitive(t *testing.T, voen string) {
	t.Helper()
	run(t, t.Context(), nil, w.portal.binary, "staff", "sensitive", "add", "--data", w.portal.data, voen)
}

// sensitiveCase is a case that needs a second officer, is extended, and runs
// into its hard stop while the goods are on the operator's screen.
func (w *world) sensitiveCase(t *testing.T, operator *visitor, second, lang string, scripts bool) {
	t.Helper()
	see := func(*visitor, string) {}
	if scripts {
		rules := axeRules(t)
		see = func(v *visitor, name string) { (&look{visitor: v, axe: rules, who: "sensitive"}).page(name) }
	}
	operator.open("/assist")
	operator.write(map[string]string{"voen": guarded, "caller": "Kamran", "call_number": "+994 50 000 00 01", "call_id": "118205"})
	operator.do(chromedp.Click(chromedp.ID("verified-1")), chromedp.Click(chromedp.ID("reason-1")))
	operator.follow(`#case-form button`)
	at := operator.at()
	if problems := operator.text(".errors"); problems != "" {
		t.Fatal(problems)
	}
	operator.wantText(operator.words.T("assist.lede_waiting"), guarded)
	if operator.count(`form[action$="/approve"]`) != 0 || operator.open(at+"/goods") != http.StatusGone {
		t.Fatalf("an officer agrees to their own case, or sees goods before anybody did: %s", operator.text(".errors"))
	}
	operator.open(at)
	see(operator, "waiting")

	other := w.visit(t)
	other.in(second, "/assist", lang)
	other.wantText(other.words.T("assist.second"), guarded)
	see(other, "to approve")
	if status := other.open(at + "/goods"); status == http.StatusOK || other.count("tr .reg") != 0 {
		t.Errorf("the second officer sees the goods: %d", status)
	}
	other.open("/assist")
	other.follow(`form[action="` + at + `/approve"] button`)
	other.wantText(other.words.T("assist.done_approved"))
	if scripts { // the page that waits looks again by itself
		operator.appears(`a[href="` + at + `/goods"]`)
	} else {
		operator.open(at)
	}
	operator.follow(`a[href="` + at + `/goods"]`)
	if operator.count("tr .reg") == 0 {
		t.Fatal("no goods after the second officer agreed")
	}
	operator.extend(at, see)

	if scripts { // signing out leads elsewhere, but takes the goods off the screen
		operator.keepStreams()
		operator.open(at + "/goods")
		left := ask[string](operator, `new Promise((done) => {
			document.addEventListener("submit", (e) => e.preventDefault()); // it takes its time
			document.querySelector(".out").click();
			const ended = endStreams();
			setTimeout(() => done([ended, document.querySelector("main").childElementCount, location.pathname].join(" ")), 500);
		})`)
		if left != "1 0 "+at+"/goods" {
			t.Errorf("the stream ends while the operator signs out: %s", left)
		}
	}

	// The hard stop comes while the goods are on the screen.
	id := strings.TrimPrefix(at, "/assist/")
	w.portal.sql(t, "", `update assist_case set until = now() + interval '10 seconds' where id = $1`, id)
	if status := operator.open(at + "/goods"); status != http.StatusOK {
		t.Fatalf("before the stop: %d", status)
	}
	if refresh := ask[string](operator, `document.querySelector('meta[http-equiv="refresh"]')?.content ?? document.querySelector("noscript")?.textContent ?? ""`); !strings.Contains(refresh, at) {
		t.Errorf("without scripts the page stays: %q", refresh)
	}
	operator.eventually(`location.pathname + " " + String(document.querySelector("main")?.innerText.includes(`+quote(operator.words.T("assist.lede_over"))+`))`, at+" true")
	if operator.count("tr .reg, .behalf") != 0 || operator.open(at+"/goods") != http.StatusGone {
		t.Error("the goods are there after the stop")
	}
	operator.back()
	if operator.count("tr .reg") != 0 {
		t.Error("going back shows the goods after the stop")
	}
	operator.open(at)
	see(operator, "stopped")
}

// extend gives the case more time, after a mistake.
func (v *visitor) extend(at string, see func(*visitor, string)) {
	v.Helper()
	v.open(at)
	v.do(chromedp.SendKeys(chromedp.CSS("#reason_text"), "sual çoxdur"))
	v.follow(`form[action="` + at + `/extend"] button`)
	v.wantText(v.words.T("assist.problem_extend"), v.words.T("assist.problem.reason"))
	if kept := ask[string](v, `document.querySelector("#reason_text").value`); kept != "sual çoxdur" {
		v.Errorf("after a mistake the reason is %q", kept)
	}
	see(v, "not extended")
	v.do(chromedp.Click(chromedp.CSS(`.errors a[href="#reason-0"]`), chromedp.NodeVisible))
	if focus := ask[string](v, "document.activeElement.id"); focus != "reason-0" {
		v.Errorf("the mistake leads to %q", focus)
	}
	v.do(chromedp.Click(chromedp.ID("reason-2")))
	v.follow(`form[action="` + at + `/extend"] button`)
	v.wantAt(at)
	if n := ask[string](v, `document.querySelector("[name=extensions]").value`); n != "1" {
		v.Errorf("extended %s times", n)
	}
}

// appears waits for something on a page that may load itself again.
func (v *visitor) appears(selector string) {
	v.Helper()
	v.eventually(`document.readyState + !!document.querySelector(`+quote(selector)+`)`, "completetrue")
}
