package db_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/register"
)

// desk is an operator at work, with two traders' goods stored.
type desk struct {
	testing.TB
	f        *dbtest.DB
	d        *db.DB
	register *db.Register
	key      db.StaffKey
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	f, d := open(t)
	store(t, d, goodsOf(aysel, "A1", 1), goodsOf(aysel, "A2", 1, with(customs.Released)), goodsOf(rashad, "B1", 1))
	r := db.NewRegister(d)
	t.Cleanup(r.Close)
	return &desk{t, f, d, r, officer(t, f, d, "3G7HN2Q", customs.RoleOperator)}
}

func newCase(v customs.VOEN) db.NewCase {
	return db.NewCase{
		VOEN: v, Caller: "Leyla Məmmədova", CallNumber: "+994 50 000 00 00", CallID: "118204", Reason: "status", VerifiedBy: "questions",
	}
}

// try asks for a case and returns what became of it.
func (k *desk) try(n db.NewCase) (uuid.UUID, db.CaseOutcome) {
	k.Helper()
	id, o, err := k.d.OpenCase(k.Context(), k.key, n, 20)
	must(k, err)
	return id, o
}

// open opens a case that must not be refused.
func (k *desk) open(v customs.VOEN) uuid.UUID {
	k.Helper()
	id, o := k.try(newCase(v))
	if o != db.CaseOpened {
		k.Fatalf("the case is not opened: %s", o)
	}
	return id
}

// sql runs a statement as the superuser.
func (k *desk) sql(statement string, args ...any) {
	k.Helper()
	exec(k, connect(k, k.f.SuperuserURL), statement, args...)
}

// enter writes the look into the register and returns its request.
func (k *desk) enter(id uuid.UUID, v customs.VOEN, action register.Action) uuid.UUID {
	k.Helper()
	e := k.entry(id, v, action)
	must(k, k.register.Submit(k.Context(), e).Wait(k.Context()))
	return e.RequestID
}

func (k *desk) entry(id uuid.UUID, v customs.VOEN, action register.Action) register.Entry {
	return register.Entry{
		RequestID: uuid.New(), Channel: "assist", Actor: "operator", Session: k.key.ID, Subject: v, Case: id, Action: action,
		Asked: "/assist", Outcome: register.Answered, Results: 1,
	}
}

func TestCase(t *testing.T) {
	k := newDesk(t)
	id := k.open(aysel)
	l, err := k.d.Look(t.Context(), k.key, id, "")
	must(t, err)
	c := l.Case
	if c.VOEN != aysel || c.Organisation != "«Xəzər Aqro Ticarət» MMC" || c.OfficerNumber != "N-3G7HN2Q" || c.Confirmed || c.Sensitive ||
		c.Until.Sub(c.OpenedAt) != 15*time.Minute || !c.Open() || c.Waiting() || l.Pending != 1 || l.Found || l.Staff.Session != k.key.ID {
		t.Errorf("%+v", l)
	}
	list, err := k.d.AssistGoods(t.Context(), k.key, id, k.enter(id, aysel, register.ListGoods), customs.Query{}, 25)
	must(t, err)
	if got := registrations(list); len(got) != 1 || got[0] != "A1" || list.AllTotal != 1 {
		t.Errorf("%v", got)
	}
	filtered, err := k.d.AssistGoods(t.Context(), k.key, id, k.enter(id, aysel, register.ListGoods), customs.Query{Text: "nothing like it"}, 25)
	must(t, err)
	if filtered.Total != 0 || filtered.AllTotal != 1 {
		t.Errorf("filtered: %d of %d", filtered.Total, filtered.AllTotal)
	}
	detail, err := k.d.AssistDetail(t.Context(), k.key, id, k.enter(id, aysel, register.ShowGoods), "A2")
	must(t, err)
	if detail.Consignment.Registration != "A2" || len(detail.Events) != 1 {
		t.Errorf("%+v", detail)
	}
	if _, err := k.d.AssistDetail(t.Context(), k.key, id, k.enter(id, aysel, register.ShowGoods), "B1"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another trader's registration: %v", err)
	}
	own, waiting, err := k.d.OwnCases(t.Context(), k.key)
	must(t, err)
	if len(own) != 1 || own[0].ID != id || !own[0].Open() || len(waiting) != 0 {
		t.Errorf("%+v %+v", own, waiting)
	}
	if ended, err := k.d.EndCase(t.Context(), k.key, id, ""); err != nil || !ended {
		t.Errorf("%v %v", ended, err)
	}
	if ended, err := k.d.EndCase(t.Context(), k.key, id, ""); err != nil || ended {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := k.d.Look(t.Context(), k.key, id, ""); !errors.Is(err, db.ErrNoCase) {
		t.Errorf("a look after the end: %v", err)
	}
	if own, _, _ = k.d.OwnCases(t.Context(), k.key); own[0].EndedBy != "operator" || own[0].Open() {
		t.Errorf("%+v", own[0])
	}
}

// What ends a case also ends what can be read under it, at that moment.
func TestCaseEnds(t *testing.T) {
	for what, end := range map[string]struct{ sql, by string }{
		"15 minutes":     {"update assist_case set until = now()", "time"},
		"5 minutes idle": {"update assist_case set seen_at = now() - interval '5 minutes'", "idle"},
		"ended":          {"update assist_case set ended_at = now(), ended_by = 'supervisor'", "supervisor"},
		"session over":   {"update staff_session set ended_at = now()", ""},
		"off the list":   {"delete from staff", ""},
		"another role":   {"update staff set role = 'supervisor'", ""},
	} {
		k := newDesk(t)
		id := k.open(aysel)
		request := k.enter(id, aysel, register.ListGoods)
		_, err := k.d.AssistGoods(t.Context(), k.key, id, request, customs.Query{}, 25)
		must(t, err)
		k.sql(end.sql)
		if _, err := k.d.AssistGoods(t.Context(), k.key, id, request, customs.Query{}, 25); !errors.Is(err, db.ErrNoCase) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := k.d.Look(t.Context(), k.key, id, ""); !errors.Is(err, db.ErrNoCase) && !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%s: %v", what, err)
		}
		if open, err := k.d.CaseOpen(t.Context(), k.key, id); err != nil || open {
			t.Errorf("%s: open %v %v", what, open, err)
		}
		if left, err := k.d.CaseLeft(t.Context(), k.key, id); err != nil || left >= 0 {
			t.Errorf("%s: %s left, %v", what, left, err)
		}
		if end.by != "" {
			own, _, err := k.d.OwnCases(t.Context(), k.key)
			must(t, err)
			if by, _ := own[0].Ended(); by != end.by {
				t.Errorf("%s: ended by %q", what, by)
			}
		}
	}
}

func TestCaseExtension(t *testing.T) {
	k := newDesk(t)
	id := k.open(aysel)
	for n := range 3 {
		k.sql("update assist_case set until = now() + interval '1 minute'")
		if o, err := k.d.ExtendCase(t.Context(), k.key, id, "payment", "asks about a fee", n); err != nil || o != db.CaseExtended {
			t.Fatalf("%s %v", o, err)
		}
		if o, err := k.d.ExtendCase(t.Context(), k.key, id, "payment", "sent twice", n); err != nil || o != db.CaseAgain {
			t.Errorf("the same once more: %s %v", o, err)
		}
		if !one[bool](t, connect(t, k.f.SuperuserURL), "select until = (select max(until) from assist_extension) and until > now() + interval '14 minutes' from assist_case") {
			t.Error("not 15 minutes more")
		}
	}
	if o, err := k.d.ExtendCase(t.Context(), k.key, id, "payment", "", 3); err != nil || o != db.CaseLimit {
		t.Errorf("a fourth time: %s %v", o, err)
	}
	k.sql("update assist_case set until = now(), extensions = 0")
	if o, err := k.d.ExtendCase(t.Context(), k.key, id, "payment", "", 0); err != nil || o != db.CaseGone {
		t.Errorf("after the end: %s %v", o, err)
	}
}

func TestCaseWithCode(t *testing.T) {
	k := newDesk(t)
	trader := signIn(t, k.d, aysel)
	with := func(code string) db.NewCase {
		n := newCase(aysel)
		n.Code = code
		return n
	}
	end := func(id uuid.UUID) { _, err := k.d.EndCase(t.Context(), k.key, id, ""); must(t, err) }
	old, err := k.d.MakeAccessCode(t.Context(), trader)
	must(t, err)
	code, err := k.d.MakeAccessCode(t.Context(), trader)
	must(t, err)
	if _, o := k.try(with(old.Code)); o != db.CaseCodeWrong {
		t.Errorf("a code that was replaced: %s", o)
	}
	n := with(code.Code)
	n.VOEN = rashad
	if _, o := k.try(n); o != db.CaseCodeWrong {
		t.Errorf("another trader's code: %s", o)
	}
	id, o := k.try(with(" " + code.Code[:4] + "-" + code.Code[4:]))
	if o != db.CaseOpened {
		t.Fatalf("a good code: %s", o)
	}
	own, _, err := k.d.OwnCases(t.Context(), k.key)
	must(t, err)
	if !own[0].Confirmed || own[0].VerifiedBy != customs.VerifiedByCode {
		t.Errorf("%+v", own[0])
	}
	end(id)
	if _, o := k.try(with(code.Code)); o != db.CaseCodeWrong {
		t.Errorf("a code used twice: %s", o)
	}
	late, err := k.d.MakeAccessCode(t.Context(), trader)
	must(t, err)
	k.sql("update access_code set expires_at = now()")
	if _, o := k.try(with(late.Code)); o != db.CaseCodeWrong {
		t.Errorf("a code that is too old: %s", o)
	}
	// Nobody guesses: after five wrong ones in an hour this officer may try no more.
	fresh, err := k.d.MakeAccessCode(t.Context(), trader)
	must(t, err)
	if _, o := k.try(with("not a code")); o != db.CaseCodeWrong {
		t.Errorf("no code at all: %s", o)
	}
	if _, o := k.try(with(fresh.Code)); o != db.CaseCodeBlocked {
		t.Errorf("after five wrong codes: %s", o)
	}
	k.sql("delete from assist_refusal")
	k.sql("update access_code set attempts = 5 where used_at is null")
	if _, o := k.try(with(fresh.Code)); o != db.CaseCodeWrong {
		t.Errorf("a code after five wrong tries: %s", o)
	}
}

// What a trader allows counts at once, also for a case that runs.
func TestCasePreference(t *testing.T) {
	k := newDesk(t)
	trader := signIn(t, k.d, aysel)
	must(t, k.d.SetTraderPreference(t.Context(), trader, db.Preference{TelephoneHelp: true, CodeRequired: true}))
	if _, o := k.try(newCase(aysel)); o != db.CaseCodeRequired {
		t.Errorf("without a code: %s", o)
	}
	code, err := k.d.MakeAccessCode(t.Context(), trader)
	must(t, err)
	n := newCase(aysel)
	n.Code = code.Code
	id, o := k.try(n)
	if o != db.CaseOpened {
		t.Fatal(o)
	}
	must(t, k.d.SetTraderPreference(t.Context(), trader, db.Preference{}))
	if open, err := k.d.CaseOpen(t.Context(), k.key, id); err != nil || open {
		t.Errorf("switching help off leaves the case open: %v", err)
	}
	if _, o := k.try(newCase(aysel)); o != db.CaseHelpOff {
		t.Errorf("switched off: %s", o)
	}
	k.open(rashad)
}

func TestCaseLimits(t *testing.T) {
	k := newDesk(t)
	first := k.open(aysel)
	if id, o := k.try(newCase(rashad)); o != db.CaseAlreadyOpen || id != first {
		t.Errorf("a second case at once: %s %s", o, id)
	}
	for n := 2; n <= 3; n++ {
		_, err := k.d.EndCase(t.Context(), k.key, first, "")
		must(t, err)
		if id, o, err := k.d.OpenCase(t.Context(), k.key, newCase(aysel), 3); err != nil || o != db.CaseOpened {
			t.Fatalf("case %d: %s %v", n, o, err)
		} else {
			first = id
		}
	}
	_, err := k.d.EndCase(t.Context(), k.key, first, "")
	must(t, err)
	if _, o, err := k.d.OpenCase(t.Context(), k.key, newCase(aysel), 3); err != nil || o != db.CaseLimit {
		t.Errorf("a fourth in the hour: %s %v", o, err)
	}
	k.sql("update assist_case set opened_at = opened_at - interval '1 hour'")
	k.open(aysel)
	for _, role := range []customs.StaffRole{customs.RoleSupervisor, customs.RoleAdministrator} {
		if _, o, err := k.d.OpenCase(t.Context(), officer(t, k.f, k.d, "9X9XX9X", role), newCase(aysel), 20); err != nil || o != db.CaseNoStaff {
			t.Errorf("%s opens a case: %s %v", role, o, err)
		}
	}
}

// A case that lapsed while it waited for a second officer has ended.
func TestSensitiveCaseThatLapsed(t *testing.T) {
	k := newDesk(t)
	must(t, db.AddSensitive(t.Context(), k.f.OwnerURL, aysel, ""))
	id, _ := k.try(newCase(aysel))
	k.sql("update assist_case set seen_at = now() - interval '6 minutes'")
	second := officer(t, k.f, k.d, "8S4KR6V", customs.RoleOperator)
	if o, err := k.d.ApproveCase(t.Context(), second, id); err != nil || o != db.CaseGone {
		t.Errorf("%s %v", o, err)
	}
	if own, _, err := k.d.OwnCases(t.Context(), k.key); err != nil || own[0].EndedBy != "idle" {
		t.Errorf("%+v %v", own, err)
	}
}

func TestSensitiveCase(t *testing.T) {
	k := newDesk(t)
	must(t, db.AddSensitive(t.Context(), k.f.OwnerURL, aysel, ""))
	id, o := k.try(newCase(aysel))
	if o != db.CaseWaiting {
		t.Fatalf("%s", o)
	}
	if _, err := k.d.Look(t.Context(), k.key, id, ""); !errors.Is(err, db.ErrNoCase) {
		t.Errorf("a look before a second officer agreed: %v", err)
	}
	if o, err := k.d.ApproveCase(t.Context(), k.key, id); err != nil || o != db.CaseOwn {
		t.Errorf("the officer agrees with themselves: %s %v", o, err)
	}
	again, err := k.d.StartStaffSession(t.Context(), db.Person{PIN: "3G7HN2Q", Method: "card", Fingerprint: []byte{1}}, limits)
	must(t, err)
	if o, err := k.d.ApproveCase(t.Context(), again, id); err != nil || o != db.CaseOwn {
		t.Errorf("in another session: %s %v", o, err)
	}
	if o, err := k.d.ApproveCase(t.Context(), officer(t, k.f, k.d, "7R5AB3S", customs.RoleAdministrator), id); err != nil || o != db.CaseNoStaff {
		t.Errorf("an administrator agrees: %s %v", o, err)
	}
	second := officer(t, k.f, k.d, "8S4KR6V", customs.RoleOperator)
	_, waiting, err := k.d.OwnCases(t.Context(), second)
	must(t, err)
	if len(waiting) != 1 || waiting[0].ID != id || !waiting[0].Waiting() {
		t.Errorf("%+v", waiting)
	}
	if o, err := k.d.ApproveCase(t.Context(), second, id); err != nil || o != db.CaseApproved {
		t.Errorf("%s %v", o, err)
	}
	if o, err := k.d.ApproveCase(t.Context(), second, id); err != nil || o != db.CaseGone {
		t.Errorf("twice: %s %v", o, err)
	}
	if _, err := k.d.Look(t.Context(), k.key, id, ""); err != nil {
		t.Errorf("after that: %v", err)
	}
	if _, err := k.d.Look(t.Context(), second, id, ""); !errors.Is(err, db.ErrNoCase) {
		t.Errorf("the second officer looks too: %v", err)
	}
}
