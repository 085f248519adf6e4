package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

const versionTable = "public.schema_version"

// Version is the schema version this program needs: the number of migrations.
func Version() int32 {
	files, err := migrate.FindMigrations(migrationFiles())
	if err != nil {
		panic(err) // embedded at build time and covered by a test
	}
	return int32(len(files))
}

func migrationFiles() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}

// Migrate brings the schema to Version as the owner and lets the login role
// use it. Migrations only go forward: a database that is newer is refused with
// ErrVersion. It is safe to run twice, and by several programs at once.
func Migrate(ctx context.Context, ownerURL, login string) error {
	return MigrateFor(ctx, ownerURL, Logins{Serving: login})
}

// MigrateFor is Migrate where another login stores the feed.
func MigrateFor(ctx context.Context, ownerURL string, l Logins) error {
	return connected(ctx, ownerURL, func(conn *pgx.Conn) error {
		m, err := migrate.NewMigrator(ctx, conn, versionTable)
		if err != nil {
			return err
		}
		if err := m.LoadMigrations(migrationFiles()); err != nil {
			return err
		}
		// Who waits for a lock makes all that come after it wait as well.
		if _, err := conn.Exec(ctx, `set lock_timeout = '2s'`); err != nil {
			return err
		}
		if err := again(func() error { return m.Migrate(ctx) }); err != nil {
			if _, ok := errors.AsType[migrate.BadVersionError](err); ok {
				return fmt.Errorf("%w: it is newer than this program", ErrVersion)
			}
			return err
		}
		return again(func() error { return grantLogins(ctx, conn, l) })
	})
}

// grantGroups makes a login role a member of group roles.
func grantGroups(ctx context.Context, conn *pgx.Conn, login string, groups []string) error {
	var known, member bool
	err := conn.QueryRow(ctx, `
		select exists (select from pg_roles where rolname = $1),
		       (select count(distinct g.rolname) = cardinality($2::text[]) from pg_auth_members m
		          join pg_roles g on g.oid = m.roleid join pg_roles l on l.oid = m.member
		         where l.rolname = $1 and g.rolname = any($2))`, login, groups).Scan(&known, &member)
	if err != nil || member {
		return err
	}
	if !known {
		return fmt.Errorf("%w: the login role %q does not exist; CREATE ROLE … LOGIN NOINHERIT first", ErrServingRole, login)
	}
	_, err = conn.Exec(ctx, `grant `+strings.Join(groups, ", ")+` to `+pgx.Identifier{login}.Sanitize())
	return err
}

// again tries what changes roles up to five times. Roles are the whole
// cluster's: a migration of another database may make or grant the same ones
// at the same moment, and then this one fails although all is well: it meets a
// duplicate, a row that was "concurrently updated", or a role that it does not
// see yet. For a lock it waits two seconds, thirty times. A migration that
// failed left nothing behind.
func again(f func() error) error {
	for attempt, waited := 1, 0; ; attempt++ {
		err := f()
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "55P03" && waited < 30 {
			waited++
			attempt--
			time.Sleep(time.Second) // who came meanwhile goes first
			continue
		}
		if attempt == 5 || !errors.As(err, &pg) || pg.Code != "23505" && pg.Code != "XX000" && pg.Code != "42704" {
			return err
		}
	}
}

// servingRoles are the group roles that the login role takes on in turn, each
// for one kind of work.
func servingRoles() []string {
	return []string{"portal_app", "portal_feed", "portal_sealer", "portal_assist", "portal_supervision", "portal_mail", "portal_api"}
}

// Bootstrap makes, as a superuser, what an administrator would make by hand for
// a private server: the roles portal_owner and portal and a database. What is
// there already is left alone.
func Bootstrap(ctx context.Context, superuserURL, name string) error {
	return connected(ctx, superuserURL, func(conn *pgx.Conn) error { return bootstrap(ctx, conn, name) })
}

func bootstrap(ctx context.Context, conn *pgx.Conn, name string) error {
	_, err := conn.Exec(ctx, `
		do $$ begin
		  if not exists (select from pg_roles where rolname = 'portal_owner') then
		    create role portal_owner login createrole;
		  end if;
		  if not exists (select from pg_roles where rolname = 'portal') then
		    create role portal login noinherit;
		  end if;
		end $$`)
	if err != nil {
		return err
	}
	var exists bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, name).Scan(&exists); err != nil || exists {
		return err
	}
	quoted := pgx.Identifier{name}.Sanitize()
	if _, err := conn.Exec(ctx, `create database `+quoted+` owner portal_owner template template0 encoding 'UTF8'`); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `revoke temporary on database `+quoted+` from public`) // the serving login needs no tables of its own
	return err
}
