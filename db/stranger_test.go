package db_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/register"
)

// secret is found in every row that tells something about aysel: her number,
// or what only she has written.
const secret = `(1499000151|AYSEL-)`

// neighbours is a database in which aysel has left a row in every table that
// can hold one, and rashad is the stranger who tries to see them.
type neighbours struct {
	testing.TB
	f              *dbtest.DB
	aysel, rashad  db.SessionKey
	hers, his      db.TokenKey
	operator       db.StaffKey // has her case open
	other          db.StaffKey // has his
	chief, admin   db.StaffKey
	hersID, hisID  uuid.UUID // cases
	hersAsk, hisAs uuid.UUID // the requests that looked
}

func meet(t testing.TB) *neighbours {
	t.Helper()
	k := newDesk(t)
	n := &neighbours{TB: t, f: k.f, operator: k.key}
	d := k.d
	n.aysel, n.rashad = signIn(t, d, aysel), signIn(t, d, rashad)
	n.hers, n.his = makeToken(t, d, n.aysel), makeToken(t, d, n.rashad)
	n.chief = officer(t, k.f, d, "6N2VL9E", customs.RoleSupervisor)
	n.admin = officer(t, k.f, d, "4D8WJ3M", customs.RoleAdministrator)
	store(t, d, goodsOf(aysel, "AYSEL-1", 1), goodsOf(aysel, "AYSEL-2", 1, longAgo(500), with(customs.Released)), goodsOf(rashad, "B2", 1))
	if got := archived(t, d); got == 0 {
		t.Fatal("nothing is archived")
	}
	subscribe(t, d, n.aysel, "AYSEL-1@example.org", everything)
	store(t, d, goodsOf(aysel, "AYSEL-1", 2, with(customs.Inspection)), goodsOf(rashad, "AYSEL-3", 1))
	store(t, d, goodsOf(aysel, "AYSEL-3", 2))
	if gather(t, d) == 0 {
		t.Fatal("no mail is due")
	}
	su := connect(t, k.f.SuperuserURL)
	exec(t, su, "update pending set bulk = true") // counted in advance
	_, err := d.SaveDraft(t.Context(), n.aysel, uuid.Nil, draftOf("AYSEL-draft"))
	must(t, err)
	must(t, d.SetTraderPreference(t.Context(), n.aysel, db.Preference{TelephoneHelp: true}))
	_, err = d.MakeAccessCode(t.Context(), n.aysel)
	must(t, err)
	_, _, err = d.MakeReport(t.Context(), n.aysel, notMine("AYSEL-1"))
	must(t, err)
	n.other = officer(t, k.f, d, "8S4KR6V", customs.RoleOperator)
	second := &desk{t, k.f, d, k.register, n.other}
	n.hersID, n.hisID = k.open(aysel), second.open(rashad)
	n.hersAsk, n.hisAs = k.enter(n.hersID, aysel, register.ListGoods), second.enter(n.hisID, rashad, register.ListGoods)
	must(t, k.register.Submit(t.Context(), entryOf(n.aysel, aysel)).Wait(t.Context()))
	return n
}

// view is a role with what a program that has gone wrong may have set.
type view struct {
	what, role string
	settings   map[string]string
}

// strangers are all who must see nothing of aysel's.
func (n *neighbours) strangers() []view {
	ended := n.aysel
	ended.Secret[0] ^= 1
	session, token := settingOf(n.rashad), tokenSetting(n.his)
	operator, chief, admin := staffSetting(n.operator), staffSetting(n.chief), staffSetting(n.admin)
	return []view{
		{"another trader", "portal_app", map[string]string{"session": session}},
		{"a wrong secret", "portal_app", map[string]string{"session": settingOf(ended)}},
		{"her token as a session", "portal_app", map[string]string{"session": tokenSetting(n.hers)}},
		{"another trader who knows every number of hers", "portal_app", map[string]string{
			"session": session, "token": n.hers.ID.String() + " 00", "case": n.hersID.String(), "request": n.hersAsk.String(), "feed_scope": " 00911 ",
		}},
		{"nobody", "portal_app", nil},
		{"nonsense", "portal_app", map[string]string{"session": "' or true --"}},
		{"another program", "portal_api", map[string]string{"token": token}},
		{"another program with her session", "portal_api", map[string]string{"token": token, "session": settingOf(n.aysel)}},
		{"her session as a token", "portal_api", map[string]string{"token": settingOf(n.aysel)}},
		{"an operator under another's case", "portal_assist", map[string]string{"staff": staffSetting(n.other), "case": n.hisID.String(), "request": n.hisAs.String()}},
		{"an operator with her case and another's entry", "portal_assist", map[string]string{"staff": operator, "case": n.hersID.String(), "request": n.hisAs.String()}},
		{"a supervisor with her case", "portal_assist", map[string]string{"staff": chief, "case": n.hersID.String(), "request": n.hersAsk.String()}},
		{"she herself with her case", "portal_assist", map[string]string{"staff": settingOf(n.aysel), "session": settingOf(n.aysel), "case": n.hersID.String(), "request": n.hersAsk.String()}},
		{"an operator on supervision", "portal_supervision", map[string]string{"staff": operator}},
		{"an administrator on supervision", "portal_supervision", map[string]string{"staff": admin}},
		{"a trader on supervision", "portal_supervision", map[string]string{"staff": settingOf(n.aysel), "session": settingOf(n.aysel)}},
		{"the sealer", "portal_sealer", map[string]string{"session": settingOf(n.rashad), "staff": chief}},
		{"the login role", "portal", map[string]string{"session": settingOf(n.aysel), "staff": chief}},
	}
}

func (n *neighbours) connect(v view) *pgx.Conn {
	n.Helper()
	c := connect(n, n.f.URL)
	for name, value := range v.settings {
		exec(n, c, "select set_config($1, $2, false)", "portal."+name, value)
	}
	if v.role != "portal" {
		exec(n, c, "set role "+v.role)
	}
	return c
}

// relation is a table with its columns that a role may read or change.
type relation struct {
	Name              string
	Reads, Changes    []string
	Deletes, RowLevel bool
	View              bool // which holds nothing of its own
}

func (n *neighbours) relations(role string) []relation {
	n.Helper()
	rows, err := connect(n, n.f.SuperuserURL).Query(n.Context(), `
		select c.relname,
		       coalesce(array_agg(quote_ident(a.attname) order by a.attnum) filter (where has_column_privilege($1, c.oid, a.attnum, 'select')), '{}'),
		       coalesce(array_agg(quote_ident(a.attname) order by a.attnum) filter (where has_column_privilege($1, c.oid, a.attnum, 'update') and a.attgenerated = ''), '{}'),
		       has_table_privilege($1, c.oid, 'delete'), c.relrowsecurity, c.relkind = 'v'
		  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
		 group by c.oid order by c.relname`, role)
	must(n, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[relation])
	must(n, err)
	if len(list) < 30 {
		n.Fatalf("%d tables", len(list))
	}
	return list
}

// holding is how many rows of a relation speak of aysel, as far as c sees them.
func holding(t testing.TB, c *pgx.Conn, name string, columns []string) (count int, err error) {
	err = c.QueryRow(t.Context(), "select count(*) from "+name+" where concat_ws(' ', "+strings.Join(columns, ", ")+") ~ $1", secret).Scan(&count)
	return count, err
}

// Every table, whoever looks, and however many there will be: what is aysel's
// is shown to nobody else. A new table is seen by this test as soon as it holds
// a taxpayer's number; then it needs a row here, and rights that hide it.
func TestStrangersSeeNothing(t *testing.T) {
	n := meet(t)
	su := connect(t, n.f.SuperuserURL)
	// That hold a number, but nothing of aysel's in this story.
	spared := []string{"representative", "sensitive_voen", "assist_refusal", "sign_in_attempt", "session_company"}
	for _, r := range n.relations("portal_owner") {
		if r.View {
			continue
		}
		count, err := holding(t, su, r.Name, r.Reads)
		must(t, err)
		number := slices.ContainsFunc(r.Reads, func(c string) bool { return c == "voen" || c == "subject" || c == "former" })
		partition := one[bool](t, su, "select relispartition from pg_class where oid = $1::text::regclass", r.Name)
		if number && count == 0 && !partition && !slices.Contains(spared, r.Name) {
			t.Errorf("%s can hold a taxpayer's rows, but has none here: add one to this story", r.Name)
		}
	}
	for _, v := range n.strangers() {
		c := n.connect(v)
		for _, r := range n.relations(v.role) {
			if len(r.Reads) == 0 {
				if _, err := c.Exec(t.Context(), "select from "+r.Name); sqlState(err) != "42501" {
					t.Errorf("%s, without a right to %s: %v", v.what, r.Name, err)
				}
				continue
			}
			if count, err := holding(t, c, r.Name, r.Reads); err == nil && count > 0 {
				t.Errorf("%s sees %d rows of %s", v.what, count, r.Name)
			} else if err != nil && sqlState(err) != "42501" && sqlState(err) != "42704" && sqlState(err) != "22P02" {
				t.Errorf("%s looks at %s: %v", v.what, r.Name, err)
			}
		}
	}
	// And it is there to be seen, each by its right.
	for _, v := range []view{
		{"aysel", "portal_app", map[string]string{"session": settingOf(n.aysel)}},
		{"her program", "portal_api", map[string]string{"token": tokenSetting(n.hers)}},
		{"the operator under her case", "portal_assist", map[string]string{"staff": staffSetting(n.operator), "case": n.hersID.String(), "request": n.hersAsk.String()}},
	} {
		c := n.connect(v)
		for _, table := range []string{"consignment", "pending", "consignment_event", "archived", "archive_document", "pending_count"} {
			columns := map[bool]string{true: "registration", false: "voen"}[table == "consignment_event"]
			if count, err := holding(t, c, table, []string{columns}); err != nil || count == 0 {
				t.Errorf("%s sees %d rows of %s, %v", v.what, count, table, err)
			}
		}
	}
}

// And nobody else changes it: what a role may write in a table under row-level
// security reaches no row of aysel's.
func TestStrangersChangeNothing(t *testing.T) {
	n := meet(t)
	tried := 0
	for _, v := range n.strangers() {
		c := n.connect(v)
		for _, r := range n.relations(v.role) {
			if !r.RowLevel {
				continue // made by and for the program alone, see TestRights
			}
			var statements []string
			for _, column := range r.Changes {
				statements = append(statements, "update "+r.Name+" set "+column+" = "+column)
			}
			if r.Deletes {
				statements = append(statements, "delete from "+r.Name)
			}
			for _, sql := range statements {
				tried++
				tx, err := c.Begin(t.Context())
				must(t, err)
				if tag, err := tx.Exec(t.Context(), sql); err == nil && tag.RowsAffected() > 0 {
					t.Errorf("%s: %s reaches %d rows", v.what, sql, tag.RowsAffected())
				}
				must(t, tx.Rollback(t.Context()))
			}
		}
	}
	if tried < 40 {
		t.Errorf("only %d statements were tried", tried)
	}
}
