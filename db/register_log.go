package db

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/register"
)

// ErrNotSealed says that an entry is not in the log yet; it will be within
// seconds.
var ErrNotSealed = errors.New("db: the entry is not sealed yet")

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Head is the log's newest checkpoint.
type Head struct {
	Size     int64
	Root     register.Hash
	Note     string // signed; "" for the empty log
	SealedAt time.Time
}

// Head returns the log's newest checkpoint, with Size 0 if nothing is sealed.
func (d *DB) Head(ctx context.Context) (Head, error) { return readHead(ctx, d.pool) }

func readHead(ctx context.Context, q querier) (Head, error) {
	var h Head
	var root []byte
	err := q.QueryRow(ctx, `
		select size, root, note, sealed_at from register_checkpoint order by size desc limit 1`).
		Scan(&h.Size, &root, &h.Note, &h.SealedAt)
	if err == nil {
		h.Root = register.Hash(root)
	}
	return h, orNone(err)
}

// Tile returns the hashes of a tile that are sealed so far, 32 bytes each, at
// most 256. ErrNotFound: none are.
func (d *DB) Tile(ctx context.Context, level int, n int64) ([]byte, error) {
	return readTile(ctx, d.pool, level, n)
}

func readTile(ctx context.Context, q querier, level int, n int64) ([]byte, error) {
	var hashes []byte
	err := q.QueryRow(ctx, `select hashes from register_tile where level = $1 and n = $2`, level, n).Scan(&hashes)
	return hashes, orNotFound(err)
}

// tiles reads the tiles that a proof needs. It is the storage behind
// tlog.TileHashReader, which checks what it gets against the tree's root.
type tiles struct {
	ctx context.Context //nolint:containedctx // tlog.TileReader has no room for it; one lives as long as one call
	q   querier
}

// Height is that of C2SP tlog-tiles.
func (t tiles) Height() int { return register.TileHeight }

// SaveTiles does nothing: the tiles come from the database.
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles reads all tiles at once. register.ErrTree: one is missing or short.
func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	levels, numbers := make([]int16, len(want)), make([]int64, len(want))
	for i, w := range want {
		levels[i], numbers[i] = int16(w.L), w.N
	}
	rows, err := t.q.Query(t.ctx, `
		select coalesce(r.hashes, '')
		  from unnest($1::smallint[], $2::bigint[]) with ordinality as t (level, n, i)
		  left join register_tile r using (level, n) order by t.i`, levels, numbers)
	if err != nil {
		return nil, err
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, err
	}
	for i, w := range want {
		if len(out[i]) < w.W*tlog.HashSize {
			return nil, register.ErrTree
		}
		out[i] = out[i][:w.W*tlog.HashSize]
	}
	return out, nil
}

// Inclusion is the proof that an entry is in the log.
type Inclusion struct {
	Head  Head
	Proof tlog.RecordProof
}

// Include proves that the entry of that id is in the log as of its newest
// checkpoint. Every hash of the proof has been checked against the checkpoint's
// root. ErrNotSealed: it is not in it yet.
func (d *DB) Include(ctx context.Context, id int64) (Inclusion, error) {
	h, err := d.Head(ctx)
	if err != nil {
		return Inclusion{}, err
	}
	if id < 1 || id > h.Size {
		return Inclusion{}, ErrNotSealed
	}
	tree := tlog.Tree{N: h.Size, Hash: h.Root}
	proof, err := tlog.ProveRecord(h.Size, id-1, tlog.TileHashReader(tree, tiles{ctx, d.pool}))
	return Inclusion{h, proof}, err
}

// Extends proves that the newest log begins with the tree of an earlier
// checkpoint: false if it does not, also because the log has become shorter.
func (d *DB) Extends(ctx context.Context, earlier tlog.Tree) (bool, Head, error) {
	h, err := d.Head(ctx)
	if err != nil {
		return false, h, err
	}
	ok, err := extends(ctx, d.pool, tlog.Tree{N: h.Size, Hash: h.Root}, earlier)
	return ok, h, err
}

func extends(ctx context.Context, q querier, tree, earlier tlog.Tree) (bool, error) {
	switch {
	case earlier.N > tree.N:
		return false, nil
	case earlier.N == tree.N:
		return earlier.Hash == tree.Hash, nil
	case earlier.N == 0:
		empty, err := tlog.TreeHash(0, nil)
		return empty == earlier.Hash, err
	}
	proof, err := consistency(ctx, q, tree, earlier.N)
	if err != nil {
		return false, err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash) == nil, nil
}

// consistency is the proof that a tree begins with its first leaves up to a
// size (RFC 6962 §2.1.2).
func consistency(ctx context.Context, q querier, tree tlog.Tree, from int64) (tlog.TreeProof, error) {
	if from == 0 {
		return nil, nil
	}
	return tlog.ProveTree(tree.N, from, tlog.TileHashReader(tree, tiles{ctx, q}))
}

// leafColumns are those of a leaf, as leaf.targets takes them.
const leafColumns = `id, at, request_id, channel, actor, coalesce(case_id, '00000000-0000-0000-0000-000000000000'), action, outcome, results,
	elapsed_us, commitments`

// leaf is the row of one.
type leaf struct {
	register.Record
	elapsed     int64
	commitments []byte
}

func (l *leaf) targets() []any {
	return []any{
		&l.ID, &l.At, &l.RequestID, &l.Channel, &l.Actor, &l.Case, &l.Action, &l.Outcome,
		&l.Results, &l.elapsed, &l.commitments,
	}
}

// record is what it says.
func (l *leaf) record() (*register.Record, error) {
	if len(l.commitments) != len(l.Commitments)*tlog.HashSize {
		return nil, register.ErrRecord
	}
	l.Elapsed = time.Duration(l.elapsed) * time.Microsecond
	for i := range l.Commitments {
		l.Commitments[i] = register.Hash(l.commitments[i*tlog.HashSize:])
	}
	return &l.Record, nil
}

// leaves reads what the leaves of entries say, from an id on, at most so many.
func leaves(ctx context.Context, q querier, first int64, atMost int, each func(*register.Record) error) error {
	rows, err := q.Query(ctx, `select `+leafColumns+` from register_leaves($1, $2)`, first, atMost)
	if err != nil {
		return err
	}
	var l leaf
	_, err = pgx.ForEachRow(rows, l.targets(), func() error {
		r, err := l.record()
		if err != nil {
			return err
		}
		return each(r)
	})
	return err
}

// Leaf returns what the leaf of an entry says, nothing personal, to who holds
// its receipt: the salt is that of the subject's commitment, and the hashes of
// leaves are public. open is false once the personal data is deleted and there
// is no salt to compare with; then whoever shows the leaf must first see that
// the reader knows what was committed. ErrNotFound: no entry has that id and
// salt.
func (d *DB) Leaf(ctx context.Context, id int64, salt []byte) (r register.Record, open bool, err error) {
	var l leaf
	err = d.pool.QueryRow(ctx, `select `+leafColumns+`, open from register_leaf($1, $2)`, id, salt).Scan(append(l.targets(), &open)...)
	if err != nil {
		return register.Record{}, false, orNotFound(err)
	}
	known, err := l.record()
	if err != nil {
		return register.Record{}, false, err
	}
	return *known, open, nil
}

// Answer is a registered answer as its trader may see it.
type Answer struct {
	register.Record
	Values [3]string // subject, session, asked; "" once deleted
	Salts  []byte    // of the commitments to Values; empty once deleted
}

// Answer returns the entry of a request, if it concerns the trader whose
// session it is, which row-level security decides. Errors: ErrNoSession;
// ErrNotFound, with the session.
func (d *DB) Answer(ctx context.Context, k SessionKey, request uuid.UUID) (Session, Answer, error) {
	var a Answer
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`
			select id, at, request_id, channel, actor, coalesce(case_id, '00000000-0000-0000-0000-000000000000'), action, outcome, results,
			       elapsed_us, subject, session_id::text, asked, salts
			  from register_entry where request_id = $1 and salts is not null order by id limit 1`, request).QueryRow(func(row pgx.Row) error {
			var elapsed int64
			err := row.Scan(&a.ID, &a.At, &a.RequestID, &a.Channel, &a.Actor, &a.Case, &a.Action, &a.Outcome, &a.Results,
				&elapsed, &a.Values[register.Subject], &a.Values[register.Session], &a.Values[register.Asked], &a.Salts)
			a.Elapsed = time.Duration(elapsed) * time.Microsecond
			return orNone(err)
		})
	})
	if err == nil && a.ID == 0 {
		err = ErrNotFound
	}
	if err == nil {
		a.commit()
	}
	return s, a, err
}

// commit computes the commitments from the values and their salts.
func (a *Answer) commit() {
	for i := range a.Commitments {
		a.Commitments[i] = register.Commit(a.Salts[i*register.SaltSize:(i+1)*register.SaltSize], []byte(a.Values[i]))
	}
}
