package dbtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func scan[T any](t *testing.T, c *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := c.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDatabasesAreApart(t *testing.T) {
	one, two := dbtest.New(t), dbtest.New(t)
	c := connect(t, one.OwnerURL)
	if _, err := c.Exec(t.Context(), "create table only_here ()"); err != nil {
		t.Fatal(err)
	}
	if scan[bool](t, connect(t, two.OwnerURL), "select to_regclass('only_here') is not null") {
		t.Error("a table of one database is in the other")
	}
}

func TestDatabaseIsMigrated(t *testing.T) {
	d := dbtest.New(t)
	c := connect(t, d.SuperuserURL)
	if got := scan[int32](t, c, "select version from public.schema_version"); got != db.Version() {
		t.Errorf("version %d, want %d", got, db.Version())
	}
	served, err := db.Open(t.Context(), d.URL, db.Options{MaxConns: 2})
	if err != nil {
		t.Fatalf("the serving role is refused: %v", err)
	}
	served.Close()
}

func TestCopyIsLikeTheTemplate(t *testing.T) {
	d := dbtest.New(t)
	c := connect(t, d.SuperuserURL)
	for what, sql := range map[string]string{
		"grants":   "select coalesce(datacl::text, '') from pg_database where datname = $1",
		"owner":    "select datdba::regrole::text from pg_database where datname = $1",
		"settings": "select coalesce(string_agg(setrole || ':' || setconfig::text, ';' order by setrole), '') from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where datname = $1",
	} {
		if got, want := scan[string](t, c, sql, d.Name), scan[string](t, c, sql, "portal_template"); got != want {
			t.Errorf("%s: %q, the template has %q", what, got, want)
		}
	}
}

func TestDropsWithOpenConnections(t *testing.T) {
	var name string
	t.Run("a test that forgets to close", func(t *testing.T) {
		d := dbtest.New(t)
		name = d.Name
		connect(t, d.URL)
	})
	c := connect(t, dbtest.NewEmpty(t).SuperuserURL)
	if scan[bool](t, c, "select exists (select from pg_database where datname = $1)", name) {
		t.Error("the database is still there")
	}
}

func TestEmpty(t *testing.T) {
	d := dbtest.NewEmpty(t)
	c := connect(t, d.OwnerURL)
	if n := scan[int](t, c, "select count(*) from pg_tables where schemaname = 'public'"); n != 0 {
		t.Errorf("%d tables", n)
	}
	if err := db.Migrate(t.Context(), d.OwnerURL, "portal"); err != nil {
		t.Error(err)
	}
}
