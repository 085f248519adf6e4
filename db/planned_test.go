package db

import "context"

// PlannedAnew are the prepared statements of a pool of one connection that
// PostgreSQL plans at each use: it weighs that five times and then stays with
// the cheaper way.
func (d *DB) PlannedAnew(ctx context.Context) (list []string, err error) {
	err = d.pool.QueryRow(ctx, `
		select coalesce(array_agg(statement), '{}') from pg_prepared_statements where custom_plans > 5`).Scan(&list)
	return list, err
}
