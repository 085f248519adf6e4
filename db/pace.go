package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Paces answers how long clearance took at each checkpoint, by its code. It is
// about all traders together and needs no session.
func (d *DB) Paces(ctx context.Context) (map[string]customs.Pace, error) {
	if d.FromStandby() { // the page has something better to do than to wait for the primary
		return nil, ErrUnreachable
	}
	rows, err := d.pool.Query(ctx, `
		select checkpoint, completed, coalesce(median, '0'), coalesce(p90, '0'), measured_at from checkpoint_time`)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[customs.Pace])
	paces := make(map[string]customs.Pace, len(list))
	for _, p := range list {
		paces[p.Checkpoint] = p
	}
	return paces, err
}

// measurePaces measures anew what Paces answers, at most once in 50 minutes
// however many programs ask.
func (d *DB) measurePaces(ctx context.Context) error {
	_, err := d.pool.Exec(ctx, `select measure_checkpoint_times()`)
	return err
}
