package db_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/db"
)

// Many sessions are asked about at once: each by its own secret, in order, as
// asking about one would.
func TestSessionsLeft(t *testing.T) {
	f, d := open(t)
	a, b, ended := signIn(t, d, aysel), signIn(t, d, rashad), signIn(t, d, aysel)
	must(t, d.EndSession(t.Context(), ended))
	su := connect(t, f.SuperuserURL)
	exec(t, su, "update session set expires_at = now() + interval '1 minute' where id = $1", b.ID)
	exec(t, su, "update session set seen_at = now() - idle + interval '5 minutes' where id = $1", a.ID)
	wrong := a
	wrong.Secret[0]++
	unknown := db.SessionKey{ID: uuid.New()}
	got, err := d.SessionsLeft(t.Context(), []string{a.String(), wrong.String(), "", b.String(), ended.String(), unknown.String(), "nonsense", a.String()})
	must(t, err)
	want := []time.Duration{5 * time.Minute, 0, 0, time.Minute, 0, 0, 0, 5 * time.Minute}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] > want[i] || got[i] < want[i]*9/10 {
			t.Errorf("%d: %v, want nearly %v", i, got[i], want[i])
		}
	}
	if got, err := d.SessionsLeft(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	d.Close()
	if _, err := d.SessionsLeft(t.Context(), []string{a.String()}); err == nil {
		t.Error("a database that is gone knows")
	}
}

// Whoever listens hears of each session that ends before its time, by whatever
// ends it, and in the order in which things happen; of nothing else.
func TestListenHearsSessionsEnd(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	said := make(chan string, 100)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Listen(ctx, db.Notices{
			Listening: func(now bool) { said <- "listening " + strconv.FormatBool(now) },
			Changed:   func(voen string) { said <- "changed " + voen },
			Ended:     func(session string) { said <- "ended " + session },
		})
	}()
	wait := func(want ...string) {
		t.Helper()
		for _, want := range want {
			if got := next(t, said); got != want {
				t.Fatalf("it says %q, want %q", got, want)
			}
		}
	}
	wait("listening true", "changed ")
	for what, end := range map[string]func(k db.SessionKey){
		"signing out":  func(k db.SessionKey) { must(t, d.EndSession(t.Context(), k)) },
		"a sooner end": func(k db.SessionKey) { exec(t, su, "update session set expires_at = now() where id = $1", k.ID) },
		"a shorter rest": func(k db.SessionKey) {
			exec(t, su, "update session set idle = interval '1 second' where id = $1", k.ID)
		},
		"another secret":  func(k db.SessionKey) { exec(t, su, "update session set secret_hash = sha256('x') where id = $1", k.ID) },
		"its row is gone": func(k db.SessionKey) { exec(t, su, "delete from session where id = $1", k.ID) },
	} {
		k := signIn(t, d, aysel)
		exec(t, su, "update session set seen_at = now() where id = $1", k.ID) // lives longer: no news
		end(k)
		store(t, d, goodsOf(aysel, what, 1))
		wait("ended "+k.ID.String(), "changed "+string(aysel))
	}
	exec(t, su, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen%'")
	wait("listening false", "listening true", "changed ")
	stop()
	wait("listening false")
	<-done
}
