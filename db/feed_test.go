package db_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

func TestFates(t *testing.T) {
	f, d := open(t)
	store(t, d, goodsOf(aysel, "R1", 5))
	changed := goodsOf(aysel, "R1", 5, func(c *customs.Consignment) { c.Transport.Vehicle = "10-ZZ-001" })
	for _, test := range []struct {
		what  string
		batch []db.Snapshot
		want  []db.Fate
	}{
		{"the same again", []db.Snapshot{goodsOf(aysel, "R1", 5)}, []db.Fate{db.Same}},
		{"same revision, other content", []db.Snapshot{changed}, []db.Fate{db.Conflict}},
		{"older", []db.Snapshot{goodsOf(aysel, "R1", 4)}, []db.Fate{db.Older}},
		{"older again", []db.Snapshot{goodsOf(aysel, "R1", 4)}, []db.Fate{db.Older}},
		{"older, with another status", []db.Snapshot{goodsOf(aysel, "R1", 4, with(customs.Held))}, []db.Fate{db.Conflict}},
		{
			"older, the first of two",
			[]db.Snapshot{goodsOf(aysel, "R1", 3), goodsOf(aysel, "R1", 3, with(customs.Held)), goodsOf(aysel, "R1", 3)},
			[]db.Fate{db.Older, db.Conflict, db.Older},
		},
		{"another checkpoint, newer", []db.Snapshot{goodsOf(aysel, "R1", 9, at("00921"))}, []db.Fate{db.Elsewhere}},
		{"another checkpoint, the same", []db.Snapshot{goodsOf(aysel, "R1", 5, at("00921"))}, []db.Fate{db.Elsewhere}},
		{"newer", []db.Snapshot{goodsOf(aysel, "R1", 6)}, []db.Fate{db.Stored}},
		{
			"all in one batch, in the order of the lines",
			[]db.Snapshot{
				goodsOf(aysel, "R2", 2), goodsOf(aysel, "R2", 1), goodsOf(aysel, "R2", 2), goodsOf(aysel, "R2", 3),
				goodsOf(aysel, "R2", 3, with(customs.Held)), goodsOf(aysel, "R2", 9, at("00921")), goodsOf(aysel, "R3", 1), goodsOf(aysel, "R2", 2, with(customs.Held)),
			},
			[]db.Fate{db.Stored, db.Older, db.Same, db.Stored, db.Conflict, db.Elsewhere, db.Stored, db.Conflict},
		},
		{"nothing", nil, []db.Fate{}},
	} {
		if got := store(t, d, test.batch...); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
	su := connect(t, f.SuperuserURL)
	if got := one[string](t, su, "select string_agg(registration || revision || checkpoint || status, ' ' order by registration) from consignment"); got != "R1600911registered R2300911registered R3100911registered" {
		t.Errorf("stored: %s", got)
	}
	if got := one[string](t, su, "select string_agg(registration || '/' || revision, ' ' order by registration, revision) from consignment_event"); got != "R1/3 R1/4 R1/5 R1/6 R2/1 R2/2 R2/3 R3/1" {
		t.Errorf("events: %s", got)
	}
	sameAsTruth(t, su)
}

// sameAsTruth compares the read model with what can be rebuilt from the
// consignments themselves.
func sameAsTruth(t *testing.T, su *pgx.Conn) {
	t.Helper()
	const difference = `
		with truth as (
		  select registration, voen, checkpoint, status, status_at, registered_at, (document->'transport'->>'mode')::smallint as mode,
		         coalesce(document->'transport'->>'vehicle', '') as vehicle, coalesce(document->'documents'->0->>'number', '') as document_number,
		         json_array_length(document->'goods') as goods_count, document->'goods'->0->>'commodity_code' as commodity_code
		    from consignment where pending),
		model as (
		  select registration, voen, checkpoint, status, status_at, registered_at, mode, vehicle, document_number, goods_count, commodity_code from pending)
		select coalesce(string_agg(registration, ' '), '') from (
		  (table truth except table model) union all (table model except table truth)) d`
	if got := one[string](t, su, difference); got != "" {
		t.Errorf("the read model differs from the consignments in %s", got)
	}
}

// state is everything that pages show of what was stored, but for the time of
// arrival.
func state(t *testing.T, c *pgx.Conn) string {
	t.Helper()
	return one[string](t, c, `
		select concat_ws(E'\n',
		  (select string_agg((to_jsonb(c) - 'received_at')::text, E'\n' order by registration) from consignment c),
		  (select string_agg((to_jsonb(p) - 'received_at')::text, E'\n' order by registration) from pending p),
		  (select string_agg((to_jsonb(e) - 'received_at')::text, E'\n' order by registration, revision) from consignment_event e))`)
}

// A history gives the same picture in whatever order it arrives, and however
// it is cut into batches.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	history := []db.Snapshot{
		goodsOf(aysel, "R1", 1), goodsOf(aysel, "R1", 2, with(customs.Held)), goodsOf(rashad, "R1", 3), goodsOf(rashad, "R1", 4, with(customs.Inspection)),
		goodsOf(aysel, "R2", 1), goodsOf(aysel, "R2", 2, with(customs.Released)), goodsOf(aysel, "R2", 3, with(customs.Held)),
		goodsOf(aysel, "R3", 1), goodsOf(aysel, "R3", 2, with(customs.Completed)),
		goodsOf(aysel, "R4", 7, at("00921"), with("new_word")),
	}
	store(t, d, history...)
	want := state(t, su)
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		exec(t, su, "truncate consignment, pending, consignment_event")
		order := slices.Clone(history)
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		order = append(order, order[:round%4]...) // some come twice
		for rest := order; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			store(t, d, rest[:n]...)
			rest = rest[n:]
		}
		if got := state(t, su); got != want {
			t.Fatalf("round %d:\n%s\nwant\n%s", round, got, want)
		}
		sameAsTruth(t, su)
	}
}

func TestCorrectedVOENMovesTheRow(t *testing.T) {
	_, d := open(t)
	a, b := signIn(t, d, aysel), signIn(t, d, rashad)
	store(t, d, goodsOf(aysel, "R1", 1))
	store(t, d, goodsOf(rashad, "R1", 2))
	if l := list(t, d, a, customs.Query{}, 25); l.Total != 0 {
		t.Error("the former owner still sees it")
	}
	if _, _, err := d.Detail(t.Context(), a, "R1"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("the former owner's details: %v", err)
	}
	if l := list(t, d, b, customs.Query{}, 25); l.Total != 1 {
		t.Error("the new owner does not see it")
	}
}

func TestFinishedLeavesTheListAndMayComeBack(t *testing.T) {
	f, d := open(t)
	key, su := signIn(t, d, aysel), connect(t, f.SuperuserURL)
	for revision, status := range append([]customs.Status{"", customs.Registered}, customs.TerminalStatuses...) {
		if revision == 0 {
			continue
		}
		n := int64(2 * revision)
		store(t, d, goodsOf(aysel, "R1", n, with(status)))
		if l := list(t, d, key, customs.Query{}, 25); (l.Total == 0) != status.Terminal() {
			t.Errorf("%s: %d on the list", status, l.Total)
		}
		if _, det, err := d.Detail(t.Context(), key, "R1"); err != nil || det.Consignment.Status != status {
			t.Errorf("%s: details %v", status, err)
		}
		store(t, d, goodsOf(aysel, "R1", n+1, with(customs.Held)))
		if l := list(t, d, key, customs.Query{}, 25); l.Total != 1 || l.Rows[0].Status != customs.Held {
			t.Errorf("after %s it did not come back", status)
		}
		sameAsTruth(t, su)
	}
}

// The generated column and the vocabulary must agree on what ends clearance.
func TestTerminalStatusesAgree(t *testing.T) {
	f, d := open(t)
	var batch []db.Snapshot
	for _, s := range slices.Concat(customs.PendingStatuses, customs.TerminalStatuses, []customs.Status{"something_new"}) {
		batch = append(batch, goodsOf(aysel, string(s), 1, with(s)))
	}
	store(t, d, batch...)
	su := connect(t, f.SuperuserURL)
	for _, s := range batch {
		c := s.Consignment
		if got := one[bool](t, su, "select pending from consignment where registration = $1", c.Registration); got == c.Status.Terminal() {
			t.Errorf("%s: pending is %v", c.Status, got)
		}
	}
	sameAsTruth(t, su)
}

func TestHeartbeats(t *testing.T) {
	_, d := open(t)
	beat := func(code string, at time.Time) {
		t.Helper()
		_, err := d.StoreFeed(t.Context(), nil, []customs.Heartbeat{{Checkpoint: code, AsOf: at}})
		must(t, err)
	}
	if empty, err := d.Empty(t.Context()); err != nil || !empty {
		t.Errorf("empty %v, %v", empty, err)
	}
	beat("00911", noon)
	beat("00911", noon.Add(-time.Hour)) // late
	_, err := d.StoreFeed(t.Context(), []db.Snapshot{goodsOf(aysel, "R1", 1), goodsOf(aysel, "R2", 1, at("00921"))},
		[]customs.Heartbeat{{Checkpoint: "00921", AsOf: noon.Add(time.Hour)}, {Checkpoint: "00921", AsOf: noon}})
	must(t, err)
	l := list(t, d, signIn(t, d, aysel), customs.Query{}, 25)
	for code, want := range map[string]time.Time{"00911": noon, "00921": noon.Add(time.Hour)} {
		if got, _ := l.Fresh.Of(code); got.AsOf == nil || !got.AsOf.Equal(want) || got.ReceivedAt == nil {
			t.Errorf("%s: %+v, want %s", code, got, want)
		}
	}
	if empty, err := d.Empty(t.Context()); err != nil || empty {
		t.Errorf("empty %v, %v", empty, err)
	}
}

// Nothing of a batch is stored when one of its rows is impossible.
func TestBatchIsAllOrNothing(t *testing.T) {
	f, d := open(t)
	bad := goodsOf(aysel, "R2", 1)
	bad.Document = []byte(`{"broken`)
	if fates, err := d.StoreFeed(t.Context(), []db.Snapshot{goodsOf(aysel, "R1", 1), bad}, []customs.Heartbeat{{Checkpoint: "00911", AsOf: noon}}); err == nil || fates != nil {
		t.Errorf("%v, %v", fates, err)
	}
	su := connect(t, f.SuperuserURL)
	for _, table := range []string{"consignment", "pending", "consignment_event", "checkpoint"} {
		if n := one[int](t, su, "select count(*) from "+table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
}

func TestLongTextsAreClippedInTheListAlone(t *testing.T) {
	_, d := open(t)
	key, long := signIn(t, d, aysel), strings.Repeat("Ə", 4000)
	store(t, d, goodsOf(aysel, "R1", 1, func(c *customs.Consignment) {
		c.Goods[0].Description = long
		c.Consignor = &customs.Party{Name: "Son söz " + long}
		for i := range 900 {
			c.Goods = append(c.Goods, customs.GoodsItem{Number: i + 2, Description: "iplik", CommodityCode: "520511"})
		}
		c.Requires = []customs.Requirement{{Code: "x", Who: customs.You, Note: long, Agency: long, Since: noon}}
	}))
	r := list(t, d, key, customs.Query{Text: "cmrr1"}, 25).Rows[0]
	for what, got := range map[string]string{"description": r.GoodsDescription, "note": r.NextNote, "agency": r.NextAgency} {
		if n := len([]rune(got)); n > 240 || !strings.HasSuffix(got, "ƏƏ…") {
			t.Errorf("%s has %d characters", what, n)
		}
	}
	_, det, err := d.Detail(t.Context(), key, "R1")
	must(t, err)
	if det.Consignment.Goods[0].Description != long || len(det.Consignment.Goods) != 901 || det.Consignment.Requires[0].Note != long {
		t.Error("the details are clipped")
	}
}

// Eight senders with the same registrations at once, of one checkpoint and of
// several: nobody fails, the newest revision wins, one checkpoint keeps each.
func TestSendersAtOnce(t *testing.T) {
	for what, checkpoints := range map[string]int{"one checkpoint": 1, "several checkpoints": 4} {
		t.Run(what, func(t *testing.T) {
			f, d := open(t)
			var senders sync.WaitGroup
			for sender := range 8 {
				senders.Go(func() {
					r := rand.New(rand.NewPCG(uint64(sender), 7))
					place := at(fmt.Sprintf("0090%d", sender%checkpoints))
					for round := range 5 {
						var batch []db.Snapshot
						for i := range 40 {
							batch = append(batch, goodsOf(aysel, fmt.Sprintf("R%02d", i), int64(1+8*round+sender), place))
						}
						r.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
						if _, err := d.StoreFeed(t.Context(), batch, nil); err != nil {
							t.Error(err)
						}
					}
				})
			}
			senders.Wait()
			su := connect(t, f.SuperuserURL)
			sameAsTruth(t, su)
			if got := one[int](t, su, "select count(*) from consignment where checkpoint <> document->>'checkpoint' or revision <> (document->>'revision')::bigint"); got != 0 {
				t.Errorf("%d rows do not say what their documents say", got)
			}
			// The last round of each checkpoint's last sender has its newest revision.
			if got := one[int](t, su, "select count(*) from consignment where revision = 33 + (8 - $1) + substr(checkpoint, 5, 1)::int", checkpoints); got != 40 {
				t.Errorf("%d of 40 have the newest revision", got)
			}
		})
	}
}

// A line that was refused is nothing that was received of a checkpoint, and
// makes none.
func TestARefusedLineSaysNothingOfItsCheckpoint(t *testing.T) {
	f, d := open(t)
	store(t, d, goodsOf(aysel, "R1", 5))
	su := connect(t, f.SuperuserURL)
	const all = `select string_agg(code || ' ' || received_at, ', ' order by code) from checkpoint`
	before := one[string](t, su, all)
	changed := goodsOf(aysel, "R1", 5, with(customs.Held))
	if got := fmt.Sprint(store(t, d, goodsOf(aysel, "R1", 9, at("QQQ")), changed)); got != "[elsewhere conflict]" {
		t.Fatalf("fates %s", got)
	}
	if after := one[string](t, su, all); after != before {
		t.Errorf("heard of %s, before %s", after, before)
	}
	store(t, d, changed, goodsOf(aysel, "R2", 1, at("QQQ")), goodsOf(aysel, "R1", 9, at("QQQ")))
	if n := one[int](t, su, `select count(*) from checkpoint where received_at is not null`); n != 2 {
		t.Errorf("%d checkpoints, want 2", n)
	}
	if after := one[string](t, su, all); !strings.HasPrefix(after, before+", QQQ ") {
		t.Errorf("of the one whose line was refused was heard: %s, before %s", after, before)
	}
}

// Data is not fresher than now, though a sender's clock may be ahead, and a
// batch without a heartbeat makes it no fresher.
func TestNoDataIsOfTheFuture(t *testing.T) {
	f, d := open(t)
	_, err := d.StoreFeed(t.Context(), nil, []customs.Heartbeat{{Checkpoint: "00911", AsOf: time.Now().Add(4 * time.Minute)}, {Checkpoint: "00921", AsOf: noon}})
	must(t, err)
	store(t, d, goodsOf(aysel, "R1", 1), goodsOf(aysel, "R2", 1, at("00921")))
	su := connect(t, f.SuperuserURL)
	if age := one[time.Duration](t, su, `select clock_timestamp() - as_of from checkpoint where code = '00911'`); age < 0 || age > time.Minute {
		t.Errorf("the data is %s old", age)
	}
	if asOf := one[time.Time](t, su, `select as_of from checkpoint where code = '00921'`); !asOf.Equal(noon) {
		t.Errorf("as of %s, not %s", asOf, noon)
	}
}
