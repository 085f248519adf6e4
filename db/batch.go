package db

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// forSession runs what queue puts into a batch, which is one transaction, for
// the session of the key. ErrNoSession: there is none; then every policy has
// hidden what was asked for.
func (d *DB) forSession(ctx context.Context, k SessionKey, queue func(*pgx.Batch)) (Session, error) {
	s, err := sendFor(ctx, d.pool, &pgx.Batch{}, k, queue)
	return s, d.sure(err)
}

// snapshotFor is forSession for reading only, where all statements see one
// state of the database; see queueSnapshot.
func (d *DB) snapshotFor(ctx context.Context, k SessionKey, queue func(*pgx.Batch)) (Session, error) {
	b := &pgx.Batch{}
	queueSnapshot(b)
	s, err := sendFor(ctx, d.pool, b, k, func(b *pgx.Batch) {
		queue(b)
		queueEnd(b)
	})
	return s, d.sure(err)
}

func sendFor(ctx context.Context, pool *pgxpool.Pool, b *pgx.Batch, k SessionKey, queue func(*pgx.Batch)) (Session, error) {
	var s Session
	queueSession(b, k, &s)
	queue(b)
	if err := pool.SendBatch(ctx, b).Close(); err != nil {
		return Session{}, err
	}
	if s.ID == uuid.Nil {
		return Session{}, ErrNoSession
	}
	return s, nil
}

// forStaff is forSession for the session of an officer.
func (d *DB) forStaff(ctx context.Context, k StaffKey, queue func(*pgx.Batch)) (Staff, error) {
	var s Staff
	b := &pgx.Batch{}
	queueStaff(b, k, &s)
	queue(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Staff{}, err
	}
	if s.Session == uuid.Nil {
		return Staff{}, ErrNoSession
	}
	return s, nil
}

// sessionAct runs a function of the database for a session and reads its one
// value; the function says by it whether there is such a session.
func (d *DB) sessionAct(ctx context.Context, k SessionKey, result any, sql string, args ...any) error {
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.session', $1, true)`, k.setting()).Exec(discard)
	b.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(result) })
	return d.pool.SendBatch(ctx, b).Close()
}

// staffAct is sessionAct for the session of an officer.
func (d *DB) staffAct(ctx context.Context, k StaffKey, result any, sql string, args ...any) error {
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.staff', $1, true)`, k.setting()).Exec(discard)
	b.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(result) })
	return d.pool.SendBatch(ctx, b).Close()
}

// collect reads all rows of a queued query into a list.
func collect[T any](list *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, scan)
		return err
	}
}

// orNone takes a row that is not there for none: what it would be read into
// stays as it was.
func orNone(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

// orNotFound is ErrNotFound for a row that is not there.
func orNotFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// changedOne is ErrNotFound for a statement that changed nothing.
func changedOne(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() != 1 {
		return ErrNotFound
	}
	return err
}

// orZero is a time, or the zero time for null.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
