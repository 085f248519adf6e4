package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

const retention = 400 * 24 * time.Hour

// longAgo lets a consignment have ended so many days ago.
func longAgo(days int) func(*customs.Consignment) {
	return func(c *customs.Consignment) {
		c.StatusAt = time.Now().Add(-time.Duration(days) * 24 * time.Hour).Truncate(time.Second)
		c.RegisteredAt = c.StatusAt.Add(-time.Hour)
	}
}

func archived(t testing.TB, d *db.DB) int {
	t.Helper()
	n, err := d.Archive(t.Context(), retention, nil)
	must(t, err)
	return n
}

func TestArchiveTakesWhatEndedLongAgo(t *testing.T) {
	f, d := open(t)
	store(t, d,
		goodsOf(aysel, "OLD", 1, longAgo(500)), goodsOf(aysel, "OLD", 2, longAgo(499)), goodsOf(aysel, "OLD", 3, with(customs.Released), longAgo(420)),
		goodsOf(aysel, "STUCK", 1, longAgo(900)),
		goodsOf(aysel, "RECENT", 1, with(customs.Completed), longAgo(390)),
		goodsOf(rashad, "HIS", 1, with(customs.ReExported), longAgo(800)))
	k := signIn(t, d, aysel)
	_, before, err := d.Detail(t.Context(), k, "OLD")
	must(t, err)
	if n := archived(t, d); n != 2 {
		t.Errorf("%d were archived, want 2", n)
	}
	if n := archived(t, d); n != 0 {
		t.Errorf("%d were archived a second time", n)
	}
	su := connect(t, f.SuperuserURL)
	if got := one[string](t, su, `select string_agg(registration, ' ' order by registration) from consignment`); got != "RECENT STUCK" {
		t.Errorf("left are %s", got)
	}
	if n := one[int](t, su, `select count(*) from consignment_event where registration in ('OLD', 'HIS')`); n != 0 {
		t.Errorf("%d events stayed", n)
	}
	_, after, err := d.Detail(t.Context(), k, "OLD")
	must(t, err)
	after.AsOf = before.AsOf
	if fmt.Sprintf("%+v", after.Events) != fmt.Sprintf("%+v", before.Events) || len(after.Events) != 2 {
		t.Errorf("events %+v were %+v", after.Events, before.Events)
	}
	if after.Consignment.Status != customs.Released || !after.ReceivedAt.Equal(before.ReceivedAt) || after.Freshness.Checkpoint != before.Freshness.Checkpoint {
		t.Errorf("details changed: %+v, were %+v", after, before)
	}
	if _, _, err := d.Detail(t.Context(), k, "HIS"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another trader's archived consignment: %v", err)
	}
	if l := list(t, d, k, customs.Query{}, 10); len(l.Rows) != 1 || l.Rows[0].Registration != "STUCK" {
		t.Errorf("the list changed: %v", registrations(l))
	}
}

// What is archived stays what it was: an old file sent again is not news.
func TestFeedKnowsTheArchive(t *testing.T) {
	f, d := open(t)
	first, last := goodsOf(aysel, "A", 1, longAgo(500)), goodsOf(aysel, "A", 5, with(customs.Released), longAgo(450))
	store(t, d, first, last)
	archived(t, d)
	other := goodsOf(aysel, "A", 5, with(customs.Completed), longAgo(450))
	late := goodsOf(aysel, "A", 3, with(customs.Inspection), longAgo(470))
	fates := store(t, d, first, last, other, goodsOf(aysel, "A", 6, at("00999")), late)
	if got := fmt.Sprint(fates); got != "[older same conflict elsewhere older]" {
		t.Errorf("fates %s", got)
	}
	k := signIn(t, d, aysel)
	if l := list(t, d, k, customs.Query{}, 10); l.AllTotal != 0 {
		t.Error("archived goods are pending again")
	}
	_, detail, err := d.Detail(t.Context(), k, "A")
	must(t, err)
	if len(detail.Events) != 3 || detail.Events[1].Status != customs.Inspection {
		t.Errorf("the late event is not in the history: %+v", detail.Events)
	}
	// A true correction brings it back, with its whole history, and it can be
	// archived again.
	back := goodsOf(aysel, "A", 7, with(customs.Held), longAgo(440))
	if got := fmt.Sprint(store(t, d, back)); got != "[stored]" {
		t.Errorf("a newer revision is %s", got)
	}
	_, detail, err = d.Detail(t.Context(), k, "A")
	must(t, err)
	if detail.Consignment.Status != customs.Held || len(detail.Events) != 4 {
		t.Errorf("it came back as %s with %d events", detail.Consignment.Status, len(detail.Events))
	}
	store(t, d, goodsOf(aysel, "A", 8, with(customs.Released), longAgo(410)))
	if n := archived(t, d); n != 1 {
		t.Errorf("archived again: %d", n)
	}
	_, detail, err = d.Detail(t.Context(), k, "A")
	must(t, err)
	if detail.Consignment.Revision != 8 || len(detail.Events) != 5 {
		t.Errorf("revision %d with %d events", detail.Consignment.Revision, len(detail.Events))
	}
	if n := one[int](t, connect(t, f.SuperuserURL), `select count(*) from archive_document`); n != 1 {
		t.Errorf("%d documents of one consignment", n)
	}
}

// What is given to another taxpayer is theirs with everything that was before,
// also with what the archive holds of it, and no longer the former one's.
func TestArchiveGoesWithACorrection(t *testing.T) {
	old := func(revision int64, status customs.Status, days int) db.Snapshot {
		return goodsOf(aysel, "A", revision, with(status), longAgo(days))
	}
	later := func(voen customs.VOEN, revision int64, status customs.Status) db.Snapshot {
		return goodsOf(voen, "A", revision, with(status))
	}
	for name, batches := range map[string][][]db.Snapshot{
		"at once":                {{later(rashad, 6, customs.Declared)}, {later(rashad, 7, customs.Held)}},
		"in one batch":           {{later(aysel, 6, customs.Declared), later(rashad, 7, customs.Held)}},
		"after it had come back": {{later(aysel, 6, customs.Declared)}, {later(rashad, 7, customs.Held)}},
		"there and back":         {{later(aysel, 5+1, customs.Declared)}, {later(rashad, 7, customs.Held)}, {later(aysel, 8, customs.Declared)}, {later(rashad, 9, customs.Held)}},
	} {
		f, d := open(t)
		store(t, d, old(1, customs.Registered, 450), old(5, customs.Released, 449))
		if archived(t, d) != 1 {
			t.Fatal("nothing was archived")
		}
		for _, batch := range batches {
			store(t, d, batch...)
		}
		former, owner := signIn(t, d, aysel), signIn(t, d, rashad)
		if _, detail, err := d.Detail(t.Context(), former, "A"); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: the former owner sees %+v: %v", name, detail, err)
		}
		if detail, err := d.ConsignmentOf(t.Context(), makeToken(t, d, former), "A"); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: the former owner's program sees %+v: %v", name, detail, err)
		}
		_, detail, err := d.Detail(t.Context(), owner, "A")
		must(t, err)
		program, err := d.ConsignmentOf(t.Context(), makeToken(t, d, owner), "A")
		must(t, err)
		for _, events := range [][]customs.Event{detail.Events, program.Events} {
			if n := len(events); n < 3 || events[n-1].Status != customs.Registered || events[n-2].Status != customs.Released || events[0].Status != customs.Held {
				t.Errorf("%s: the owner's history is %+v", name, events)
			}
		}
		if n := one[int](t, connect(t, f.SuperuserURL), `
			select count(*) from consignment c join archived a using (registration) join archive_document d using (registration)
			 where a.voen <> c.voen or d.voen <> c.voen`); n != 0 {
			t.Errorf("%s: %d are still the former owner's in the archive", name, n)
		}
	}
}

func TestArchiveHasAPartitionForEachMonth(t *testing.T) {
	f, d := open(t)
	for i := range 24 {
		store(t, d, goodsOf(aysel, fmt.Sprint("M", i), 1, with(customs.Released), longAgo(420+i*31)))
	}
	if n := archived(t, d); n != 24 {
		t.Errorf("%d archived", n)
	}
	su := connect(t, f.SuperuserURL)
	if n := one[int](t, su, `select count(*) from pg_inherits where inhparent = 'archive_document'::regclass`); n < 23 {
		t.Errorf("%d partitions", n)
	}
	app := connect(t, f.URL)
	exec(t, app, `set role portal_app`)
	name := one[string](t, su, `select inhrelid::regclass::text from pg_inherits where inhparent = 'archive_document'::regclass limit 1`)
	if _, err := app.Exec(t.Context(), `select from `+name); sqlState(err) != "42501" {
		t.Errorf("a partition can be read around the policy of the whole: %v", err)
	}
	single, err := db.Open(t.Context(), f.URL, db.Options{MaxConns: 1})
	must(t, err)
	defer single.Close()
	key := signIn(t, d, aysel)
	for range 6 {
		if _, detail, err := single.Detail(t.Context(), key, "M7"); err != nil || len(detail.Events) != 1 {
			t.Errorf("archived, it has %d events: %v", len(detail.Events), err)
		}
	}
	plans, err := single.Plans(t.Context())
	must(t, err)
	if strings.Contains(plans, "archive_document_") || !strings.Contains(plans, "Function Scan on archive_of") {
		t.Errorf("details open the months of the archive:\n%s", plans)
	}
}

func TestArchiveForbids(t *testing.T) {
	f, d := open(t)
	store(t, d, goodsOf(aysel, "A", 1, with(customs.Released), longAgo(500)), goodsOf(rashad, "B", 1, with(customs.Released), longAgo(500)))
	if _, err := d.Archive(t.Context(), 29*24*time.Hour, nil); sqlState(err) != "23514" {
		t.Errorf("a retention under 30 days: %v", err)
	}
	archived(t, d)
	c := connect(t, f.URL)
	for _, role := range []string{"portal_app", "portal_feed"} {
		exec(t, c, `set role `+role)
		exec(t, c, `select set_config('portal.session', '00000000-0000-0000-0000-000000000000 00', false)`)
		for _, table := range []string{"archived", "archive_document"} {
			for _, statement := range []string{"delete from " + table, "truncate " + table, "update " + table + " set voen = '1499000152'"} {
				if _, err := c.Exec(t.Context(), statement); sqlState(err) != "42501" {
					t.Errorf("%s: %s: %v", role, statement, err)
				}
			}
		}
	}
	exec(t, c, `set role portal_app`)
	if _, err := c.Exec(t.Context(), `select archive_consignments(now() - interval '1 year', 1)`); sqlState(err) != "42501" {
		t.Errorf("a page can archive: %v", err)
	}
	for _, table := range []string{"archived", "archive_document"} {
		if n := one[int](t, c, `select count(*) from `+table); n != 0 {
			t.Errorf("nobody is signed in and sees %d of %s", n, table)
		}
	}
	k := signIn(t, d, aysel)
	key, err := d.Session(t.Context(), k)
	must(t, err)
	if key.Person.VOEN != aysel {
		t.Fatal("another trader")
	}
}

// Readers see each consignment exactly once with its whole history while it
// moves, and none of them waits for the move.
func TestReadersDoNotNoticeTheArchive(t *testing.T) {
	_, d := open(t)
	const n = 3000
	var batch []db.Snapshot
	for i := range n {
		code := fmt.Sprintf("R%05d", i)
		batch = append(batch, goodsOf(aysel, code, 1, longAgo(700+i%300)), goodsOf(aysel, code, 2, with(customs.Released), longAgo(600+i%300)))
	}
	store(t, d, batch...)
	k := signIn(t, d, aysel)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var read, slowest atomic.Int64
	for w := range 3 {
		wg.Go(func() {
			for i := w; ctx.Err() == nil; i = (i + 97) % n {
				began := time.Now()
				_, detail, err := d.Detail(context.WithoutCancel(ctx), k, fmt.Sprintf("R%05d", i))
				if err != nil || len(detail.Events) != 2 || detail.Consignment.Revision != 2 {
					t.Errorf("R%05d: %v, %d events", i, err, len(detail.Events))
					return
				}
				read.Add(1)
				if took := int64(time.Since(began)); took > slowest.Load() {
					slowest.Store(took)
				}
			}
		})
	}
	var steps []int
	moved, err := d.Archive(t.Context(), retention, func(n int) { steps = append(steps, n) })
	stop()
	wg.Wait()
	if err != nil || moved != n || len(steps) < 6 {
		t.Errorf("%d moved in %d steps, %v", moved, len(steps), err)
	}
	t.Logf("%d readings meanwhile, the slowest took %s", read.Load(), time.Duration(slowest.Load()))
	if read.Load() == 0 || time.Duration(slowest.Load()) > 5*time.Second {
		t.Error("readers waited")
	}
}

// A feed that corrects a consignment while it is being archived finds it.
func TestArchiveAndFeedMeet(t *testing.T) {
	f, d := open(t)
	line := goodsOf(aysel, "A", 1, with(customs.Released), longAgo(500))
	store(t, d, line, goodsOf(aysel, "B", 1, with(customs.Released), longAgo(500)))
	su := connect(t, f.SuperuserURL)
	exec(t, su, `begin`)
	exec(t, su, `select from consignment where registration = 'A' for update`)
	if n := archived(t, d); n != 1 {
		t.Errorf("%d archived beside a row that the feed holds, want 1", n)
	}
	exec(t, su, `rollback`)
	exec(t, su, `begin`)
	exec(t, su, `select archive_consignments(now() - interval '400 days', 10)`)
	fates := make(chan string, 1)
	go func() {
		f, err := d.StoreFeed(context.WithoutCancel(t.Context()), []db.Snapshot{line}, nil)
		fates <- fmt.Sprint(f, err)
	}()
	watch := connect(t, f.SuperuserURL)
	for one[int](t, watch, `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`) == 0 {
		if t.Context().Err() != nil {
			return
		}
	}
	exec(t, su, `commit`)
	if got := <-fates; !strings.HasPrefix(got, "[same]") {
		t.Errorf("the waiting feed's line is %s", got)
	}
	if n := one[int](t, su, `select count(*) from consignment`); n != 0 {
		t.Error("it is on the list again")
	}
}

// A transaction cannot store for checkpoints that it did not name.
func TestFeedScope(t *testing.T) {
	f, d := open(t)
	source := db.Source{Sender: "samur", Checkpoints: []string{"00901", "00902"}, Batch: "b", LastLine: 7, Lines: 2, Rejected: 1}
	for code, allowed := range map[string]bool{"00901": true, "00902": true, "00903": false, "0090": false} {
		fates, err := d.StoreFeedFrom(t.Context(), source, []db.Snapshot{goodsOf(aysel, "S"+code, 1, at(code))}, nil)
		if allowed && (err != nil || fates[0] != db.Stored) || !allowed && sqlState(err) != "42501" {
			t.Errorf("%s: %v %v", code, fates, err)
		}
	}
	su := connect(t, f.SuperuserURL)
	if n := one[int](t, su, `select count(*) from consignment`); n != 2 {
		t.Errorf("%d are stored", n)
	}
	c := connect(t, f.URL)
	exec(t, c, `set role portal_feed`)
	if _, err := c.Exec(t.Context(), `update consignment set status = status`); sqlState(err) != "42704" {
		t.Errorf("a transaction without a scope: %v", err)
	}
	senders, err := d.Senders(t.Context())
	must(t, err)
	if len(senders) != 1 {
		t.Fatalf("senders %+v", senders)
	}
	s := senders[0]
	if s.Name != "samur" || s.Lines != 4 || s.Rejected != 2 || s.LastLine != 7 || s.Batch != "b" || s.StoredAt == nil || s.Lag == nil || *s.Lag <= 0 {
		t.Errorf("%+v", s)
	}
	_, err = d.StoreFeedFrom(t.Context(), source, nil, []customs.Heartbeat{{Checkpoint: "00901", AsOf: time.Now().Add(time.Minute)}})
	must(t, err)
	senders, err = d.Senders(t.Context())
	must(t, err)
	if *senders[0].Lag != 0 {
		t.Errorf("news of the future is %s old", *senders[0].Lag)
	}
	// A correction of something old makes nobody late.
	fates, err := d.StoreFeedFrom(t.Context(), source, []db.Snapshot{goodsOf(aysel, "OLD", 1, at("00901"), longAgo(500))}, nil)
	must(t, err)
	senders, err = d.Senders(t.Context())
	must(t, err)
	if *senders[0].Lag != 0 || fates[0] != db.Stored {
		t.Errorf("late by %s, %v", *senders[0].Lag, fates)
	}
	fresh, err := d.Freshness(t.Context())
	must(t, err)
	if len(fresh) != 2 || fresh[0].Checkpoint != "00901" || fresh[0].AsOf == nil {
		t.Errorf("freshness %+v", fresh)
	}
}
