package db_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// granted is what the roles of the serving program may do, a line for each
// table, policy and function: all columns are no list, a part of them is one.
const granted = `
	with role (name) as (select rolname from pg_roles where rolname ~ '^portal' and rolname <> 'portal_owner'),
	thing as (select c.oid, c.relname from pg_class c
	           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relname !~ '_[0-9]{4}_[0-9]{2}$'),
	part as (select t.oid, r.name, p.privilege, count(*) as of,
	                array_agg(a.attname::text order by a.attnum) filter (where has_column_privilege(r.name, t.oid, a.attnum, p.privilege)) as columns
	           from thing t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
	           cross join role r cross join (values ('select'), ('insert'), ('update')) p (privilege)
	          group by 1, 2, 3)
	select format('table %s: %s may %s', t.relname, p.name, string_agg(p.privilege || case when cardinality(p.columns) < p.of then '(' || array_to_string(p.columns, ',') || ')' else '' end, ' ' order by p.privilege))
	  from part p join thing t using (oid) where p.columns is not null group by t.relname, p.name
	union all
	select format('table %s: %s may %s', t.relname, r.name, v.privilege) from thing t cross join role r cross join (values ('delete'), ('truncate'), ('trigger'), ('references')) v (privilege)
	 where has_table_privilege(r.name, t.oid, v.privilege)
	union all
	select format('policy %s.%s: %s %s%s%s', tablename, policyname, array_to_string(roles, ' '), lower(cmd), ' using ' || regexp_replace(qual, '(\s| AS \w+)+', ' ', 'g'), ' check ' || regexp_replace(with_check, '(\s| AS \w+)+', ' ', 'g'))
	  from pg_policies where schemaname = 'public'
	union all
	select format('function %s: %s%s', p.proname, string_agg(r.name, ' ' order by r.name), case when p.prosecdef then ', as its owner' else '' end)
	  from pg_proc p cross join role r
	 where p.pronamespace = 'public'::regnamespace and has_function_privilege(r.name, p.oid, 'execute')
	   and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
	 group by p.oid, p.proname, p.prosecdef
	union all
	select format('table %s: no row-level security', relname) from pg_class
	 where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity and relname !~ '_[0-9]{4}_[0-9]{2}$'
	union all
	select format('role %s: member of %s', member::regrole, roleid::regrole) from pg_auth_members where member::regrole::text ~ '^portal'
	union all
	select format('role %s: %s', rolname, concat_ws(' ', case when rolcanlogin then 'may log in' end, case when rolinherit then 'inherits' end,
	       case when rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication then 'HAS POWERS' end)) from pg_roles where rolname ~ '^portal'
	 order by 1`

// Nothing is granted that was not decided: testdata/rights.txt holds every
// right of every role, and a migration that widens one changes it too, where
// whoever reads the change sees it.
func TestRights(t *testing.T) {
	f, _ := open(t)
	rows, err := connect(t, f.SuperuserURL).Query(t.Context(), granted)
	must(t, err)
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	slices.Sort(got)
	b, err := os.ReadFile("testdata/rights.txt")
	must(t, err)
	want := strings.Split(strings.TrimSpace(string(b)), "\n")
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("not decided: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("not so:      %s", line)
		}
	}
}
