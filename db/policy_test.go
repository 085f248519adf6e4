package db_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// tables of which a trader sees own rows only.
var tables = []string{"consignment", "pending", "consignment_event", "register_entry"}

// as makes a connection speak as the serving program does, for a session.
func as(t *testing.T, url, setting string) *pgx.Conn {
	t.Helper()
	c := connect(t, url)
	exec(t, c, "set role portal_app")
	if setting != "" {
		exec(t, c, "select set_config('portal.session', $1, false)", setting)
	}
	return c
}

func settingOf(k db.SessionKey) string {
	h := sha256.Sum256(k.Secret[:])
	return k.ID.String() + " " + hex.EncodeToString(h[:])
}

// twoTraders stores goods and register entries of both and signs both in.
func twoTraders(t *testing.T, d *db.DB) (a, b db.SessionKey) {
	t.Helper()
	a, b = signIn(t, d, aysel), signIn(t, d, rashad)
	store(t, d, goodsOf(aysel, "A1", 1), goodsOf(aysel, "A2", 1, with(customs.Released)), goodsOf(rashad, "B1", 1))
	r := db.NewRegister(d)
	defer r.Close()
	for _, e := range []register.Entry{entryOf(a, aysel), entryOf(b, rashad)} {
		must(t, r.Submit(t.Context(), e).Wait(t.Context()))
	}
	return a, b
}

// A query that forgets its condition shows one's own rows and no others.
func TestOwnRowsOnly(t *testing.T) {
	f, d := open(t)
	a, b := twoTraders(t, d)
	for _, test := range []struct {
		key  db.SessionKey
		want map[string]int
	}{
		{a, map[string]int{"consignment": 2, "pending": 1, "consignment_event": 2, "register_entry": 1}},
		{b, map[string]int{"consignment": 1, "pending": 1, "consignment_event": 1, "register_entry": 1}},
	} {
		c := as(t, f.URL, settingOf(test.key))
		for _, table := range tables {
			if got := one[int](t, c, "select count(*) from (table "+table+") t"); got != test.want[table] {
				t.Errorf("%s: %d rows, want %d", table, got, test.want[table])
			}
		}
	}
	c := as(t, f.URL, settingOf(b))
	for table, condition := range map[string]string{
		"consignment": "registration = 'A1'", "pending": "voen = '1499000151'",
		"consignment_event": "registration like 'A%'", "register_entry": "subject = '1499000151'",
	} {
		if got := one[int](t, c, "select count(*) from "+table+" where "+condition); got != 0 {
			t.Errorf("%s shows %d rows of another trader", table, got)
		}
	}
}

// Without a live session there is nothing to see; without any there is an error.
func TestNobodySeesNothing(t *testing.T) {
	f, d := open(t)
	key, _ := twoTraders(t, d)
	other := key
	other.Secret[0] ^= 1
	su := connect(t, f.SuperuserURL)
	fresh := func(change string) string {
		k := signIn(t, d, aysel)
		exec(t, su, "update session set "+change+" where id = $1", k.ID)
		return settingOf(k)
	}
	for what, setting := range map[string]string{
		"wrong secret":          settingOf(other),
		"unknown id":            "00000000-0000-4000-8000-000000000000 " + strings.Repeat("00", 32),
		"no secret":             key.ID.String(),
		"ended":                 fresh("ended_at = now()"),
		"idle":                  fresh("seen_at = now() - idle"),
		"past its absolute end": fresh("expires_at = now()"),
	} {
		c := as(t, f.URL, setting)
		for _, table := range tables {
			if got := one[int](t, c, "select count(*) from "+table); got != 0 {
				t.Errorf("%s: %s shows %d rows", what, table, got)
			}
		}
		if got := one[int](t, c, "select count(*) from current_session()"); got != 0 {
			t.Errorf("%s: there is a session", what)
		}
	}
	for what, setting := range map[string]string{"never set": "", "nonsense": "' or true --", "only a space": " "} {
		c := as(t, f.URL, setting)
		for _, table := range tables {
			if _, err := c.Exec(t.Context(), "table "+table); sqlState(err) == "" {
				t.Errorf("%s: %s can be read: %v", what, table, err)
			}
		}
	}
}

// What must never happen is refused by the database itself.
func TestForbidden(t *testing.T) {
	f, d := open(t)
	key, _ := twoTraders(t, d)
	const denied = "42501"
	for role, statements := range map[string][]string{
		"portal_app": {
			"update register_entry set results = 0", "delete from register_entry", "truncate register_entry",
			"select * from register_entry_default", "insert into register_entry_default select * from register_entry",
			"update session set voen = '1499000152'", "update session set secret_hash = ''", "update session set ended_at = null",
			"update session set expires_at = 'infinity'", "update session set idle = '1 year'",
			"select secret_hash from session", "select * from session", "select voen from session",
			"insert into consignment (registration) values ('X')", "update consignment set voen = '1499000152'", "delete from consignment",
			"insert into pending select * from pending", "update pending set voen = '1499000152'", "delete from pending",
			"insert into consignment_event select * from consignment_event", "update consignment_event set status = 'x'", "delete from consignment_event",
			"update checkpoint set as_of = now()", "update schema_version set version = 0",
			"create table t ()", "create temporary table t ()", "drop table pending", "alter table pending disable row level security", "create schema s",
			"drop policy own on pending", "create role r", "truncate session", "alter role portal superuser",
			"set role portal_owner", "set role postgres", "set session authorization postgres",
			"create function public.session_voen(int) returns text language sql as $$ select '' $$",
			"copy (select 1) to program 'true'", "select pg_read_file('PG_VERSION')",
		},
		"portal_feed": {
			"select * from session", "select id from session", "select current_session()", "select session_voen()", "select end_session()",
			"insert into session select * from session", "delete from session",
			"select * from register_entry", "insert into register_entry (channel) values ('web')", "delete from register_entry",
			"select * from challenge", "select * from handover",
			"update consignment_event set status = 'x'", "delete from consignment_event", "delete from consignment", "truncate pending",
			"delete from checkpoint", "create table t ()", "set role portal_owner",
		},
		"portal": { // the login role itself, NOINHERIT: it has nothing until it says which role it takes
			"select * from pending", "select * from consignment", "insert into register_entry default values",
			"select id from session", "select * from challenge", "select current_session()", "create table t ()",
		},
	} {
		t.Run(role, func(t *testing.T) {
			c := connect(t, f.URL)
			exec(t, c, "select set_config('portal.session', $1, false)", settingOf(key))
			if role != "portal" {
				exec(t, c, "set role "+role)
			}
			for _, sql := range statements {
				if _, err := c.Exec(t.Context(), sql); sqlState(err) != denied {
					t.Errorf("%s: %v", sql, err)
				}
			}
		})
	}
	su := connect(t, f.SuperuserURL)
	if one[bool](t, su, "select rolinherit or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication from pg_roles where rolname = 'portal'") {
		t.Error("the login role inherits, or has powers of its own")
	}
}

// Every table that holds a trader's data has row-level security, so a new one
// without it fails here.
func TestEveryTableIsGuarded(t *testing.T) {
	f, _ := open(t)
	rows, err := connect(t, f.SuperuserURL).Query(t.Context(), `
		select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
		 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
		   and a.attname in ('voen', 'subject')
		   and (has_table_privilege('portal_app', c.oid, 'select'))`)
	must(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(names) > 0 {
		t.Errorf("the serving role can read everybody's rows of %v", names)
	}
}

// A function that runs with its owner's rights must not be led astray by
// objects of the caller, nor be there for everybody.
func TestDefinerFunctions(t *testing.T) {
	f, _ := open(t)
	rows, err := connect(t, f.SuperuserURL).Query(t.Context(), `
		select p.proname from pg_proc p
		 where p.pronamespace = 'public'::regnamespace and p.prosecdef
		   and (not coalesce(array_to_string(p.proconfig, ';') like '%search_path=%pg_temp', false)
		        or coalesce(array_to_string(p.proacl, ';'), '=X') ~ '(^|;)=')`)
	must(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(names) > 0 {
		t.Errorf("%v have no search_path of their own, or anyone may call them", names)
	}
}

// A session set for one transaction is forgotten by the next on the same
// connection: a pool must not hand it on.
func TestSessionEndsWithItsTransaction(t *testing.T) {
	f, d := open(t)
	key, _ := twoTraders(t, d)
	c := as(t, f.URL, "")
	tx, err := c.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "select set_config('portal.session', $1, true)", settingOf(key))
	must(t, err)
	must(t, tx.Commit(t.Context()))
	if _, err := c.Exec(t.Context(), "table pending"); sqlState(err) == "" {
		t.Errorf("the next transaction may read: %v", err)
	}
}
