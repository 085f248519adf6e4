package db

import (
	"context"
	"runtime"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/register"
)

// leafRow is what a row comes to.
type leafRow struct {
	id   int64
	leaf register.Hash
	form bool // the row has a canonical form, and so a leaf
	open bool // its personal values are still there
}

// readers is how many connections read rows at once at most. Each costs two
// chunks of memory.
const readers = 4

// leafReader hashes rows on one connection.
type leafReader struct {
	rowReader
	buf []byte
}

// read hashes the rows with ids above first up to last.
func (l *leafReader) read(ctx context.Context, q querier, first, last int64) ([]leafRow, error) {
	rows := make([]leafRow, 0, last-first)
	err := l.each(ctx, q, first, last, func(r *register.Record, open bool) error {
		row := leafRow{id: r.ID, open: open}
		var err error
		if l.buf, err = r.Append(l.buf[:0]); err == nil {
			row.leaf, row.form = register.LeafHash(l.buf), true
		}
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// chunkRead is a chunk that a connection is at.
type chunkRead struct {
	first, last int64
	rows        chan []leafRow
}

// ahead hashes the rows with ids above first up to last and visits them chunk by
// chunk, in order. Reading and hashing costs more than all the rest and needs
// no order, so several connections do it while visit looks at what is ready;
// all of them see the snapshot of the verification.
func (v *verification) ahead(ctx context.Context, first, last int64, visit func(first, last int64, rows []leafRow) error) error {
	n := min(readers, runtime.GOMAXPROCS(0), int((last-first)/verifyChunk))
	if n < 2 {
		var l leafReader
		for ; first < last; first += verifyChunk {
			to := min(first+verifyChunk, last)
			rows, err := l.read(ctx, v.tx, first, to)
			if err != nil {
				return err
			}
			if err := visit(first, to, rows); err != nil {
				return err
			}
		}
		return nil
	}
	var snapshot string
	if err := v.tx.QueryRow(ctx, `select pg_export_snapshot()`).Scan(&snapshot); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	work, order := make(chan chunkRead), make(chan chunkRead, n)
	g.Go(func() error {
		defer close(order)
		defer close(work)
		for from := first; from < last; from += verifyChunk {
			c := chunkRead{from, min(from+verifyChunk, last), make(chan []leafRow, 1)}
			for _, to := range []chan chunkRead{order, work} {
				select {
				case to <- c:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range n {
		g.Go(func() error { return v.readChunks(ctx, snapshot, work) })
	}
	g.Go(func() error {
		for c := range order {
			select {
			case rows := <-c.rows:
				if err := visit(c.first, c.last, rows); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}

// readChunks hashes chunks on a connection of its own until there are no more.
func (v *verification) readChunks(ctx context.Context, snapshot string, work <-chan chunkRead) error {
	return readOnly(ctx, v.url, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set transaction snapshot '`+snapshot+`'`); err != nil { // it takes no parameter; the text is the server's own
			return err
		}
		var l leafReader
		for c := range work {
			rows, err := l.read(ctx, tx, c.first, c.last)
			if err != nil {
				return err
			}
			c.rows <- rows
		}
		return nil
	})
}
