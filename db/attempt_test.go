package db_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customs.gov.az/portal/db"
)

func TestHistory(t *testing.T) {
	w := newSignInWorld(t)
	ctx := t.Context()
	record := func(issuer, serial, outcome string) {
		w.must(w.RecordAttempt(ctx, db.Attempt{Method: "card", Issuer: issuer, Serial: serial, VOEN: oneVOEN, Outcome: outcome}))
	}
	begin := func() db.SessionKey {
		return w.sessionAmong([]db.Person{{VOEN: oneVOEN, Source: db.SourceCertificate}}, 0) // issuer citizens, serial 0a
	}
	h, err := w.History(ctx, begin())
	w.must(err)
	if h != (db.History{}) {
		t.Errorf("before anything: %+v", h)
	}
	record("citizens", "0a", "expired")           // before the last sign-in: told then, not now
	record("citizens", "0a", db.SignedIn)         //
	record("citizens", "0a", "revoked")           //
	record("citizens", "0a", "suspended")         //
	record("business", "0a", "signature_invalid") // another issuer's serial number
	record("business", "0b", db.SignedIn)         // a colleague of the same taxpayer
	record("", "", "not_a_signature")             // nobody knows whose
	h, err = w.History(ctx, begin())
	w.must(err)
	if h.Last.IsZero() || h.LastMethod != "card" || h.Failed != 2 || h.FailedFor != "suspended" || h.FailedAt.Before(h.Last) || h.Other.IsZero() {
		t.Errorf("%+v", h)
	}
	if _, err := w.History(ctx, db.SessionKey{}); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("nobody's history: %v", err)
	}
}

func TestAttemptIsClean(t *testing.T) {
	w := newSignInWorld(t)
	for _, a := range []db.Attempt{
		{Method: "card", Outcome: "Somebody's name"},
		{Method: "Card", Outcome: "expired"},
		{Method: "card", Outcome: ""},
		{Method: "card", Outcome: "expired", VOEN: "149900015"},
	} {
		if err := w.RecordAttempt(t.Context(), a); err == nil {
			t.Errorf("%+v was stored", a)
		}
	}
}

// TestTake: the limit is the database's, so several processes share it.
func TestTake(t *testing.T) {
	w := newSignInWorld(t)
	second, err := db.Open(t.Context(), w.test.URL, db.Options{MaxConns: 4})
	w.must(err)
	defer second.Close()
	rate := db.Rate{Every: time.Hour, Burst: 10}
	var taken atomic.Int32
	var g sync.WaitGroup
	for i := range 40 {
		process := []*db.DB{w.DB, second}[i%2]
		g.Go(func() {
			ok, err := process.Take(t.Context(), "test", "192.0.2.1", rate)
			if err != nil {
				t.Error(err)
			}
			if ok {
				taken.Add(1)
			}
		})
	}
	g.Wait()
	if taken.Load() != 10 {
		t.Errorf("%d were let through", taken.Load())
	}
	for _, other := range [][2]string{{"test", "192.0.2.2"}, {"other", "192.0.2.1"}} {
		if ok, err := w.Take(t.Context(), other[0], other[1], rate); err != nil || !ok {
			t.Errorf("%v: %v %v", other, ok, err)
		}
	}
	// An hour later one more is due, and no more.
	if code := w.as(w.test.SuperuserURL, `update rate_limit set tat = tat - interval '61 minutes'`); code != "" {
		t.Fatal(code)
	}
	for i, want := range []bool{true, false} {
		if ok, err := w.Take(t.Context(), "test", "192.0.2.1", rate); err != nil || ok != want {
			t.Errorf("%d: %v %v", i, ok, err)
		}
	}
	w.must(w.Sweep(t.Context()))
	if ok, _ := w.Take(t.Context(), "test", "192.0.2.1", rate); ok {
		t.Error("tidying up forgot a count that still matters")
	}
}

// Old attempts are deleted, and nobody can have recent ones deleted.
func TestAttemptsAreSwept(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	exec(t, su, `insert into sign_in_attempt (at, method, outcome) select now() - make_interval(days => n), 'file', 'expired' from unnest(array[1, 29, 31, 399, 401]) n`)
	for _, kept := range []time.Duration{0, -time.Hour, 30*24*time.Hour - time.Second} {
		if _, err := d.SweepAttempts(t.Context(), kept); sqlState(err) != "23514" {
			t.Errorf("kept for %s: %v", kept, err)
		}
	}
	if n, err := d.SweepAttempts(t.Context(), 400*24*time.Hour); err != nil || n != 1 {
		t.Errorf("kept for 400 days: %d deleted, %v", n, err)
	}
	if n, err := d.SweepAttempts(t.Context(), 30*24*time.Hour); err != nil || n != 2 {
		t.Errorf("kept for 30 days: %d deleted, %v", n, err)
	}
	if left := one[int](t, su, "select count(*) from sign_in_attempt"); left != 2 {
		t.Errorf("%d are left", left)
	}
}
