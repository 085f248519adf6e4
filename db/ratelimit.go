package db

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Rate is how often something may happen: once in Every on average, and Burst
// times at once.
type Rate struct {
	Every time.Duration
	Burst int
}

// Take asks for one more of what kind and key name. It is true when the rate
// allows it, and counts it then; the count is shared by all processes. One
// statement of the generic cell rate algorithm (ITU-T I.371): the row holds
// the moment at which the allowance is whole again.
func (d *DB) Take(ctx context.Context, kind, key string, r Rate) (bool, error) {
	sum := sha256.Sum256([]byte(kind + "\x00" + key))
	var tat time.Time
	err := d.pool.QueryRow(ctx, `
		insert into rate_limit as l (key, tat) values ($1, clock_timestamp() + $2::interval)
		on conflict (key) do update set tat = greatest(l.tat, clock_timestamp()) + $2::interval
		 where greatest(l.tat, clock_timestamp()) + $2::interval <= clock_timestamp() + $3::interval
		returning tat`, sum[:], r.Every, time.Duration(r.Burst)*r.Every).Scan(&tat)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
