package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

// login makes login roles that go with the test; roles are the whole server's.
func login(t *testing.T, su *pgx.Conn, names ...string) {
	t.Helper()
	for _, name := range names {
		exec(t, su, "create role "+name+" login noinherit")
		t.Cleanup(func() {
			_, err := su.Exec(context.WithoutCancel(t.Context()), "drop role "+name)
			must(t, err)
		})
	}
}

func addressOf(f *dbtest.DB, name string) string {
	return strings.Replace(f.URL, "portal@", name+"@", 1)
}

// With a login of its own for the feed, the serving one cannot store goods by
// any statement, nor can the feed's read what traders see; the program works.
func TestFeedHasItsOwnLogin(t *testing.T) {
	f := dbtest.New(t)
	su := connect(t, f.SuperuserURL)
	login(t, su, "front", "taker")
	must(t, db.Migrate(t.Context(), f.OwnerURL, "front")) // before there were two
	for range 2 {
		must(t, db.MigrateFor(t.Context(), f.OwnerURL, db.Logins{Serving: "front", Feed: "taker"}))
	}
	d, err := db.Open(t.Context(), addressOf(f, "front"), db.Options{FeedURL: addressOf(f, "taker"), MaxConns: 4})
	must(t, err)
	t.Cleanup(d.Close)
	for name, statements := range map[string][]string{
		"front": {"set role portal_feed", "set role taker", "set role portal_app; insert into pending (registration) values ('A3')"},
		"taker": {
			"set role portal_app", "set role portal_sealer", "set role portal_supervision", "set role front",
			"set role portal_feed; select * from session", "set role portal_feed; select * from register_entry",
		},
	} {
		for _, sql := range statements {
			c := connect(t, addressOf(f, name))
			if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" {
				t.Errorf("%s: %s: %v", name, sql, err)
			}
		}
	}
	store(t, d, goodsOf(aysel, "A1", 1), goodsOf(aysel, "A2", 1, with(customs.Released), longAgo(500)))
	_, list, err := d.Goods(t.Context(), signIn(t, d, aysel), customs.Query{}, 10)
	must(t, err)
	if len(list.Rows) != 1 || list.Rows[0].Registration != "A1" {
		t.Errorf("%+v", list.Rows)
	}
	if n, err := d.Archive(t.Context(), 400*24*time.Hour, nil); err != nil || n != 1 {
		t.Errorf("archived %d, %v", n, err)
	}
	if got := one[int](t, su, "select count(*) from pg_stat_activity where usename = 'taker' and datname = $1", f.Name); got == 0 {
		t.Error("nobody came as taker")
	}
	// One login for both again, if the settings say so.
	must(t, db.Migrate(t.Context(), f.OwnerURL, "front"))
	alone, err := db.Open(t.Context(), addressOf(f, "front"), db.Options{MaxConns: 2})
	must(t, err)
	defer alone.Close()
	store(t, alone, goodsOf(aysel, "A3", 1))
}

// A separation that is none is refused.
func TestFeedLoginRefused(t *testing.T) {
	f := dbtest.New(t)
	su := connect(t, f.SuperuserURL)
	login(t, su, "front", "taker", "stranger")
	must(t, db.MigrateFor(t.Context(), f.OwnerURL, db.Logins{Serving: "front", Feed: "taker"}))
	for what, c := range map[string]struct{ serving, feed, change, undo, says string }{
		"the same login":        {"portal", "portal", "", "", "itself"},
		"none":                  {"front", "", "", "", "set PORTAL_FEED_DATABASE_URL"},
		"the serving one twice": {"front", "front", "", "", "PORTAL_FEED_ROLE"},
		"the serving one could": {"portal", "taker", "", "", "itself"},
		"the feed's could":      {"front", "taker", "grant portal_app to taker", "revoke portal_app from taker", "portal_app"},
		"no member":             {"front", "stranger", "", "", "PORTAL_FEED_ROLE"},
		"inherits":              {"front", "taker", "alter role taker inherit", "alter role taker noinherit", "feed's login role must be NOINHERIT"},
		"mighty":                {"front", "taker", "alter role taker bypassrls", "alter role taker nobypassrls", "row-level security"},
		"by another way":        {"front", "taker", "grant taker to front", "revoke taker from front", "itself"},
	} {
		if c.change != "" {
			exec(t, su, c.change)
		}
		o := db.Options{MaxConns: 2}
		if c.feed != "" {
			o.FeedURL = addressOf(f, c.feed)
		}
		d, err := db.Open(t.Context(), addressOf(f, c.serving), o)
		if !errors.Is(err, db.ErrServingRole) || d != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want words %q", what, err, c.says)
		}
		if c.undo != "" {
			exec(t, su, c.undo)
		}
	}
	if err := db.MigrateFor(t.Context(), f.OwnerURL, db.Logins{Serving: "front", Feed: "nobody_yet"}); !errors.Is(err, db.ErrServingRole) {
		t.Errorf("a feed login that does not exist: %v", err)
	}
	for _, address := range []string{"postgres://taker:s3cret@/x?host=/nonexistent", "://s3cret"} {
		if _, err := db.Open(t.Context(), addressOf(f, "front"), db.Options{FeedURL: address, MaxConns: 2}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}
