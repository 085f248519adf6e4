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
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
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
const patience = time.Minute

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

// start brings a server up with the migrated template. It takes the first
// free of a few numbered folders: packages are tested side by side, and a
// folder that was used is used again, so that nothing piles up although no
// one is there to tidy when a test program ends.
func start() (*server, error) {
	base, err := folder()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	s, err := firstFree(ctx, base)
	if err != nil {
		return nil, err
	}
	if err := db.Bootstrap(ctx, s.URL(superuser, "postgres"), template); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := db.Migrate(ctx, s.URL(owner, template), login); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return &server{Server: s}, nil
}

// folders is how many test programs may run at once.
const folders = 64

func firstFree(ctx context.Context, base string) (*pgserver.Server, error) {
	for i := range folders {
		s, err := pgserver.Start(ctx, pgserver.Options{
			Dir: filepath.Join(base, strconv.Itoa(i)), Cache: filepath.Join(base, "programs"),
			Fast: true, Fresh: true, Timeout: patience,
		})
		if _, ok := errors.AsType[*pgserver.OccupiedError](err); ok {
			continue
		}
		return s, err
	}
	return nil, fmt.Errorf("all %d folders of %s are in use", folders, base)
}

// folder is where this user's test servers live. It is beside other people's
// files, so it must be a real folder and ours.
func folder() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("portal-dbtest-%d", os.Geteuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if own, ok := st.Sys().(*syscall.Stat_t); !st.IsDir() || !ok || int(own.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s belongs to somebody else", dir)
	}
	return dir, nil
}
