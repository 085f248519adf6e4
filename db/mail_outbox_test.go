package db_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// Many events within a while are one mail, and one that waits for the server
// takes in what comes meanwhile.
func TestNewsGathers(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	subscribe(t, d, signIn(t, d, aysel), "a@example.az", everything)
	for i := range 30 {
		store(t, d, goodsOf(aysel, fmt.Sprintf("R%02d", i), 1))
	}
	if n, err := d.GatherMail(t.Context(), time.Minute, calm); err != nil || n != 0 {
		t.Errorf("%d mails within the minute, %v", n, err)
	}
	exec(t, su, "update mail_item set due_at = due_at - interval '1 minute'")
	if n, err := d.GatherMail(t.Context(), time.Minute, calm); err != nil || n != 1 {
		t.Errorf("%d mails after the minute, %v", n, err)
	}
	store(t, d, goodsOf(aysel, "LATE", 1), goodsOf(aysel, "R00", 2, with(customs.Held)))
	m, got := news(t, d)
	if len(m.News) != 31 || got[:len("R00 registered+status held;")] != "R00 registered+status held;" {
		t.Errorf("%d registrations: %.60s", len(m.News), got)
	}
	// While it is on its way the next waits, and there is never a second one.
	store(t, d, goodsOf(aysel, "NEXT", 1))
	if _, got := news(t, d); got != "" {
		t.Errorf("beside one on its way: %s", got)
	}
	deliver(t, d, m)
	if _, got := news(t, d); got != "NEXT registered registered" {
		t.Errorf("afterwards: %s", got)
	}
}

// The flood guard delays and loses nothing.
func TestFloodGuard(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	subscribe(t, d, signIn(t, d, aysel), "a@example.az", everything)
	guard := db.Rate{Every: time.Hour, Burst: 3}
	mails := 0
	for i := range 10 {
		store(t, d, goodsOf(aysel, fmt.Sprintf("R%d", i), 1))
		_, err := d.GatherMail(t.Context(), 0, guard)
		must(t, err)
		if m, err := d.ClaimMail(t.Context(), lease); err == nil {
			deliver(t, d, m)
			mails++
		} else if !errors.Is(err, db.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if mails != guard.Burst {
		t.Errorf("%d mails at once", mails)
	}
	exec(t, su, "update mail_address set tat = tat - interval '1 hour'")
	exec(t, su, "update mail_item set due_at = due_at - interval '1 hour' where mail is null")
	_, err := d.GatherMail(t.Context(), 0, guard)
	must(t, err)
	if m := claim(t, d); len(m.News) != 7 {
		t.Errorf("an hour later: %s", told(m))
	}
}

// A mailer that ends with a mail loses it to another after its lease. What was
// not begun is sent; what was begun never again, and its news twice at most
// once more.
func TestLeases(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	subscribe(t, d, signIn(t, d, aysel), "a@example.az", everything)
	store(t, d, goodsOf(aysel, "R1", 1))
	m, _ := news(t, d)
	if _, err := d.ClaimMail(t.Context(), lease); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a claimed mail is claimed: %v", err)
	}
	expire := func() {
		exec(t, su, "update mail_outbox set lease = now() where ended_at is null")
		gather(t, d)
	}
	expire()
	if err := d.BeginMail(t.Context(), m); !errors.Is(err, db.ErrMailLost) {
		t.Errorf("after its lease: %v", err)
	}
	again := claim(t, d)
	if again.ID != m.ID || again.Claim == m.Claim || again.Attempts != 2 || told(again) != "R1 registered registered" {
		t.Errorf("%+v", again)
	}
	for _, late := range []error{d.BeginMail(t.Context(), m), d.EndMail(t.Context(), m), d.RetryMail(t.Context(), m, 450, 0), d.RefuseMail(t.Context(), m, 550, true)} {
		if !errors.Is(late, db.ErrMailLost) {
			t.Errorf("the former mailer still decides: %v", late)
		}
	}
	ids := map[uuid.UUID]bool{}
	for round, want := range []string{"R1 registered registered", "R1 registered registered again", "R1 registered registered again", ""} {
		if round > 0 {
			exec(t, su, "update mail_item set due_at = now() where mail is null")
			var got string
			if again, got = news(t, d); got != want {
				t.Fatalf("round %d: %q, want %q", round, got, want)
			}
			if got == "" {
				break
			}
		}
		if ids[again.ID] {
			t.Error("a mail that may have been sent is sent again")
		}
		ids[again.ID] = true
		must(t, d.BeginMail(t.Context(), again))
		if round == 1 {
			must(t, d.LoseMail(t.Context(), again)) // a mailer that lives says so itself
		} else {
			expire()
		}
		if err := d.EndMail(t.Context(), again); !errors.Is(err, db.ErrMailLost) {
			t.Errorf("an unknown mail ends: %v", err)
		}
	}
	for _, sql := range []string{
		"update mail_outbox set state = 'waiting', ended_at = null", "update mail_outbox set state = 'sending', ended_at = null",
	} {
		if _, err := su.Exec(t.Context(), sql); sqlState(err) != "23514" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// A mailbox that refuses is not written to, and told of; three refused mails in
// a row count as that too. One that was delivered starts the count anew.
func TestFailingAddress(t *testing.T) {
	_, d := open(t)
	key := signIn(t, d, aysel)
	subscribe(t, d, key, "a@example.az", everything)
	state := func() customs.MailState {
		_, list, err := d.MailAddresses(t.Context(), key)
		must(t, err)
		return list[0].State()
	}
	n := 0
	next := func() db.Mail {
		n++
		store(t, d, goodsOf(aysel, fmt.Sprintf("R%d", n), 1))
		m, got := news(t, d)
		if got == "" {
			t.Fatal("no mail")
		}
		return m
	}
	for round, refused := range []bool{true, true, false, true, true, true} {
		m := next()
		must(t, d.BeginMail(t.Context(), m))
		if refused {
			must(t, d.RefuseMail(t.Context(), m, 554, false))
		} else {
			must(t, d.EndMail(t.Context(), m))
		}
		if want := map[bool]customs.MailState{true: customs.MailFailing, false: customs.MailActive}[round == 5]; state() != want {
			t.Fatalf("round %d: %s", round, state())
		}
	}
	store(t, d, goodsOf(aysel, "LOST", 1))
	if _, got := news(t, d); got != "" {
		t.Errorf("a failing address is told %s", got)
	}
	_, list, err := d.MailAddresses(t.Context(), key)
	must(t, err)
	must(t, d.AskMailAddressAgain(t.Context(), key, uuid.MustParse(list[0].ID)))
	m := claim(t, d)
	deliver(t, d, m)
	_, err = d.ConfirmMailAddress(t.Context(), m.Confirm)
	must(t, err)
	m = next()
	must(t, d.RefuseMail(t.Context(), m, 550, true))
	if state() != customs.MailFailing {
		t.Error("a refused mailbox is written to")
	}
}

// After four days a mail is given up.
func TestMailIsGivenUp(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	subscribe(t, d, key, "a@example.az", everything)
	store(t, d, goodsOf(aysel, "R1", 1))
	m, _ := news(t, d)
	must(t, d.RetryMail(t.Context(), m, 450, 0))
	m = claim(t, d)
	m.CreatedAt = m.CreatedAt.Add(-97 * time.Hour)
	must(t, d.RetryMail(t.Context(), m, 450, 0))
	su := connect(t, f.SuperuserURL)
	if got := one[string](t, su, "select state || ' ' || code from mail_outbox where kind = 'news'"); got != "failed 450" {
		t.Errorf("it is %s", got)
	}
	if !one[bool](t, su, "select failing_at is not null from mail_address") {
		t.Error("nobody is told")
	}
}

// Who added an address must still be one who may act: the list of
// representatives is asked again before each mail.
func TestMailFollowsTheRight(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	key := signIn(t, d, aysel)
	standsOnList(t, su, key)
	subscribe(t, d, key, "a@example.az", everything)
	store(t, d, goodsOf(aysel, "R1", 1))
	if _, got := news(t, d); got == "" {
		t.Fatal("a representative is told nothing")
	}
	exec(t, su, "update mail_outbox set state = 'sent', ended_at = now() where kind = 'news'")
	exec(t, su, "delete from representative")
	store(t, d, goodsOf(aysel, "R2", 1))
	if _, got := news(t, d); got != "" {
		t.Errorf("a former representative is told %s", got)
	}
	_, list, err := d.MailAddresses(t.Context(), key)
	must(t, err)
	if list[0].State() != customs.MailStopped || list[0].StoppedFor != customs.StoppedByRight {
		t.Errorf("%+v", list[0])
	}
}

func TestMailIsSwept(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	key := signIn(t, d, aysel)
	for _, address := range []string{"kept@example.az", "sent@example.az", "stopped@example.az", "old@example.az"} {
		subscribe(t, d, key, address, everything)
	}
	for _, address := range []string{"young@example.az", "forgotten@example.az"} {
		_, err := d.AddMailAddress(t.Context(), key, address, everything)
		must(t, err)
	}
	exec(t, su, "update mail_address set asked_at = now() - interval '6 days 23 hours' where address = 'young@example.az'")
	exec(t, su, "update mail_address set asked_at = now() - interval '7 days 1 hour' where address <> 'young@example.az'")
	exec(t, su, "update mail_address set stopped_at = now() - interval '399 days', stopped_for = 'link' where address = 'stopped@example.az'")
	exec(t, su, "update mail_address set stopped_at = now() - interval '401 days', stopped_for = 'link' where address = 'old@example.az'")
	exec(t, su, "alter table mail_outbox disable trigger moves_on")
	exec(t, su, "update mail_outbox o set ended_at = now() - interval '31 days' from mail_address a where a.id = o.address and a.address = 'sent@example.az'")
	exec(t, su, "insert into mail_item (address, registration, kinds, status, at, due_at) values (gen_random_uuid(), 'R', '{status}', 'held', now() - interval '2 hours', now())")
	must(t, d.Sweep(t.Context()))
	if got := one[string](t, su, "select string_agg(address, ' ' order by address) from mail_address"); got != "kept@example.az sent@example.az stopped@example.az young@example.az" {
		t.Errorf("left: %s", got)
	}
	if n := one[int](t, su, "select count(*) from mail_outbox"); n != 3 {
		t.Errorf("%d mails are left", n)
	}
	if n := one[int](t, su, "select count(*) from mail_item"); n != 0 {
		t.Errorf("%d news of nobody's", n)
	}
}

// What must never happen to mails is refused by the database itself.
func TestMailRights(t *testing.T) {
	f, d := open(t)
	a, b := signIn(t, d, aysel), signIn(t, d, rashad)
	subscribe(t, d, a, "a@example.az", everything)
	own := as(t, f.URL, settingOf(b))
	if n := one[int](t, own, "select count(*) from (select id, address from mail_address) t"); n != 0 {
		t.Errorf("another trader's addresses: %d", n)
	}
	for role, statements := range map[string][]string{
		"portal_app": {
			"select stop_token from mail_address", "select pin from mail_address", "insert into mail_address (voen) values ('1499000151')",
			"update mail_address set confirmed_at = now()", "update mail_address set address = 'x@example.az'", "update mail_address set voen = '1499000152'",
			"select * from mail_outbox", "select * from mail_item", "select * from mail_confirmation", "delete from mail_outbox", "insert into mail_outbox (address, kind) values (gen_random_uuid(), 'news')",
			"select gather_mail('0', '1 hour', 1)", "select mail_unknown(gen_random_uuid())", "select mail_ended(gen_random_uuid(), true, true)", "select expire_mail()",
		},
		"portal_feed": {
			"select address from mail_address", "select * from mail_item", "select * from mail_outbox", "delete from mail_item", "update mail_address set digest = 1",
			"select add_mail_address('a', 'az', '{}', null)", "select * from stop_mail_address('x')", "select * from mail_link('x', 'x')",
		},
		"portal_mail": {
			"select * from pending", "select * from consignment", "select * from session", "select * from register_entry", "select pin from mail_address",
			"update mail_address set confirmed_at = now()", "delete from mail_address", "insert into mail_item (registration) values ('R')", "delete from mail_item",
			"update mail_outbox set address = gen_random_uuid()", "delete from mail_outbox", "select hash from mail_confirmation", "select confirm_mail_address('x')", "select sweep_mail()",
		},
	} {
		c := connect(t, f.URL)
		exec(t, c, "select set_config('portal.session', $1, false)", settingOf(a))
		exec(t, c, "set role "+role)
		for _, sql := range statements {
			if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" {
				t.Errorf("%s: %s: %v", role, sql, err)
			}
		}
	}
}

// A feed does not wait for somebody who removes an address, nor fail by it.
func TestFeedBesideARemoval(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	id := subscribe(t, d, key, "a@example.az", everything)
	c := connect(t, f.SuperuserURL)
	tx, err := c.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "delete from mail_address where id = $1", id)
	must(t, err)
	store(t, d, goodsOf(aysel, "R1", 1)) // it does not wait for the removal to end
	must(t, tx.Commit(t.Context()))
	if _, got := news(t, d); got != "" {
		t.Errorf("a removed address is told %s", got)
	}
	store(t, d, goodsOf(aysel, "R2", 1))
}

// BenchmarkFeedWithMail is what telling costs a batch of the feed: without any
// address, with a thousand of others, and with ten of its own trader.
func BenchmarkFeedWithMail(b *testing.B) {
	for _, c := range []struct {
		what        string
		others, own int
	}{{"nobody", 0, 0}, {"others", 1000, 0}, {"own", 1000, 10}} {
		b.Run(c.what, func(b *testing.B) {
			f, d := open(b)
			su := connect(b, f.SuperuserURL)
			exec(b, su, `
				insert into mail_address (voen, by_representation, address, lang, events, confirmed_at)
				select case when n <= $2 then '1499000151' else (2000000000 + n)::text end, false, 'n' || n || '@example.az', 'az', '{registered,action,status,completed}', now()
				  from generate_series(1, $1::int + $2::int) n`, c.others, c.own)
			exec(b, su, "analyze mail_address")
			revision := int64(0)
			for b.Loop() {
				revision++
				var batch []db.Snapshot
				for i := range 500 {
					batch = append(batch, goodsOf(aysel, fmt.Sprintf("R%05d", i), revision, with(customs.PendingStatuses[revision%2])))
				}
				store(b, d, batch...)
			}
		})
	}
}
