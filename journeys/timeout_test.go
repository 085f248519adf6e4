package journeys_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hurry lets the page believe that the end of its session is near: only the
// server knows, so what it answers is changed on the way, not what it does.
const hurry = `(() => {
	const ask = window.fetch;
	window.near = true;
	window.fetch = async (address, options) => {
		const answer = await ask(address, options);
		if (address !== "/session" || !window.near || options.method === "POST") return answer;
		return new Response(JSON.stringify({left: 100}), {status: answer.status});
	};
	new BroadcastChannel("session").postMessage("kept");
	return true;
})()`

// keepStreams keeps the event streams of the pages to come where a test finds
// them, and how to make them say that they end.
func (v *visitor) keepStreams() {
	v.Helper()
	command(v, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		const streams = [];
		window.EventSource = class extends EventSource {
			constructor(...how) {
				super(...how);
				streams.push(this);
			}
		};
		window.endStreams = () => streams.filter((s) => s.dispatchEvent(new MessageEvent("end"))).length;`})
}

// signOutLate signs out while the page's streams say that the session has ended
// before the answer has come.
func (v *visitor) signOutLate() {
	v.Helper()
	ask[bool](v, `(() => {
		document.addEventListener("submit", () => setTimeout(endStreams));
		document.querySelector(".out").click();
		return true;
	})()`)
	v.soonAt("/?signed-out=1")
}

// sessionEnds is warned of the session's end in two windows, stays signed in,
// and signs out of both at once.
func sessionEnds(t *testing.T, w *world) {
	t.Parallel()
	first := w.visit(t)
	for _, lang := range []string{"az", "en"} {
		first.as("leyla")
		first.speak(lang)
		first.listening()
		ask[bool](first, `(() => { document.querySelector("main .btn[href]").focus(); return true; })()`)
		ask[bool](first, hurry)
		first.until(`document.querySelector("#session").open`)
		if !ask[bool](first, `document.activeElement.matches("#session button") && document.querySelector("#session").matches(":modal")`) {
			t.Error("the warning has not the focus")
		}
		first.wantText(first.words.T("timeout.heading"), first.words.T("timeout.extend"), "1:")
		l := &look{visitor: first, axe: axeRules(t), who: "leyla"}
		l.page("session " + lang)
		for range 3 { // the focus stays within
			first.do(chromedp.KeyEvent(kb.Tab))
			if !ask[bool](first, `document.activeElement === document.body || !!document.activeElement.closest("#session")`) {
				t.Error("the focus left the warning")
			}
		}
		ask[bool](first, `(() => { window.near = false; document.querySelector("#session button").focus(); return true; })()`)
		first.do(chromedp.KeyEvent(kb.Enter))
		first.until(`!document.querySelector("#session").open`)
		if !ask[bool](first, `document.activeElement.matches("main .btn[href]")`) {
			t.Error("the focus is not where it was")
		}
	}
	second := w.visitBeside(t, first)
	second.open("/goods")
	second.listening()
	ask[bool](first, hurry)
	first.until(`document.querySelector("#session").open`)
	ask[bool](first, `(() => { window.near = false; return true; })()`)
	second.keepStreams()
	second.open("/goods?q=x") // being here in one window is being here
	first.until(`!document.querySelector("#session").open`)

	second.listening()
	second.signOutLate()
	first.soonAt("/?signed-out=1")

	// One that ended otherwise says what happened and leads back.
	second.as("leyla")
	second.open("/goods?sort=oldest")
	second.listening()
	command(second, network.ClearBrowserCookies, cdp.Empty{})
	ask[bool](first, `(() => { new BroadcastChannel("session").postMessage("kept"); return true; })()`)
	second.soonAt("/session-timeout?return=%2Fgoods%3Fsort%3Doldest")
	second.wantText(second.words.T("expired.title"), second.words.T("expired.return_note"))
}

// soonAt waits until the page has gone somewhere by itself and is there whole:
// the address is the new one before the text is.
func (v *visitor) soonAt(path string) {
	v.Helper()
	for end := time.Now().Add(patience); v.at() != path; {
		if time.Now().After(end) {
			v.wantAt(path)
			return
		}
	}
	v.loaded()
}

// visitBeside opens another window of the same visitor: it shares the cookies.
func (w *world) visitBeside(t *testing.T, v *visitor) *visitor {
	t.Helper()
	beside := *w
	beside.browser = v.ctx
	return (&beside).visitAs(t)
}
