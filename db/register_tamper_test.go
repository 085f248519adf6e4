package db_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// history is a register of 600 numbers, of which 100 and 101 were never used,
// sealed in three steps, with the checkpoints as they are kept outside.
func history(t *testing.T) (*sealed, []register.Checkpoint) {
	t.Helper()
	s := newSealed(t)
	var outside []register.Checkpoint
	for _, step := range []struct{ entries, gap int }{{99, 2}, {200, 0}, {299, 0}} {
		s.fill(t, step.entries)
		for range step.gap {
			s.exec(t, `select nextval('register_entry_id_seq')`)
		}
		s.seal(t)
		outside = append(outside, s.head(t))
	}
	if n := outside[2].Tree.N; n != 600 {
		t.Fatalf("%d leaves", n)
	}
	return s, outside
}

// head is the newest checkpoint.
func (s *sealed) head(t testing.TB) register.Checkpoint {
	t.Helper()
	h, err := s.db.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.verifiers.Open(h.Note)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// visiting makes checkpoints what VerifyOptions.Outside wants.
func visiting(list []register.Checkpoint) func(func(register.Checkpoint) error) error {
	return func(visit func(register.Checkpoint) error) error {
		for _, c := range list {
			if err := visit(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestVerifyHonestRegister(t *testing.T) {
	s, outside := history(t)
	s.fill(t, 3)
	r := s.verify(t, db.VerifyOptions{Outside: visiting(outside)})
	if !r.OK() || r.Size != 600 || r.Checked != 600 || r.Gaps != 2 || r.Checkpoints != 3 || r.Outside != 3 || r.Unsealed != 3 || r.Waiting.IsZero() {
		t.Errorf("%+v", r)
	}
	r = s.verify(t, db.VerifyOptions{From: 90, To: 110})
	if !r.OK() || r.Checked != 21 || r.Gaps != 2 {
		t.Errorf("a part: %+v", r)
	}
	if r = s.verify(t, db.VerifyOptions{From: 700, To: 800}); !r.OK() || r.Checked != 0 {
		t.Errorf("beyond: %+v", r)
	}
}

// tampering is what a superuser, whom no grant and no trigger stops, does to the
// register, and what Verify must say of it first.
var tampering = []struct {
	name, sql string
	want      db.Problem
	part      bool // a look at entries 90 to 310 alone finds it as well
}{
	{"update of a result", `update register_entry set results = results + 1 where id = 300`, db.Problem{Fault: db.EntryChanged, ID: 300}, true},
	{"update of an outcome", `update register_entry set outcome = 'nothing_pending' where id = 1`, db.Problem{Fault: db.EntryChanged, ID: 1}, false},
	{"update of the time by a microsecond", `update register_entry set at = at + interval '1 microsecond' where id = 256`, db.Problem{Fault: db.EntryChanged, ID: 256}, true},
	{"another VÖEN", `update register_entry set subject = '1499000151' where id = 257`, db.Problem{Fault: db.EntryChanged, ID: 257}, true},
	{"another question", `update register_entry set asked = '/' where id = 600`, db.Problem{Fault: db.EntryChanged, ID: 600}, false},
	{"another session", `update register_entry set session_id = gen_random_uuid() where id = 102`, db.Problem{Fault: db.EntryChanged, ID: 102}, true},
	{"another salt", `update register_entry set salts = set_byte(salts, 0, get_byte(salts, 0) # 1) where id = 300`, db.Problem{Fault: db.EntryChanged, ID: 300}, true},
	{"a made-up case", `update register_entry set case_id = gen_random_uuid() where id = 300`, db.Problem{Fault: db.EntryChanged, ID: 300}, true},
	{"a word that is no word", `alter table register_entry drop constraint register_entry_words;
		update register_entry set actor = E'trader\ncase -' where id = 300`, db.Problem{Fault: db.EntryChanged, ID: 300}, true},
	{"a value and its forgetting", `update register_entry set subject = null, session_id = null, asked = null, salts = null,
		commitments = register_commitments(salts, '1499000151', session_id, asked) where id = 300`, db.Problem{Fault: db.EntryChanged, ID: 300}, true},
	{"delete of one", `delete from register_entry where id = 300`, db.Problem{Fault: db.EntryRemoved, ID: 300}, true},
	{"delete of the first", `delete from register_entry where id = 1`, db.Problem{Fault: db.EntryRemoved, ID: 1}, false},
	{"delete of the last", `delete from register_entry where id = 600`, db.Problem{Fault: db.EntryRemoved, ID: 600}, false},
	{"delete of a range", `delete from register_entry where id between 200 and 299`, db.Problem{Fault: db.EntryRemoved, ID: 200}, true},
	{
		"insert into a gap", `insert into register_entry overriding system value
		select 101, at, gen_random_uuid(), channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us from register_entry where id = 99`,
		db.Problem{Fault: db.EntryAdded, ID: 101},
		true,
	},
	{"second row with a number", `insert into register_entry overriding system value
		select id, at + interval '1 second', gen_random_uuid(), channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us
		  from register_entry where id = 300`, db.Problem{Fault: db.EntryAdded, ID: 300}, true},
	{"rows under numbers that none has", `alter table register_entry drop constraint register_entry_numbers;
		insert into register_entry overriding system value
		select n, at, gen_random_uuid(), channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us
		  from register_entry, generate_series(-3, -2) n where id = 300`, db.Problem{Fault: db.EntryAdded, ID: -3}, true},
	{"swap of two", `alter table register_entry alter id drop identity; update register_entry set id = 601 - id where id in (300, 301)`, db.Problem{Fault: db.EntryMoved, ID: 300, Other: 301}, true},
	{"swap of two far apart", `alter table register_entry alter id drop identity; update register_entry set id = 651 - id where id in (301, 350)`, db.Problem{Fault: db.EntryMoved, ID: 301, Other: 350}, false},
	{"truncate of the rows", `truncate register_entry`, db.Problem{Fault: db.EntryRemoved, ID: 1}, false},
	{"truncate of the tree", `truncate register_tile`, db.Problem{Fault: db.TreeMissing, ID: 1}, false},
	{"delete of a tile", `delete from register_tile where level = 0 and n = 1`, db.Problem{Fault: db.TreeMissing, ID: 257}, false},
	{"delete of an upper tile", `delete from register_tile where level = 1`, db.Problem{Fault: db.TreeMissing, ID: 1}, false},
	{
		"a changed tile", `update register_tile set hashes = set_byte(hashes, 32 * 43, get_byte(hashes, 32 * 43) # 1) where level = 0 and n = 1`,
		db.Problem{Fault: db.TreeChanged, ID: 300},
		false,
	},
	{
		"a changed upper tile", `update register_tile set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = 1`,
		db.Problem{Fault: db.TreeChanged, ID: 257},
		false,
	},
	{"a cut tile", `update register_tile set hashes = substr(hashes, 1, 32 * 44) where level = 0 and n = 2`, db.Problem{Fault: db.TreeMissing, ID: 557}, false},
	{"rows and tree, as the last of them was", `delete from register_entry where id = 600;
		update register_tile set hashes = substr(hashes, 1, 32 * 87) where level = 0 and n = 2`, db.Problem{Fault: db.TreeMissing, ID: 600}, false},
	{"delete of the newest checkpoint", `delete from register_checkpoint where size = 600`, db.Problem{Fault: db.TreeLonger, ID: 301}, false},
	{"delete of an older checkpoint", `delete from register_checkpoint where size = 301`, db.Problem{Fault: db.CheckpointRemoved, ID: 301}, false},
	{"another root", `update register_checkpoint set root = sha256('x') where size = 301`, db.Problem{Fault: db.CheckpointBroken, ID: 301}, false},
	{"another note", `update register_checkpoint set note = replace(note, E'\n301\n', E'\n302\n') where size = 301`, db.Problem{Fault: db.CheckpointBroken, ID: 301}, false},
	{
		"a made-up checkpoint", `insert into register_checkpoint (size, root, note) values (1000000000000, sha256('x'), 'x')`,
		db.Problem{Fault: db.CheckpointBroken, ID: 1000000000000},
		false,
	},
	{
		"everything back to ninety-nine", `delete from register_entry where id > 99; delete from register_checkpoint where size > 99;
		delete from register_tile where n > 0 or level > 0; update register_tile set hashes = substr(hashes, 1, 32 * 99)`,
		db.Problem{Fault: db.OutsideAhead, ID: 600, Other: 99},
		false,
	},
	{"everything gone", `truncate register_entry, register_tile, register_checkpoint`, db.Problem{Fault: db.OutsideAhead, ID: 600}, false},
}

func TestTamperingIsFound(t *testing.T) {
	original, outside := history(t)
	for i, c := range tampering {
		t.Run(c.name, func(t *testing.T) {
			s := original.copy(t, fmt.Sprintf("%s_%d", original.Name, i))
			s.exec(t, c.sql)
			r := s.verify(t, db.VerifyOptions{Outside: visiting(outside)})
			if r.OK() || r.Problems[0] != c.want {
				t.Errorf("found %+v, want %+v first", r.Problems, c.want)
			}
			if !c.part {
				return
			}
			if r = s.verify(t, db.VerifyOptions{From: 90, To: 310}); r.OK() || r.Problems[0] != c.want {
				t.Errorf("looking at a part: found %+v, want %+v first", r.Problems, c.want)
			}
		})
	}
	if r := original.verify(t, db.VerifyOptions{Outside: visiting(outside)}); !r.OK() {
		t.Errorf("the original: %+v", r)
	}
}

// A register so large that several connections read it: every fault is found
// where it is, in the order of entries, and a broken connection is an error.
func TestLargeRegisterIsReadByMany(t *testing.T) {
	s := newSealed(t)
	const n = 140_000 // two chunks and a bit
	s.fill(t, n)
	for s.seal(t) > 0 {
	}
	if r := s.verify(t, db.VerifyOptions{}); !r.OK() || r.Checked != n {
		t.Fatalf("%+v", r)
	}
	s.exec(t, `update register_entry set results = results + 1 where id in (7, 70000, 139999)`)
	s.exec(t, `delete from register_entry where id in (65536, 65537, 140000)`)
	var told []int64
	r := s.verify(t, db.VerifyOptions{Progress: func(done, all int64) { told = append(told, done) }})
	want := []db.Problem{
		{Fault: db.EntryChanged, ID: 7},
		{Fault: db.EntryRemoved, ID: 65536},
		{Fault: db.EntryRemoved, ID: 65537},
		{Fault: db.EntryChanged, ID: 70000},
		{Fault: db.EntryChanged, ID: 139999},
		{Fault: db.EntryRemoved, ID: 140000},
	}
	if !slices.Equal(r.Problems, want) || !slices.Equal(told, []int64{65536, 131072, n}) {
		t.Errorf("found %+v, told %v", r.Problems, told)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := db.Verify(ctx, s.OwnerURL, db.VerifyOptions{Verifiers: s.verifiers, Progress: func(int64, int64) { cancel() }})
	if err == nil {
		t.Error("a verification that was broken off says that all is well")
	}
}

// copy is the database as it is now, under another name: what restoring a
// backup brings.
func (s *sealed) copy(t *testing.T, name string) *sealed {
	t.Helper()
	ctx := t.Context()
	admin, err := pgx.ParseConfig(s.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	admin.Database = "postgres"
	conn, err := pgx.ConnectConfig(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range []string{
		`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '` + s.Name + `'`,
		`create database ` + name + ` template ` + s.Name + ` strategy file_copy`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		conn, err := pgx.ConnectConfig(ctx, admin)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, `drop database `+name+` with (force)`); err != nil {
			t.Error(err)
		}
	})
	return s.at(t, name)
}

// at is the same register in another database of the server.
func (s *sealed) at(t *testing.T, name string) *sealed {
	t.Helper()
	c := *s
	base := *s.DB
	c.DB = &base
	c.Name = name
	c.URL, c.OwnerURL, c.SuperuserURL = elsewhere(s.URL, s.Name, name), elsewhere(s.OwnerURL, s.Name, name), elsewhere(s.SuperuserURL, s.Name, name)
	c.connect(t)
	return &c
}
