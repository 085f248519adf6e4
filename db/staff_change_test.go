package db_test

import (
	"testing"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

func TestStaffChange(t *testing.T) {
	f, d := open(t)
	first := officer(t, f, d, "7R5AB3S", customs.RoleAdministrator)
	second := officer(t, f, d, "5A9MR4D", customs.RoleAdministrator)
	operator := officer(t, f, d, "3G7HN2Q", customs.RoleOperator)
	propose := func(k db.StaffKey, m db.StaffMember, want db.StaffVerdict) {
		t.Helper()
		if v, err := d.ProposeStaff(t.Context(), k, m); err != nil || v != want {
			t.Errorf("proposing: %s %v, want %s", v, err, want)
		}
	}
	decide := func(k db.StaffKey, id uuid.UUID, wish, want db.StaffVerdict) {
		t.Helper()
		if v, err := d.DecideStaff(t.Context(), k, id, wish); err != nil || v != want {
			t.Errorf("deciding: %s %v, want %s", v, err, want)
		}
	}
	fresh := member("8S4KR6V", customs.RoleOperator)
	taken := fresh
	taken.Number = "N-3G7HN2Q"
	propose(operator, fresh, db.StaffNotOne)
	propose(first, taken, db.StaffTaken)
	propose(first, fresh, db.StaffProposed)
	propose(second, fresh, db.StaffPending)

	_, changes, err := d.Members(t.Context(), first)
	must(t, err)
	c := changes[0]
	if c.Decision != "" || !c.Own || c.Member.PIN != "8S4KR6V" || c.ProposedNumber != "N-7R5AB3S" {
		t.Fatalf("%+v", c)
	}
	decide(first, c.ID, db.StaffApproved, db.StaffOwn)
	if v, err := d.DecideStaff(t.Context(), second, c.ID, "command"); sqlState(err) != "23514" {
		t.Errorf("an administrator decides as the owner's command does: %q %v", v, err)
	}
	again, err := d.StartStaffSession(t.Context(), db.Person{PIN: "7R5AB3S", Method: "card", Fingerprint: []byte{1}}, limits)
	must(t, err)
	decide(again, c.ID, db.StaffApproved, db.StaffOwn) // in another session
	decide(operator, c.ID, db.StaffApproved, db.StaffNotOne)
	decide(second, uuid.New(), db.StaffApproved, db.StaffGone)
	if role, err := d.StaffStanding(t.Context(), "8S4KR6V"); err == nil {
		t.Errorf("before the approval: %s", role)
	}
	decide(second, c.ID, db.StaffApproved, db.StaffApproved)
	decide(second, c.ID, db.StaffRejected, db.StaffGone)
	if role, err := d.StaffStanding(t.Context(), "8S4KR6V"); err != nil || role != customs.RoleOperator {
		t.Errorf("after it: %s %v", role, err)
	}

	// A removal, and one that is taken back.
	for _, wish := range []db.StaffVerdict{db.StaffWithdrawn, db.StaffRejected, db.StaffApproved} {
		if v, err := d.ProposeStaffRemoval(t.Context(), second, "3G7HN2Q"); err != nil || v != db.StaffProposed {
			t.Fatalf("%s %v", v, err)
		}
		_, changes, err = d.Members(t.Context(), second)
		must(t, err)
		who := first
		if wish == db.StaffWithdrawn {
			decide(first, changes[0].ID, wish, db.StaffGone)
			who = second
		}
		decide(who, changes[0].ID, wish, wish)
		if _, err := d.StaffSession(t.Context(), operator); (err == nil) == (wish == db.StaffApproved) {
			t.Errorf("%s: the operator's session: %v", wish, err)
		}
	}
	if v, err := d.ProposeStaffRemoval(t.Context(), second, "3G7HN2Q"); err != nil || v != db.StaffUnknown {
		t.Errorf("%s %v", v, err)
	}
	for _, k := range []db.StaffKey{operator, db.StaffKey(signIn(t, d, aysel))} {
		if list, changes, err := d.Members(t.Context(), k); err != nil || len(list)+len(changes) != 0 {
			t.Errorf("others see the list: %v", err)
		}
	}
	by := one[int](t, connect(t, f.SuperuserURL), "select count(*) from staff_change where decision = 'command' and proposed_by is null")
	if by != 3 {
		t.Errorf("%d changes by command are kept, want 3", by)
	}
}

// The database itself refuses two eyes.
func TestStaffChangeForbidden(t *testing.T) {
	f, d := open(t)
	first := officer(t, f, d, "7R5AB3S", customs.RoleAdministrator)
	_, err := d.ProposeStaff(t.Context(), first, member("8S4KR6V", customs.RoleOperator))
	must(t, err)
	app := as(t, f.URL, settingOf(db.SessionKey(first)))
	for _, sql := range []string{
		"insert into staff_change default values", "update staff_change set decision = 'approved'", "delete from staff_change", "select * from staff_change",
		"insert into staff select * from staff", "update staff set role = 'administrator'",
	} {
		if _, err := app.Exec(t.Context(), sql); sqlState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	su := connect(t, f.SuperuserURL)
	for sql, want := range map[string]string{
		"update staff_change set decision = 'approved', decided_at = now(), decided_pin = proposed_pin where decision is null": "23514",
		"update staff_change set decision = 'approved', decided_at = now() where decision is null":                             "23514",
		"update staff_change set role = 'administrator' where decision is null":                                                "42501",
		"update staff_change set decision = null, decided_at = null where decision is not null":                                "42501",
		"delete from staff_change": "42501",
	} {
		if _, err := su.Exec(t.Context(), sql); sqlState(err) != want {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
