package db_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// call is a function of the schema as a role may call it.
type call struct {
	Name  string
	Types []string
}

func (n *neighbours) calls(role string) []call {
	n.Helper()
	rows, err := connect(n, n.f.SuperuserURL).Query(n.Context(), `
		select p.proname, coalesce((select array_agg(format_type(a.type, null) order by a.n) from unnest(p.proargtypes::oid[]) with ordinality a (type, n)), '{}')
		  from pg_proc p
		 where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
		   and has_function_privilege($1, p.oid, 'execute')
		   and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
		 order by p.proname`, role)
	must(n, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[call])
	must(n, err)
	return list
}

// arguments are ways to call it about aysel: her number, and in turn
// each thing of hers that has an id.
func (c call) arguments(ids []string) (ways [][]any) {
	for _, id := range ids {
		var args []any
		byID := false
		for _, kind := range c.Types {
			switch kind {
			case "uuid":
				byID = true
				args = append(args, id)
			case "text":
				args = append(args, "1499000151")
			case "text[]":
				args = append(args, []string{"1499000151"})
			case "bytea":
				args = append(args, make([]byte, 32))
			case "boolean":
				args = append(args, true)
			case "interval":
				args = append(args, "400 days")
			case "timestamp with time zone", "date":
				args = append(args, "2026-01-01")
			default: // numbers
				args = append(args, 100)
			}
		}
		ways = append(ways, args)
		if !byID {
			break
		}
	}
	return ways
}

// hers is a digest of all rows that speak of aysel.
func hers(list []relation) string {
	var parts []string
	for _, r := range list {
		if r.View {
			continue
		}
		columns := strings.Join(r.Reads, ", ")
		parts = append(parts, fmt.Sprintf("(select coalesce(string_agg(row::text, '|' order by row::text), '') from (select row(%s) as row from %s where concat_ws(' ', %s) ~ '%s') x)", columns, r.Name, columns, secret))
	}
	return "select md5(" + strings.Join(parts, " || ") + ")"
}

// Every function that a role may call, whoever calls it: it tells nothing of
// aysel's and changes nothing of hers.
func TestStrangersCallInVain(t *testing.T) {
	n := meet(t)
	su := connect(t, n.f.SuperuserURL)
	digest := hers(n.relations("portal_owner"))
	before := one[string](t, su, digest)
	ids := []string{n.hersID.String(), n.hers.ID.String(), n.aysel.ID.String(), n.operator.ID.String()}
	for _, table := range []string{"report", "complaint_draft", "mail_address", "access_code"} {
		ids = append(ids, one[string](t, su, "select id::text from "+table+" where voen = '1499000151'"))
	}
	views := append(n.strangers(),
		view{"another operator", "portal_app", map[string]string{"staff": staffSetting(n.other)}},
		view{"another trader who is another operator", "portal_app", map[string]string{"staff": staffSetting(n.other), "session": settingOf(n.rashad)}},
		view{"an administrator", "portal_app", map[string]string{"staff": staffSetting(n.admin)}},
	)
	tried := map[string]bool{}
	for _, v := range views {
		for _, c := range n.calls(v.role) {
			switch {
			case c.Name == "open_case" && v.settings["staff"] != "": // what an operator is there for, see TestCase
				continue
			case c.Name == "current_case" && v.settings["staff"] == staffSetting(n.operator): // their own, though they see no goods under it
				continue
			case c.Name == "make_token": // it makes one of their own, with her number for a name, see TestTokensOfATaxpayer
				continue
			}
			for _, args := range c.arguments(ids) {
				tried[c.Name] = true
				n.inVain(su, v, c, args, digest, before)
			}
		}
	}
	if len(tried) < 60 {
		t.Errorf("only %d functions were tried", len(tried))
	}
}

// inVain calls a function in a transaction that is rolled back.
func (n *neighbours) inVain(su *pgx.Conn, v view, c call, args []any, digest, before string) {
	n.Helper()
	tx, err := su.Begin(n.Context())
	must(n, err)
	defer func() { must(n, tx.Rollback(n.Context())) }()
	for name, value := range v.settings {
		_, err := tx.Exec(n.Context(), "select set_config($1, $2, true)", "portal."+name, value)
		must(n, err)
	}
	_, err = tx.Exec(n.Context(), "set local role "+v.role)
	must(n, err)
	var places []string
	for i, kind := range c.Types {
		places = append(places, fmt.Sprintf("$%d::text::%s", i+1, kind))
		args[i] = sqlText(args[i])
	}
	var told string
	err = tx.QueryRow(n.Context(), "select coalesce(string_agg(f::text, ' '), '') from "+c.Name+"("+strings.Join(places, ", ")+") f", args...).Scan(&told)
	if err != nil {
		if state := sqlState(err); state == "" || strings.HasPrefix(state, "XX") {
			n.Errorf("%s calls %s: %v", v.what, c.Name, err)
		}
		return // refused: everything is undone
	}
	if strings.Contains(told, "1499000151") || strings.Contains(told, "AYSEL-") {
		n.Errorf("%s is told by %s: %s", v.what, c.Name, told)
	}
	_, err = tx.Exec(n.Context(), "reset role")
	must(n, err)
	var after string
	must(n, tx.QueryRow(n.Context(), digest).Scan(&after))
	if after != before {
		n.Errorf("%s changes what is aysel's by %s(%v)", v.what, c.Name, args)
	}
}

// sqlText is a value as PostgreSQL reads it.
func sqlText(v any) string {
	switch v := v.(type) {
	case []string:
		return "{" + strings.Join(v, ",") + "}"
	case []byte:
		return fmt.Sprintf(`\x%x`, v)
	}
	return fmt.Sprint(v)
}

// What a caller has put in the way changes nothing: temporary tables with the
// names of the portal's, functions with the names of PostgreSQL's, and a search
// path that looks at them first.
func TestFunctionsLookAtTheirOwnTables(t *testing.T) {
	n := meet(t)
	su := connect(t, n.f.SuperuserURL)
	exec(t, su, `create schema trap; grant usage on schema trap to public;
		create function trap.now() returns timestamptz language sql as $$ select '2000-01-01'::timestamptz $$;
		create function trap.current_setting(text) returns text language sql as $$ select 'trapped' $$;
		create function trap.session_voen() returns text language sql as $$ select '1499000151'::text $$;
		create function trap.current_session() returns setof public.session language sql as $$ table public.session $$;
		grant execute on all functions in schema trap to public`)
	exec(t, su, "grant temporary on database "+n.f.Name+" to portal")
	for _, v := range []view{
		{"another trader", "portal_app", map[string]string{"session": settingOf(n.rashad)}},
		{"another program", "portal_api", map[string]string{"token": tokenSetting(n.his)}},
		{"an operator", "portal_assist", map[string]string{"staff": staffSetting(n.other), "case": n.hisID.String(), "request": n.hisAs.String()}},
	} {
		v.settings["staff"] = cmp.Or(v.settings["staff"], "00000000-0000-4000-8000-000000000000 00")
		v.settings["case"] = cmp.Or(v.settings["case"], n.hersID.String())
		c := n.connect(view{v.what, "portal", v.settings})
		for _, r := range n.relations("portal_owner") {
			exec(t, c, "create temporary table "+r.Name+" ("+strings.Join(r.Reads, " text, ")+" text)")
			if len(r.Reads) > 0 {
				exec(t, c, "grant all on "+r.Name+" to portal_app, portal_api, portal_assist")
			}
		}
		exec(t, c, "set role "+v.role)
		ask := func(sql string) string {
			return one[string](t, c, "select coalesce(string_agg(x::text, ' ' order by x::text), '') from "+sql+" x")
		}
		asked := []string{"public.find_pending('{}')", "public.find_page('{}', null, null, null, null, null, null, 'newest', 1, 25)", "public.find_page('{a}', null, null, null, null, null, null, 'newest', 1, 25)"}
		for _, f := range n.calls(v.role) {
			switch f.Name {
			case "current_session", "session_voen", "session_person", "own_tokens", "current_token", "token_voen", "case_voen", "current_case", "current_staff", "staff_role":
				asked = append(asked, "public."+f.Name+"()")
			}
		}
		if len(asked) < 5 {
			t.Fatalf("%s asks %s", v.what, asked)
		}
		for _, sql := range asked {
			exec(t, c, "set search_path = public")
			want := ask(sql)
			exec(t, c, "set search_path = trap, pg_temp, public, pg_catalog")
			if got := ask(sql); got != want {
				t.Errorf("%s: %s is led astray: %s\nbefore: %s", v.what, sql, got, want)
			}
		}
		if got := ask("public.pending"); strings.Contains(got, "1499000151") || !strings.Contains(got, "B") {
			t.Errorf("%s: the policies are led astray: %s", v.what, got)
		}
	}
}
