package db

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Access answers one page of who looked at the data of the trader whose session
// it is, in one round trip. What may be told of each entry is decided by
// functions of the database that know only the session's own taxpayer.
// ErrNoSession means that nobody is signed in with this key.
func (d *DB) Access(ctx context.Context, k SessionKey, q customs.AccessQuery, size int) (Session, customs.AccessLog, error) {
	var s Session
	l := customs.AccessLog{Counts: map[customs.Viewer]int{}, Page: min(max(q.Page, 1), math.MaxInt32)}
	b := &pgx.Batch{}
	queueSnapshot(b)
	queueSession(b, k, &s)
	queueAccessCounts(b, q, &l)
	args := accessArgs(q)
	args["size"], args["page"] = size, l.Page
	b.Queue(`
		select `+accessColumns+`
		  from access_entries(`+accessDays+`, @viewer, @size,
		         least((@page::bigint - 1) * @size,
		               (select greatest(0, coalesce(sum(n), 0)::bigint - 1) / @size * @size from access_counts(`+accessDays+`)
		                 where @viewer = '' or viewer = @viewer)))`, args).Query(collect(&l.Rows, pgx.RowToStructByPos[customs.Access]))
	b.Queue(`select now(), first_at, forgotten_before from access_reach()`).QueryRow(func(row pgx.Row) error {
		var since, forgotten *time.Time
		err := row.Scan(&l.AsOf, &since, &forgotten)
		l.Since, l.Forgotten = orZero(since), orZero(forgotten)
		return err
	})
	l.Help = customs.HelpOn
	b.Queue(`select telephone_help, code_required from trader_preference`).QueryRow(func(row pgx.Row) error {
		var allowed, code bool
		err := row.Scan(&allowed, &code)
		if err == nil {
			l.Help = customs.HelpOf(allowed, code)
		}
		return orNone(err)
	})
	queueEnd(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Session{}, customs.AccessLog{}, err
	}
	if s.ID == uuid.Nil {
		return Session{}, customs.AccessLog{}, ErrNoSession
	}
	l.Pages = max(1, (l.Total+size-1)/size)
	l.Page = min(l.Page, l.Pages)
	return s, l, nil
}

// AccessAll visits all entries that a query asks for, whatever its page, newest
// first and on one snapshot, a row at a time. begin is told the session and how
// many there are, before anything is read, and says whether to go on; its error,
// and that of each, ends the visit. ErrNoSession: nobody is signed in.
func (d *DB) AccessAll(ctx context.Context, k SessionKey, q customs.AccessQuery, begin func(Session, int) (bool, error), each func(customs.Access) error) error {
	return pgx.BeginTxFunc(ctx, d.pool, snapshotTx, func(tx pgx.Tx) error {
		var s Session
		l := customs.AccessLog{Counts: map[customs.Viewer]int{}}
		b := &pgx.Batch{}
		queueSession(b, k, &s)
		queueAccessCounts(b, q, &l)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if s.ID == uuid.Nil {
			return ErrNoSession
		}
		if more, err := begin(s, l.Total); err != nil || !more {
			return err
		}
		rows, err := tx.Query(ctx, `
			select `+accessColumns+` from access_entries(`+accessDays+`, @viewer, 9223372036854775807, 0)`, accessArgs(q))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			a, err := pgx.RowToStructByPos[customs.Access](rows)
			if err != nil {
				return err
			}
			if err := each(a); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// accessColumns are the columns of access_entries in the order of the fields of
// customs.Access.
const accessColumns = `id, at, request_id::text, viewer, channel, action, asked, outcome, results, person, method, self,
	unit, case_number, reason, reason_text, caller, confirmed, report, answered`

// accessDays are the bounds of a query's days as instants.
const accessDays = `coalesce(nullif(@from, '')::timestamp at time zone 'Asia/Baku', '-infinity'),
	coalesce((nullif(@to, '')::timestamp + interval '1 day') at time zone 'Asia/Baku', 'infinity')`

func accessArgs(q customs.AccessQuery) pgx.NamedArgs {
	return pgx.NamedArgs{"viewer": storable(string(q.Viewer)), "from": q.From, "to": q.To}
}

func queueAccessCounts(b *pgx.Batch, q customs.AccessQuery, l *customs.AccessLog) {
	b.Queue(`select viewer, n from access_counts(`+accessDays+`)`, accessArgs(q)).Query(func(rows pgx.Rows) error {
		var who customs.Viewer
		var n int
		_, err := pgx.ForEachRow(rows, []any{&who, &n}, func() error {
			l.Counts[who] = n
			if q.Viewer == "" || q.Viewer == who {
				l.Total += n
			}
			return nil
		})
		return err
	})
}
