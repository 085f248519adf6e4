package db_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// day is n days after the day that the database of these tests takes for today.
func day(n int) time.Time { return time.Date(2026, 3, 10+n, 0, 0, 0, 0, time.UTC) }

// newDaysWorld is a database whose day is day(0), however late it is: what
// counts days asks one function what day it is.
func newDaysWorld(t testing.TB) signInWorld {
	t.Helper()
	w := newSignInWorld(t)
	w.dawn(0)
	return w
}

// dawn begins day(n).
func (w signInWorld) dawn(n int) {
	w.Helper()
	exec(w, connect(w, w.test.SuperuserURL), "create or replace function baku_today() returns date language sql stable set search_path = pg_catalog as $$ select date '"+day(n).Format(time.DateOnly)+"' $$")
}

const (
	pin                  = customs.PIN("6F1RZ8D")
	oneVOEN, otherVOEN   = customs.VOEN("1499000151"), customs.VOEN("1599000161")
	goneVOEN, shutVOEN   = customs.VOEN("1699000171"), customs.VOEN("1799000181")
	pastVOEN, futureVOEN = customs.VOEN("1899000101"), customs.VOEN("1999000111")
)

func represents(v customs.VOEN, edit ...func(*db.Representative)) db.Representative {
	r := db.Representative{VOEN: v, Organisation: "Şirkət " + string(v), PIN: pin, Position: "direktor", From: day(-10), Access: true}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func theList() []db.Representative {
	return []db.Representative{
		represents(oneVOEN), represents(otherVOEN, func(r *db.Representative) { r.To = day(0) }),
		represents(goneVOEN, func(r *db.Representative) { r.Liquidated = true }),
		represents(shutVOEN, func(r *db.Representative) { r.Access = false }),
		represents(pastVOEN, func(r *db.Representative) { r.To = day(-1) }),
		represents(futureVOEN, func(r *db.Representative) { r.From = day(1) }),
		{VOEN: "1399000141", Organisation: "Başqası", PIN: "5A7KM2L", From: day(-10), Access: true},
	}
}

func (w signInWorld) replace(list ...db.Representative) int {
	w.Helper()
	ended, err := db.ReplaceRepresentatives(w.Context(), w.test.OwnerURL, list)
	w.must(err)
	return ended
}

func voensOf(people []db.Person) []customs.VOEN {
	var out []customs.VOEN
	for _, p := range people {
		out = append(out, p.VOEN)
	}
	return out
}

func TestCompanies(t *testing.T) {
	w := newDaysWorld(t)
	w.replace(theList()...)
	named := func(pin customs.PIN, voens ...customs.VOEN) []db.Person {
		var people []db.Person
		for _, v := range voens {
			people = append(people, db.Person{VOEN: v, PIN: pin, Method: "file"})
		}
		return people
	}
	for name, c := range map[string]struct {
		named  []db.Person
		want   []customs.VOEN
		source string
	}{
		"a citizen on the list":              {named(pin, ""), []customs.VOEN{oneVOEN, otherVOEN}, db.SourceRepresentative},
		"a citizen not on the list":          {named("9T5NY3H", ""), nil, ""},
		"nobody":                             {named("", ""), nil, ""},
		"nothing":                            {nil, nil, ""},
		"a certificate alone":                {named("9T5NY3H", oneVOEN), []customs.VOEN{oneVOEN}, db.SourceCertificate},
		"a certificate does not grow":        {named(pin, otherVOEN), []customs.VOEN{otherVOEN}, db.SourceCertificate},
		"liquidated":                         {named("9T5NY3H", oneVOEN, goneVOEN), []customs.VOEN{oneVOEN}, db.SourceCertificate},
		"liquidated alone":                   {named("", goneVOEN), nil, ""},
		"access withdrawn":                   {named(pin, shutVOEN), nil, ""},
		"access withdrawn from someone else": {named("9T5NY3H", shutVOEN), []customs.VOEN{shutVOEN}, db.SourceCertificate},
		"the list's time is over":            {named(pin, pastVOEN), []customs.VOEN{pastVOEN}, db.SourceCertificate},
	} {
		got, err := w.Companies(t.Context(), c.named)
		w.must(err)
		if !slices.Equal(voensOf(got), c.want) {
			t.Errorf("%s: %v, want %v", name, voensOf(got), c.want)
		}
		for _, p := range got {
			if p.Source != c.source || (c.source == db.SourceRepresentative) != (p.Position == "direktor" && p.Organisation != "") {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}

func (w signInWorld) sessionAmong(people []db.Person, chosen int) db.SessionKey {
	w.Helper()
	for i := range people {
		people[i].Method, people[i].Issuer, people[i].Serial, people[i].Fingerprint = "file", "citizens", "0a", []byte{1}
	}
	k, err := w.StartSessionAmong(w.Context(), people, chosen, db.Limits{Idle: time.Hour, Absolute: 2 * time.Hour}, nil)
	w.must(err)
	return k
}

func (w signInWorld) representing() []db.Person {
	w.Helper()
	people, err := w.Companies(w.Context(), []db.Person{{PIN: pin}})
	w.must(err)
	return people
}

// midnight is the beginning of a day in Azerbaijan, so many days after the
// database's today.
func (w signInWorld) midnight(days int) time.Time {
	w.Helper()
	return one[time.Time](w, connect(w, w.test.SuperuserURL),
		"select (date_trunc('day', now() at time zone 'Asia/Baku') + make_interval(days => $1)) at time zone 'Asia/Baku'", days)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func TestSwitchCompany(t *testing.T) {
	w := newDaysWorld(t)
	ctx := t.Context()
	w.replace(theList()...)
	k := w.sessionAmong(w.representing(), 0)
	before, companies, err := w.SessionCompanies(ctx, k)
	w.must(err)
	if before.Companies != 2 || len(companies) != 2 || companies[1].VOEN != otherVOEN || companies[1].Position != "direktor" {
		t.Errorf("%+v %+v", before, companies)
	}
	for _, foreign := range []customs.VOEN{"1399000141", goneVOEN, shutVOEN, pastVOEN, futureVOEN, "", "' or true"} {
		if _, err := w.SwitchCompany(ctx, k, foreign); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%q: %v", foreign, err)
		}
	}
	fresh, err := w.SwitchCompany(ctx, k, otherVOEN)
	w.must(err)
	after, err := w.Session(ctx, fresh)
	w.must(err)
	if end := earlier(before.ExpiresAt, w.midnight(1)); after.Person.VOEN != otherVOEN || after.Person.PIN != pin || !after.ExpiresAt.Equal(end) || after.ID == before.ID || after.Companies != 2 {
		t.Errorf("%+v", after)
	}
	if _, err := w.Session(ctx, k); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("the old session lives: %v", err)
	}
	if _, err := w.SwitchCompany(ctx, k, oneVOEN); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a session that has ended switches: %v", err)
	}
	if _, err := w.SwitchCompany(ctx, fresh, oneVOEN); err != nil {
		t.Errorf("back: %v", err)
	}
}

// TestSwitchRace: a session that is switched twice at once becomes one.
func TestSwitchRace(t *testing.T) {
	w := newDaysWorld(t)
	w.replace(theList()...)
	k := w.sessionAmong(w.representing(), 0)
	var g sync.WaitGroup
	won := make(chan db.SessionKey, 8)
	for range cap(won) {
		g.Go(func() {
			if fresh, err := w.SwitchCompany(t.Context(), k, otherVOEN); err == nil {
				won <- fresh
			}
		})
	}
	g.Wait()
	if len(won) != 1 {
		t.Errorf("%d sessions", len(won))
	}
}

// TestLostRepresentations: what the list no longer holds ends at once.
func TestLostRepresentations(t *testing.T) {
	w := newDaysWorld(t)
	ctx := t.Context()
	w.replace(theList()...)
	representative := w.sessionAmong(w.representing(), 0)
	other := w.sessionAmong(w.representing(), 1)
	certificate := w.sessionAmong([]db.Person{{VOEN: oneVOEN, PIN: "9T5NY3H", Source: db.SourceCertificate}}, 0)
	plain, err := w.StartSession(ctx, db.Person{VOEN: oneVOEN, Method: "file", Issuer: "business", Serial: "1", Fingerprint: []byte{1}},
		db.Limits{Idle: time.Hour, Absolute: time.Hour}, nil)
	w.must(err)
	if ended := w.replace(represents(otherVOEN)); ended != 1 {
		t.Errorf("%d sessions ended", ended)
	}
	alive := func(k db.SessionKey) bool { _, err := w.Session(ctx, k); return err == nil }
	if alive(representative) || !alive(other) || !alive(certificate) || !alive(plain) {
		t.Error("not the right ones")
	}
	if _, companies, _ := w.SessionCompanies(ctx, other); len(companies) != 1 {
		t.Errorf("%+v", companies)
	}
	if ended := w.replace(represents(oneVOEN, func(r *db.Representative) { r.Liquidated = true })); ended != 2 {
		t.Errorf("%d sessions ended", ended)
	}
	if alive(other) || alive(certificate) {
		t.Error("a session for a liquidated taxpayer, or for nobody's, lives")
	}
}

func TestRepresentativesAreReadAsWritten(t *testing.T) {
	w := newDaysWorld(t)
	w.replace(theList()...)
	got, err := db.Representatives(t.Context(), w.test.OwnerURL)
	w.must(err)
	if len(got) != len(theList()) {
		t.Fatalf("%d lines", len(got))
	}
	for _, r := range got {
		if r.VOEN == otherVOEN && (r.To.Format(time.DateOnly) != day(0).Format(time.DateOnly) || !r.Access || r.Liquidated) || r.VOEN == oneVOEN && !r.To.IsZero() {
			t.Errorf("%+v", r)
		}
	}
	// A list that cannot be stored leaves the old one as it was.
	if _, err := db.ReplaceRepresentatives(t.Context(), w.test.OwnerURL, []db.Representative{represents("1"), represents(oneVOEN)}); err == nil {
		t.Error("an impossible line was stored")
	}
	if again, err := db.Representatives(t.Context(), w.test.OwnerURL); err != nil || len(again) != len(got) {
		t.Errorf("%d lines, %v", len(again), err)
	}
}

// A representation holds to the end of its last day and from the beginning of
// its first, for who is signed in too, and ends with nobody touching the list.
func TestRepresentationsEndAtMidnight(t *testing.T) {
	w := newDaysWorld(t)
	w.replace(theList()...)
	k := w.sessionAmong(w.representing(), 1)
	for _, c := range []struct {
		day       int
		companies []customs.VOEN
		ended     int64 // by the next look for what was lost
	}{
		{-1, []customs.VOEN{oneVOEN, otherVOEN, pastVOEN}, 0},
		{0, []customs.VOEN{oneVOEN, otherVOEN}, 0},
		{1, []customs.VOEN{oneVOEN, futureVOEN}, 1},
	} {
		w.dawn(c.day)
		if got := voensOf(w.representing()); !slices.Equal(got, c.companies) {
			t.Errorf("on day %d: %v, want %v", c.day, got, c.companies)
		}
		_, err := w.SwitchCompany(t.Context(), k, pastVOEN)
		if !errors.Is(err, db.ErrNotFound) { // of the day of the sign-in, never one of later
			t.Errorf("on day %d to what the sign-in did not prove: %v", c.day, err)
		}
		if got := one[int64](t, connect(t, w.test.OwnerURL), "select end_lost_representations()"); got != c.ended {
			t.Errorf("on day %d %d sessions end, want %d", c.day, got, c.ended)
		}
	}
	if _, err := w.Session(t.Context(), k); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("the session of a representation that is over: %v", err)
	}
}

// The day is Baku's, four hours ahead of UTC all the year.
func TestToday(t *testing.T) {
	w := newSignInWorld(t)
	c := connect(t, w.test.SuperuserURL)
	for _, zone := range []string{"UTC", "Pacific/Kiritimati", "America/Los_Angeles"} {
		exec(t, c, "select set_config('timezone', $1, false)", zone)
		var now, today time.Time
		must(t, c.QueryRow(t.Context(), "select now(), baku_today()").Scan(&now, &today))
		if want := now.UTC().Add(4 * time.Hour).Format(time.DateOnly); today.Format(time.DateOnly) != want {
			t.Errorf("in %s it is %s at %s, want %s", zone, today.Format(time.DateOnly), now, want)
		}
	}
}
