package db

import (
	"bytes"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/register"
)

// tileLeaves is how many leaves a tile of the lowest level holds.
const tileLeaves = 1 << register.TileHeight

// oddity is an entry whose row and stored leaf differ.
type oddity struct {
	problem Problem
	leaf    register.Hash // by the row
	sealed  register.Hash // by the tree
}

// chunk looks at the entries above first up to last: each row against its leaf
// in the stored tree, the tree against the checkpoints among them.
func (v *verification) chunk(ctx context.Context, first, last int64, rows []leafRow) error {
	sealed, err := v.sealedLeaves(ctx, first, last)
	if err != nil {
		return err
	}
	signed, err := v.checkpoints(ctx, first, last)
	if err != nil {
		return err
	}
	next := first + 1
	step := func(leaf register.Hash, fault Fault) error {
		v.note(next, leaf, sealed[next-first-1], fault)
		for len(signed) > 0 && signed[0].N == next {
			if err := v.against(signed[0]); err != nil {
				return err
			}
			signed = signed[1:]
		}
		next++
		return nil
	}
	if err := v.rows(ctx, rows, first, last, sealed, step); err != nil {
		return err
	}
	return v.upper(ctx, v.stored.Full())
}

// rows calls step once for each id, in order, with the leaf that its row makes
// and the fault it is if that is not the sealed one.
func (v *verification) rows(ctx context.Context, rows []leafRow, first, last int64, sealed []register.Hash, step func(register.Hash, Fault) error) error {
	next := first + 1
	var buf []byte
	gaps := func(until int64) error {
		for ; next < until; next++ {
			buf = register.AppendGap(buf[:0], next)
			leaf := register.LeafHash(buf)
			if leaf == sealed[next-first-1] {
				v.report.Gaps++
			}
			if err := step(leaf, EntryRemoved); err != nil {
				return err
			}
		}
		return nil
	}
	for _, r := range rows {
		if err := gaps(r.id); err != nil {
			return err
		}
		if r.id < next { // a second row with one number
			v.report.add(Problem{EntryAdded, r.id, 0})
			continue
		}
		if !r.open {
			v.report.Forgotten++
		}
		fault, err := v.fault(ctx, r, sealed[next-first-1])
		if err != nil {
			return err
		}
		next++
		if err := step(r.leaf, fault); err != nil {
			return err
		}
	}
	return gaps(last + 1)
}

// fault is what is wrong with a row if its leaf is not the sealed one.
func (v *verification) fault(ctx context.Context, r leafRow, sealed register.Hash) (Fault, error) {
	switch {
	case r.form && r.leaf == sealed:
		return "", nil
	case !r.form:
		return EntryChanged, nil
	case register.LeafHash(register.AppendGap(nil, r.id)) == sealed:
		return EntryAdded, nil
	}
	return EntryChanged, v.moved.row(ctx, v.tx, r.id)
}

// note adds an entry's leaf to the trees.
func (v *verification) note(id int64, leaf, sealed register.Hash, fault Fault) {
	v.report.Checked++
	if sealed == (register.Hash{}) { // that part of the tree is gone, and reported
		sealed = leaf
	}
	if leaf != sealed {
		if v.actual == nil {
			v.actual = v.stored.Clone()
		}
		v.odd = append(v.odd, oddity{Problem{fault, id, 0}, leaf, sealed})
		v.moved.sealed(id, sealed)
	}
	v.stored.Append(sealed)
	if v.actual != nil {
		v.actual.Append(leaf)
	}
}

// against compares the trees with a signed head and decides where they differ
// whether the rows or the stored tree are to be believed.
func (v *verification) against(signed tlog.Tree) error {
	if v.lost {
		v.believe(nil)
		return nil
	}
	stored, err := v.stored.Head()
	if err != nil {
		return err
	}
	if stored == signed {
		v.believe(nil)
		v.good = signed.N
		return nil
	}
	if v.actual != nil {
		actual, err := v.actual.Head()
		if err != nil {
			return err
		}
		if actual == signed {
			v.believe(v.actual)
			v.good = signed.N
			return nil
		}
	}
	v.believe(nil)
	v.lost = true
	v.report.add(Problem{CheckpointDiffers, signed.N, v.good + 1})
	return nil
}

// believe reports the odd entries: as faults of the stored tree if the tree of
// the rows is the signed one, else as faults of the rows.
func (v *verification) believe(rows *register.Tree) {
	for _, o := range v.odd {
		if rows != nil {
			o.problem.Fault = TreeChanged
		}
		v.report.add(o.problem)
	}
	if rows != nil {
		v.stored = rows
	}
	v.odd, v.actual = v.odd[:0], nil
}

// sealedLeaves returns the stored leaves above first up to last; zero where the
// tree has none, which is reported.
func (v *verification) sealedLeaves(ctx context.Context, first, last int64) ([]register.Hash, error) {
	out := make([]register.Hash, last-first)
	rows, err := v.tx.Query(ctx, `
		select n, hashes from register_tile where level = 0 and n between $1 and $2`, first/tileLeaves, (last-1)/tileLeaves)
	if err != nil {
		return nil, err
	}
	var n int64
	var hashes []byte
	if _, err := pgx.ForEachRow(rows, []any{&n, &hashes}, func() error {
		for i := 0; i+tlog.HashSize <= len(hashes); i += tlog.HashSize {
			if at := n*tileLeaves + int64(i/tlog.HashSize) - first; at >= 0 && at < int64(len(out)) {
				out[at] = register.Hash(hashes[i:])
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	missing := false
	for i, h := range out {
		if gone := h == (register.Hash{}); gone != missing {
			if missing = gone; gone {
				v.report.add(Problem{TreeMissing, first + int64(i) + 1, 0})
			}
		}
	}
	return out, nil
}

// checkpoints returns the signed heads above first up to last. One that is not
// what its row says, or not signed by a known key, is reported.
func (v *verification) checkpoints(ctx context.Context, first, last int64) ([]tlog.Tree, error) {
	rows, err := v.tx.Query(ctx, `
		select size, root, note from register_checkpoint where size > $1 and size <= $2 order by size`, first, last)
	if err != nil {
		return nil, err
	}
	var out []tlog.Tree
	var size int64
	var root []byte
	var text string
	_, err = pgx.ForEachRow(rows, []any{&size, &root, &text}, func() error {
		v.report.Checkpoints++
		c, err := v.Verifiers.Open(text)
		if err != nil || c.Tree.N != size || !bytes.Equal(root, c.Tree.Hash[:]) {
			v.report.add(Problem{CheckpointBroken, size, 0})
		} else {
			out = append(out, c.Tree)
		}
		return nil
	})
	return out, err
}

// upper compares the higher tiles that follow from the leaves with the stored.
func (v *verification) upper(ctx context.Context, tiles []register.Tile) error {
	for _, t := range tiles {
		if t.Level == 0 {
			continue
		}
		first := t.N << (register.TileHeight * (t.Level + 1))
		stored, err := readTile(ctx, v.tx, t.Level, t.N)
		switch {
		case errors.Is(err, ErrNotFound):
			v.report.add(Problem{TreeMissing, first + 1, 0})
		case err != nil:
			return err
		case !bytes.HasPrefix(stored, t.Hashes): // a longer one is found by beyond
			at := 0
			for at < min(len(stored), len(t.Hashes)) && stored[at] == t.Hashes[at] {
				at++
			}
			v.report.add(Problem{TreeChanged, first + int64(at/tlog.HashSize)<<(register.TileHeight*t.Level) + 1, 0})
		}
	}
	return nil
}

// edge ends a full pass: the tiles that are not full, and entries that no
// checkpoint followed because the last one is broken.
func (v *verification) edge(ctx context.Context) error {
	v.believe(nil)
	return v.upper(ctx, v.stored.Edge())
}
