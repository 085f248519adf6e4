package db_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/locales"
)

// dice are random numbers that a failing test can have again: its name and the
// seed are in the message.
func dice(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 7))
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// hostile is a word of what means something to LIKE, to format, to quoting, to
// arrays or to Azerbaijani.
func hostile(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(pick(r, "%", "_", `\`, "'", `"`, "$1", "%L", "%1$L", "{", "}", ",", "--", "/*", "NULL", "E'", "$$", "ə", "I", "ı", "İ", "i", "Ş", "a", "7", ";", "(", "*"))
	}
	return b.String()
}

// A search finds what holds every word of it, whatever the words are made of,
// however many they are, and whether rows are bulk: as strings.Contains has it.
func TestSearchFindsWhatHoldsTheWords(t *testing.T) {
	f, d := open(t)
	key, r := signIn(t, d, aysel), dice(t)
	su := connect(t, f.SuperuserURL)
	var batch []db.Snapshot
	for i := range 60 {
		words := make([]string, 1+r.IntN(6))
		for j := range words {
			words[j] = hostile(r)
		}
		batch = append(batch, goodsOf(aysel, fmt.Sprint("R", i), 1, func(c *customs.Consignment) { c.Goods[0].Description = strings.Join(words, " ") }))
	}
	store(t, d, batch...)
	exec(t, su, "update pending set bulk = hashtext(registration) % 2 = 0")
	texts := map[string]string{}
	rows, err := su.Query(t.Context(), "select registration, search from pending")
	must(t, err)
	for rows.Next() {
		var registration, text string
		must(t, rows.Scan(&registration, &text))
		texts[registration] = text
	}
	must(t, rows.Err())
	found := 0
	for n := range 300 {
		words := make([]string, 1+r.IntN(3))
		for j := range words {
			words[j] = hostile(r)
		}
		if n%3 == 0 { // what is there for certain
			words = append(words[:0], strings.Fields(batch[r.IntN(60)].Consignment.Goods[0].Description)...)
		}
		if n%50 == 0 { // very many words
			words = slices.Repeat(words, 100)
		}
		text := strings.Join(words, pick(r, " ", "  ", "\t", "\u00a0"))
		var want []string
		for registration, search := range texts {
			if !slices.ContainsFunc(strings.Fields(locales.Fold(text)), func(w string) bool { return !strings.Contains(search, w) }) {
				want = append(want, registration)
			}
		}
		l := list(t, d, key, customs.Query{Text: text}, 100)
		got := registrations(l)
		if l.Nearest != "" {
			got = nil // nothing has the words, so what is like them is shown
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%q finds %v, want %v", text, got, want)
		}
		found += len(got)
	}
	if found < 100 {
		t.Errorf("only %d rows were ever found: the test does not test", found)
	}
}

// The function itself, as a program could call it that has gone wrong.
func TestFindPendingTakesAnything(t *testing.T) {
	f, d := open(t)
	store(t, d, goodsOf(aysel, "A1", 1), goodsOf(aysel, "A2", 1), goodsOf(rashad, "B1", 1))
	exec(t, connect(t, f.SuperuserURL), "update pending set bulk = registration = 'A2'")
	c := as(t, f.URL, settingOf(signIn(t, d, aysel)))
	for words, want := range map[string]string{
		"{}": "A1 A2", `{""}`: "A1 A2", `{"","",""}`: "A1 A2", "{NULL}": "", "{cmr,NULL}": "", `{"a1","cmr"}`: "A1",
		`{"x') or true --"}`: "", `{"' or voen <> '"}`: "", "{%}": "", "{_}": "", `{"\\\\"}`: "",
		"{" + strings.TrimSuffix(strings.Repeat("cmr,", 1000), ",") + "}": "A1 A2", `{"` + strings.Repeat("a", 100_000) + `"}`: "",
	} {
		got := one[string](t, c, "select coalesce(string_agg(registration, ' ' order by registration), '') from find_pending($1::text::text[])", words)
		if got != want {
			t.Errorf("%.60s finds %q, want %q", words, got, want)
		}
		paged := one[string](t, c, `
			select coalesce(string_agg(registration, ' ' order by registration) filter (where kind = 1), '')
			  from find_page($1::text::text[], null, null, null, null, null, null, 'newest', 1, 25)`, words)
		if paged != want {
			t.Errorf("%.60s pages %q, want %q", words, paged, want)
		}
		var near []string
		must(t, c.QueryRow(t.Context(), "select nearest_words($1::text::text[])", words).Scan(&near))
		for _, w := range near {
			if strings.Contains(w, "b1") {
				t.Errorf("%.60s: nearest is %q, which another trader has", words, near)
			}
		}
	}
	if got := one[string](t, c, "select string_agg(registration, ' ' order by registration) from find_pending(null)"); got != "A1 A2" {
		t.Errorf("no words at all: %q", got)
	}
	const orders = `checkpoint; drop table pending`
	if _, err := c.Exec(t.Context(), "select find_page('{a1}', null, null, null, null, null, null, $1, 1, 25)", orders); err != nil {
		t.Errorf("an order that is none: %v", err)
	}
}

// Whatever happens in whatever order, by several senders at once, the counts in
// advance are those of a recount, and a page's figures those of its rows.
func TestCountsAgreeWithARecount(t *testing.T) {
	f, d := open(t)
	su, r := connect(t, f.SuperuserURL), dice(t)
	traders := map[customs.VOEN]db.SessionKey{aysel: signIn(t, d, aysel), rashad: signIn(t, d, rashad)}
	bulk := 0
	for round := range 8 {
		var senders sync.WaitGroup
		for place := range 2 {
			var batch []db.Snapshot
			for range 60 + r.IntN(60) {
				owner := aysel
				if r.IntN(4) == 0 {
					owner = rashad
				}
				batch = append(batch, goodsOf(owner, fmt.Sprintf("R%d-%d", place, r.IntN(150)), 1+r.Int64N(6), func(c *customs.Consignment) {
					c.Checkpoint = fmt.Sprint("0090", place)
					c.Status = pick(r, customs.Registered, customs.Registered, customs.DocsCheck, customs.DocsCheck, customs.Held, customs.Released, customs.Completed)
					c.Transport.Mode = 1 + r.IntN(3)
					if c.Status.Terminal() && r.IntN(3) == 0 {
						longAgo(500)(c)
					}
					if r.IntN(3) == 0 {
						c.Goods[0].GrossMass, c.Goods[0].Packages = nil, nil
					}
				}))
			}
			senders.Go(func() {
				if _, err := d.StoreFeed(t.Context(), batch, nil); err != nil {
					t.Error(err)
				}
			})
		}
		if r.IntN(2) == 0 {
			senders.Go(func() {
				if _, err := d.Archive(t.Context(), retention, nil); err != nil {
					t.Error(err)
				}
			})
		}
		senders.Wait()
		if n := one[int](t, su, miscounted); n > 0 {
			t.Fatalf("round %d: %d counts are wrong", round, n)
		}
		sameAsTruth(t, su)
		bulk += one[int](t, su, "select count(*) from pending where bulk")
		for voen, key := range traders {
			for _, q := range []customs.Query{{}, {Status: customs.Held}, {Mode: "2"}, {Checkpoint: "00900"}} {
				l := list(t, d, key, q, 1000)
				want := one[int](t, su, `select count(*) from consignment where voen = $1 and pending and ($2 = '' or status = $2)
					and ($3 = '' or document->'transport'->>'mode' = $3) and ($4 = '' or checkpoint = $4)`, string(voen), string(q.Status), q.Mode, q.Checkpoint)
				if l.Total != want || len(l.Rows) != want || sum(l.Groups) != want {
					t.Fatalf("round %d, %+v: total %d, %d rows, groups of %d, want %d", round, q, l.Total, len(l.Rows), sum(l.Groups), want)
				}
			}
		}
	}
	if bulk < 20 {
		t.Errorf("over all rounds %d rows were bulk: the test does not test", bulk)
	}
}
