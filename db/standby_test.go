package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/register"
)

// openPair opens a primary and a standby with a journal.
func openPair(t *testing.T) (*dbtest.Pair, *db.DB, string) {
	t.Helper()
	p, journal := dbtest.NewPair(t), filepath.Join(t.TempDir(), "journal")
	return p, openWithJournal(t, p, journal), journal
}

func openWithJournal(t *testing.T, p *dbtest.Pair, journal string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), p.URL(), db.Options{MaxConns: 8, Journal: journal})
	must(t, err)
	t.Cleanup(d.Close)
	return d
}

// watch watches the primary until the test ends.
func watch(t *testing.T, d *db.DB, changed func(bool)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { d.WatchPrimary(ctx, changed) })
	t.Cleanup(func() { stop(); watching.Wait() })
}

// emptied waits until the journal holds nothing any more.
func emptied(t *testing.T, d *db.DB) {
	t.Helper()
	eventually(t, "the journal is empty", func() bool {
		waiting, refused, err := d.Journalled()
		return err == nil && waiting+refused == 0
	})
}

// aside is the entry of an answer from the standby.
func aside(k db.SessionKey, v customs.VOEN) register.Entry {
	e := entryOf(k, v)
	e.Aside = true
	return e
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within three minutes: %s", what)
		}
	}
}

// While the primary is gone a list and its details come from the standby, say
// how old they are, and show nobody else's goods; everything else fails. Back
// with the primary, everything is as before.
func TestListsAreReadFromAStandby(t *testing.T) {
	t.Parallel()
	p, d, _ := openPair(t)
	any := d.EvenStandby()
	var back atomic.Bool // it was told that the primary is there again
	watch(t, d, func(gone bool) { back.Store(!gone) })
	key, other := signIn(t, d, aysel), signIn(t, d, rashad)
	ended := signIn(t, d, aysel)
	must(t, d.EndSession(t.Context(), ended))
	store(t, d, goodsOf(aysel, "A1", 1), goodsOf(aysel, "A2", 1), goodsOf(rashad, "R1", 1))
	began := time.Now()
	store(t, d, goodsOf(aysel, "A3", 1))
	p.CatchUp()
	see := func(k db.SessionKey, want ...string) (db.Session, customs.List) {
		t.Helper()
		s, l, err := any.Goods(t.Context(), k, customs.Query{}, 25)
		must(t, err)
		if got := registrations(l); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the list is %v, want %v", got, want)
		}
		return s, l
	}
	if s, _ := see(key, "A1", "A2", "A3"); !s.AsOf.IsZero() {
		t.Errorf("with the primary the list is as of %s", s.AsOf)
	}

	p.Kill()
	s, l := see(key, "A1", "A2", "A3")
	if s.AsOf.Before(began) || s.AsOf.After(time.Now()) || l.AsOf.Before(s.AsOf) {
		t.Errorf("read as of %s at %s; the last change came between %s and now", s.AsOf, l.AsOf, began)
	}
	see(other, "R1")
	if as, near, err := any.Goods(t.Context(), key, customs.Query{Text: "şəkar"}, 25); err != nil || near.Nearest == "" || !as.AsOf.Equal(s.AsOf) {
		t.Errorf("a misspelt word: %q as of %s, %v", near.Nearest, as.AsOf, err)
	}
	if as, detail, err := any.Detail(t.Context(), key, "A1"); err != nil || detail.Consignment.Registration != "A1" || !as.AsOf.Equal(s.AsOf) {
		t.Errorf("details: %s as of %s, %v", detail.Consignment.Registration, as.AsOf, err)
	}
	for _, foreign := range []string{"R1", "none"} {
		if _, _, err := any.Detail(t.Context(), key, foreign); !errors.Is(err, db.ErrUnreachable) {
			t.Errorf("%s: %v", foreign, err)
		}
	}
	for what, k := range map[string]db.SessionKey{"ended": ended, "unknown": {ID: uuid.New()}, "of another secret": {ID: key.ID}} {
		if _, _, err := any.Goods(t.Context(), k, customs.Query{}, 25); !errors.Is(err, db.ErrUnreachable) {
			t.Errorf("a session that is %s: %v", what, err)
		}
	}
	if _, _, err := d.Goods(t.Context(), key, customs.Query{}, 25); err == nil || errors.Is(err, db.ErrNoSession) {
		t.Errorf("without leave to read from the standby: %v", err)
	}
	if err := d.Ready(t.Context()); err == nil {
		t.Error("everything is ready without the primary")
	}
	must(t, d.StandbyReady(t.Context()))

	eventually(t, "the primary is taken for gone", d.FromStandby)
	p.Start()
	eventually(t, "the primary is asked again", func() bool {
		s, _, err := any.Goods(t.Context(), key, customs.Query{}, 25)
		return err == nil && s.AsOf.IsZero()
	})
	eventually(t, "who watches is told", back.Load)
	store(t, d, goodsOf(aysel, "A4", 1))
	see(key, "A1", "A2", "A3", "A4")
}

// A primary that takes questions and answers none is gone as well, within
// seconds; one that comes back is asked again.
func TestFrozenPrimary(t *testing.T) {
	t.Parallel()
	p, d, _ := openPair(t)
	watch(t, d, func(bool) {})
	key := signIn(t, d, aysel)
	store(t, d, goodsOf(aysel, "A1", 1))
	p.CatchUp()
	read := func(fromStandby bool) func() bool {
		return func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			s, l, err := d.EvenStandby().Goods(ctx, key, customs.Query{}, 25)
			return err == nil && s.AsOf.IsZero() != fromStandby && len(l.Rows) == 1
		}
	}
	thaw := p.Freeze()
	began := time.Now()
	if s, _, err := d.EvenStandby().Goods(t.Context(), key, customs.Query{}, 25); err != nil || s.AsOf.IsZero() {
		t.Errorf("asked at that moment: as of %s after %s, %v", s.AsOf, time.Since(began), err)
	}
	eventually(t, "the primary is taken for gone", d.FromStandby)
	eventually(t, "the list comes from the standby", read(true))
	thaw()
	eventually(t, "the list comes from the primary", read(false))
}

// A program that starts while the primary is gone serves what the standby has,
// and checks its roles there.
func TestOpenWithoutThePrimary(t *testing.T) {
	t.Parallel()
	p, d, journal := openPair(t)
	key := signIn(t, d, aysel)
	store(t, d, goodsOf(aysel, "A1", 1))
	p.CatchUp()
	d.Close()
	p.Kill()
	if _, err := db.Open(t.Context(), p.URL(), db.Options{Timeout: time.Second}); !errors.Is(err, db.ErrUnreachable) {
		t.Errorf("without a journal: %v", err)
	}
	d = openWithJournal(t, p, journal)
	if s, _, err := d.EvenStandby().Goods(t.Context(), key, customs.Query{}, 25); err != nil || s.AsOf.IsZero() {
		t.Errorf("as of %s, %v", s.AsOf, err)
	}
	watch(t, d, func(bool) {})
	p.Start()
	eventually(t, "the primary is asked", func() bool {
		s, err := d.Session(t.Context(), key)
		return err == nil && s.AsOf.IsZero() && !d.FromStandby()
	})
	p.Kill()
	must(t, p.Standby.Stop())
	d.Close()
	if _, err := db.Open(t.Context(), p.URL(), db.Options{Timeout: time.Second, Journal: journal}); !errors.Is(err, db.ErrUnreachable) {
		t.Errorf("with no host at all: %v", err)
	}
}

// Entries of answers from the standby are in the register once the primary is
// there again: each once, with the time of its answer, also if the process was
// another by then.
func TestJournalledEntriesComeIntoTheRegister(t *testing.T) {
	t.Parallel()
	p, d, journal := openPair(t)
	key := signIn(t, d, aysel)
	if _, err := db.Open(t.Context(), p.URL(), db.Options{Journal: journal}); err == nil {
		t.Error("two processes have one journal")
	}
	r := db.NewRegister(d)
	p.Kill()
	// One whose answer the primary gave in its last moment, and one that no
	// standby's answer has.
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
	file := entryOf(key, aysel)
	file.Action = register.DownloadGoods
	if err := r.Submit(t.Context(), file).Wait(t.Context()); !errors.Is(err, db.ErrNotDurable) {
		t.Errorf("an entry of a download, while the primary is gone: %v", err)
	}
	const many = 700
	var wrote sync.WaitGroup
	began := time.Now()
	for range many {
		wrote.Go(func() {
			if err := r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wrote.Wait()
	answered := time.Now()
	bad := aside(key, aysel)
	bad.Action = register.MakeToken // nothing that a standby answers
	must(t, r.Submit(t.Context(), bad).Wait(t.Context()))
	must(t, r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()))
	if waiting, refused, err := d.Journalled(); waiting != many+3 || refused != 0 || err != nil {
		t.Errorf("%d wait, %d are refused, %v", waiting, refused, err)
	}
	r.Close()
	d.Close()

	p.Start()
	d = openWithJournal(t, p, journal)
	newRegister(t, d)
	eventually(t, "the journal is empty", func() bool {
		waiting, _, err := d.Journalled()
		return err == nil && waiting == 0
	})
	if _, refused, _ := d.Journalled(); refused != 1 {
		t.Errorf("%d are refused, want the one", refused)
	}
	su := connect(t, p.DB().SuperuserURL)
	if n := one[int](t, su, `select count(*) from register_entry e join register_late l on l.entry = e.id
		where e.at between $1 and $2 and l.taken_at > $2 and e.subject = $3`, began, answered, string(aysel)); n != many {
		t.Errorf("%d entries with the time of their answers, want %d", n, many)
	}
	if n := one[int](t, su, `select count(*) from register_entry`); n != many+2 {
		t.Errorf("%d entries, want %d", n, many+2)
	}
}

// What the serving role can bring into the register late is a trader's look at
// goods and nothing else; what was taken is not taken again.
func TestLateEntries(t *testing.T) {
	f, d := open(t)
	app, su := connect(t, f.URL), connect(t, f.SuperuserURL)
	exec(t, app, "set role portal_app")
	entry := func(change string) string {
		return `select take_late_entries(jsonb_build_array(jsonb_build_object('key', '7f8d3e0a-0c1c-4f0e-9d55-0f6f3a0c7d11', 'at', now() - interval '5 minutes',
			'request_id', gen_random_uuid(), 'channel', 'web', 'actor', 'trader', 'session_id', gen_random_uuid(), 'subject', '1499000151',
			'action', 'goods.list', 'asked', '/goods', 'outcome', 'answered', 'results', 1, 'elapsed_us', 5) || ` + change + `))`
	}
	for _, change := range []string{
		`'{"actor": "operator"}'`, `'{"channel": "api"}'`, `'{"action": "goods.download"}'`, `'{"outcome": "failed"}'`, `'{"subject": "1"}'`, `'{"subject": null}'`,
		`'{"results": -1}'`, `'{"at": null}'`, `'{"key": null}'`, `jsonb_build_object('at', now() - interval '32 days')`,
	} {
		if _, err := app.Exec(t.Context(), entry(change)); sqlState(err) < "22" || sqlState(err) > "24" {
			t.Errorf("%s: %v", change, err)
		}
	}
	for range 2 {
		exec(t, app, entry(`'{}'`))
	}
	exec(t, app, entry(`jsonb_build_object('key', gen_random_uuid(), 'at', now() + interval '1 hour')`))
	if n := one[int](t, su, `select count(*) from register_entry where at <= clock_timestamp()`); n != 2 {
		t.Errorf("%d entries, want 2, none from the future", n)
	}
	if err := newRegister(t, d).Submit(t.Context(), aside(signIn(t, d, aysel), aysel)).Wait(t.Context()); !errors.Is(err, db.ErrNotDurable) {
		t.Errorf("without a journal: %v", err)
	}
	key := supervisor(t, f, d)
	first := one[int64](t, su, `select min(id) from register_entry where at < now() - interval '4 minutes'`)
	if r, err := d.FindEntry(t.Context(), key, first); err != nil || r.Taken.Before(r.At.Add(4*time.Minute)) {
		t.Errorf("supervision sees the entry of %s taken at %s, %v", r.At, r.Taken, err)
	}
	if _, err := su.Exec(t.Context(), `delete from register_late`); err == nil {
		t.Error("the note that an entry came late can be removed")
	}
}
