package db

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/register"
)

// part looks at a part of the entries. Their leaves are taken from the stored
// tree and checked against the newest checkpoint by the tiles above them, so
// the rest of the register need not be read.
func (v *verification) part(ctx context.Context, from, to int64) error {
	v.report.Checkpoints = 1
	reader := tlog.TileHashReader(tlog.Tree{N: v.head.Size, Hash: v.head.Root}, tiles{ctx, v.tx})
	return v.ahead(ctx, from-1, to, func(first, last int64, rows []leafRow) error {
		indexes := make([]int64, last-first)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		sealed, err := reader.ReadHashes(indexes)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			v.report.add(Problem{TreeChanged, first + 1, 0})
			return nil
		}
		id := first
		if err := v.rows(ctx, rows, first, last, sealed, func(leaf register.Hash, fault Fault) error {
			id++
			v.report.Checked++
			if leaf != sealed[id-first-1] {
				v.report.add(Problem{fault, id, 0})
				v.moved.sealed(id, sealed[id-first-1])
			}
			return nil
		}); err != nil {
			return err
		}
		if v.Progress != nil {
			v.Progress(last-from+1, to-from+1)
		}
		return nil
	})
}

// movedSearch finds entries that stand under another number than the one they
// were sealed under.
type movedSearch struct {
	records []register.Record
	leaves  map[register.Hash]int64
}

// movedKept is how many entries are searched for.
const movedKept = 64

// row reads the entry of an id once more, whole.
func (m *movedSearch) row(ctx context.Context, q querier, id int64) error {
	if len(m.records) >= movedKept {
		return nil
	}
	var reader rowReader
	return reader.each(ctx, q, id-1, id, func(r *register.Record, _ bool) error {
		m.records = append(m.records, *r)
		return nil
	})
}

func (m *movedSearch) sealed(id int64, leaf register.Hash) {
	if m.leaves == nil {
		m.leaves = map[register.Hash]int64{}
	}
	if len(m.leaves) < movedKept {
		m.leaves[leaf] = id
	}
}

// resolve says of entries that were found changed where they come from.
func (m *movedSearch) resolve(report *Report) {
	from := map[int64]int64{}
	for _, r := range m.records {
		at := r.ID
		for _, id := range m.leaves {
			r.ID = id
			if text, err := r.Append(nil); err == nil && id != at {
				if sealedAs, ok := m.leaves[register.LeafHash(text)]; ok {
					from[at] = sealedAs
				}
			}
		}
	}
	for i, p := range report.Problems {
		if id, ok := from[p.ID]; ok && p.Fault == EntryChanged {
			report.Problems[i] = Problem{EntryMoved, p.ID, id}
		}
	}
}
