package db_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/db"
)

// Whatever connection is cut in whatever moment: what was acknowledged is
// stored, nothing is stored twice, whoever is not acknowledged is told soon,
// and the register goes on by itself.
func TestRegisterOutlivesItsConnections(t *testing.T) {
	f, d := open(t)
	k := signIn(t, d, aysel)
	r := db.NewRegister(d)
	defer r.Close()
	su := connect(t, f.SuperuserURL)
	var acknowledged, refused sync.Map
	var lost atomic.Int64
	stop := make(chan struct{})
	var visitors sync.WaitGroup
	for range 8 {
		visitors.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				e := entryOf(k, aysel)
				switch err := r.Submit(t.Context(), e).Wait(t.Context()); {
				case err == nil:
					acknowledged.Store(e.RequestID, true)
				case errors.Is(err, db.ErrNotDurable):
					refused.Store(e.RequestID, true)
					lost.Add(1)
				default:
					t.Errorf("another error: %v", err)
				}
			}
		})
	}
	for cut, limit := 0, time.Now().Add(time.Minute); (cut < 25 || lost.Load() == 0) && time.Now().Before(limit); {
		cut += one[int](t, su, `select count(pg_terminate_backend(pid)) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid() and query like '%insert into register_entry%'`)
	}
	close(stop)
	visitors.Wait()
	if lost.Load() == 0 {
		t.Error("no write was ever cut: the test does not test")
	}
	stored := map[uuid.UUID]int{}
	rows, err := su.Query(t.Context(), "select request_id from register_entry")
	must(t, err)
	for rows.Next() {
		var id uuid.UUID
		must(t, rows.Scan(&id))
		stored[id]++
	}
	must(t, rows.Err())
	acknowledged.Range(func(id, _ any) bool {
		if stored[id.(uuid.UUID)] != 1 {
			t.Errorf("an acknowledged entry is stored %d times", stored[id.(uuid.UUID)])
		}
		return true
	})
	for id, times := range stored {
		_, told := acknowledged.Load(id)
		_, unknown := refused.Load(id) // it may be there or not
		if times != 1 || told == unknown {
			t.Errorf("%s is stored %d times, acknowledged %v, refused %v", id, times, told, unknown)
		}
	}
	last := entryOf(k, aysel)
	if err := r.Submit(t.Context(), last).Wait(t.Context()); err != nil { // the connection may still be the one that was cut last
		last = entryOf(k, aysel)
		must(t, r.Submit(t.Context(), last).Wait(t.Context()))
	}
	if got := one[int](t, su, "select count(*) from register_entry where request_id = $1", last.RequestID); got != 1 {
		t.Errorf("the last one is stored %d times", got)
	}
}

// A session whose row cannot be touched, for whatever reason, keeps no other
// answer back, and the entry is stored all the same.
func TestEntriesDoNotDependOnSessions(t *testing.T) {
	f, d := open(t)
	a, b := signIn(t, d, aysel), signIn(t, d, rashad)
	su := connect(t, f.SuperuserURL)
	exec(t, su, "create function no() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '23514'; end $$")
	exec(t, su, "create trigger no before update on session for each row execute function no()")
	r := db.NewRegister(d)
	defer r.Close()
	pa, pb := r.Submit(t.Context(), entryOf(a, aysel)), r.Submit(t.Context(), entryOf(b, rashad))
	must(t, pa.Wait(t.Context()))
	must(t, pb.Wait(t.Context()))
	must(t, r.Submit(t.Context(), entryOf(a, aysel)).Wait(t.Context())) // the connection is good
	if n := one[int](t, su, "select count(*) from register_entry"); n != 3 {
		t.Errorf("%d entries", n)
	}
}
