package db_test

import (
	"errors"
	"testing"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// Without the primary a session lives as long as somebody uses it, and no
// longer; what an open page asks by itself is no use. The primary learns of it
// when it is back.
func TestSessionsLiveOnWithoutThePrimary(t *testing.T) {
	t.Parallel()
	p, d, _ := openPair(t)
	any := d.EvenStandby()
	watch(t, d, func(bool) {})
	r := db.NewRegister(d)
	t.Cleanup(r.Close)
	used, unused, open := signIn(t, d, aysel), signIn(t, d, aysel), signIn(t, d, rashad)
	store(t, d, goodsOf(aysel, "A1", 1))
	exec(t, connect(t, p.Primary.URL("postgres", "portal")), `update session set idle = '30 seconds', seen_at = now() - interval '15 seconds'`)
	p.CatchUp()
	p.Kill()

	look := func(k db.SessionKey, unattended bool) (db.Session, error) {
		s, _, err := any.Goods(t.Context(), k, customs.Query{}, 25)
		if err != nil {
			return s, err
		}
		if s.AsOf.IsZero() {
			return s, nil
		}
		e := aside(k, s.Person.VOEN)
		e.Unattended = unattended
		return s, r.Submit(t.Context(), e).Wait(t.Context())
	}
	for k, unattended := range map[db.SessionKey]bool{used: false, open: true} {
		if s, err := look(k, unattended); err != nil || s.AsOf.IsZero() {
			t.Fatalf("unattended %v: as of %s, %v", unattended, s.AsOf, err)
		}
	}
	for what, k := range map[string]db.SessionKey{"unused": unused, "open, unattended": open} {
		eventually(t, "the idle session is not read: "+what, func() bool {
			_, err := look(k, true)
			if err != nil && !errors.Is(err, db.ErrUnreachable) {
				t.Fatal(err)
			}
			return err != nil
		})
	}
	s, err := look(used, false)
	if must(t, err); s.Left(s.SeenAt) != s.Idle || s.AsOf.IsZero() {
		t.Errorf("the session that is used: seen at %s, as of %s", s.SeenAt, s.AsOf)
	}

	p.Start()
	eventually(t, "the primary is asked again", func() bool {
		s, err := look(used, false)
		must(t, err)
		return s.AsOf.IsZero()
	})
	if _, _, err := d.Goods(t.Context(), unused, customs.Query{}, 25); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("the session that nobody used: %v", err)
	}
}
