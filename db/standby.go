package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// standby is the second way to read: the host of the same address that is in
// recovery (a hot standby, PostgreSQL documentation 26.4). It is asked only
// while the primary cannot be, and what it answers is as old as the newest
// transaction that has come to it.
type standby struct {
	pool *pgxpool.Pool
	gone atomic.Bool  // the primary could not be reached when it was last tried
	back atomic.Int64 // when it was there again, in nanoseconds since 1970
	uses uses         // of sessions meanwhile
}

const (
	primaryEvery  = time.Second     // how often the primary is asked whether it is there
	primaryAnswer = 2 * time.Second // how long it may take to say so
	primaryRead   = 3 * time.Second // and to answer a question that the standby could answer
	surveyEvery   = 5 * time.Second // how often every host is asked
)

// openStandby connects to no host yet: a standby that is down is no reason not
// to serve.
func (d *DB) openStandby(ctx context.Context, o Options) (*standby, error) {
	pool, err := d.openPool(ctx, d.url, "portal_app", pgconn.ValidateConnectTargetSessionAttrsStandby, o)
	if err != nil {
		return nil, err
	}
	return &standby{pool: pool}, nil
}

// EvenStandby is the database for questions that may be answered from a standby
// while the primary is gone. A session that was read so has AsOf set. Without a
// journal for their register entries there are no such answers. It is d under
// another rule and ends with d.
func (d *DB) EvenStandby() *DB {
	even := *d
	even.even = d.standby != nil
	return &even
}

// readFor is snapshotFor, from the standby if that is allowed and must be. queue
// may be called again; it must make anew what it reads into.
func (d *DB) readFor(ctx context.Context, k SessionKey, queue func(*pgx.Batch)) (Session, error) {
	if !d.even {
		return d.snapshotFor(ctx, k, queue)
	}
	for try := 0; try < 2 && !d.standby.gone.Load(); try++ {
		soon, cancel := context.WithTimeout(ctx, primaryRead)
		s, err := d.snapshotFor(soon, k, queue)
		slow := soon.Err() != nil
		cancel()
		if ctx.Err() != nil || !slow && !lost(err) {
			return s, err
		}
		if _, unreachable := errors.AsType[*pgconn.ConnectError](err); unreachable || slow {
			break
		}
		// One connection was cut; the next may lead to a primary that is well.
	}
	s, err := d.standby.readFor(ctx, k, queue)
	if lost(err) && !errors.Is(err, ErrUnreachable) && !d.standby.gone.Load() {
		return d.snapshotFor(ctx, k, queue) // there may be no standby, and the primary was slow to come
	}
	return s, err
}

// readFor reads from the standby. What it does not know is no answer: a session
// or a registration may be newer than what has come to it.
func (y *standby) readFor(ctx context.Context, k SessionKey, queue func(*pgx.Batch)) (Session, error) {
	b := &pgx.Batch{}
	b.Queue(`begin read only`).Exec(discard)
	at := queueReplayed(b) // before the snapshot, which holds at least what was committed until then
	queueEnd(b)
	queueSnapshot(b)
	s, err := sendFor(ctx, y.pool, b, k, func(b *pgx.Batch) {
		queue(b)
		queueEnd(b)
	})
	switch {
	case errors.Is(err, ErrNoSession):
		return Session{}, fmt.Errorf("%w: the standby knows of no such session", ErrUnreachable)
	case err != nil:
		return Session{}, err
	case *at == nil:
		return Session{}, fmt.Errorf("%w: the standby does not know how old its data is", ErrUnreachable)
	case s.Person.Method == MethodSystem: // whether the portal is well does not show there
		return Session{}, ErrUnreachable
	case !y.uses.seen(&s):
		return Session{}, fmt.Errorf("%w: this process knows of no use of the session lately, or it was signed out", ErrUnreachable)
	}
	s.AsOf = **at
	return s, nil
}

// oldest is the last of several readings of one session, as old as the oldest
// that came from the standby.
func oldest(readings ...Session) Session {
	s := readings[len(readings)-1]
	for _, r := range readings {
		if !r.AsOf.IsZero() && (s.AsOf.IsZero() || r.AsOf.Before(s.AsOf)) {
			s.AsOf = r.AsOf
		}
	}
	return s
}

// queueReplayed reads when the newest transaction that the host has was
// committed, or, if none has come since its start, its newest checkpoint; nil:
// that is not known.
func queueReplayed(b *pgx.Batch) **time.Time {
	at := new(*time.Time)
	b.Queue(`
		select case when not pg_is_in_recovery() then now()
		            else coalesce(pg_last_xact_replay_timestamp(), (select checkpoint_time from pg_control_checkpoint())) end`).QueryRow(func(row pgx.Row) error {
		return row.Scan(at)
	})
	return at
}

// lost reports whether a question was not answered because the primary could not
// be reached, went away or has become a standby itself.
func lost(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "57P") || strings.HasPrefix(pg.Code, "08")
	}
	return err != nil && IsFailure(err)
}

// StandbyReady reports whether a list could be served without the primary. It
// is an error otherwise.
func (d *DB) StandbyReady(ctx context.Context) error {
	if d.standby == nil {
		return ErrUnreachable
	}
	b := &pgx.Batch{}
	at := queueReplayed(b)
	if err := d.standby.pool.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if *at == nil {
		return ErrUnreachable
	}
	return d.journal.writable()
}

// FromStandby reports whether lists are read from a standby now.
func (d *DB) FromStandby() bool { return d.standby != nil && d.standby.gone.Load() }

// WatchPrimary asks the primary every second whether it is there, until ctx
// ends, and tells when that changes. Without a standby there is nothing to watch
// for.
func (d *DB) WatchPrimary(ctx context.Context, changed func(gone bool)) {
	if d.standby == nil {
		return
	}
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // it is left in any case
		}
	}()
	told, slow := d.standby.gone.Load(), false
	config, surveyed := d.pool.Config().ConnConfig, time.Now()
	if told {
		changed(true) // since Open
	}
	for {
		var err error
		conn, err = d.askPrimary(ctx, conn)
		if back := told && err == nil; back || time.Since(surveyed) >= surveyEvery {
			d.hosts.survey(ctx, config)
			surveyed = time.Now()
			if back && d.hosts.older(conn) { // another has taken its place
				conn, err = d.askPrimary(ctx, conn)
			}
		}
		if err == nil {
			if err = d.standby.uses.tell(ctx, conn); err != nil && !lost(err) && !errors.Is(err, context.DeadlineExceeded) {
				d.log.Error("the primary does not take when sessions were used", "state", stateOf(err))
				err = nil
			}
		}
		if ctx.Err() != nil {
			return
		}
		// One slow answer is none of a primary that is gone, two are.
		patient := errors.Is(err, context.DeadlineExceeded) && !slow && !told
		slow = errors.Is(err, context.DeadlineExceeded)
		if gone := err != nil; !patient && gone != told {
			if !gone {
				d.standby.back.Store(time.Now().UnixNano())
				d.pool.Reset() // what is open there leads to where the primary was
			}
			d.standby.gone.Store(gone)
			told = gone
			changed(gone)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(primaryEvery):
		}
	}
}

// askPrimary asks on a connection, or on a new one if there is none or it was
// cut, whether the primary is there.
func (d *DB) askPrimary(ctx context.Context, conn *pgx.Conn) (*pgx.Conn, error) {
	if conn != nil {
		err := stillPrimary(ctx, conn)
		if err == nil && !d.hosts.older(conn) {
			return conn, nil
		}
		_ = conn.Close(ctx) // the next one counts
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
	}
	conn, err := connectPrimary(ctx, d.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if err := stillPrimary(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

func stillPrimary(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, primaryAnswer)
	defer cancel()
	var recovering bool
	err := conn.QueryRow(ctx, `select pg_is_in_recovery()`).Scan(&recovering)
	if err == nil && recovering {
		err = ErrUnreachable
	}
	return err
}

// connectPrimary opens a connection of its own; every host has its time.
func connectPrimary(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, primaryAnswer+time.Duration(len(config.Fallbacks))*hostAnswer)
	defer cancel()
	return pgx.ConnectConfig(ctx, config.Copy())
}
