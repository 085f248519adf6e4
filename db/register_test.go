package db_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// newRegister starts a register that closes with the test.
func newRegister(t *testing.T, d *db.DB) *db.Register {
	t.Helper()
	r := db.NewRegister(d)
	t.Cleanup(r.Close)
	return r
}

func TestEntryIsStoredBeforeWaitReturns(t *testing.T) {
	f, d := open(t)
	r, key, su := newRegister(t, d), signIn(t, d, aysel), connect(t, f.SuperuserURL)
	for i, outcome := range []register.Outcome{register.Answered, register.NothingPending, register.NotFound, register.Failed} {
		e := entryOf(key, aysel)
		e.Outcome, e.Results, e.Action, e.Asked = outcome, i, register.ShowGoods, "/goods/Ə?q=\"'"
		must(t, r.Submit(t.Context(), e).Wait(t.Context()))
		got := one[string](t, su, `
			select concat_ws(' ', channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
			  from register_entry where request_id = $1 and at > now() - interval '1 minute'`, e.RequestID)
		if want := fmt.Sprintf("web trader %s %s goods.detail /goods/Ə?q=\"' %s %d 1500", key.ID, aysel, outcome, i); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// Many answers share one flush of the log.
func TestEntriesAreGrouped(t *testing.T) {
	f, d := open(t)
	r, key, su := newRegister(t, d), signIn(t, d, aysel), connect(t, f.SuperuserURL)
	lock, err := su.Begin(t.Context()) // holds the writer until all have come
	must(t, err)
	_, err = lock.Exec(t.Context(), "lock table register_entry in share mode")
	must(t, err)
	var waiting []*db.Pending
	for range 300 {
		waiting = append(waiting, r.Submit(t.Context(), entryOf(key, aysel)))
	}
	must(t, lock.Commit(t.Context()))
	for _, w := range waiting {
		must(t, w.Wait(t.Context()))
	}
	if n := one[int](t, su, "select count(*) from register_entry"); n != 300 {
		t.Errorf("%d entries", n)
	}
	if n := one[int](t, su, "select count(distinct xmin::text) from register_entry"); n > 3 {
		t.Errorf("%d transactions for 300 entries", n)
	}
}

// What one visitor sends must not cost the others their answers.
func TestOneBadEntryFailsAlone(t *testing.T) {
	f, d := open(t)
	r, key, su := newRegister(t, d), signIn(t, d, aysel), connect(t, f.SuperuserURL)
	bad := entryOf(key, aysel)
	bad.Outcome = "no such outcome"
	odd := entryOf(key, aysel)
	odd.Asked = "/goods/\x00\xff?" + strings.Repeat("ə", 3000)
	lock, err := su.Begin(t.Context())
	must(t, err)
	_, err = lock.Exec(t.Context(), "lock table register_entry in share mode")
	must(t, err)
	var good []*db.Pending
	for range 20 {
		good = append(good, r.Submit(t.Context(), entryOf(key, aysel)))
	}
	wrong, strange := r.Submit(t.Context(), bad), r.Submit(t.Context(), odd)
	must(t, lock.Commit(t.Context()))
	for _, w := range append(good, strange) {
		if err := w.Wait(t.Context()); err != nil {
			t.Errorf("a good entry: %v", err)
		}
	}
	if err := wrong.Wait(t.Context()); !errors.Is(err, db.ErrNotDurable) {
		t.Errorf("the bad entry: %v", err)
	}
	if n := one[int](t, su, "select count(*) from register_entry"); n != 21 {
		t.Errorf("%d entries", n)
	}
	if n := one[int](t, su, "select length(asked) from register_entry where request_id = $1", odd.RequestID); n != 2000 {
		t.Errorf("%d characters are kept of a long address", n)
	}
}

func TestClosedRegister(t *testing.T) {
	f, d := open(t)
	r, key := db.NewRegister(d), signIn(t, d, aysel)
	var waiting []*db.Pending
	for range 50 {
		waiting = append(waiting, r.Submit(t.Context(), entryOf(key, aysel)))
	}
	r.Close()
	r.Close()
	for i, w := range waiting {
		if err := w.Wait(t.Context()); err != nil {
			t.Errorf("entry %d that waited at the end: %v", i, err)
		}
	}
	for range 20 {
		if err := r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()); !errors.Is(err, db.ErrNotDurable) {
			t.Errorf("after the end: %v", err)
		}
	}
	if n := one[int](t, connect(t, f.SuperuserURL), "select count(*) from register_entry"); n != 50 {
		t.Errorf("%d entries", n)
	}
}

func TestEntryThatNobodyWaitsFor(t *testing.T) {
	f, d := open(t)
	r, key, su := newRegister(t, d), signIn(t, d, aysel), connect(t, f.SuperuserURL)
	lock, err := su.Begin(t.Context())
	must(t, err)
	_, err = lock.Exec(t.Context(), "lock table register_entry in share mode")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	p := r.Submit(ctx, entryOf(key, aysel))
	cancel()
	if err := p.Wait(ctx); !errors.Is(err, db.ErrNotDurable) || !errors.Is(err, context.Canceled) {
		t.Errorf("a reader who left: %v", err)
	}
	must(t, lock.Commit(t.Context()))
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context())) // the writer goes on
}

// A register whose database went away says so in time, and writes again when
// it is back: seen from the program, through a wire that is cut.
func TestUnreachableRegister(t *testing.T) {
	f, d := open(t)
	r, key, su := newRegister(t, d), signIn(t, d, aysel), connect(t, f.SuperuserURL)
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
	exec(t, su, "alter role portal nologin")
	t.Cleanup(func() {
		_, _ = su.Exec(context.WithoutCancel(t.Context()), "alter role portal login") // it is the cluster's
	})
	one[int](t, su, "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and usename = 'portal'")
	for range 3 {
		if err := r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()); !errors.Is(err, db.ErrNotDurable) {
			t.Errorf("without a database: %v", err)
		}
	}
	exec(t, su, "alter role portal login")
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
}

// A server that takes a connection and never answers costs a page its time
// limit, not for ever.
func TestSilentDatabase(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	began := time.Now()
	_, err = db.Open(t.Context(), "postgres://portal@"+l.Addr().String()+"/x?sslmode=disable", db.Options{Timeout: 200 * time.Millisecond})
	if !errors.Is(err, db.ErrUnreachable) || time.Since(began) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

// To look is to stay signed in; an ended session stays ended.
func TestLookingKeepsASessionAlive(t *testing.T) {
	f, d := open(t)
	r, su := db.NewRegister(d), connect(t, f.SuperuserURL)
	active, ended, lapsed := signIn(t, d, aysel), signIn(t, d, aysel), signIn(t, d, aysel)
	must(t, d.EndSession(t.Context(), ended))
	exec(t, su, "update session set seen_at = now() - interval '19 minutes'")
	exec(t, su, "update session set seen_at = now() - idle where id = $1", lapsed.ID) // since it was answered
	for _, k := range []db.SessionKey{active, ended, lapsed} {
		must(t, r.Submit(t.Context(), entryOf(k, aysel)).Wait(t.Context()))
	}
	r.Close() // the note comes after the answer
	if s, err := d.Session(t.Context(), active); err != nil || time.Since(s.SeenAt) > time.Minute {
		t.Errorf("seen at %s: %v", s.SeenAt, err)
	}
	for what, k := range map[string]db.SessionKey{"ended": ended, "lapsed": lapsed} {
		if _, err := d.Session(t.Context(), k); !errors.Is(err, db.ErrNoSession) {
			t.Errorf("the %s session: %v", what, err)
		}
	}
}

func TestRegisterPartitions(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	months := func() int {
		return one[int](t, su, "select count(*) from pg_inherits where inhparent = 'register_entry'::regclass")
	}
	if n := months(); n != 4 {
		t.Errorf("%d partitions, want three months and the default", n)
	}
	exec(t, su, "drop table register_entry_"+time.Now().UTC().Format("2006_01"))
	var programs sync.WaitGroup
	for range 6 {
		programs.Go(func() {
			if err := d.Sweep(t.Context()); err != nil {
				t.Errorf("several programs sweep at once: %v", err)
			}
		})
	}
	programs.Wait()
	if n := months(); n != 4 {
		t.Errorf("%d partitions after the sweep", n)
	}
	// An entry of a month that nobody made a partition for is not refused, and
	// the month is then left to the default.
	exec(t, su, "drop table register_entry_"+time.Now().UTC().Format("2006_01"))
	r, key := newRegister(t, d), signIn(t, d, aysel)
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
	must(t, d.Sweep(t.Context()))
	if n := one[int](t, su, "select count(*) from register_entry_default"); n != 1 || months() != 3 {
		t.Errorf("%d entries in the default, %d partitions", n, months())
	}
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
}

// Every outcome of the vocabulary can be stored, and nothing else.
func TestOutcomes(t *testing.T) {
	_, d := open(t)
	r := newRegister(t, d)
	key := db.SessionKey{ID: uuid.New()}
	for outcome, ok := range map[register.Outcome]bool{
		register.Answered: true, register.NothingPending: true, register.NotFound: true, register.Failed: true, "": false, "refused": false,
	} {
		e := entryOf(key, aysel)
		e.Outcome = outcome
		if err := r.Submit(t.Context(), e).Wait(t.Context()); (err == nil) != ok {
			t.Errorf("%q: %v", outcome, err)
		}
	}
	for _, subject := range []customs.VOEN{"", "12345", "149900015X"} {
		if err := r.Submit(t.Context(), entryOf(key, subject)).Wait(t.Context()); !errors.Is(err, db.ErrNotDurable) {
			t.Errorf("a subject %q: %v", subject, err)
		}
	}
}
