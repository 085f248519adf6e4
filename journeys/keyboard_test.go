package journeys_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// stop is one place at which the Tab key stops.
type stop struct {
	Index    int    // of the element in the document, 0 for none
	Name     string // beginning of its HTML
	Ring     bool   // it looks focused
	Seen     bool   // it lies inside the window and nothing covers it
	InMain   bool
	Selector string // #id, or the class
}

const describeStop = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body || e === document.documentElement) return {Index: 0};
	const r = e.getBoundingClientRect(), s = getComputedStyle(e);
	const ringOf = s => parseFloat(s.outlineWidth) >= 2 && s.outlineStyle !== "none" || s.boxShadow !== "none";
	const x = Math.min(Math.max(r.left + Math.min(r.width, 40) / 2, 0), innerWidth - 1), y = r.top + r.height / 2;
	const at = document.elementFromPoint(x, y);
	return {
		Index: [...document.querySelectorAll("*")].indexOf(e), Name: e.outerHTML.slice(0, 100),
		Ring: ringOf(s) || ringOf(getComputedStyle(e, "::after")),
		Seen: y >= 0 && y <= innerHeight && r.right > 0 && r.left < innerWidth && !!at && (e.contains(at) || at.contains(e) || !!at.closest("label")?.contains(e)),
		InMain: !!e.closest("main"), Selector: e.id ? "#" + e.id : e.className,
	};
})()`

// keyboard goes through pages with nothing but keys.
func keyboard(t *testing.T, w *world) {
	for _, c := range []struct {
		name, person, path string
		width              int64
	}{
		{"start", "", "/", 1280},
		{"file", "", "/sign-in/file", 375},
		{"help", "", "/help", 1280},
		{"goods", "aysel", "/goods", 1280},
		{"goods, narrow", "aysel", "/goods", 375},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := w.visit(t)
			if c.person != "" {
				v.as(c.person)
			}
			v.do(chromedp.EmulateViewport(c.width, 800))
			v.open(c.path)
			v.tabThrough()
		})
	}
	t.Run("skip, search and leave", func(t *testing.T) {
		t.Parallel()
		v := w.visit(t).as("aysel")
		code := v.text("tr .reg")
		if s := v.tab(); !s.Seen || s.Selector != "skip" {
			t.Fatalf("the first stop is %+v", s)
		}
		v.do(chromedp.KeyEvent(kb.Enter))
		if s := v.tab(); !s.InMain {
			t.Errorf("after the skip link the next stop is %+v", s)
		}
		v.tabTo("#q")
		v.do(chromedp.KeyEvent(code))
		v.arrive(chromedp.KeyEvent(kb.Enter))
		if v.count("tr .reg") != 1 || v.text("tr .reg") != code {
			t.Errorf("searching for %s finds %d, first %s", code, v.count("tr .reg"), v.text("tr .reg"))
		}
		v.tabTo("reg")
		v.arrive(chromedp.KeyEvent(kb.Enter))
		v.wantAt("/goods/" + code)
		v.tabTo("out")
		v.arrive(chromedp.KeyEvent(kb.Enter))
		v.wantText(v.words.T("start.signed_out"))
	})
}

// tab presses the Tab key. A busy browser brings what has the focus into the
// window only with one of its next pictures.
func (v *visitor) tab() stop {
	v.Helper()
	v.do(chromedp.KeyEvent(kb.Tab))
	s := ask[stop](v, describeStop)
	if s.Index > 0 && !s.Seen {
		s = ask[stop](v, `new Promise((done) => {
			const until = performance.now() + 5000;
			(function look() {
				const s = `+describeStop+`;
				if (s.Seen || performance.now() > until) done(s);
				else requestAnimationFrame(look);
			})();
		})`)
	}
	return s
}

// tabTo presses the Tab key until an element has the focus.
func (v *visitor) tabTo(selector string) {
	v.Helper()
	for range 200 {
		if s := v.tab(); s.Selector == selector {
			return
		}
	}
	v.Fatalf("at %s: no way to %q by the Tab key", v.at(), selector)
}

// tabThrough presses the Tab key from the top of the page to its end: every
// stop is visible and looks focused, their order is that of the page, and
// nothing that can be used is left out.
func (v *visitor) tabThrough() {
	v.Helper()
	var last stop
	var stops int
	for range 400 {
		s := v.tab()
		if s.Index == 0 || s.Index < last.Index && strings.Contains(s.Name, `class="skip"`) {
			break
		}
		if s.Index == last.Index { // a date has several parts
			continue
		}
		if s.Index < last.Index {
			v.Errorf("at %s: %s comes after %s", v.at(), s.Name, last.Name)
		}
		if !s.Ring {
			v.Errorf("at %s: does not look focused: %s", v.at(), s.Name)
		}
		if !s.Seen {
			v.Errorf("at %s: has the focus and cannot be seen: %s", v.at(), s.Name)
		}
		last = s
		stops++
	}
	// Radio buttons of one name are one stop.
	usable := ask[int](v, `[...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((e, i, all) =>
		e.type !== "hidden" && !(e.type === "radio" && all.slice(0, i).some(o => o.type === "radio" && o.name === e.name)) && e.tabIndex >= 0 && e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})).length`)
	if stops != usable {
		v.Errorf("at %s: %d stops for %d things to use", v.at(), stops, usable)
	}
}
