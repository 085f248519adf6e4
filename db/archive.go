package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// archiveBatch is how many consignments one transaction moves: so few that it
// lasts some tens of milliseconds.
const archiveBatch = 500

// Archive moves the consignments whose clearance ended longer ago than
// retention into the archive, in small transactions that readers do not notice,
// and answers how many. progress, if not nil, is told the sum after each
// transaction. The database refuses a retention under 30 days. What was moved
// stays moved when ctx ends or an error comes between. Two processes never
// archive at once: the second moves nothing.
func (d *DB) Archive(ctx context.Context, retention time.Duration, progress func(moved int)) (int, error) {
	moved := 0
	for {
		var n int
		err := d.inTx(ctx, feedRole, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, `select archive_consignments(now() - $1::interval, $2)`, retention, archiveBatch).Scan(&n)
		})
		if err != nil || n == 0 {
			return moved, err
		}
		moved += n
		if progress != nil {
			progress(moved)
		}
	}
}
