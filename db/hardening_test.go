package db_test

import (
	"errors"
	"testing"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

const newSession = `insert into session (id, secret_hash, voen, method, issuer, serial, fingerprint, idle, expires_at)
	values (gen_random_uuid(), sha256('x'), '1499000151', 'file', 'business', '0a', 'x', `

// The serving role begins sessions within bounds and can neither prolong nor
// remove them; each leaves a note that it can neither read nor change.
func TestSessionsAreBounded(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	key := signIn(t, d, aysel)
	c := as(t, f.URL, settingOf(key))
	const denied, check = "42501", "23514"
	for sql, want := range map[string]string{
		newSession + `'20 minutes', now() + interval '8 hours')`: "",
		newSession + `'20 minutes', 'infinity')`:                 check,
		newSession + `'20 minutes', now() + interval '8 days')`:  check,
		newSession + `'2 days', now() + interval '3 days')`:      check,
		newSession + `'0', now() + interval '1 hour')`:           check,
		`insert into session (id, secret_hash, voen, method, issuer, serial, fingerprint, idle, expires_at, created_at)
			values (gen_random_uuid(), sha256('y'), '1499000151', 'file', 'b', '0a', 'x', '1 hour', now(), now() - interval '1 year')`: denied,
		`insert into session (id, secret_hash, voen, method, issuer, serial, fingerprint, idle, expires_at, seen_at)
			values (gen_random_uuid(), sha256('z'), '1499000151', 'file', 'b', '0a', 'x', '1 hour', now(), 'infinity')`: denied,
		`delete from session`: denied, `select * from session_begun`: denied, `delete from session_begun`: denied, `update session_begun set voen = '1499000152'`: denied,
		`insert into session_begun (session_id, voen, method, issuer, serial) values (gen_random_uuid(), '1', '', '', '')`: denied,
		`select note_session()`: denied, `truncate session_begun`: denied,
	} {
		if _, err := c.Exec(t.Context(), sql); sqlState(err) != want {
			t.Errorf("%s: %v, want %q", sql, err, want)
		}
	}
	if n := one[int](t, su, `select count(*) from session_begun where voen = '1499000151' and login = 'portal'`); n != 2 {
		t.Errorf("%d sessions are noted, want 2", n)
	}
	if got := one[string](t, su, `select method || ' ' || issuer || ' ' || serial from session_begun where session_id = $1`, key.ID); got != "file business 0a" {
		t.Errorf("noted: %s", got)
	}
}

// A session cannot be given a company after its sign-in, neither one's own nor
// another's.
func TestCompaniesComeWithTheSignIn(t *testing.T) {
	f, d := open(t)
	one1, two := person(aysel), person(rashad)
	one1.Source, two.Source = db.SourceCertificate, db.SourceCertificate
	key, err := d.StartSessionAmong(t.Context(), []db.Person{one1, two}, 0, limits, nil)
	must(t, err)
	c := as(t, f.URL, settingOf(key))
	add := `insert into session_company (session_id, voen, source) values ($1, '1599000161', 'certificate')`
	if _, err := c.Exec(t.Context(), add, key.ID); sqlState(err) != "42501" {
		t.Errorf("later: %v", err)
	}
	tx, err := c.Begin(t.Context())
	must(t, err)
	if _, err := tx.Exec(t.Context(), add, key.ID); sqlState(err) != "42501" {
		t.Errorf("later, in a transaction: %v", err)
	}
	must(t, tx.Rollback(t.Context()))
	// The way of the program goes on: switching keeps both.
	fresh, err := d.SwitchCompany(t.Context(), key, rashad)
	must(t, err)
	s, list, err := d.SessionCompanies(t.Context(), fresh)
	must(t, err)
	if s.Person.VOEN != rashad || len(list) != 2 {
		t.Errorf("%v, %v", s.Person.VOEN, list)
	}
}

func TestNotesOfSessionsAreSwept(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	for _, days := range []int{1, 399, 401} {
		k := signIn(t, d, aysel)
		exec(t, su, "update session_begun set at = now() - make_interval(days => $2) where session_id = $1", k.ID, days)
	}
	must(t, d.Sweep(t.Context()))
	if n := one[int](t, su, "select count(*) from session_begun"); n != 2 {
		t.Errorf("%d notes stay, want 2", n)
	}
}

// moved is what is noted, in order.
func moved(t *testing.T, f string) string {
	t.Helper()
	return one[string](t, connect(t, f), `
		select coalesce(string_agg(concat_ws(' ', registration, checkpoint, revision, former, voen, sender), ', ' order by id), '') from consignment_moved`)
}

// What the feed gives to another taxpayer is stored, and it is kept who had it,
// by whom it was given and how often that sender does so.
func TestMovedToAnotherTaxpayer(t *testing.T) {
	f, d := open(t)
	samur := db.Source{Sender: "samur", Checkpoints: []string{"00911"}, Lines: 1}
	from := func(s db.Source, batch ...db.Snapshot) {
		t.Helper()
		_, err := d.StoreFeedFrom(t.Context(), s, batch, nil)
		must(t, err)
	}
	from(samur, goodsOf(aysel, "A1", 1), goodsOf(aysel, "A2", 1))
	from(samur, goodsOf(aysel, "A1", 2)) // nothing moves
	from(samur, goodsOf(rashad, "A1", 3), goodsOf(aysel, "A1", 4), goodsOf(rashad, "A1", 5), goodsOf(rashad, "A2", 2))
	from(samur, goodsOf(aysel, "A1", 4)) // late: nothing moves
	from(db.Source{}, goodsOf(aysel, "A1", 6, with(customs.Released)))
	want := "A1 00911 5 1499000151 1499000152 samur, A2 00911 2 1499000151 1499000152 samur, A1 00911 6 1499000152 1499000151 operator"
	if got := moved(t, f.SuperuserURL); got != want {
		t.Errorf("noted %q\nwant  %q", got, want)
	}
	senders, err := d.Senders(t.Context())
	must(t, err)
	if len(senders) != 1 || senders[0].Moved != 2 {
		t.Errorf("%+v", senders)
	}
	// Out of the archive as another's.
	su := connect(t, f.SuperuserURL)
	exec(t, su, "update consignment set status_at = now() - interval '500 days' where registration = 'A1'")
	if n := archived(t, d); n != 1 {
		t.Fatalf("%d archived", n)
	}
	from(samur, goodsOf(aysel, "A1", 7))
	from(samur, goodsOf(rashad, "A1", 8))
	if got := moved(t, f.SuperuserURL); got != want+", A1 00911 8 1499000151 1499000152 samur" {
		t.Errorf("noted %q", got)
	}
}

func TestMovedFromTheArchive(t *testing.T) {
	f, d := open(t)
	store(t, d, goodsOf(aysel, "A1", 1, with(customs.Released)))
	exec(t, connect(t, f.SuperuserURL), "update consignment set status_at = now() - interval '500 days'")
	if n := archived(t, d); n != 1 {
		t.Fatalf("%d archived", n)
	}
	store(t, d, goodsOf(rashad, "A1", 2))
	if got := moved(t, f.SuperuserURL); got != "A1 00911 2 1499000151 1499000152 operator" {
		t.Errorf("noted %q", got)
	}
}

// What was noted can be added to, by the feed for its own checkpoints, and
// nothing else.
func TestMovedForbidden(t *testing.T) {
	f, d := open(t)
	store(t, d, goodsOf(aysel, "A1", 1))
	store(t, d, goodsOf(rashad, "A1", 2))
	for role, statements := range map[string][]string{
		"portal_app": {"select * from consignment_moved", "delete from consignment_moved", "insert into consignment_moved (registration) values ('x')"},
		"portal_feed": {
			"select * from consignment_moved", "delete from consignment_moved", "update consignment_moved set former = '1499000152'", "truncate consignment_moved",
			"insert into consignment_moved (registration, checkpoint, revision, former, voen) values ('x', '00999', 1, '1499000151', '1499000152')",
			"insert into consignment_moved (registration, checkpoint, revision, former, voen, sender) values ('x', '00911', 1, '1499000151', '1499000152', 'me')",
		},
		"portal_supervision": {"delete from consignment_moved", "update consignment_moved set former = '1499000152'"},
	} {
		c := connect(t, f.SuperuserURL)
		exec(t, c, "set role "+role)
		exec(t, c, "select set_config('portal.feed_scope', ' 00911 ', false)")
		for _, sql := range statements {
			if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" {
				t.Errorf("%s: %s: %v", role, sql, err)
			}
		}
	}
	c := connect(t, f.SuperuserURL)
	exec(t, c, "set role portal_supervision")
	exec(t, c, "select set_config('portal.staff', $1, false)", "00000000-0000-4000-8000-000000000000 00")
	if n := one[int](t, c, "select count(*) from consignment_moved"); n != 0 {
		t.Errorf("without a supervisor's session %d rows are shown", n)
	}
	if _, err := d.Senders(t.Context()); errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
}
