package db

import (
	"bytes"
	"context"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/register"
)

// Fault is a kind of mistake in the register.
type Fault string

// The faults. ID is the entry's id unless it says otherwise.
const (
	EntryChanged      Fault = "entry_changed"      // the row is not the one that was sealed
	EntryRemoved      Fault = "entry_removed"      // it was sealed and is gone
	EntryAdded        Fault = "entry_added"        // it was not there when its number was sealed
	EntryMoved        Fault = "entry_moved"        // it was sealed under another number, Other
	TreeChanged       Fault = "tree_changed"       // the stored tree, from this entry on, is not the signed one
	TreeMissing       Fault = "tree_missing"       // a stored part of the tree, from this entry on, is gone
	TreeLonger        Fault = "tree_longer"        // the stored tree goes on behind the last signed entry, ID
	CheckpointBroken  Fault = "checkpoint_broken"  // the checkpoint at entry ID is not signed by a known key
	CheckpointDiffers Fault = "checkpoint_differs" // the checkpoint at entry ID signs other entries than these, from Other on
	CheckpointRemoved Fault = "checkpoint_removed" // a checkpoint at entry ID is kept outside and is gone here
	OutsideAhead      Fault = "outside_ahead"      // a checkpoint outside signs ID entries, the register holds Other: cut, or an old backup
	OutsideDiffers    Fault = "outside_differs"    // a checkpoint outside, at entry ID, signs other entries than these
)

// Problem is one thing that is wrong.
type Problem struct {
	Fault Fault
	ID    int64
	Other int64
}

// Report is what Verify found.
type Report struct {
	Size        int64     // entries sealed, gaps among them
	Checked     int64     // of these, looked at
	Gaps        int64     // numbers that were explained as never used
	Forgotten   int64     // entries whose personal data was deleted
	Checkpoints int64     // in the database
	Outside     int64     // checkpoints outside that were compared
	Unsealed    int64     // entries that wait for the sealer
	Waiting     time.Time // since when the first of them waits; zero: none does
	Problems    []Problem // in the order of entries, the first problemsKept
	More        int64     // problems beyond those
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// problemsKept is how many problems a report lists.
const problemsKept = 100

func (r *Report) add(p Problem) {
	if len(r.Problems) < problemsKept {
		r.Problems = append(r.Problems, p)
	} else {
		r.More++
	}
}

// VerifyOptions say what to verify.
type VerifyOptions struct {
	Verifiers *register.Verifiers
	From, To  int64 // entries; 0: from the first, up to the last sealed one
	// Outside visits the checkpoints that are kept outside the database; nil:
	// there are none.
	Outside func(visit func(register.Checkpoint) error) error
	// Progress is told now and then how many of all entries were looked at.
	Progress func(done, all int64)
}

// verifyChunk is how many entries are looked at with one query: 256 tiles.
const verifyChunk = 1 << 16

// Verify recomputes the log from the register's rows and compares it with the
// stored tree, every checkpoint, and the checkpoints outside. It reads with the
// rights of the role in url, which must see every entry: the owner's, say. What
// is wrong with the register is in the report; an error is what kept it from
// being verified. Memory does not depend on the size of the register.
func Verify(ctx context.Context, url string, o VerifyOptions) (Report, error) {
	v := &verification{VerifyOptions: o, url: url}
	err := readOnly(ctx, url, func(tx pgx.Tx) error {
		v.tx = tx
		return v.run(ctx)
	})
	return v.report, err
}

// readOnly runs f on a new connection in a transaction that sees one state of
// the database and every row of it.
func readOnly(ctx context.Context, url string, f func(pgx.Tx) error) error {
	return connected(ctx, url, func(conn *pgx.Conn) error {
		return pgx.BeginTxFunc(ctx, conn, snapshotTx, func(tx pgx.Tx) error {
			// An error rather than a part of the rows where a policy would hide some.
			// Rows come in the order of the index: sorting them, in parallel and
			// through files, costs as much again as all the rest of the server's work.
			_, err := tx.Exec(ctx, `set local row_security = off; set local enable_sort = off; set local max_parallel_workers_per_gather = 0`)
			if err != nil {
				return err
			}
			return f(tx)
		})
	})
}

// verification is one run of Verify.
type verification struct {
	VerifyOptions
	url    string
	tx     pgx.Tx
	report Report

	head   Head
	stored *register.Tree // of the hashes in the stored tree
	actual *register.Tree // of the rows, where they differ; nil: they do not
	odd    []oddity       // entries that differ, since the last checkpoint
	good   int64          // size of the last checkpoint that a tree led to
	lost   bool           // no tree leads to the next checkpoint
	moved  movedSearch
}

func (v *verification) run(ctx context.Context) error {
	if err := v.newest(ctx); err != nil {
		return err
	}
	if v.head.Size > 0 {
		if err := v.entries(ctx); err != nil {
			return err
		}
	}
	v.moved.resolve(&v.report)
	if err := v.beyond(ctx); err != nil {
		return err
	}
	return v.outside(ctx)
}

// newest finds the newest checkpoint that is what it says. Those above it are
// reported: nothing can be told by them.
func (v *verification) newest(ctx context.Context) error {
	above := int64(math.MaxInt64)
	for {
		var root []byte
		err := v.tx.QueryRow(ctx, `
			select size, root, note, sealed_at from register_checkpoint where size < $1 order by size desc limit 1`, above).
			Scan(&v.head.Size, &root, &v.head.Note, &v.head.SealedAt)
		if errors.Is(err, pgx.ErrNoRows) {
			v.head = Head{}
			return nil
		}
		if err != nil {
			return err
		}
		c, err := v.Verifiers.Open(v.head.Note)
		if err == nil && c.Tree.N == v.head.Size && bytes.Equal(c.Tree.Hash[:], root) {
			v.head.Root, v.report.Size = c.Tree.Hash, v.head.Size
			return nil
		}
		v.report.add(Problem{CheckpointBroken, v.head.Size, 0})
		above = v.head.Size
	}
}

// entries looks at the entries asked for, all of them against every
// checkpoint, or a part of them against the newest.
func (v *verification) entries(ctx context.Context) error {
	from, to := max(v.From, 1), v.head.Size
	if v.To > 0 {
		to = min(v.To, to)
	}
	if from > 1 || to < v.head.Size {
		return v.part(ctx, from, to)
	}
	v.stored = &register.Tree{}
	err := v.ahead(ctx, 0, v.head.Size, func(first, last int64, rows []leafRow) error {
		if err := v.chunk(ctx, first, last, rows); err != nil {
			return err
		}
		if v.Progress != nil {
			v.Progress(last, v.head.Size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.edge(ctx)
}

// beyond looks at what follows the last sealed entry.
func (v *verification) beyond(ctx context.Context) error {
	var longer bool
	var waiting *time.Time
	err := v.tx.QueryRow(ctx, `
		select count(*), min(coalesce(l.taken_at, e.at)), exists (select from register_tile where n * 256 + length(hashes) / 32 > $1 >> (8 * level))
		  from register_entry e left join register_late l on l.entry = e.id where e.id > $1`, v.head.Size).Scan(&v.report.Unsealed, &waiting, &longer)
	if waiting != nil {
		v.report.Waiting = *waiting
	}
	if err == nil {
		err = v.impossible(ctx)
	}
	if longer {
		v.report.add(Problem{TreeLonger, v.head.Size, 0})
	}
	return err
}

// impossible looks for entries under numbers that no entry has.
func (v *verification) impossible(ctx context.Context) error {
	rows, err := v.tx.Query(ctx, `select id from register_entry where id < 1 order by id limit $1`, problemsKept)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range ids {
		v.report.add(Problem{EntryAdded, id, 0})
	}
	return err
}

// outsideBatch is how many checkpoints outside are looked up at once.
const outsideBatch = 1000

// outside compares the checkpoints that are kept elsewhere.
func (v *verification) outside(ctx context.Context) error {
	if v.Outside == nil {
		return nil
	}
	ahead := int64(0)
	var batch []register.Checkpoint
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := v.lookUp(ctx, batch)
		batch = batch[:0]
		return err
	}
	err := v.Outside(func(c register.Checkpoint) error {
		v.report.Outside++
		if c.Tree.N > v.head.Size {
			ahead = max(ahead, c.Tree.N)
			return nil
		}
		if batch = append(batch, c); len(batch) == outsideBatch {
			return flush()
		}
		return nil
	})
	err = errors.Join(err, flush())
	if ahead > 0 {
		v.report.add(Problem{OutsideAhead, ahead, v.head.Size})
	}
	return err
}

func (v *verification) lookUp(ctx context.Context, batch []register.Checkpoint) error {
	sizes := make([]int64, len(batch))
	for i, c := range batch {
		sizes[i] = c.Tree.N
	}
	rows, err := v.tx.Query(ctx, `
		select coalesce(c.root, '') from unnest($1::bigint[]) with ordinality as t (size, i)
		  left join register_checkpoint c using (size) order by t.i`, sizes)
	if err != nil {
		return err
	}
	roots, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	for i, c := range batch {
		switch {
		case c.Tree.N == 0:
		case len(roots[i]) == 0:
			v.report.add(Problem{CheckpointRemoved, c.Tree.N, 0})
		case register.Hash(roots[i]) != c.Tree.Hash:
			v.report.add(Problem{OutsideDiffers, c.Tree.N, 0})
		}
	}
	return nil
}
