package db_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// assistant makes a connection speak as the role that reads under a case, as a
// program could that has gone wrong.
func (k *desk) assistant(id, request uuid.UUID) *pgx.Conn {
	k.Helper()
	c := connect(k, k.f.URL)
	exec(k, c, "set role portal_assist")
	exec(k, c, "select set_config('portal.staff', $1, false), set_config('portal.case', $2, false), set_config('portal.request', $3, false)",
		settingOf(db.SessionKey(k.key)), id.String(), request.String())
	return c
}

// guarded are the tables that hold traders' goods.
var guarded = []string{"consignment", "pending", "consignment_event", "archived", "archive_document"}

func (k *desk) seen(c *pgx.Conn) (rows int) {
	k.Helper()
	for _, table := range guarded {
		rows += one[int](k, c, "select count(*) from "+table)
	}
	return rows
}

// Under a case a forgotten condition shows the one trader's rows and no others.
func TestCaseShowsOneTrader(t *testing.T) {
	k := newDesk(t)
	id := k.open(aysel)
	c := k.assistant(id, k.enter(id, aysel, register.ListGoods))
	for table, want := range map[string]int{"consignment": 2, "pending": 1, "consignment_event": 2, "archived": 0, "archive_document": 0} {
		if got := one[int](t, c, "select count(*) from "+table); got != want {
			t.Errorf("%s: %d rows, want %d", table, got, want)
		}
	}
	for _, condition := range []string{"pending where voen = '1499000152'", "consignment where registration = 'B1'", "consignment_event where registration = 'B1'"} {
		if got := one[int](t, c, "select count(*) from "+condition); got != 0 {
			t.Errorf("%d rows of another trader: %s", got, condition)
		}
	}
}

// Whoever skips the register, outlives the case or borrows another's sees
// nothing at all.
func TestCaseShowsNothing(t *testing.T) {
	k := newDesk(t)
	id := k.open(aysel)
	request := k.enter(id, aysel, register.ListGoods)
	if k.seen(k.assistant(id, request)) == 0 {
		t.Fatal("there is nothing to hide")
	}
	other := officer(t, k.f, k.d, "8S4KR6V", customs.RoleOperator)
	supervisor := officer(t, k.f, k.d, "6N2VL9E", customs.RoleSupervisor)
	opened := k.enter(id, aysel, "case.open")
	for what, c := range map[string]*pgx.Conn{
		"no entry in the register":       k.assistant(id, uuid.New()),
		"no request":                     k.assistant(id, uuid.Nil),
		"an entry of something else":     k.assistant(id, opened),
		"no case":                        k.assistant(uuid.New(), request),
		"another officer":                (&desk{k.TB, k.f, k.d, k.register, other}).assistant(id, request),
		"a supervisor":                   (&desk{k.TB, k.f, k.d, k.register, supervisor}).assistant(id, request),
		"a trader's key as an officer's": (&desk{k.TB, k.f, k.d, k.register, db.StaffKey(signIn(t, k.d, aysel))}).assistant(id, request),
	} {
		if n := k.seen(c); n != 0 {
			t.Errorf("%s: %d rows", what, n)
		}
	}
	for what, change := range map[string]string{
		"the hard stop": "update assist_case set until = now()",
		"idle":          "update assist_case set until = now() + interval '1 minute', seen_at = now() - interval '301 seconds'",
		"not approved":  "update assist_case set seen_at = now(), sensitive = true",
		"ended":         "update assist_case set sensitive = false, ended_at = now(), ended_by = 'supervisor'",
	} {
		c := k.assistant(id, request)
		k.sql(change)
		if n := k.seen(c); n != 0 {
			t.Errorf("%s: %d rows", what, n)
		}
		k.sql("update assist_case set until = now() + interval '1 minute', seen_at = now(), sensitive = false, ended_at = null, ended_by = null")
		if k.seen(c) == 0 {
			t.Errorf("%s was not what hid it", what)
		}
	}
	// An entry is good for the look that it is about, not for later ones.
	k.sql("alter table register_entry disable trigger keep; update register_entry set at = at - interval '31 seconds' where action = 'goods.list'")
	if n := k.seen(k.assistant(id, request)); n != 0 {
		t.Errorf("by an old entry: %d rows", n)
	}
}

// No statement of the serving roles makes, changes or prolongs a case, writes
// goods, or names an officer.
func TestCaseForbidden(t *testing.T) {
	k := newDesk(t)
	id := k.open(aysel)
	request := k.enter(id, aysel, register.ListGoods)
	const forge = `insert into assist_case (id, staff_session, officer_number, officer_unit, voen, caller, call_number, call_id, reason, verified_by, confirmed, sensitive, until)
		values (gen_random_uuid(), gen_random_uuid(), 'X', 'X', '1499000152', 'x', '1', '1', 'status', 'code', true, false, 'infinity')`
	everybody := []string{
		forge, "update assist_case set until = 'infinity'", "update assist_case set voen = '1499000152'", "update assist_case set confirmed = true", "delete from assist_case",
		"insert into staff (pin) values ('3G7HN2Q')", "update staff set role = 'administrator'", "delete from staff", "select * from staff",
		"insert into staff_session default values", "update staff_session set role = 'supervisor'", "update staff_session set expires_at = 'infinity'", "select secret_hash from staff_session",
		"delete from sensitive_voen", "select * from sensitive_voen", "update access_code set used_at = null", "update trader_preference set telephone_help = true",
		"select put_staff('1AAAA', '1', 'x', 'x', 'operator', current_date)", "select remove_staff('3G7HN2Q')",
		"delete from assist_refusal", "delete from assist_extension",
		"set role portal_owner", "drop policy by_case on pending", "alter table pending disable row level security",
	}
	for role, more := range map[string][]string{
		"portal_assist": {
			"update pending set voen = voen", "insert into pending select * from pending", "delete from pending", "update consignment set voen = voen",
			"delete from consignment", "insert into consignment_event select * from consignment_event", "update checkpoint set as_of = now()",
			"insert into register_entry (channel) values ('web')", "select * from register_entry", "select * from session", "select * from assist_case",
			"select open_case(gen_random_uuid(), '1499000152', 'x', '1', '1', 'status', '', 'questions', null, 60)",
			"select extend_case('status', '')", "select end_case(gen_random_uuid(), '')", "select approve_case(gen_random_uuid())",
			"select start_staff_session(gen_random_uuid(), '', '', '', '', '', '', '1 day', '1 day')",
		},
		"portal_app": {
			"select * from assist_case", "select * from staff_session", "select case_voen()", "select next_case_number()", "select tell_case(gen_random_uuid())",
		},
		"portal_supervision": {"select * from pending", "select * from consignment", "select pin from staff_session", "select end_case(gen_random_uuid(), '')"},
		"portal_feed":        {"select current_staff()", "select current_case()", "select case_voen()", "select * from assist_case"},
	} {
		c := k.assistant(id, request)
		exec(t, c, "set role "+role)
		for _, sql := range append(more, everybody...) {
			if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" {
				t.Errorf("%s: %s: %v", role, sql, err)
			}
		}
	}
}

// A role that may not be taken on by the login, or that a setting widens.
func TestAssistRoleIsNarrow(t *testing.T) {
	k := newDesk(t)
	su := connect(t, k.f.SuperuserURL)
	granted := one[string](t, su, `
		select coalesce(string_agg(distinct privilege_type, ','), '') from information_schema.role_table_grants where grantee = 'portal_assist'`)
	if granted != "SELECT" {
		t.Errorf("portal_assist may %s", granted)
	}
	names := one[string](t, su, `
		select string_agg(distinct table_name, ' ' order by table_name) from information_schema.role_table_grants
		 where grantee = 'portal_assist' and not exists (select from pg_class where relname = table_name and relrowsecurity)`)
	if names != "checkpoint" {
		t.Errorf("without a policy it reads %s", names)
	}
}

// An entry that names a case and does not agree with it is refused, and so is
// everything that would hide a look under another's name.
func TestCaseEntriesAgree(t *testing.T) {
	k := newDesk(t)
	id := k.open(aysel)
	supervisor := officer(t, k.f, k.d, "6N2VL9E", customs.RoleSupervisor)
	for what, change := range map[string]func(*register.Entry){
		"another trader":            func(e *register.Entry) { e.Subject = rashad },
		"a case that is not":        func(e *register.Entry) { e.Case = uuid.New() },
		"another session":           func(e *register.Entry) { e.Session = uuid.New() },
		"a trader's session":        func(e *register.Entry) { e.Session = signIn(t, k.d, aysel).ID },
		"another role":              func(e *register.Entry) { e.Actor = "supervisor" },
		"a trader":                  func(e *register.Entry) { e.Actor = "trader" },
		"a supervisor under a case": func(e *register.Entry) { e.Actor, e.Session = "supervisor", supervisor.ID },
	} {
		e := k.entry(id, aysel, register.ListGoods)
		change(&e)
		if err := k.register.Submit(t.Context(), e).Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "does not agree with its case") {
			t.Errorf("%s: %v", what, err)
		}
	}
	e := k.entry(id, aysel, "case.end")
	e.Actor, e.Session = "supervisor", supervisor.ID
	must(t, k.register.Submit(t.Context(), e).Wait(t.Context()))
	k.enter(id, aysel, register.ShowGoods)
}

// Supervision sees cases and officers; nobody else does, whatever they set.
func TestSupervisionSeesCases(t *testing.T) {
	k := newDesk(t)
	k.open(aysel)
	for key, want := range map[db.StaffKey]int{
		officer(t, k.f, k.d, "6N2VL9E", customs.RoleSupervisor): 1, k.key: 0, officer(t, k.f, k.d, "7R5AB3S", customs.RoleAdministrator): 0,
	} {
		c := (&desk{k.TB, k.f, k.d, k.register, key}).assistant(uuid.Nil, uuid.Nil)
		exec(t, c, "set role portal_supervision")
		if got := one[int](t, c, "select count(*) from assist_case c join staff_session s on s.id = c.staff_session where s.name <> ''"); got != want {
			t.Errorf("%d cases, want %d", got, want)
		}
	}
}
