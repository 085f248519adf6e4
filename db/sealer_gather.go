package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/register"
)

// errStop ends the reading of rows early.
var errStop = errors.New("db: enough read")

// gather adds the leaves of the entries that follow the tree, in the order of
// their ids and at most so many, and returns how many. Ids have gaps where a
// write took an id and was rolled back; a gap becomes a leaf of its own once
// certainly no write can fill it any more. Before that, gathering ends there.
func gather(ctx context.Context, tx pgx.Tx, tree *register.Tree, atMost int) (int64, error) {
	start := tree.Size()
	horizon, err := gatherUntil(ctx, tx, tree, atMost, start)
	if err != nil || horizon == 0 || tree.Size() > start {
		return tree.Size() - start, err
	}
	// The next id is missing although horizon is there.
	settled, err := settle(ctx, tx)
	if err != nil || !settled {
		return 0, err
	}
	_, err = gatherUntil(ctx, tx, tree, atMost, horizon)
	return tree.Size() - start, err
}

// gatherUntil adds leaves as far as ids follow each other, and explains gaps
// below settled. It returns the id at which a gap ended that it could not
// explain, or 0.
func gatherUntil(ctx context.Context, tx pgx.Tx, tree *register.Tree, atMost int, settled int64) (horizon int64, err error) {
	var buf []byte
	left := atMost
	err = leaves(ctx, tx, tree.Size()+1, atMost, func(r *register.Record) error {
		next := tree.Size() + 1
		if r.ID > next && r.ID > settled {
			horizon = r.ID
			return errStop
		}
		if r.ID-next > maxGap {
			return ErrGap
		}
		for ; next < r.ID && left > 0; next, left = next+1, left-1 {
			tree.Append(register.LeafHash(register.AppendGap(buf[:0], next)))
		}
		if left == 0 {
			return errStop
		}
		left--
		var err error
		if buf, err = r.Append(buf[:0]); err != nil {
			return err
		}
		tree.Append(register.LeafHash(buf))
		return nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return horizon, err
}

const (
	settleTime = time.Second // how long the sealer waits for writers at most
	settleStep = 20 * time.Millisecond
)

// settle waits until every transaction that was writing to the register has
// ended, and reports whether that came about in time. A writer holds a lock on
// the table before it takes an id, until it has committed or rolled back; so an
// id below one that is visible, and still missing after this, stays missing.
// The ids of transactions would not do: one is given only after the entry's id.
func settle(ctx context.Context, tx pgx.Tx) (bool, error) {
	const writers = `
		select coalesce(array_agg(distinct virtualtransaction), '{}') from pg_locks
		 where locktype = 'relation' and relation = 'register_entry'::regclass and granted
		   and database = (select oid from pg_database where datname = current_database())
		   and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
		   and pid is distinct from pg_backend_pid()`
	var busy []string
	if err := tx.QueryRow(ctx, writers).Scan(&busy); err != nil {
		return false, err
	}
	for end := time.Now().Add(settleTime); len(busy) > 0; {
		if time.Now().After(end) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(settleStep):
		}
		err := tx.QueryRow(ctx, `select coalesce(array_agg(v), '{}') from unnest($1::text[]) v where v = any (array(`+
			`select unnest(a) from (`+writers+`) w (a)))`, busy).Scan(&busy)
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
