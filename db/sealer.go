package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/register"
)

// Why a sealer stops rather than sign.
var (
	ErrBehind = errors.New("db: the register holds less than a checkpoint outside the database: it was cut, or restored from an old backup")
	ErrFork   = errors.New("db: the register differs from a checkpoint outside the database")
	ErrGap    = errors.New("db: more ids are missing from the register than lost writes explain")
)

// Copy keeps checkpoints outside the database, where whoever can change the
// database cannot change them.
type Copy interface {
	// Latest returns the newest checkpoint that is kept, or the zero value if
	// none is, or none can be told.
	Latest(ctx context.Context) (register.Checkpoint, error)
	// Keep keeps a checkpoint. prove answers the proof that it extends the tree
	// of an earlier size.
	Keep(ctx context.Context, c register.Checkpoint, prove func(from int64) (tlog.TreeProof, error)) error
}

// Sealer adds entries to the log and signs its head. Any number of processes
// may have one: a lock in the database lets one at a time work.
type Sealer struct {
	d         *DB
	keys      *register.Keys
	verifiers *register.Verifiers
	copies    []Copy
	kept      []int64 // by copy, the size that it is known to hold
}

// NewSealer prepares a sealer. verifiers must know the keys and those retired
// keys that signed the newest checkpoint.
func NewSealer(d *DB, keys *register.Keys, verifiers *register.Verifiers, copies ...Copy) *Sealer {
	return &Sealer{d: d, keys: keys, verifiers: verifiers, copies: copies, kept: make([]int64, len(copies))}
}

// sealLock is the number of the advisory lock of all sealers of a database.
const sealLock = 0x706f7274616c6c67

// sealBatch is how many leaves one transaction adds at most.
const sealBatch = 1 << 16

// maxGap is how many ids in a row lost writes may have taken.
const maxGap = 1 << 20

// Run seals every interval until ctx ends, and as long as there is more to do
// without a pause. What goes wrong is logged once until it is over.
func (s *Sealer) Run(ctx context.Context, every time.Duration, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failing := false
	for {
		for more := true; more && ctx.Err() == nil; {
			n, err := s.Seal(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				log.Error("the register is not sealed", "error", err)
			}
			if err == nil && failing {
				log.Info("the register is sealed again")
			}
			failing = err != nil
			more = err == nil && n == sealBatch
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Seal adds what waits to the log, at most a batch, and returns how many leaves
// that were; none if another sealer is at work. The tree, its checkpoint and
// nothing else change in one transaction; the copies outside follow it. It
// refuses to sign, with ErrBehind, ErrFork, register.ErrTree, ErrCheckpoint or
// ErrGap, over anything that does not follow from what was signed before.
func (s *Sealer) Seal(ctx context.Context) (int64, error) {
	var added int64
	var head register.Checkpoint
	err := s.d.inTx(ctx, "portal_sealer", func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, int64(sealLock)).Scan(&mine); err != nil || !mine {
			return err
		}
		tree, before, err := s.open(ctx, tx)
		if err != nil {
			return err
		}
		head = before
		if added, err = gather(ctx, tx, tree, sealBatch); err != nil || added == 0 {
			return err
		}
		head, err = s.store(ctx, tx, tree)
		return err
	})
	if err != nil {
		return 0, err
	}
	return added, s.keep(ctx, head)
}

// open loads the edge of the tree and makes sure that it is the one that was
// signed last, here and outside.
func (s *Sealer) open(ctx context.Context, tx pgx.Tx) (*register.Tree, register.Checkpoint, error) {
	var c register.Checkpoint
	h, err := readHead(ctx, tx)
	if err != nil {
		return nil, c, err
	}
	tree, err := register.OpenTree(h.Size, func(level int, n int64) ([]byte, error) { return readTile(ctx, tx, level, n) })
	if errors.Is(err, ErrNotFound) {
		err = register.ErrTree
	}
	if err != nil {
		return nil, c, err
	}
	if h.Size > 0 {
		if c, err = s.verifiers.Open(h.Note); err != nil {
			return nil, c, err
		}
		now, err := tree.Head()
		if err != nil || now != c.Tree || c.Tree.N != h.Size || c.Tree.Hash != h.Root {
			return nil, c, errors.Join(register.ErrTree, err)
		}
	}
	return tree, c, s.compare(ctx, tx, c)
}

// compare holds the log's head against the copies outside.
func (s *Sealer) compare(ctx context.Context, tx pgx.Tx, head register.Checkpoint) error {
	for i, outside := range s.copies {
		c, err := outside.Latest(ctx)
		if err != nil {
			return err
		}
		switch {
		case c.Tree.N > head.Tree.N:
			return fmt.Errorf("%w: %d entries there, %d here", ErrBehind, c.Tree.N, head.Tree.N)
		case c.Tree.N == 0 || c.Tree.N == s.kept[i]:
			continue
		}
		ok, err := extends(ctx, tx, head.Tree, c.Tree)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%w: at %d entries", ErrFork, c.Tree.N)
		}
		s.kept[i] = c.Tree.N
	}
	return nil
}

// store writes the tiles that grew and the signed head.
func (s *Sealer) store(ctx context.Context, tx pgx.Tx, tree *register.Tree) (register.Checkpoint, error) {
	var c columns
	for _, t := range tree.Take() {
		c.add(int16(t.Level), t.N, t.Hashes)
	}
	head, err := tree.Head()
	if err != nil {
		return register.Checkpoint{}, err
	}
	signed, err := s.keys.Sign(head)
	if err != nil {
		return register.Checkpoint{}, err
	}
	b := &pgx.Batch{}
	b.Queue(`set local synchronous_commit = on`)
	c.queue(b, `
		insert into register_tile (level, n, hashes)
		select t.level, t.n, t.hashes from unnest($1::smallint[], $2::bigint[], $3::bytea[]) as t (level, n, hashes)
		on conflict (level, n) do update set hashes = excluded.hashes`, discard)
	b.Queue(`insert into register_checkpoint (size, root, note) values ($1, $2, $3)`, head.N, head.Hash[:], signed.Note)
	return signed, tx.SendBatch(ctx, b).Close()
}

// keep hands the head to the copies that do not have it yet. The log is sealed
// whether they take it or not; an error says that one did not.
func (s *Sealer) keep(ctx context.Context, head register.Checkpoint) error {
	var problems []error
	for i, outside := range s.copies {
		if head.Tree.N == 0 || s.kept[i] == head.Tree.N {
			continue
		}
		err := outside.Keep(ctx, head, func(from int64) (tlog.TreeProof, error) {
			return consistency(ctx, s.d.pool, head.Tree, from)
		})
		if err == nil {
			s.kept[i] = head.Tree.N
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
