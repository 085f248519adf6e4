package db

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Sweep deletes sessions, challenges and sign-ins that ended more than a day
// ago and counts that no limit needs any more, makes the register's partitions
// for the coming months, and measures how long clearance takes.
func (d *DB) Sweep(ctx context.Context) error {
	b := &pgx.Batch{}
	b.Queue(`delete from challenge where expires_at < now() - interval '1 day'`)
	b.Queue(`delete from handover where expires_at < now() - interval '1 day'`)
	b.Queue(`select sweep_sessions()`)
	b.Queue(`delete from sima_operation where expires_at < now() - interval '1 day'`)
	b.Queue(`delete from mygov_request where expires_at < now() - interval '1 day'`)
	b.Queue(`delete from rate_limit where tat < now()`)
	b.Queue(`select sweep_complaint_drafts()`)
	b.Queue(`select sweep_mail()`)
	b.Queue(`select forget_tokens()`)
	b.Queue(`select make_register_partitions()`)
	b.Queue(`select sweep_staff()`)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	return d.measurePaces(ctx) // alone: it may take a while and holds nothing up
}
