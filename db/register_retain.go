package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/register"
)

// forgetBatch is how many entries one transaction looks at.
const forgetBatch = 10_000

// Forget deletes the personal data of sealed entries older than a time, as the
// owner of the schema, and returns how many that were. What the log commits to
// takes its place, so every proof stays valid. It may be broken off and
// repeated.
func Forget(ctx context.Context, ownerURL string, olderThan time.Time) (forgotten int64, err error) {
	err = connected(ctx, ownerURL, func(conn *pgx.Conn) error {
		after := int64(0)
		for {
			var last *int64
			var n int64
			err := conn.QueryRow(ctx, `select last_id, forgotten from forget_register($1, $2, $3)`, olderThan, after, forgetBatch).Scan(&last, &n)
			forgotten += n
			if err != nil || last == nil {
				return err
			}
			after = *last
		}
	})
	return forgotten, err
}

// Export visits the data of each leaf of the log in order, entries from up to
// to; 0: up to the last sealed one. There is nothing personal in it. It reads
// with the rights of the role in url, which must see every entry.
func Export(ctx context.Context, url string, from, to int64, visit func(leaf []byte) error) error {
	return readOnly(ctx, url, func(tx pgx.Tx) error {
		head, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		if to == 0 || to > head.Size {
			to = head.Size
		}
		return export(ctx, tx, max(from, 1), to, visit)
	})
}

func export(ctx context.Context, tx pgx.Tx, from, to int64, visit func([]byte) error) error {
	var reader rowReader
	var buf []byte
	next := from
	gaps := func(until int64) error {
		for ; next < until; next++ {
			if err := visit(register.AppendGap(buf[:0], next)); err != nil {
				return err
			}
		}
		return nil
	}
	for first := from - 1; first < to; first += verifyChunk {
		last := min(first+verifyChunk, to)
		err := reader.each(ctx, tx, first, last, func(r *register.Record, _ bool) error {
			if err := gaps(r.ID); err != nil {
				return err
			}
			var err error
			if buf, err = r.Append(buf[:0]); err != nil {
				return errors.Join(fmt.Errorf("db: entry %d", r.ID), err)
			}
			next = r.ID + 1
			return visit(buf)
		})
		if err == nil {
			err = gaps(last + 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
