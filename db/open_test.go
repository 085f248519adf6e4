package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

func TestOpenRefuses(t *testing.T) {
	for what, test := range map[string]struct {
		empty  bool
		change string // by the superuser, in the database
		url    func(*dbtest.DB) string
		want   error
		says   string
		undo   string
	}{
		"no schema":      {empty: true, want: db.ErrVersion, says: "no tables yet"},
		"older schema":   {change: "update schema_version set version = version - 1", want: db.ErrVersion, says: "this program needs"},
		"newer schema":   {change: "update schema_version set version = version + 1", want: db.ErrVersion, says: "this program needs"},
		"the superuser":  {url: func(f *dbtest.DB) string { return f.SuperuserURL }, want: db.ErrServingRole, says: "superuser"},
		"the owner":      {change: "grant portal_app to portal_owner", url: func(f *dbtest.DB) string { return f.OwnerURL }, want: db.ErrServingRole, undo: "revoke portal_app from portal_owner"},
		"owner's rights": {change: "grant portal_owner to portal", want: db.ErrServingRole, undo: "revoke portal_owner from portal"},
		"a table of its own": {
			change: "alter table handover owner to portal", want: db.ErrServingRole, says: "owns tables",
		},
		"bypasses row-level security": {change: "alter role portal bypassrls", want: db.ErrServingRole, says: "row-level security", undo: "alter role portal nobypassrls"},
		"may replicate":               {change: "alter role portal replication", want: db.ErrServingRole, says: "replicates", undo: "alter role portal noreplication"},
		"inherits":                    {change: "alter role portal inherit", want: db.ErrServingRole, says: "NOINHERIT", undo: "alter role portal noinherit"},
		"no member": {
			change: "create role stranger login noinherit", want: db.ErrServingRole, says: "member of portal_app", undo: "drop role stranger",
			url: func(f *dbtest.DB) string { return strings.Replace(f.URL, "portal@", "stranger@", 1) },
		},
		"no such role": {url: func(f *dbtest.DB) string { return strings.Replace(f.URL, "portal@", "nobody@", 1) }, want: db.ErrUnreachable},
		"no such database": {
			url: func(f *dbtest.DB) string { return strings.Replace(f.URL, f.Name, "nowhere", 1) }, want: db.ErrUnreachable,
		},
		"no server": {url: func(*dbtest.DB) string { return "postgres://portal@/x?host=/nonexistent" }, want: db.ErrUnreachable},
	} {
		t.Run(what, func(t *testing.T) {
			create := dbtest.New
			if test.empty {
				create = dbtest.NewEmpty
			}
			f := create(t)
			su := connect(t, f.SuperuserURL)
			if test.undo != "" { // roles are the whole server's
				t.Cleanup(func() { _, _ = su.Exec(context.WithoutCancel(t.Context()), test.undo) })
			}
			if test.change != "" {
				exec(t, su, test.change)
			}
			address := f.URL
			if test.url != nil {
				address = test.url(f)
			}
			d, err := db.Open(t.Context(), address, db.Options{})
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || d != nil {
				t.Errorf("%v, want %v that says %q", err, test.want, test.says)
			}
		})
	}
}

// An address may hold a password: no error shows it.
func TestErrorsKeepThePassword(t *testing.T) {
	for _, address := range []string{
		"postgres://portal:s3cret@127.0.0.1:1/x", "postgres://portal:s3cret@127.0.0.1:port/x", "host=127.0.0.1 password=s3cret port=nan",
		"postgres://portal:s3cret@/x?host=/nonexistent&sslmode=verify-nothing", "://s3cret",
	} {
		_, err := db.Open(t.Context(), address, db.Options{})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
		err = db.Migrate(t.Context(), address, "portal")
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("migrate: %v", err)
		}
	}
}

func TestReady(t *testing.T) {
	f, d := open(t)
	must(t, d.Ready(t.Context()))
	su := connect(t, f.SuperuserURL)
	exec(t, su, "revoke insert on register_entry from portal_app")
	if err := d.Ready(t.Context()); err == nil {
		t.Error("ready although no entry could be written")
	}
	exec(t, su, "grant insert on register_entry to portal_app")
	must(t, d.Ready(t.Context()))
	exec(t, su, "drop table pending cascade")
	if err := d.Ready(t.Context()); !db.IsFailure(err) {
		t.Errorf("without the list: %v", err)
	}
}

func TestIsFailure(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Session(ended, key)
	if err == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("a reader who left: %v", err)
	}
	exec(t, connect(t, f.SuperuserURL), "drop view signed_in cascade")
	if _, err := d.Session(t.Context(), key); !db.IsFailure(err) {
		t.Errorf("a broken schema is a failure: %v", err)
	}
	for _, err := range []error{nil, db.ErrNoSession, db.ErrNotFound} {
		if db.IsFailure(err) {
			t.Errorf("%v is no failure of the database", err)
		}
	}
}
