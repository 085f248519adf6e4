package db_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

func TestReceiptOfAnAnswer(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 270)
	mine, theirs := signIn(t, s.db, aysel), signIn(t, s.db, rashad)
	w := db.NewRegister(s.db)
	defer w.Close()
	e := entryOf(mine, aysel)
	e.Asked, e.Outcome, e.Results = "/goods?q=şəkər", register.NothingPending, 0
	must(t, w.Submit(t.Context(), e).Wait(t.Context()))

	session, a, err := s.db.Answer(t.Context(), mine, e.RequestID)
	if err != nil || session.ID != mine.ID || a.ID != 271 || a.Values[register.Subject] != string(aysel) || a.Values[register.Asked] != e.Asked || a.Case != e.Case {
		t.Fatalf("%+v %v", a, err)
	}
	if _, err := s.db.Include(t.Context(), a.ID); !errors.Is(err, db.ErrNotSealed) {
		t.Errorf("before sealing: %v", err)
	}
	s.seal(t)
	p, err := s.verifiers.Check(s.receipt(t, mine, e))
	if err != nil || p.Record.Outcome != register.NothingPending || *p.Opened[register.Subject] != string(aysel) || p.Record.RequestID != e.RequestID {
		t.Errorf("%+v %v", p, err)
	}
	salt := a.Salts[:register.SaltSize]
	leaf, open, err := s.db.Leaf(t.Context(), a.ID, salt)
	if err != nil || !open || leaf.Commitments != p.Record.Commitments || !leaf.At.Equal(p.Record.At) {
		t.Errorf("%+v %v %v", leaf, open, err)
	}
	// The number of an entry is no secret, and so is not enough.
	for _, other := range [][]byte{nil, {}, salt[:15], bytes.Repeat([]byte{0}, register.SaltSize), a.Salts[register.SaltSize : 2*register.SaltSize], a.Salts} {
		if leaf, _, err := s.db.Leaf(t.Context(), a.ID, other); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("with the salt %x: %+v %v", other, leaf, err)
		}
	}

	// Nobody else's, none that does not exist, and nothing without a session.
	if session, _, err := s.db.Answer(t.Context(), theirs, e.RequestID); !errors.Is(err, db.ErrNotFound) || session.ID != theirs.ID {
		t.Errorf("another trader: %v", err)
	}
	if _, _, err := s.db.Answer(t.Context(), mine, uuid.New()); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("no such request: %v", err)
	}
	forged := mine
	forged.Secret[0]++
	if _, _, err := s.db.Answer(t.Context(), forged, e.RequestID); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("no session: %v", err)
	}
	for _, id := range []int64{-1, 0, 272, 1 << 60} {
		if _, err := s.db.Include(t.Context(), id); !errors.Is(err, db.ErrNotSealed) {
			t.Errorf("entry %d: %v", id, err)
		}
		if _, _, err := s.db.Leaf(t.Context(), id, salt); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("leaf %d: %v", id, err)
		}
	}
}

// Every proof of every entry and every pair of checkpoints holds, also across
// the borders of tiles.
func TestProofs(t *testing.T) {
	s := newSealed(t)
	var heads []tlog.Tree
	for _, n := range []int{1, 1, 254, 1, 255, 3} {
		s.fill(t, n)
		s.seal(t)
		heads = append(heads, s.head(t).Tree)
	}
	for _, h := range heads {
		if ok, _, err := s.db.Extends(t.Context(), h); err != nil || !ok {
			t.Errorf("the log does not extend that of %d entries: %v", h.N, err)
		}
		h.Hash[0]++
		if ok, _, err := s.db.Extends(t.Context(), h); err != nil || ok {
			t.Errorf("the log extends one of %d entries that never was: %v", h.N, err)
		}
	}
	empty, err := tlog.TreeHash(0, nil)
	must(t, err)
	for _, c := range []struct {
		tree tlog.Tree
		want bool
	}{{tlog.Tree{N: 0, Hash: empty}, true}, {tlog.Tree{N: 0}, false}, {tlog.Tree{N: 10_000}, false}} {
		if ok, _, err := s.db.Extends(t.Context(), c.tree); err != nil || ok != c.want {
			t.Errorf("%d: %v %v", c.tree.N, ok, err)
		}
	}
	for id := int64(1); id <= 515; id += 7 {
		in, err := s.db.Include(t.Context(), id)
		must(t, err)
		r, _, err := s.db.Leaf(t.Context(), id, one[[]byte](t, s.super, `select substr(salts, 1, 16) from register_entry where id = $1`, id))
		must(t, err)
		text, err := r.Append(nil)
		must(t, err)
		if err := tlog.CheckRecord(in.Proof, in.Head.Size, in.Head.Root, id-1, register.LeafHash(text)); err != nil {
			t.Errorf("entry %d: %v", id, err)
		}
	}
}

// A proof is not built on a tree that was changed.
func TestProofsOverAChangedTree(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 600)
	s.seal(t)
	s.exec(t, `update register_tile set hashes = set_byte(hashes, 64, get_byte(hashes, 64) # 1) where level = 0 and n = 1`)
	if _, err := s.db.Include(t.Context(), 300); err == nil {
		t.Error("a proof through a changed tile")
	}
	s.exec(t, `delete from register_tile where level = 0 and n = 1`)
	if _, err := s.db.Include(t.Context(), 300); !errors.Is(err, register.ErrTree) {
		t.Errorf("a proof through a missing tile: %v", err)
	}
	if _, err := s.db.Tile(t.Context(), 0, 1); !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
}

// Whoever changes a row and the tree with it still does not have the key.
func TestRewrittenTreeIsFound(t *testing.T) {
	s, outside := history(t)
	s.exec(t, `update register_entry set outcome = 'failed' where id = 200`)
	var tree register.Tree
	must(t, db.Export(t.Context(), s.OwnerURL, 1, 0, func(leaf []byte) error { tree.Append(register.LeafHash(leaf)); return nil }))
	for _, tile := range tree.Take() {
		s.exec(t, `update register_tile set hashes = $3 where level = $1 and n = $2`, tile.Level, tile.N, tile.Hashes)
	}
	r := s.verify(t, db.VerifyOptions{Outside: visiting(outside)})
	if len(r.Problems) != 1 || r.Problems[0] != (db.Problem{Fault: db.CheckpointDiffers, ID: 301, Other: 100}) {
		t.Errorf("%+v", r.Problems)
	}
	head, err := tree.Head()
	must(t, err)
	forged, _, err := register.NewKey("portal.test/register")
	must(t, err)
	keys, err := register.ParseKeys(forged, "")
	must(t, err)
	c, err := keys.Sign(head)
	must(t, err)
	s.exec(t, `truncate register_checkpoint`)
	s.exec(t, `insert into register_checkpoint (size, root, note) values ($1, $2, $3)`, head.N, head.Hash[:], c.Note)
	if r = s.verify(t, db.VerifyOptions{Outside: visiting(outside)}); r.OK() || r.Problems[0] != (db.Problem{Fault: db.CheckpointBroken, ID: 600}) {
		t.Errorf("signed by another: %+v", r.Problems)
	}
}
