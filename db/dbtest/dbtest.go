// Package dbtest gives each test a fresh, migrated PostgreSQL database of its
// own, on a private server that the test program starts when it first needs
// one and that ends with it. A new database is a copy of a template that was
// migrated once, so it costs some tens of milliseconds, and nothing is mocked.
//
// The server gives up durability for speed. A test that kills a server, or
// asks whether something is durable, starts its own with pgserver.
package dbtest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/pgserver"
)

// Roles and the template database on the tests' server.
const (
	login     = "portal"       // the serving role
	owner     = "portal_owner" // owns the schema
	superuser = "postgres"
	template  = "portal_template"
)

// patience bounds every step on the server; a loaded machine is slow.
const patience = 3 * time.Minute

// DB is one database and three ways to it, each a connection string for pgx.
type DB struct {
	Name         string
	URL          string // the serving role: row-level security holds
	OwnerURL     string // the owner of the schema
	SuperuserURL string // everything is allowed: to look behind the curtain
}

// New returns a fresh database with today's schema and no rows. It is dropped
// at the end of the test, also when connections to it are still open.
func New(t testing.TB) *DB {
	t.Helper()
	return create(t, copyTemplate)
}

// NewEmpty returns a fresh database that was never migrated, for tests of the
// migrations and of programs that meet a database without a schema.
func NewEmpty(t testing.TB) *DB {
	t.Helper()
	return create(t, func(ctx context.Context, c *pgx.Conn, name string) error {
		return db.Bootstrap(ctx, c.Config().ConnString(), name)
	})
}

func create(t testing.TB, fill func(context.Context, *pgx.Conn, string) error) *DB {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("dbtest: no database server: %v", err)
	}
	name := s.nextName()
	if err := s.asSuperuser(func(ctx context.Context, c *pgx.Conn) error { return fill(ctx, c, name) }); err != nil {
		t.Fatalf("dbtest: no database: %v", err)
	}
	t.Cleanup(func() {
		err := s.asSuperuser(func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "drop database "+name+" with (force)")
			return err
		})
		if err != nil {
			t.Errorf("dbtest: the database is still there: %v", err)
		}
	})
	return &DB{Name: name, URL: s.URL(login, name), OwnerURL: s.URL(owner, name), SuperuserURL: s.URL(superuser, name)}
}

// copyTemplate copies the migrated template and what CREATE DATABASE leaves
// behind: the grants on the database itself and its settings.
func copyTemplate(ctx context.Context, c *pgx.Conn, name string) error {
	_, err := c.Exec(ctx, "create database "+name+" template "+template+" owner "+owner+" strategy file_copy")
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, `
		update pg_database d set datacl = t.datacl
		  from pg_database t where d.datname = $1 and t.datname = $2`, name, template)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, `
		insert into pg_db_role_setting (setdatabase, setrole, setconfig)
		select d.oid, s.setrole, s.setconfig
		  from pg_db_role_setting s
		  join pg_database t on t.oid = s.setdatabase and t.datname = $2
		  join pg_database d on d.datname = $1`, name, template)
	return err
}

// shared is the one server of this test program. It is the only way to have
// one without a TestMain in every package: tests do not know each other.
var shared = sync.OnceValues(start)

// server is the running server and a counter for the names of databases.
type server struct {
	*pgserver.Server
	mu sync.Mutex
	n  int
}

func (s *server) nextName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return "portal_test_" + strconv.Itoa(s.n)
}

// asSuperuser runs f on a connection of its own to the database postgres.
func (s *server) asSuperuser(f func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.URL(superuser, "postgres"))
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, c), c.Close(ctx))
}
