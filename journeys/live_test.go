package journeys_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/esign/democa"
)

// border is what a checkpoint's system sends.
func (w *world) border(t *testing.T, lines ...customs.Consignment) {
	t.Helper()
	var text strings.Builder
	for _, line := range lines {
		b, err := json.Marshal(line)
		must(t, err)
		text.Write(append(b, '\n'))
	}
	file := filepath.Join(t.TempDir(), "feed.ndjson")
	must(t, os.WriteFile(file, []byte(text.String()), 0o600))
	run(t, t.Context(), nil, w.portal.binary, "import", "--quiet", "--data", w.portal.data, file)
}

// The traders whose goods move in these journeys, and whose nowhere else do.
const (
	rashads = customs.VOEN("1499000152")
	kamrans = customs.VOEN("1599000161")
)

// lorry is a consignment as a revision tells it; name is the end of its code.
func lorry(trader customs.VOEN, name string, revision int64, change ...func(*customs.Consignment)) customs.Consignment {
	gross := customs.Mass(1000000 + revision)
	c := customs.Consignment{
		Registration: "LIVE" + name, Revision: revision, Checkpoint: "00922", VOEN: trader,
		Status: customs.Registered, StatusAt: time.Now().Add(-5 * time.Hour).Truncate(time.Second), RegisteredAt: time.Now().Add(-5 * time.Hour).Truncate(time.Second),
		Consignee: customs.Party{Name: "Canlı"},
		Transport: customs.Transport{Mode: 3, Vehicle: "99-LV-" + name},
		Goods:     []customs.GoodsItem{{Number: 1, Description: "Canlı mal", CommodityCode: "0702000000", GrossMass: &gross}},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

// now lets a consignment have been registered at this moment.
func now(c *customs.Consignment) {
	c.RegisteredAt = time.Now().Truncate(time.Second)
	c.StatusAt = c.RegisteredAt
}

// status gives a consignment a status that is half an hour old.
func status(s customs.Status) func(*customs.Consignment) {
	return func(c *customs.Consignment) {
		c.Status, c.StatusAt = s, time.Now().Add(-30*time.Minute).Truncate(time.Second)
	}
}

// until waits for an expression of the page to become true.
func (v *visitor) until(expression string) {
	v.Helper()
	ask[bool](v, `new Promise(done => {
		const t = setInterval(() => { if (`+expression+`) { clearInterval(t); done(true); } }, 20);
	})`)
}

// listening waits until the open page hears of changes and has looked once.
func (v *visitor) listening() {
	v.Helper()
	v.until(`performance.getEntriesByType("resource").some(e => e.initiatorType === "fetch" && e.responseEnd > 0)`)
}

// row is a registration's row, as an expression of the page.
func row(code string) string {
	return `document.querySelector('a.reg[href="/goods/` + code + `"]')?.closest("tr")`
}

const state = `document.querySelector(".live [role=status]").textContent`

// liveList leaves a filtered list open while goods move: what is new and what
// has changed appears marked, and nothing of what the person was at is lost.
func liveList(t *testing.T, w *world) {
	t.Parallel()
	w.border(t, lorry(kamrans, "A", 1), lorry(kamrans, "B", 1), lorry(kamrans, "C", 1))
	for _, lang := range []string{"az", "en"} {
		t.Run(lang, func(t *testing.T) {
			v := w.visit(t).as("kamran")
			v.speak(lang)
			v.open("/goods?q=live&checkpoint=00922")
			v.listening()
			v.do(chromedp.EmulateViewport(1280, 500))
			ask[bool](v, `(() => {
				window.kept = true; // a page that is loaded again forgets it
				document.querySelector(".overview").open = false;
				document.querySelector("#to").value = "2026-01-02";
				document.querySelector("#to").dispatchEvent(new Event("input", {bubbles: true}));
				const a = `+row("LIVEB")+`.querySelector("a.reg");
				a.focus();
				a.scrollIntoView({block: "center"});
				getSelection().selectAllChildren(`+row("LIVEB")+`.querySelector(".c-goods"));
				window.wasAt = a.getBoundingClientRect().top;
				return true;
			})()`)
			picked := ask[string](v, `getSelection().toString()`)

			w.border(t, lorry(kamrans, "N"+lang, 1, now), lorry(kamrans, "C", int64(2+len(lang)+int(lang[0])), status(customs.DocsCheck)))
			v.until(row("LIVEN"+lang) + ` && ` + row("LIVEC") + `.querySelector(".new")`)
			for code, word := range map[string]string{"LIVEN" + lang: v.words.T("goods.new"), "LIVEC": v.words.T("live.changed")} {
				if got := ask[string](v, row(code)+`.className + " " + `+row(code)+`.querySelector(".new").textContent`); got != "is-new "+word {
					t.Errorf("%s is marked %q", code, got)
				}
			}
			if n := ask[int](v, `document.querySelectorAll(".is-new").length`); n != 2 {
				t.Errorf("%d rows are marked", n)
			}
			if !strings.Contains(ask[string](v, row("LIVEC")+`.textContent`), v.words.Status(customs.DocsCheck)) {
				t.Error("the row is marked and not changed")
			}
			for what, expression := range map[string]string{
				"the page": `window.kept`, "the focus": `document.activeElement === ` + row("LIVEB") + `.querySelector("a.reg")`,
				"the selection":    `getSelection().toString() === ` + quote(picked) + ` && getSelection().toString().length > 5`,
				"what was closed":  `!document.querySelector(".overview").open`,
				"what was typed":   `document.querySelector("#to").value === "2026-01-02"`,
				"the filter":       `location.search === "?q=live&checkpoint=00922" && document.querySelectorAll("tr .reg").length >= 4`,
				"the choices":      `/\([1-9]/.test(document.querySelector('#status option[value="docs_check"]').textContent)`,
				"the place":        `Math.abs(` + row("LIVEB") + `.querySelector("a.reg").getBoundingClientRect().top - window.wasAt) < 2`,
				"the heading":      `document.title.startsWith(document.querySelectorAll("tr .reg").length + " ")`,
				"one of each":      `new Set([...document.querySelectorAll("tr .reg")].map(a => a.href)).size === document.querySelectorAll("tr .reg").length`,
				"the state":        state + ` === ` + quote(v.words.T("goods.live")),
				"the news in word": `document.querySelector("#live [role=status]").textContent !== ""`,
			} {
				if !ask[bool](v, expression) {
					t.Errorf("%s is not kept or not there", what)
				}
			}
			w.border(t, lorry(kamrans, "N"+lang, 2, status(customs.Released)))
			v.until(`!` + row("LIVEN"+lang))
			if !ask[bool](v, `window.kept && document.activeElement === `+row("LIVEB")+`.querySelector("a.reg")`) {
				t.Error("the focus went with another row")
			}
		})
	}
}

// livePause pauses, goes offline and comes back; the page says in which state
// it is, also in words that are read out, and has missed nothing.
func livePause(t *testing.T, w *world) {
	t.Parallel()
	v := w.visit(t).as("rashad")
	v.listening()
	button := `#live button`
	is := func(want string) {
		t.Helper()
		v.until(state + ` === ` + quote(v.words.T(want)))
	}
	is("goods.live")
	v.do(chromedp.Focus(chromedp.CSS(button)), chromedp.KeyEvent(kb.Enter))
	is("live.paused")
	if got := v.text(button); got != v.words.T("live.resume") {
		t.Errorf("the button says %q", got)
	}
	w.border(t, lorry(rashads, "P1", 1, now))
	v.open("/goods?sort=oldest") // the pause is the window's, not the page's
	is("live.paused")
	w.border(t, lorry(rashads, "P2", 1, now))
	if v.count(`a.reg[href="/goods/LIVEP1"]`) != 1 || v.count(`a.reg[href="/goods/LIVEP2"]`) != 0 {
		t.Error("a paused page shows what is there when it is loaded, and nothing later")
	}
	v.do(chromedp.Click(chromedp.CSS(button), chromedp.NodeVisible))
	is("goods.live")
	v.until(row("LIVEP2") + `?.matches(".is-new")`)

	v.offline(true)
	is("live.reconnecting")
	w.border(t, lorry(rashads, "P3", 1, now))
	v.offline(false)
	v.until(row("LIVEP3"))
	is("goods.live")

	// Ten changes at once are one or two looks, a second apart.
	before := ask[int](v, `performance.getEntriesByType("resource").filter(e => e.initiatorType === "fetch").length`)
	for n := range 10 {
		w.border(t, lorry(rashads, fmt.Sprintf("Q%d", n), 1, now))
	}
	v.until(row("LIVEQ9"))
	starts := ask[[]float64](v, `performance.getEntriesByType("resource").filter(e => e.initiatorType === "fetch").map(e => e.startTime)`)[before:]
	for i := range starts { // a look begins a little after its time was taken
		if took := starts[i] - starts[0]; took < float64(i)*1000-100 {
			t.Errorf("the page looked %d times within %.0f ms", i+1, took)
		}
		if i > 0 && starts[i]-starts[i-1] < 700 {
			t.Errorf("the page looked twice within %.0f ms", starts[i]-starts[i-1])
		}
	}
}

// liveEmpty leaves a list open until its last registration is completed: how old
// the data is must be seen then without asking, and what somebody opened before
// stays open.
func liveEmpty(t *testing.T, w *world) {
	t.Parallel()
	own := w.beside(t, "empty")
	leylas := democa.People()[2].VOENs[0]
	for _, opens := range []bool{false, true} {
		name := map[bool]string{false: "E", true: "F"}[opens]
		own.border(t, lorry(leylas, name, 1))
		v := own.visit(t).as("leyla")
		v.listening()
		folded := `document.querySelector(".freshness details")`
		if ask[bool](v, folded+`.open`) {
			t.Fatal("a list with goods shows all ages")
		}
		if opens {
			v.do(chromedp.Click(chromedp.CSS(".freshness summary"), chromedp.NodeVisible))
			own.border(t, lorry(leylas, name, 2, status(customs.Inspection)))
			v.until(row("LIVE"+name) + `.querySelector(".new")`)
			if !ask[bool](v, folded+`.open`) {
				t.Error("what was opened was closed by a change")
			}
		}
		own.border(t, lorry(leylas, name, 3, status(customs.Released)))
		v.until(`!` + row("LIVE"+name))
		if !ask[bool](v, folded+`.open`) {
			t.Error("an emptied list does not show how old the data is")
		}
	}
}

// liveDetails leaves the page of one registration open while it moves on.
func liveDetails(t *testing.T, w *world) {
	t.Parallel()
	w.border(t, lorry(rashads, "D", 1))
	v := w.visit(t).as("rashad")
	v.open("/goods/LIVED")
	v.listening()
	ask[bool](v, `(() => { document.querySelector("main .back").focus(); return window.kept = true; })()`)
	w.border(t, lorry(rashads, "D", 2, status(customs.Inspection)))
	v.until(`document.querySelector(".timeline .new")`)
	if !ask[bool](v, `window.kept && document.activeElement.matches(".back")`) {
		t.Error("the page was loaded again or the focus is lost")
	}
	v.wantText(v.words.Status(customs.Inspection))
	if got := v.text("#live [role=status]"); got != v.words.T("live.news_detail") {
		t.Errorf("said %q", got)
	}
	w.border(t, lorry(rashads, "D", 3, status(customs.Released)))
	v.until(`document.querySelectorAll(".timeline li").length === 3`)
}

// offline takes the network away, or gives it back.
func (v *visitor) offline(away bool) {
	v.Helper()
	v.seen.goAway()
	command(v, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: -1, Offline: away}},
	})
	command(v, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: away, DownloadThroughput: -1, UploadThroughput: -1})
}
