package db

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// PlannedAnew are the prepared statements of a pool of one connection that
// PostgreSQL plans at each use: it weighs that five times and then stays with
// the cheaper way.
func (d *DB) PlannedAnew(ctx context.Context) (list []string, err error) {
	err = d.pool.QueryRow(ctx, `
		select coalesce(array_agg(statement), '{}') from pg_prepared_statements where custom_plans > 5`).Scan(&list)
	return list, err
}

// Plans are the plans of all prepared statements with parameters of a pool of
// one connection, each behind its text.
func (d *DB) Plans(ctx context.Context) (string, error) {
	rows, err := d.pool.Query(ctx, `select name, statement, cardinality(parameter_types) from pg_prepared_statements where parameter_types <> '{}'`)
	if err != nil {
		return "", err
	}
	prepared, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Name, Statement string
		Parameters      int
	}])
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, p := range prepared {
		nulls := strings.TrimSuffix(strings.Repeat("null, ", p.Parameters), ", ")
		rows, err := d.pool.Query(ctx, "explain execute "+pgx.Identifier{p.Name}.Sanitize()+"("+nulls+")", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return "", err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return "", err
		}
		all.WriteString(p.Statement + "\n" + strings.Join(lines, "\n") + "\n")
	}
	return all.String(), nil
}
