package journeys_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/feed/sample"
)

// standby has lists open while the primary database goes and comes back: they
// show what the standby has, say so by themselves, and are current again.
func standby(t *testing.T, w *world) {
	t.Parallel()
	pair := dbtest.NewPair(t)
	own := *w
	own.portal = w.portal.served(t, "standby", pair.URL())
	trader, empty, plain := own.visit(t).as("aysel"), own.visit(t).as("leyla"), own.visit(t).withoutScripts().as("aysel")
	code := trader.text("tr .reg")
	open := own.visitBeside(t, trader)
	open.open("/goods")
	open.listening()
	pair.CatchUp()
	for _, v := range []*visitor{trader, empty, plain, open} {
		v.seen.goAway() // the stream and the look at the session get nowhere
	}
	pair.Kill()
	open.until(`document.querySelector(".live").classList.contains("live--off")`)
	for _, lang := range []string{"az", "en"} {
		for _, v := range []*visitor{trader, empty, plain} {
			v.words = w.words.For(lang)
			if status := v.open("/goods?lang=" + lang); status != http.StatusOK {
				t.Fatalf("the list answers %d without the primary", status)
			}
			v.wantText(v.words.T("goods.standby_text"), v.words.T("goods.not_live"))
			if v.count("a[download], a[href^='/receipts']") != 0 {
				t.Error("what needs the primary is offered")
			}
		}
		(&look{visitor: trader, axe: axeRules(t), who: "standby"}).page("list")
		(&look{visitor: empty, axe: axeRules(t), who: "standby"}).page("empty")
		if plain.count("tr .reg") == 0 {
			t.Error("without scripts the list is empty")
		}
		trader.open("/goods/" + code)
		trader.wantText(code, trader.words.T("goods.standby_text"))
		(&look{visitor: trader, axe: axeRules(t), who: "standby"}).page("details")
	}
	open.words = w.words.For("az")
	open.until(`document.querySelectorAll("main .notice--warn").length === 1 && document.querySelectorAll("tr .reg").length > 0`)
	open.wantText(open.words.T("goods.standby_text"))

	pair.Start()
	open.eventually(`String(!document.querySelector(".live")?.classList.contains("live--off") && !document.querySelector("main .notice--warn"))`, "true")
	for end := time.Now().Add(patience); plain.open("/goods") != http.StatusOK || plain.count("main .notice--warn") != 0; {
		if time.Now().After(end) {
			t.Fatal("the list still comes from the standby")
		}
	}
}

// served starts the portal as it is run for the public, beside the demo, with
// the demo's kind of people and a few goods.
func (p *program) served(t *testing.T, name, database string) *program {
	t.Helper()
	other := &program{
		binary: p.binary, data: filepath.Join(filepath.Dir(p.data), name),
		addr: freeAddress(t), ops: freeAddress(t),
	}
	must(t, democa.Create(other.data, time.Now()))
	goods := filepath.Join(other.data, "goods.ndjson")
	var b bytes.Buffer
	must(t, sample.Generate(&b, sample.Options{Seed: 5, Consignments: 60, Now: time.Now(), People: []sample.Person{{VOEN: "1499000151", Name: "«Xəzər Aqro Ticarət» MMC", Pending: 6}}}))
	must(t, os.WriteFile(goods, b.Bytes(), 0o600))
	run(t, t.Context(), nil, other.binary, "import", "-q", "--database-url", database, goods)
	other.stderr = new(bytes.Buffer)
	other.command = exec.Command(other.binary, "serve", "--database-url", database, "--register-journal", filepath.Join(other.data, "journal"),
		"--addr", other.addr, "--card-addr", "", "--ops-addr", other.ops,
		"--trust", filepath.Join(other.data, "trust"), "--session-keys", strings.Repeat("5a", 32))
	other.command.Stderr = other.stderr
	endTogether(other.command)
	must(t, other.command.Start())
	other.ended = make(chan error, 1)
	go func() { other.ended <- other.command.Wait() }()
	t.Cleanup(func() { other.stop(t) })
	for end := time.Now().Add(startLimit); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + other.ops + "/readyz")
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return other
			}
		}
		if time.Now().After(end) {
			t.Fatalf("the portal was not ready within %s: %v\n%s", startLimit, err, other.stderr)
		}
	}
}
