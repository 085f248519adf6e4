package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Extent is what a whole filtered set will hold, known before its first row.
type Extent struct {
	AsOf     time.Time              // the database's clock at the read
	Total    int                    // of the filtered set
	AllTotal int                    // of everything pending
	Fresh    customs.Ages           // of every checkpoint that ever sent anything
	Statuses map[customs.Status]int // of everything pending
}

// Export reads the whole filtered set of a trader's pending goods, row by row,
// without holding more than one: the session, the counts and the rows come from
// one snapshot under row-level security. begin is told the extent before the
// first row and may refuse it, or ask for no rows by returning false; row gets
// the same value again and again. An error of either ends the reading and comes
// back. ErrNoSession means that nobody is signed in with this key.
//
// A connection is in use until the last row was taken: callers bound how many
// of these run at once and how long.
func (d *DB) Export(ctx context.Context, k SessionKey, q customs.Query, begin func(Session, Extent) (bool, error), row func(*customs.Pending) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // who gives up in the middle does not want the rest to be read for nothing
	return pgx.BeginTxFunc(ctx, d.pool, snapshotTx, func(tx pgx.Tx) error {
		s, e, f, err := readExtent(ctx, tx, k, q)
		if err != nil {
			return err
		}
		if more, err := begin(s, e); err != nil || !more {
			return err
		}
		rows, err := tx.Query(ctx, exportSQL(f), f.args)
		if err != nil {
			return err
		}
		var p customs.Pending
		var read pendingReader
		var o optional
		for rows.Next() {
			if err = read.row(rows, &p, &o); err == nil {
				err = row(&p)
			}
			if err != nil {
				cancel()
				rows.Close()
				return err
			}
		}
		return rows.Err()
	})
}

func readExtent(ctx context.Context, tx pgx.Tx, k SessionKey, q customs.Query) (Session, Extent, filter, error) {
	var s Session
	var e Extent
	f := newFilter(q)
	b := &pgx.Batch{}
	queueSession(b, k, &s)
	e.Statuses = map[customs.Status]int{}
	b.Queue(`select status, count(*) from pending group by status`).Query(func(rows pgx.Rows) error {
		var status customs.Status
		var n int
		_, err := pgx.ForEachRow(rows, []any{&status, &n}, func() error {
			e.Statuses[status] = n
			e.AllTotal += n
			return nil
		})
		return err
	})
	b.Queue(`select count(*)`+f.from(), f.args).QueryRow(func(row pgx.Row) error { return row.Scan(&e.Total) })
	var l customs.List
	queueFreshness(b, &l)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return s, e, f, err
	}
	if s.ID == uuid.Nil {
		return s, e, f, ErrNoSession
	}
	e.AsOf, e.Fresh = l.AsOf, l.Fresh
	return s, e, f, nil
}

func exportSQL(f filter) string {
	return `select ` + listColumns + f.from() + ` order by ` + f.order()
}
