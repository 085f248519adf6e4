package journeys_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// listByKeys filters, sorts and takes a filter away with the keyboard alone, in
// both languages; every step is an address of its own.
func listByKeys(t *testing.T, w *world) {
	t.Parallel()
	for _, lang := range []string{"az", "en"} {
		t.Run(lang, func(t *testing.T) { narrow(w.visit(t).as("aysel"), lang) })
	}
}

// listWithoutScripts does the same without JavaScript. The page shows nothing
// that would need it, and leaves the screen at the session's end by itself.
func listWithoutScripts(t *testing.T, w *world) {
	t.Parallel()
	for _, lang := range []string{"az", "en"} {
		t.Run(lang, func(t *testing.T) {
			v := w.visit(t).as("aysel").withoutScripts()
			narrow(v, lang)
			v.open("/goods")
			for _, path := range []string{"/goods", ask[string](v, `document.querySelector("tr .reg").getAttribute("href")`)} {
				v.open(path)
				if n := ask[int](v, `[...document.querySelectorAll("main button, dialog")].filter(e => e.checkVisibility() && !e.closest("form")).length`); n > 0 {
					t.Errorf("%s: %d buttons that do nothing without scripts", path, n)
				}
				refresh := ask[string](v, `document.querySelector('meta[http-equiv="refresh"]')?.content ?? ""`)
				if want := ";url=/session-timeout?return=" + url.QueryEscape(path); !strings.HasSuffix(refresh, want) {
					t.Errorf("%s: refresh %q, want …%q", path, refresh, want)
				}
			}
		})
	}
}

func narrow(v *visitor, lang string) {
	v.Helper()
	v.speak(lang)
	v.open("/goods")
	all := v.count("tr .reg")
	waiting := ask[int](v, `Number(document.querySelector(".tally .is-act b").textContent)`)
	press := func(selector string) {
		v.Helper()
		v.do(chromedp.Focus(chromedp.CSS(selector)))
		v.arrive(chromedp.KeyEvent(kb.Enter))
	}
	press(".tally a.is-act")
	v.wantAt("/goods?waiting=you")
	if n := v.count("tr .reg"); n != waiting || n >= all {
		v.Errorf("%d rows wait for the trader, the count says %d", n, waiting)
	}
	press(`.data--goods thead th:nth-child(6) .sort`)
	v.wantAt("/goods?waiting=you&sort=weight")
	if got := ask[string](v, `document.querySelector(".data--goods thead th:nth-child(6)").ariaSort`); got != "descending" {
		v.Errorf("the column says %q", got)
	}
	press(".cplist a")
	place := v.text("h2#checkpoint-h")
	if at := v.at(); !strings.HasPrefix(at, "/goods?checkpoint=") || place == "" || !strings.HasSuffix(place, strings.TrimSuffix(strings.Split(v.text(".chip"), ":")[0], " ")) {
		v.Errorf("at %s: the checkpoint's part is headed %q, the chip says %q", at, place, v.text(".chip"))
	}
	if v.text(".checkpoint dl") == "" || v.count(".group") != 1 {
		v.Error("nothing is said about the checkpoint, or others are shown")
	}
	press(".chip")
	v.wantAt("/goods?sort=weight")
	if n := v.count("tr .reg"); n != all {
		v.Errorf("without the filter %d rows, want %d", n, all)
	}
}
