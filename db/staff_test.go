package db_test

import (
	"errors"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

// officer puts somebody on the staff list and signs them in.
func officer(t testing.TB, f *dbtest.DB, d *db.DB, pin customs.PIN, role customs.StaffRole) db.StaffKey {
	t.Helper()
	must(t, db.PutStaff(t.Context(), f.OwnerURL, member(pin, role)))
	k, err := d.StartStaffSession(t.Context(), db.Person{PIN: pin, Method: "file", Issuer: "citizens", Serial: "0b", Fingerprint: []byte{1}}, limits)
	must(t, err)
	return k
}

func member(pin customs.PIN, role customs.StaffRole) db.StaffMember {
	return db.StaffMember{
		PIN: pin, Number: "N-" + string(pin), Name: "Günel Həsənova", Unit: "Çağrı Mərkəzi", Role: role,
		Until: time.Now().AddDate(1, 0, 0),
	}
}

func TestStaffSession(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	k := officer(t, f, d, "7H2NQ5R", customs.RoleOperator)
	s, err := d.StaffSession(t.Context(), k)
	must(t, err)
	if want := (db.Staff{Session: k.ID, Number: "N-7H2NQ5R", Name: "Günel Həsənova", Unit: "Çağrı Mərkəzi", Role: customs.RoleOperator}); s != want {
		t.Errorf("%+v", s)
	}
	again, err := db.ParseStaffKey(k.String())
	must(t, err)
	if again != k {
		t.Error("a key does not survive its cookie")
	}
	wrong := k
	wrong.Secret[5] ^= 1
	if _, err := d.StaffSession(t.Context(), wrong); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("wrong secret: %v", err)
	}
	if _, err := d.Session(t.Context(), db.SessionKey(k)); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("an officer's key opens a trader's session: %v", err)
	}
	if _, err := d.StaffSession(t.Context(), db.StaffKey(signIn(t, d, aysel))); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("a trader's key opens a staff session: %v", err)
	}
	for what, change := range map[string]string{
		"idle": "update staff_session set seen_at = now() - idle", "over": "update staff_session set expires_at = now()",
		"ended": "update staff_session set ended_at = now()", "no longer valid": "update staff set valid_until = baku_today() - 1",
		"another role": "update staff set role = 'supervisor'", "off the list": "delete from staff",
	} {
		k := officer(t, f, d, "7H2NQ5R", customs.RoleOperator)
		exec(t, su, change)
		if _, err := d.StaffSession(t.Context(), k); !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%s: %v", what, err)
		}
	}
	k = officer(t, f, d, "7H2NQ5R", customs.RoleOperator)
	must(t, d.EndStaffSession(t.Context(), k))
	must(t, d.EndStaffSession(t.Context(), k))
	if _, err := d.StaffSession(t.Context(), k); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("after signing out: %v", err)
	}
}

// To be seen by a page that stays open is not to be at work.
func TestStaffSeen(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	k := officer(t, f, d, "7H2NQ5R", customs.RoleOperator)
	exec(t, su, "update staff_session set seen_at = now() - interval '1 minute'")
	_, err := d.PeekStaffSession(t.Context(), k)
	must(t, err)
	const seen = "select now() - seen_at < interval '30 seconds' from staff_session"
	if one[bool](t, su, seen) {
		t.Error("a glance counts as work")
	}
	_, err = d.StaffSession(t.Context(), k)
	must(t, err)
	if !one[bool](t, su, seen) {
		t.Error("work does not count")
	}
}

func TestStaffStanding(t *testing.T) {
	f, d := open(t)
	must(t, db.PutStaff(t.Context(), f.OwnerURL, member("7H2NQ5R", customs.RoleSupervisor)))
	late := member("8K3PR6S", customs.RoleOperator)
	late.Until = time.Now().AddDate(0, 0, -2)
	must(t, db.PutStaff(t.Context(), f.OwnerURL, late))
	for pin, want := range map[customs.PIN]error{"7H2NQ5R": nil, "8K3PR6S": db.ErrStaffExpired, "9L4QS7T": db.ErrStaffUnknown, "": db.ErrStaffUnknown} {
		role, err := d.StaffStanding(t.Context(), pin)
		if !errors.Is(err, want) || want == nil && role != customs.RoleSupervisor {
			t.Errorf("%q: %q, %v", pin, role, err)
		}
		if _, err := d.StartStaffSession(t.Context(), db.Person{PIN: pin, Method: "file"}, limits); want != nil && !errors.Is(err, want) {
			t.Errorf("%q signs in: %v", pin, err)
		}
	}
}

func TestStaffList(t *testing.T) {
	f, d := open(t)
	k := officer(t, f, d, "7H2NQ5R", customs.RoleOperator)
	twin := member("8K3PR6S", customs.RoleOperator)
	twin.Number = "N-7H2NQ5R"
	if err := db.PutStaff(t.Context(), f.OwnerURL, twin); !errors.Is(err, db.ErrStaffTaken) {
		t.Errorf("two with one number: %v", err)
	}
	list, err := db.StaffList(t.Context(), f.OwnerURL)
	must(t, err)
	if len(list) != 1 || list[0].PIN != "7H2NQ5R" || list[0].Role != customs.RoleOperator {
		t.Errorf("%+v", list)
	}
	must(t, db.RemoveStaff(t.Context(), f.OwnerURL, "7H2NQ5R"))
	if _, err := d.StaffSession(t.Context(), k); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("a session outlives its officer's place: %v", err)
	}
	if err := db.RemoveStaff(t.Context(), f.OwnerURL, "7H2NQ5R"); !errors.Is(err, db.ErrStaffUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	if err := db.PutStaff(t.Context(), f.URL, twin); sqlState(err) != "42501" {
		t.Errorf("the serving role changes the list: %v", err)
	}
}

func TestSensitiveList(t *testing.T) {
	f, _ := open(t)
	must(t, db.AddSensitive(t.Context(), f.OwnerURL, aysel, "a note"))
	must(t, db.AddSensitive(t.Context(), f.OwnerURL, aysel, "another"))
	list, err := db.SensitiveList(t.Context(), f.OwnerURL)
	must(t, err)
	if len(list) != 1 || list[0].VOEN != aysel || list[0].Note != "another" {
		t.Errorf("%+v", list)
	}
	must(t, db.RemoveSensitive(t.Context(), f.OwnerURL, aysel))
	if err := db.RemoveSensitive(t.Context(), f.OwnerURL, aysel); !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
}

func TestAccessCode(t *testing.T) {
	f, d := open(t)
	k := signIn(t, d, aysel)
	if _, _, err := d.NewestAccessCode(t.Context(), k); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("before the first: %v", err)
	}
	c, err := d.MakeAccessCode(t.Context(), k)
	must(t, err)
	if len(c.Code) != 8 || c.UsedAt != nil || c.Attempts != 0 || c.ExpiresAt.Sub(c.MadeAt) != 10*time.Minute {
		t.Errorf("%+v", c)
	}
	_, newest, err := d.NewestAccessCode(t.Context(), k)
	must(t, err)
	if newest.Code != "" || newest.ExpiresAt != c.ExpiresAt || newest.Attempts != 0 {
		t.Errorf("%+v", newest)
	}
	if _, _, err := d.NewestAccessCode(t.Context(), signIn(t, d, rashad)); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another trader sees it: %v", err)
	}
	app := as(t, f.URL, settingOf(k))
	for _, sql := range []string{"select code_hash from access_code", "delete from access_code", "update access_code set used_at = null", "insert into access_code default values"} {
		if _, err := app.Exec(t.Context(), sql); sqlState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	must(t, d.EndSession(t.Context(), k))
	if _, err := d.MakeAccessCode(t.Context(), k); !errors.Is(err, db.ErrNoSession) {
		t.Error(err)
	}
}

func TestTraderPreference(t *testing.T) {
	_, d := open(t)
	k, other := signIn(t, d, aysel), signIn(t, d, rashad)
	_, p, err := d.TraderPreference(t.Context(), k)
	must(t, err)
	if !p.TelephoneHelp || p.CodeRequired || p.ChangedAt != nil {
		t.Errorf("at first: %+v", p)
	}
	must(t, d.SetTraderPreference(t.Context(), k, db.Preference{TelephoneHelp: true, CodeRequired: true}))
	must(t, d.SetTraderPreference(t.Context(), k, db.Preference{CodeRequired: true}))
	if _, p, _ = d.TraderPreference(t.Context(), k); p.TelephoneHelp || !p.CodeRequired || p.ChangedAt == nil {
		t.Errorf("%+v", p)
	}
	if _, p, _ = d.TraderPreference(t.Context(), other); !p.TelephoneHelp || p.CodeRequired {
		t.Errorf("another trader's: %+v", p)
	}
	must(t, d.EndSession(t.Context(), k))
	if err := d.SetTraderPreference(t.Context(), k, p); !errors.Is(err, db.ErrNoSession) {
		t.Error(err)
	}
}
