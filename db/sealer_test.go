package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/register/witness"
)

// begin starts a write of an entry that is not committed yet.
func (s *sealed) begin(t *testing.T) pgx.Tx {
	t.Helper()
	c := connect(t, s.SuperuserURL)
	tx, err := c.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `
		insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		values (gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000151', 'goods.list', '/goods', 'answered', 1, 1)`)
	must(t, err)
	return tx
}

func TestSealWaitsForARunningWrite(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 2)
	slow := s.begin(t) // takes 3
	s.fill(t, 2)       // takes 4 and 5
	if n := s.seal(t); n != 2 {
		t.Fatalf("sealed %d, want those before the write that runs", n)
	}
	if n := s.seal(t); n != 0 {
		t.Fatalf("sealed %d behind a write that runs", n)
	}
	must(t, slow.Commit(t.Context()))
	if n := s.seal(t); n != 3 {
		t.Fatalf("sealed %d, want the late one and those behind it", n)
	}
	if r := s.verify(t, db.VerifyOptions{}); !r.OK() || r.Gaps != 0 || r.Size != 5 {
		t.Errorf("%+v", r)
	}
}

func TestSealExplainsLostWrites(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 1)
	must(t, s.begin(t).Rollback(t.Context())) // took 2
	if n := s.seal(t); n != 1 {
		t.Fatalf("sealed %d: nothing follows the lost number yet", n)
	}
	must(t, s.begin(t).Rollback(t.Context())) // took 3
	prepared := s.begin(t)                    // takes 4
	s.fill(t, 1)                              // takes 5
	// A write that ends while the sealer waits for it.
	done := make(chan error, 1)
	time.AfterFunc(100*time.Millisecond, func() { done <- prepared.Rollback(context.Background()) })
	end := time.Now().Add(time.Minute)
	n := s.seal(t)
	must(t, <-done)
	for ; n < 4; n += s.seal(t) { // where the write took longer than the sealer waits
		if time.Now().After(end) {
			t.Fatalf("sealed %d, want three numbers never used and an entry", n)
		}
	}
	if r := s.verify(t, db.VerifyOptions{}); !r.OK() || r.Gaps != 3 || r.Size != 5 {
		t.Errorf("%+v", r)
	}
}

func TestSealRefusesAHugeGap(t *testing.T) {
	s := newSealed(t)
	s.exec(t, `select setval('register_entry_id_seq', 1000000000)`)
	s.fill(t, 1)
	if _, err := db.NewSealer(s.db, s.keys, s.verifiers).Seal(t.Context()); !errors.Is(err, db.ErrGap) {
		t.Error(err)
	}
}

func TestSealNothing(t *testing.T) {
	s := newSealed(t)
	if n := s.seal(t); n != 0 {
		t.Errorf("sealed %d", n)
	}
	if h, err := s.db.Head(t.Context()); err != nil || h.Size != 0 {
		t.Errorf("%+v %v", h, err)
	}
	if r := s.verify(t, db.VerifyOptions{}); !r.OK() || r.Size != 0 {
		t.Errorf("%+v", r)
	}
}

// A batch that ends within a gap, and one that ends with it, go on rightly.
func TestSealInManySteps(t *testing.T) {
	s := newSealed(t)
	s.exec(t, `select setval('register_entry_id_seq', 65530)`)
	s.fill(t, 20)
	if a, b := s.seal(t), s.seal(t); a != 65536 || b != 14 {
		t.Errorf("sealed %d and %d", a, b)
	}
	if r := s.verify(t, db.VerifyOptions{}); !r.OK() || r.Gaps != 65530 || r.Checkpoints != 2 {
		t.Errorf("%+v", r)
	}
}

// Sealers of several processes, while entries are written by several more:
// nothing is lost or doubled, and each checkpoint extends the one before.
func TestSealersAtOnce(t *testing.T) {
	s := newSealed(t)
	key := signIn(t, s.db, aysel)
	folder, err := witness.NewFolder(t.TempDir(), s.verifiers, time.Now)
	must(t, err)
	var writers, sealers sync.WaitGroup
	for range 3 {
		writers.Go(func() {
			r := db.NewRegister(s.db)
			defer r.Close()
			for range 200 {
				if err := r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	for range 3 {
		sealers.Go(func() {
			sealer := db.NewSealer(s.db, s.keys, s.verifiers, folder)
			for ctx.Err() == nil {
				if _, err := sealer.Seal(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	stop()
	sealers.Wait()
	for s.head(t).Tree.N < 600 { // one that was stopped may hold the lock for a moment
		s.seal(t)
	}
	r := s.verify(t, db.VerifyOptions{})
	if !r.OK() || r.Size != 600 || r.Gaps != 0 || r.Unsealed != 0 {
		t.Errorf("%+v", r)
	}
	rows, err := s.super.Query(t.Context(), `select note from register_checkpoint`)
	must(t, err)
	notes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	for _, note := range notes {
		c, err := s.verifiers.Open(note)
		must(t, err)
		if ok, _, err := s.db.Extends(t.Context(), c.Tree); err != nil || !ok {
			t.Errorf("the log does not extend its checkpoint of %d entries: %v", c.Tree.N, err)
		}
	}
}

// A restored backup must not be sealed over: two logs would bear one name.
func TestSealerRefusesAnOldBackup(t *testing.T) {
	s := newSealed(t)
	dir := t.TempDir()
	folder, err := witness.NewFolder(dir, s.verifiers, time.Now)
	must(t, err)
	s.fill(t, 300)
	if _, err := db.NewSealer(s.db, s.keys, s.verifiers, folder).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	backup := s.copy(t, s.Name+"_backup")
	s.connect(t)
	s.fill(t, 10)
	if _, err := db.NewSealer(s.db, s.keys, s.verifiers, folder).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	backup.fill(t, 5)
	if _, err := db.NewSealer(backup.db, s.keys, s.verifiers, folder).Seal(t.Context()); !errors.Is(err, db.ErrBehind) {
		t.Errorf("behind: %v", err)
	}
	backup.fill(t, 20)
	if n := backup.seal(t); n != 25 { // a sealer that knows nothing of the folder
		t.Fatal(n)
	}
	if _, err := db.NewSealer(backup.db, s.keys, s.verifiers, folder).Seal(t.Context()); !errors.Is(err, db.ErrFork) {
		t.Errorf("forked: %v", err)
	}
	outside := func(visit func(register.Checkpoint) error) error {
		return witness.All(dir, s.verifiers, visit, func(p witness.Problem) error { return p })
	}
	if r := backup.verify(t, db.VerifyOptions{Outside: outside}); r.OK() || r.Problems[0].Fault != db.CheckpointRemoved {
		t.Errorf("the fork: %+v", r)
	}
	if r := s.verify(t, db.VerifyOptions{Outside: outside}); !r.OK() || r.Outside != 3 {
		t.Errorf("the original: %+v", r)
	}
}

func TestSealerRefusesAChangedTree(t *testing.T) {
	for name, sql := range map[string]string{
		"tile":       `update register_tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)`,
		"short tile": `update register_tile set hashes = substr(hashes, 1, 32)`,
		"no tile":    `truncate register_tile`,
		"root":       `update register_checkpoint set root = sha256('x')`,
	} {
		s := newSealed(t)
		s.fill(t, 3)
		s.seal(t)
		s.exec(t, sql)
		s.fill(t, 1)
		if _, err := db.NewSealer(s.db, s.keys, s.verifiers).Seal(t.Context()); !errors.Is(err, register.ErrTree) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyRotation(t *testing.T) {
	s := newSealed(t)
	next, _, err := register.NewKey("portal.test/register")
	must(t, err)
	use := func(private string, retired ...string) *register.Verifiers {
		k, err := register.ParseKeys(private, "")
		must(t, err)
		v, err := k.Verifiers(retired...)
		must(t, err)
		s.fill(t, 10)
		if _, err := db.NewSealer(s.db, k, v).Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := use(s.private)
	use(next + " " + s.private) // both sign
	if r := s.verify(t, db.VerifyOptions{Verifiers: first}); !r.OK() {
		t.Errorf("who knows the first key only: %+v", r)
	}
	last := use(next, first.Keys[0])
	if r := s.verify(t, db.VerifyOptions{Verifiers: last}); !r.OK() || r.Checkpoints != 3 {
		t.Errorf("who knows both: %+v", r)
	}
	if r := s.verify(t, db.VerifyOptions{Verifiers: first}); r.OK() || r.Problems[0] != (db.Problem{Fault: db.CheckpointBroken, ID: 30}) {
		t.Errorf("who knows the first only, after its end: %+v", r)
	}
	alone, err := register.ParseVerifiers(last.Keys[0])
	must(t, err)
	if r := s.verify(t, db.VerifyOptions{Verifiers: alone}); r.OK() || r.Problems[0] != (db.Problem{Fault: db.CheckpointBroken, ID: 10}) {
		t.Errorf("who knows the second only: %+v", r)
	}
	stranger, _, err := register.NewKey("portal.test/register")
	must(t, err)
	k, err := register.ParseKeys(stranger, "")
	must(t, err)
	v, err := k.Verifiers()
	must(t, err)
	if _, err := db.NewSealer(s.db, k, v).Seal(t.Context()); !errors.Is(err, register.ErrCheckpoint) {
		t.Errorf("a key that nobody introduced: %v", err)
	}
}

// stubborn is a copy that takes nothing until it is told to.
type stubborn struct {
	willing bool
	kept    []int64
	asked   chan int64 // what it was offered, if anyone wants to know
}

var errStubborn = errors.New("no")

func (*stubborn) Latest(context.Context) (register.Checkpoint, error) {
	return register.Checkpoint{}, nil
}

func (c *stubborn) Keep(_ context.Context, head register.Checkpoint, _ func(int64) (tlog.TreeProof, error)) error {
	if !c.willing {
		select {
		case c.asked <- head.Tree.N:
		default:
		}
		return errStubborn
	}
	c.kept = append(c.kept, head.Tree.N)
	return nil
}

func TestSealingDoesNotDependOnCopies(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 3)
	outside := &stubborn{}
	sealer := db.NewSealer(s.db, s.keys, s.verifiers, outside)
	if n, err := sealer.Seal(t.Context()); n != 3 || !errors.Is(err, errStubborn) {
		t.Errorf("%d %v", n, err)
	}
	outside.willing = true
	for range 2 { // handed over although nothing is new, and once only
		if n, err := sealer.Seal(t.Context()); n != 0 || err != nil {
			t.Errorf("%d %v", n, err)
		}
	}
	if fmt.Sprint(outside.kept) != "[3]" {
		t.Errorf("kept %v", outside.kept)
	}
}

// Run seals what is written meanwhile, says once that it cannot, and once that
// it can again.
func TestRun(t *testing.T) {
	s := newSealed(t)
	var log bytes.Buffer
	outside := &stubborn{asked: make(chan int64, 3)}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	s.fill(t, 5)
	go func() {
		defer close(done)
		db.NewSealer(s.db, s.keys, s.verifiers, outside).Run(ctx, 10*time.Millisecond, slog.New(slog.NewTextHandler(&log, nil)))
	}()
	for range cap(outside.asked) { // it is offered again and again
		if n := <-outside.asked; n != 5 {
			t.Errorf("offered the log of %d entries", n)
		}
	}
	stop()
	<-done
	if n := strings.Count(log.String(), "the register is not sealed"); n != 1 || strings.Contains(log.String(), "1400000") {
		t.Errorf("%s", &log)
	}
}
