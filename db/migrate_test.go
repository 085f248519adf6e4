package db_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

func TestMigrateAgainAndAtOnce(t *testing.T) {
	f := dbtest.NewEmpty(t)
	var programs sync.WaitGroup
	for range 4 {
		programs.Go(func() {
			if err := db.Migrate(t.Context(), f.OwnerURL, "portal"); err != nil {
				t.Error(err)
			}
		})
	}
	programs.Wait()
	must(t, db.Migrate(t.Context(), f.OwnerURL, "portal"))
	if got := one[int32](t, connect(t, f.SuperuserURL), "select version from schema_version"); got != db.Version() || got == 0 {
		t.Errorf("version %d, want %d", got, db.Version())
	}
	d, err := db.Open(t.Context(), f.URL, db.Options{})
	must(t, err)
	d.Close()
}

func TestMigrateRefuses(t *testing.T) {
	f := dbtest.New(t)
	su := connect(t, f.SuperuserURL)
	if err := db.Migrate(t.Context(), f.OwnerURL, "nobody_yet"); !errors.Is(err, db.ErrServingRole) || !strings.Contains(err.Error(), `"nobody_yet" does not exist`) {
		t.Errorf("a login role that is missing: %v", err)
	}
	exec(t, su, "update schema_version set version = version + 1")
	if err := db.Migrate(t.Context(), f.OwnerURL, "portal"); !errors.Is(err, db.ErrVersion) || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a newer database: %v", err)
	}
	if got := one[int32](t, su, "select version from schema_version"); got != db.Version()+1 {
		t.Errorf("the newer database now has version %d", got)
	}
	if err := db.Migrate(t.Context(), f.URL, "portal"); err == nil {
		t.Error("the serving role migrates")
	}
	if err := db.Migrate(t.Context(), "postgres://x@/y?host=/nonexistent", "portal"); !errors.Is(err, db.ErrUnreachable) {
		t.Errorf("no server: %v", err)
	}
}

func TestBootstrapTwice(t *testing.T) {
	f := dbtest.New(t)
	must(t, db.Bootstrap(t.Context(), f.SuperuserURL, f.Name))
	if got := one[string](t, connect(t, f.SuperuserURL), "select datdba::regrole::text from pg_database where datname = $1", f.Name); got != "portal_owner" {
		t.Errorf("the database belongs to %s", got)
	}
	if err := db.Bootstrap(t.Context(), f.URL, "another"); err == nil {
		t.Error("the serving role makes databases")
	}
}

// A role that another program makes first, or that has one group only, gets
// what is missing.
func TestMigrateGrantsBothGroups(t *testing.T) {
	f := dbtest.New(t)
	su := connect(t, f.SuperuserURL)
	exec(t, su, "create role half login noinherit")
	t.Cleanup(func() {
		_, err := su.Exec(context.WithoutCancel(t.Context()), "drop role half")
		must(t, err)
	})
	exec(t, su, "grant portal_feed to half")
	must(t, db.Migrate(t.Context(), f.OwnerURL, "half"))
	d, err := db.Open(t.Context(), strings.Replace(f.URL, "portal@", "half@", 1), db.Options{})
	must(t, err)
	d.Close()
}
