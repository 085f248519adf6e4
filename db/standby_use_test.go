package db_test

import (
	"errors"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// Without the primary a session lives as long as somebody uses it, and no
// longer; what an open page asks by itself is no use, and who signs out is out.
// The primary learns of it when it is back, before it ends anything.
func TestSessionsLiveOnWithoutThePrimary(t *testing.T) {
	t.Parallel()
	p, d, _ := openPair(t)
	any := d.EvenStandby()
	watch(t, d, func(bool) {})
	r := db.NewRegister(d)
	t.Cleanup(r.Close)
	used, unused, open, left := signIn(t, d, aysel), signIn(t, d, aysel), signIn(t, d, rashad), signIn(t, d, aysel)
	store(t, d, goodsOf(aysel, "A1", 1))
	exec(t, connect(t, p.Primary.URL("postgres", "portal")), `update session set idle = '30 seconds', seen_at = now() - interval '15 seconds'`)
	p.CatchUp()
	p.Kill()

	look := func(k db.SessionKey, unattended bool) (db.Session, error) {
		s, _, err := any.Goods(t.Context(), k, customs.Query{}, 25)
		if err != nil || s.AsOf.IsZero() {
			return s, err
		}
		e := aside(k, s.Person.VOEN)
		e.Unattended = unattended
		return s, r.Submit(t.Context(), e).Wait(t.Context())
	}
	for k, unattended := range map[db.SessionKey]bool{used: false, left: false, open: true} {
		if s, err := look(k, unattended); err != nil || s.AsOf.IsZero() {
			t.Fatalf("unattended %v: as of %s, %v", unattended, s.AsOf, err)
		}
	}
	if err := d.EndSession(t.Context(), left); err == nil {
		t.Error("without a primary a session ends there")
	}
	foreign := used
	foreign.Secret[0]++
	_ = d.EndSession(t.Context(), foreign)
	if _, err := look(left, false); !errors.Is(err, db.ErrUnreachable) {
		t.Errorf("who signed out goes on: %v", err)
	}
	for what, k := range map[string]db.SessionKey{"unused": unused, "open, unattended": open} {
		eventually(t, "the idle session is not read: "+what, func() bool {
			_, err := look(used, false)
			must(t, err)
			if _, err = look(k, true); err != nil && !errors.Is(err, db.ErrUnreachable) {
				t.Fatal(err)
			}
			return err != nil
		})
	}
	before := time.Now()
	_, err := look(used, false)
	must(t, err)
	s, err := look(used, true)
	if must(t, err); s.SeenAt.Before(before) || s.AsOf.IsZero() {
		t.Errorf("the session that is used was seen at %s, before %s; as of %s", s.SeenAt, before, s.AsOf)
	}

	started := make(chan struct{})
	go func() { defer close(started); p.Start() }()
	eventually(t, "the primary is asked again", func() bool {
		if _, err := d.Session(t.Context(), used); errors.Is(err, db.ErrNoSession) {
			t.Fatal("a primary that was not told calls the session ended")
		}
		if n, err := d.SessionsLeft(t.Context(), []string{used.String()}); err == nil && n[0] == 0 {
			t.Fatal("and so it does to open pages")
		}
		s, err := look(used, false)
		must(t, err)
		return s.AsOf.IsZero()
	})
	<-started
	for what, k := range map[string]db.SessionKey{"that nobody used": unused, "that was signed out": left} {
		eventually(t, "the session is over "+what, func() bool {
			_, err := d.Session(t.Context(), k)
			if err != nil && !errors.Is(err, db.ErrUnreachable) && !errors.Is(err, db.ErrNoSession) {
				t.Fatal(err)
			}
			return errors.Is(err, db.ErrNoSession)
		})
	}
	_, err = d.Session(t.Context(), used)
	must(t, err)
}
