package sample

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/feed"
)

func present() time.Time { return time.Date(2026, 5, 4, 9, 30, 12, 345, time.UTC) }

func people() []Person {
	return []Person{
		{VOEN: "1499000151", Name: "«Çinar İdxal» MMC", Pending: 42},
		{VOEN: "2099000152", Name: "Əliyev Ülvi Şahin oğlu (fərdi sahibkar)", Pending: 1},
		{VOEN: "1599000161", Name: "«Boş Anbar» MMC", Pending: 0},
	}
}

func generate(t testing.TB, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Generate(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// accepted reads what was generated and demands that the feed takes all of it
// without a word.
func accepted(t testing.TB, b []byte, at time.Time) []feed.Record {
	t.Helper()
	known := customs.BuiltInCheckpoints()
	r := feed.NewReader(bytes.NewReader(b), feed.Options{
		Now:   func() time.Time { return at },
		Known: func(code string) bool { _, ok := known.Get(code); return ok },
	})
	var out []feed.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil || !rec.OK() || len(rec.Warnings) > 0 {
			t.Fatalf("line %d: %v %v %v", rec.Line, err, rec.Problems, rec.Warnings)
		}
		out = append(out, rec)
	}
}

// current keeps the last snapshot of each registration, and demands that
// revisions rise and times do not go back.
func current(t testing.TB, recs []feed.Record) map[string]*customs.Consignment {
	t.Helper()
	out := map[string]*customs.Consignment{}
	for _, r := range recs {
		c := r.Consignment
		if c == nil {
			continue
		}
		if before := out[c.Registration]; before != nil {
			if c.Revision != before.Revision+1 || c.StatusAt.Before(before.StatusAt) || c.VOEN != before.VOEN ||
				!c.RegisteredAt.Equal(before.RegisteredAt) || before.Status.Terminal() && c.Status != before.Status {
				t.Errorf("%s: revision %d %s after %d %s", c.Registration, c.Revision, c.Status, before.Revision, before.Status)
			}
		} else if c.Revision != 1 || c.Status != customs.Registered {
			t.Errorf("%s begins with revision %d, %s", c.Registration, c.Revision, c.Status)
		}
		out[c.Registration] = c
	}
	return out
}

func TestSameSeedSameBytes(t *testing.T) {
	o := Options{Seed: 7, Consignments: 300, Now: present(), People: people()}
	a, b := generate(t, o), generate(t, o)
	if !bytes.Equal(a, b) {
		t.Error("the same options give other bytes")
	}
	o.Seed = 8
	if bytes.Equal(a, generate(t, o)) {
		t.Error("another seed gives the same bytes")
	}
}

func TestEveryLineIsAccepted(t *testing.T) {
	for seed := range uint64(4) {
		recs := accepted(t, generate(t, Options{Seed: seed, Consignments: 1500, Now: present(), People: people()}), present())
		if n := len(current(t, recs)); n != 1500 {
			t.Errorf("seed %d: %d registrations, want 1500", seed, n)
		}
	}
}

func TestPeopleHaveTheirGoods(t *testing.T) {
	recs := accepted(t, generate(t, Options{Seed: 1, Consignments: 500, Now: present(), People: people()}), present())
	pending, finished := map[customs.VOEN]int{}, map[customs.VOEN]int{}
	for _, c := range current(t, recs) {
		if c.Status.Terminal() {
			finished[c.VOEN]++
		} else {
			pending[c.VOEN]++
		}
	}
	for _, p := range people() {
		if pending[p.VOEN] != p.Pending || finished[p.VOEN] != p.Pending/4 {
			t.Errorf("%s: %d pending and %d finished, want %d and %d", p.Name, pending[p.VOEN], finished[p.VOEN], p.Pending, p.Pending/4)
		}
	}
}

func TestLatestOnly(t *testing.T) {
	o := Options{Seed: 5, Consignments: 400, Now: present()}
	whole := current(t, accepted(t, generate(t, o), present()))
	o.Latest = true
	n := 0
	for _, r := range accepted(t, generate(t, o), present()) {
		if c := r.Consignment; c != nil {
			n++
			if w := whole[c.Registration]; w == nil || w.Revision != c.Revision || w.Status != c.Status {
				t.Errorf("%s differs from the whole history", c.Registration)
			}
		}
	}
	if n != 400 {
		t.Errorf("%d snapshots, want 400", n)
	}
}

func TestHeartbeats(t *testing.T) {
	recs := accepted(t, generate(t, Options{Consignments: 10, Now: present()}), present())
	fresh, stale := 0, 0
	for _, r := range recs {
		if h := r.Heartbeat; h != nil {
			switch age := present().Sub(h.AsOf); {
			case age > 0 && age < 5*time.Minute:
				fresh++
			case age > 3*time.Hour && age < 4*time.Hour:
				stale++
			}
		}
	}
	if all := len(customs.BuiltInCheckpoints().All()); fresh != all-1 || stale != 1 {
		t.Errorf("%d fresh and %d stale, want %d and 1", fresh, stale, all-1)
	}
}

func TestImpossibleOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no time":        {Consignments: 1},
		"too many":       {Consignments: MaxConsignments + 1, Now: present()},
		"people in want": {Consignments: 10, Now: present(), People: people()},
		"negative":       {Consignments: -1, Now: present()},
	} {
		if err := Generate(io.Discard, o); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: %v, want %v", name, err, ErrOptions)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteErrorEndsIt(t *testing.T) {
	if err := Generate(broken{}, Options{Consignments: 1_000_000, Now: present()}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v, want the writer's error", err)
	}
}

func TestTaxpayerNumbers(t *testing.T) {
	seen := map[customs.VOEN]bool{}
	for i := range 60_000 {
		v := voen(i, 1+i%2)
		if !v.CheckDigitOK() || seen[v] {
			t.Fatalf("number %d: %q, check digit %v, seen %v", i, v, v.CheckDigitOK(), seen[v])
		}
		seen[v] = true
	}
}

func TestRegistrationCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range []int{0, 1, 999_999, 1_000_000, 1_999_999, 10_000_000, MaxConsignments - 1} {
		c := code("00901", present(), n)
		if len(c) != 15 || seen[c] {
			t.Errorf("code %q of %d", c, n)
		}
		seen[c] = true
	}
}

// The examples of ISO 6346 in common print, and of railway wagon numbers.
func TestCheckDigits(t *testing.T) {
	for number, want := range map[string]int{"CSQU305438": 3, "TOLU473478": 7, "MSKU907032": 3} {
		if got := containerCheck(number); got != want {
			t.Errorf("container %s: %d, want %d", number, got, want)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		sum := 0
		for i, d := range wagon(r) {
			p := int(d-'0') * (2 - i%2)
			sum += p/10 + p%10
		}
		if sum%10 != 0 {
			t.Error("a wagon number does not check")
		}
	}
}

// Every checkpoint can be served: there are goods and senders for all the
// countries and modes it may see.
func TestEveryArrivalHasGoods(t *testing.T) {
	abroad, all := origins(), wares()
	for _, p := range customs.BuiltInCheckpoints().All() {
		for _, mode := range p.Modes {
			for _, country := range senders(p, mode) {
				from, ok := abroad[country]
				if !ok || from.code != country {
					t.Errorf("%s: no country %s", p.EN, country)
				}
				some := false
				for _, w := range all {
					if w.suits(country, mode) {
						some = true
						if len(from.senders[w.kind]) == 0 {
							t.Errorf("%s sends %s, but by nobody", country, w.hs)
						}
					}
				}
				if !some {
					t.Errorf("%s, mode %d: %s sends nothing", p.EN, mode, country)
				}
			}
		}
	}
}

func TestDistribution(t *testing.T) {
	recs := accepted(t, generate(t, Options{Seed: 11, Consignments: 6000, Now: present()}), present())
	count := map[string]int{}
	all := current(t, recs)
	for _, c := range all {
		tally(count, c)
	}
	share := func(key string) float64 { return float64(count[key]) / float64(len(all)) }
	for key, bounds := range map[string][2]float64{
		"terminal": {.16, .24}, "one item": {.5, .7}, "many items": {.003, .03}, "no gross": {.02, .15},
		"no value": {.04, .3}, "due": {.2, .6}, "agency": {.01, .2}, "you": {.2, .7}, "container": {.05, .5},
		"TIR": {.05, .35}, "mode 1": {.01, .2}, "mode 2": {.05, .4}, "mode 3": {.4, .9}, "mode 4": {.02, .3},
		"sole trader": {.03, .3}, "short code": {.05, .2}, "foreign currency": {.1, .6},
	} {
		if s := share(key); s < bounds[0] || s > bounds[1] {
			t.Errorf("%s: %.3f, want %v", key, s, bounds)
		}
	}
	for _, s := range append(customs.PendingStatuses, customs.TerminalStatuses...) {
		if count["status "+string(s)] == 0 {
			t.Errorf("no consignment is %s", s)
		}
	}
	for _, p := range customs.BuiltInCheckpoints().All() {
		if count["at "+p.Code] == 0 {
			t.Errorf("nothing at %s", p.EN)
		}
	}
	for letter := range strings.SplitSeq("əğıİöşüçƏÇŞÖÜ", "") {
		if count["letter "+letter] == 0 {
			t.Errorf("no %s in any Azerbaijani text", letter)
		}
	}
}

// tally counts what TestDistribution asks for.
func tally(count map[string]int, c *customs.Consignment) {
	note := func(key string, is bool) {
		if is {
			count[key]++
		}
	}
	note("terminal", c.Status.Terminal())
	note("status "+string(c.Status), true)
	note("at "+c.Checkpoint, true)
	note(fmt.Sprint("mode ", c.Transport.Mode), true)
	note("one item", len(c.Goods) == 1)
	note("many items", len(c.Goods) >= 10)
	g := c.Goods[0]
	note("no gross", g.GrossMass == nil)
	note("no value", g.Value == nil)
	note("short code", len(g.CommodityCode) == 4)
	note("foreign currency", g.Currency != "" && g.Currency != "USD")
	note("container", len(c.Transport.Containers) > 0)
	note("sole trader", c.VOEN[9] == '2')
	for _, d := range c.Documents {
		note("TIR", d.Type == "952")
	}
	if n := c.Next(); n != nil {
		note(string(n.Who), true)
		note("due", n.Due != nil)
	}
	for letter := range strings.SplitSeq("əğıİöşüçƏÇŞÖÜ", "") {
		note("letter "+letter, strings.Contains(g.Description+c.Consignee.Name+c.Consignee.Address, letter))
	}
}
