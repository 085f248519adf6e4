// Package db is PostgreSQL: the only room that knows pgx. It holds one file for
// each aggregate, with its SQL in the function that runs it. What a page may
// see is decided by row-level security from the session row, not by a
// condition that a query could forget.
package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The errors of this package. Anything else is the database failing.
var (
	ErrNoSession   = errors.New("db: no such session, or it has ended")
	ErrNotFound    = errors.New("db: not found")
	ErrVersion     = errors.New("db: the database has another version of the schema")
	ErrServingRole = errors.New("db: the serving role may do too much or too little")
	ErrNotDurable  = errors.New("db: the register entry could not be made durable")
	ErrUnreachable = errors.New("db: the database cannot be reached")
)

// DB is a pool of connections as the serving role, and one for storing the feed
// if another login does that.
type DB struct {
	pool *pgxpool.Pool
	feed *pgxpool.Pool // nil: the serving login takes portal_feed itself
	url  string

	standby *standby // nil: there is none to read from
	hosts   *hosts   // which of several is the primary
	journal *journal // not nil with a standby: for what is answered from it
	even    bool     // see EvenStandby
	log     *slog.Logger
}

// Options tune Open. The zero value is usable.
type Options struct {
	MaxConns int32         // default: 4 per core, at least 8
	Timeout  time.Duration // to connect, default 5 s
	FeedURL  string        // login that stores the feed and archives, so that the serving one cannot; "": the serving one
	Journal  string        // file for register entries while the primary is gone; "": nothing is read from a standby
	Log      *slog.Logger  // what becomes of the journal; nil: nobody reads it
}

// Open connects as the serving role and refuses a database that is of another
// schema version, or a role that could step around row-level security.
// Errors: ErrUnreachable, ErrVersion, ErrServingRole.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	d := &DB{url: url, log: o.Log, hosts: new(hosts)}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if d.pool, err = d.openPool(ctx, url, "portal_app", nil, o); err != nil {
		return nil, err
	}
	if err := d.open(ctx, o); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// CheckAddress reports what is wrong with the address of a database as text.
// Nothing is connected.
func CheckAddress(url string) error {
	_, err := readAddress(url)
	return err
}

func readAddress(url string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("db: unusable database address: %w", scrub(err))
	}
	return cfg, nil
}

// open makes sure of the database, on the standby if the primary is gone.
func (d *DB) open(ctx context.Context, o Options) error {
	if o.Journal != "" {
		var err error
		if d.journal, err = openJournal(o.Journal); err != nil {
			return err
		}
		if several(d.pool.Config().ConnConfig) {
			if d.standby, err = d.openStandby(ctx, o); err != nil {
				return err
			}
		}
	}
	pool, valid := d.pool, pgconn.ValidateConnectFunc(nil)
	err := check(ctx, pool)
	if errors.Is(err, ErrUnreachable) && d.standby != nil {
		pool, valid = d.standby.pool, pgconn.ValidateConnectTargetSessionAttrsStandby
		if second := check(ctx, pool); second != nil {
			return errors.Join(err, second)
		}
		d.standby.gone.Store(true)
		err = nil
	}
	if err != nil {
		return err
	}
	return d.openFeed(ctx, pool, valid, o)
}

// openPool makes a pool whose connections start in a role, each at the first of
// several hosts that is valid; nil: at the primary.
func (d *DB) openPool(ctx context.Context, url, role string, valid pgconn.ValidateConnectFunc, o Options) (*pgxpool.Pool, error) {
	cfg, err := readAddress(url)
	if err != nil {
		return nil, err
	}
	cfg.ConnConfig.ConnectTimeout = o.Timeout
	if several(cfg.ConnConfig) {
		cfg.ConnConfig.ConnectTimeout = min(o.Timeout, hostAnswer)
		cfg.ConnConfig.ValidateConnect = valid
		if valid == nil {
			cfg.ConnConfig.ValidateConnect = d.hosts.primary
			cfg.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) { return !d.hosts.older(conn), nil }
		}
	}
	cfg.ConnConfig.RuntimeParams["role"] = role
	cfg.ConnConfig.RuntimeParams["application_name"] = "portal"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	} else {
		cfg.MaxConns = max(cfg.MaxConns, 8)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, scrub(err))
	}
	return pool, nil
}

// Close ends all connections.
func (d *DB) Close() {
	d.pool.Close()
	if d.feed != nil {
		d.feed.Close()
	}
	if d.standby != nil {
		d.standby.pool.Close()
	}
	d.journal.close()
}

// check makes sure that the schema is the program's own and that the role that
// logged in neither owns it nor bypasses row-level security.
func check(ctx context.Context, pool *pgxpool.Pool) error {
	var version int32
	err := pool.QueryRow(ctx, `select version from schema_version`).Scan(&version)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "42P01":
		return fmt.Errorf("%w: it has no tables yet; run portal migrate", ErrVersion)
	case errors.As(err, &pg) && (pg.Code == "42501" || pg.Code == "22023"):
		return fmt.Errorf("%w: the login role must be a member of portal_app; run portal migrate", ErrServingRole)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, scrub(err))
	}
	if want := Version(); version != want {
		return fmt.Errorf("%w: it has %d, this program needs %d; run portal migrate with this program", ErrVersion, version, want)
	}
	return checkLogin(ctx, pool, "login role")
}

// checkLogin makes sure that the role that logged in has no powers of its own.
func checkLogin(ctx context.Context, pool *pgxpool.Pool, what string) error {
	var mighty, owner, inherits bool
	err := pool.QueryRow(ctx, `
		select exists (select from pg_roles m
		                where (m.rolsuper or m.rolbypassrls or m.rolcreaterole or m.rolreplication) and pg_has_role(r.oid, m.oid, 'member')),
		       exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
		                where n.nspname = 'public' and pg_has_role(r.oid, c.relowner, 'member')),
		       r.rolinherit
		  from pg_roles r where r.rolname = session_user`).Scan(&mighty, &owner, &inherits)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, scrub(err))
	case mighty:
		return fmt.Errorf("%w: the %s is, or may become, one that is a superuser, creates roles, replicates or bypasses row-level security", ErrServingRole, what)
	case owner:
		return fmt.Errorf("%w: the %s owns tables, or may become their owner", ErrServingRole, what)
	case inherits:
		return fmt.Errorf("%w: the %s must be NOINHERIT", ErrServingRole, what)
	}
	return nil
}

// Ready reports whether a goods page could be served: goods can be read and a
// register entry could be written. It is an error otherwise.
func (d *DB) Ready(ctx context.Context) error {
	var writable bool
	err := d.pool.QueryRow(ctx, `
		select not pg_is_in_recovery() and has_any_column_privilege('register_entry', 'insert')
		       and has_table_privilege('pending', 'select')`).Scan(&writable)
	if err == nil && !writable {
		return ErrUnreachable
	}
	return err
}

// snapshotTx is a transaction that reads one state of the database.
var snapshotTx = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// inTx runs f in a transaction as role, which is rolled back if f fails.
func (d *DB) inTx(ctx context.Context, role string, f func(pgx.Tx) error) error {
	pool := d.pool
	if role == feedRole && d.feed != nil {
		pool = d.feed
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if role != "" {
			if _, err := tx.Exec(ctx, `set local role `+pgx.Identifier{role}.Sanitize()); err != nil {
				return err
			}
		}
		return f(tx)
	})
}

// connected runs f on a connection of its own, such as that of the schema's owner.
// ErrUnreachable: there is none.
func connected(ctx context.Context, url string, f func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, scrub(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return f(conn)
}

// scrub keeps the address of the database, which may hold a password, out of
// an error's text.
func scrub(err error) error {
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return errors.New("it cannot be parsed")
	}
	return err
}

// IsFailure reports whether an error is the database failing or refusing, as
// against the program or its caller.
func IsFailure(err error) bool {
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &pg) || errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, ErrUnreachable) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
