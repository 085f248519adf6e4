package db_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// A session ends with the last day of the right that it stands on, with nobody
// touching the list.
func TestSessionEndsWithItsRight(t *testing.T) {
	until := func(n int) func(*db.Representative) { return func(r *db.Representative) { r.To = day(n) } }
	from := func(n int) func(*db.Representative) { return func(r *db.Representative) { r.From = day(n) } }
	withdrawn := func(r *db.Representative) { r.Access = false }
	const life = 5 * 24 * time.Hour
	represented := []db.Person{{VOEN: oneVOEN, PIN: pin, Source: db.SourceRepresentative}, {VOEN: otherVOEN, PIN: pin, Source: db.SourceRepresentative}}
	certified := []db.Person{{VOEN: oneVOEN, PIN: pin, Source: db.SourceCertificate}}
	for name, c := range map[string]struct {
		people []db.Person
		list   []db.Representative
		days   int // until the midnight at which it ends; 0: at its own end; -1: it never begins
	}{
		"without an end":                         {represented, []db.Representative{represents(oneVOEN)}, 0},
		"today is the last day":                  {represented, []db.Representative{represents(oneVOEN, until(0))}, 1},
		"three days":                             {represented, []db.Representative{represents(oneVOEN, until(2))}, 3},
		"beyond the session":                     {represented, []db.Representative{represents(oneVOEN, until(20))}, 0},
		"another's last day":                     {represented, []db.Representative{represents(oneVOEN), represents(otherVOEN, until(0))}, 0},
		"another line follows":                   {represented, []db.Representative{represents(oneVOEN, until(0)), represents(oneVOEN, from(1), until(1))}, 2},
		"another line follows, without an end":   {represented, []db.Representative{represents(oneVOEN, until(0)), represents(oneVOEN, from(1))}, 0},
		"another line begins after a day's gap":  {represented, []db.Representative{represents(oneVOEN, until(0)), represents(oneVOEN, from(2))}, 1},
		"lines overlap":                          {represented, []db.Representative{represents(oneVOEN, until(0)), represents(oneVOEN, from(-1), until(3))}, 4},
		"the line that follows gives no access":  {represented, []db.Representative{represents(oneVOEN, until(0)), represents(oneVOEN, from(1), withdrawn)}, 1},
		"lost since it was chosen":               {represented, []db.Representative{represents(otherVOEN)}, -1},
		"liquidated since it was chosen":         {represented, []db.Representative{represents(oneVOEN, func(r *db.Representative) { r.Liquidated = true })}, -1},
		"a certificate, not on the list":         {certified, nil, 0},
		"a certificate whose access ends":        {certified, []db.Representative{represents(oneVOEN, from(2), withdrawn)}, 2},
		"a certificate without access":           {certified, []db.Representative{represents(oneVOEN, withdrawn)}, -1},
		"a certificate, someone else's access":   {certified, []db.Representative{{VOEN: oneVOEN, PIN: "5A7KM2L", From: day(1)}}, 0},
		"a certificate, a representation's end":  {certified, []db.Representative{represents(oneVOEN, until(0))}, 0},
		"a certificate whose access ended, once": {certified, []db.Representative{represents(oneVOEN, from(-9), until(-5), withdrawn)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newDaysWorld(t)
			w.replace(c.list...)
			for i := range c.people {
				c.people[i].Method, c.people[i].Issuer, c.people[i].Serial, c.people[i].Fingerprint = "file", "citizens", "0a", []byte{1}
			}
			began := one[time.Time](t, connect(t, w.test.SuperuserURL), "select now()")
			k, err := w.StartSessionAmong(t.Context(), c.people, 0, db.Limits{Idle: time.Hour, Absolute: life}, nil)
			w.must(err)
			s, err := w.Session(t.Context(), k)
			switch {
			case c.days < 0:
				if !errors.Is(err, db.ErrNoSession) {
					t.Errorf("it lives until %v: %v", s.ExpiresAt, err)
				}
			case err != nil:
				t.Error(err)
			case c.days > 0:
				if want := w.midnight(c.days); !s.ExpiresAt.Equal(want) {
					t.Errorf("it ends at %v, want %v", s.ExpiresAt, want)
				}
			default:
				if s.ExpiresAt.Before(began.Add(life)) {
					t.Errorf("it ends at %v", s.ExpiresAt)
				}
			}
		})
	}
}

// Who switches to a company that may be seen until tonight is signed out
// tonight, and a list that brings the last day forward is heeded at once.
func TestRightsThatAreCutShort(t *testing.T) {
	w := newDaysWorld(t)
	w.replace(represents(oneVOEN), represents(otherVOEN, func(r *db.Representative) { r.To = day(0) }))
	people := w.representing()
	for i := range people {
		people[i].Method, people[i].Issuer, people[i].Serial, people[i].Fingerprint = "file", "citizens", "0a", []byte{1}
	}
	begin := func() db.SessionKey {
		k, err := w.StartSessionAmong(t.Context(), people, 0, db.Limits{Idle: time.Hour, Absolute: 5 * 24 * time.Hour}, nil)
		w.must(err)
		return k
	}
	ends := func(k db.SessionKey) time.Time {
		s, err := w.Session(t.Context(), k)
		w.must(err)
		return s.ExpiresAt
	}
	switched, err := w.SwitchCompany(t.Context(), begin(), otherVOEN)
	w.must(err)
	if got := ends(switched); !got.Equal(w.midnight(1)) {
		t.Errorf("after switching it ends at %v", got)
	}
	stays := begin()
	if ended := w.replace(represents(oneVOEN, func(r *db.Representative) { r.To = day(1) }), represents(otherVOEN)); ended != 0 {
		t.Errorf("%d sessions ended", ended)
	}
	if got := ends(stays); !got.Equal(w.midnight(2)) {
		t.Errorf("with the new list it ends at %v", got)
	}

	// A code for help by telephone goes with the right, also one not used yet.
	_, err = w.MakeAccessCode(t.Context(), stays)
	w.must(err)
	w.replace(represents(otherVOEN))
	su := connect(t, w.test.SuperuserURL)
	if one[bool](t, su, "select exists (select from access_code where expires_at > now())") {
		t.Error("the code is still good")
	}
	// It goes also if who made it has signed out before.
	w.replace(represents(oneVOEN), represents(otherVOEN))
	for _, list := range [][]db.Representative{
		{represents(otherVOEN)},
		{represents(oneVOEN, func(r *db.Representative) { r.Liquidated = true }), represents(otherVOEN)},
	} {
		gone := begin()
		made, err := w.MakeAccessCode(t.Context(), gone)
		w.must(err)
		w.must(w.EndSession(t.Context(), gone))
		w.replace(represents(oneVOEN), represents(otherVOEN))
		if !one[bool](t, su, "select exists (select from access_code where expires_at = $1)", made.ExpiresAt) {
			t.Error("a code was ended without a reason")
		}
		w.replace(list...)
		if one[bool](t, su, "select exists (select from access_code where expires_at > now())") {
			t.Error("the code of who has signed out is still good")
		}
		w.replace(represents(oneVOEN), represents(otherVOEN))
	}
	again, err := w.SwitchCompany(t.Context(), switched, otherVOEN)
	w.must(err)
	exec(t, su, "update session set expires_at = now() + interval '1 minute' where id = '"+again.ID.String()+"'")
	last, err := w.MakeAccessCode(t.Context(), again)
	w.must(err)
	if got := ends(again); !last.ExpiresAt.Equal(got) {
		t.Errorf("the code is good until %v, the session until %v", last.ExpiresAt, got)
	}
}

// While the list is replaced whoever begins something that stands on it waits,
// and then stands on the new one.
func TestBeginningWhileTheListChanges(t *testing.T) {
	w := newDaysWorld(t)
	w.replace(represents(oneVOEN), represents(otherVOEN))
	people := w.representing()
	signsIn := func() db.SessionKey { return w.sessionAmong(people, 0) }
	switches, calls, su := w.sessionAmong(people, 1), signsIn(), connect(t, w.test.SuperuserURL)

	owner := connect(t, w.test.OwnerURL)
	exec(t, owner, "begin")
	exec(t, owner, "select take_representatives()")
	exec(t, owner, "delete from representative where voen = '"+string(oneVOEN)+"'")
	exec(t, owner, "select end_lost_representations()")
	var g sync.WaitGroup
	var began, switched db.SessionKey
	g.Go(func() { began = signsIn() })
	g.Go(func() { switched, _ = w.SwitchCompany(t.Context(), switches, oneVOEN) })
	g.Go(func() {
		if c, err := w.MakeAccessCode(t.Context(), calls); err == nil {
			t.Errorf("a code of who may no longer act: %v", c.ExpiresAt)
		}
	})
	for one[int](t, su, "select count(*) from pg_locks where locktype = 'advisory' and not granted") < 3 {
		time.Sleep(10 * time.Millisecond)
	}
	exec(t, owner, "commit")
	g.Wait()
	for name, k := range map[string]db.SessionKey{"who signed in": began, "who switched": switched} {
		if s, err := w.Session(t.Context(), k); !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%s sees %s: %v", name, s.Person.VOEN, err)
		}
	}
}

// Two lists at once: the last one counts, and not both together.
func TestTwoListsAtOnce(t *testing.T) {
	w := newDaysWorld(t)
	lists := [2][]db.Representative{}
	for i := range 3000 {
		r := represents(customs.VOEN(fmt.Sprintf("%010d", 1000000000+i)))
		lists[i%2] = append(lists[i%2], r)
	}
	var g sync.WaitGroup
	for range 4 {
		for _, list := range lists {
			g.Go(func() {
				if _, err := db.ReplaceRepresentatives(t.Context(), w.test.OwnerURL, list); err != nil {
					t.Error(err)
				}
			})
		}
	}
	g.Wait()
	got, err := db.Representatives(t.Context(), w.test.OwnerURL)
	w.must(err)
	if len(got) != 1500 || (got[0].VOEN[9]-got[1499].VOEN[9])%2 != 0 {
		t.Errorf("%d lines", len(got))
	}
}

// Who may act no longer confirms no address, and may stop one.
func TestConfirmingNeedsTheRight(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	key := signIn(t, d, aysel)
	standsOnList(t, su, key)
	_, err := d.AddMailAddress(t.Context(), key, "a@example.az", everything)
	must(t, err)
	m := claim(t, d)
	deliver(t, d, m)
	if l, err := d.MailLink(t.Context(), m.Confirm); err != nil || l.Stops {
		t.Errorf("before: %+v %v", l, err)
	}
	exec(t, su, "delete from representative")
	if l, err := d.MailLink(t.Context(), m.Confirm); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("afterwards the link is about %+v: %v", l, err)
	}
	if _, err := d.ConfirmMailAddress(t.Context(), m.Confirm); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("confirmed: %v", err)
	}
	if _, err := d.StopMailAddress(t.Context(), m.Stop); err != nil {
		t.Errorf("cannot be stopped: %v", err)
	}
}

// A mail that is made, or even claimed, before its right is lost is not sent,
// and nobody tries for ever.
func TestMailStopsWithItsRight(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	key := signIn(t, d, aysel)
	act := standsOnList(t, su, key)
	state := func() string {
		return one[string](t, su, "select string_agg(state, ' ' order by id) from mail_outbox where kind = 'news'")
	}
	for name, lose := range map[string]string{
		"LOST":       "delete from representative",
		"WITHDRAWN":  "update representative set access = false",
		"LIQUIDATED": "update representative set liquidated = true",
		"STOPPED":    "update mail_address set stopped_at = now(), stopped_for = 'link'",
	} {
		exec(t, su, "delete from mail_outbox; delete from mail_item; delete from mail_address; delete from representative")
		act()
		subscribe(t, d, key, "a@example.az", everything)
		store(t, d, goodsOf(aysel, "MADE-"+name, 1))
		gather(t, d)
		exec(t, su, lose)
		if m, err := d.ClaimMail(t.Context(), lease); !errors.Is(err, db.ErrNotFound) || state() != "withdrawn" {
			t.Errorf("%s, made before: %+v %v, it is %s", name, m, err, state())
		}
		if stopped := one[bool](t, su, "select stopped_at is not null from mail_address"); !stopped {
			t.Errorf("%s: the address is not stopped", name)
		}

		exec(t, su, "delete from mail_outbox; delete from mail_item; delete from mail_address; delete from representative")
		act()
		subscribe(t, d, key, "a@example.az", everything)
		store(t, d, goodsOf(aysel, "CLAIMED-"+name, 1))
		gather(t, d)
		m := claim(t, d)
		exec(t, su, lose)
		if err := d.BeginMail(t.Context(), m); !errors.Is(err, db.ErrMailLost) || state() != "withdrawn" {
			t.Errorf("%s, claimed before: %v, it is %s", name, err, state())
		}
	}
	// The same for an address that is asked anew whether it wants them.
	exec(t, su, "delete from mail_outbox; delete from mail_item; delete from mail_address; delete from representative")
	act()
	id := subscribe(t, d, key, "a@example.az", everything)
	store(t, d, goodsOf(aysel, "ASKED", 1))
	gather(t, d)
	m := claim(t, d)
	exec(t, su, "update mail_address set stopped_at = now(), stopped_for = 'link'")
	must(t, d.AskMailAddressAgain(t.Context(), key, uuid.MustParse(id)))
	if err := d.BeginMail(t.Context(), m); !errors.Is(err, db.ErrMailLost) || state() != "withdrawn" {
		t.Errorf("to an address that is not confirmed: %v, it is %s", err, state())
	}
	if confirm := claim(t, d); confirm.Confirm == "" {
		t.Errorf("instead of the question: %+v", confirm)
	}
	exec(t, su, "update mail_address set stopped_at = now(), stopped_for = 'link'")
	_, addresses, err := d.MailAddresses(t.Context(), key)
	must(t, err)
	if len(addresses) != 1 || addresses[0].State() != customs.MailStopped {
		t.Errorf("%+v", addresses)
	}
}
