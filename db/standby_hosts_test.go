package db_test

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

// withDeafHost puts a host before those of an address that accepts connections
// and never says a word.
func withDeafHost(t *testing.T, address string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "deaf")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	u, err := url.Parse(address)
	must(t, err)
	q := u.Query()
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	must(t, err)
	t.Cleanup(func() { l.Close() })
	q.Set("host", dir+","+q.Get("host"))
	q.Set("port", "5432,"+q.Get("port"))
	u.RawQuery = q.Encode()
	return u.String()
}

// A host that is deaf stands in nobody's way: the primary behind it is the
// primary, and takes entries.
func TestDeafHost(t *testing.T) {
	t.Parallel()
	p := dbtest.NewPair(t)
	d, err := db.Open(t.Context(), withDeafHost(t, p.URL()), db.Options{MaxConns: 4, Journal: filepath.Join(t.TempDir(), "journal")})
	must(t, err)
	t.Cleanup(d.Close)
	r := newRegister(t, d)
	watch(t, d, func(gone bool) { t.Errorf("it was told that the primary is gone: %t", gone) })
	key := signIn(t, d, aysel)
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
	must(t, r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()))
	emptied(t, d)
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if d.FromStandby() {
			t.Fatal("the primary is taken for gone")
		}
	}
}

// A standby that becomes the primary is found, also behind an old one that
// takes questions and answers none.
func TestPromotedStandby(t *testing.T) {
	t.Parallel()
	p, d, _ := openPair(t)
	r := newRegister(t, d)
	watch(t, d, func(bool) {})
	key := signIn(t, d, aysel)
	store(t, d, goodsOf(aysel, "A1", 1))
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
	p.CatchUp()
	thaw := p.Freeze()
	eventually(t, "the primary is taken for gone", d.FromStandby)
	must(t, r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()))
	p.Promote()
	eventually(t, "the new primary is asked", func() bool {
		s, _, err := d.EvenStandby().Goods(t.Context(), key, customs.Query{}, 25)
		return err == nil && s.AsOf.IsZero()
	})
	store(t, d, goodsOf(aysel, "A2", 1))
	if l := list(t, d, key, customs.Query{}, 25); len(l.Rows) != 2 {
		t.Errorf("%d registrations, want 2", len(l.Rows))
	}
	emptied(t, d)
	// The old one wakes up, and nothing is written there.
	thaw()
	for range 20 {
		must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
		store(t, d, goodsOf(aysel, "A3", 1))
	}
	su := connect(t, p.Standby.URL("postgres", "portal"))
	if n := one[int](t, su, `select count(*) from register_entry`); n != 22 {
		t.Errorf("%d entries are with the new primary, want 22", n)
	}
}

// Whom the standby does not know is not told that their session has ended: it
// may only not have come there.
func TestStandbyThatLagsBehind(t *testing.T) {
	t.Parallel()
	p, d, _ := openPair(t)
	old := signIn(t, d, aysel)
	store(t, d, goodsOf(aysel, "A1", 1))
	p.CatchUp()
	p.Pause()
	young, before := signIn(t, d, aysel), time.Now()
	store(t, d, goodsOf(aysel, "A2", 1))
	p.Kill()
	any := d.EvenStandby()
	if _, _, err := any.Goods(t.Context(), young, customs.Query{}, 25); !errors.Is(err, db.ErrUnreachable) {
		t.Errorf("a session that has not come there: %v", err)
	}
	s, l, err := any.Goods(t.Context(), old, customs.Query{}, 25)
	if err != nil || len(l.Rows) != 1 || s.AsOf.After(before) {
		t.Errorf("%d registrations as of %s, want one and before %s: %v", len(l.Rows), s.AsOf, before, err)
	}
	p.Resume()
	eventually(t, "the standby has the rest", func() bool {
		s, l, err := any.Goods(t.Context(), young, customs.Query{}, 25)
		return err == nil && len(l.Rows) == 2 && s.AsOf.After(before)
	})
}

// The portal's own request is none that a standby answers.
func TestProbeIsNotReadFromAStandby(t *testing.T) {
	t.Parallel()
	p, d, _ := openPair(t)
	key, err := d.StartSystemSession(t.Context(), limits)
	must(t, err)
	p.CatchUp()
	p.Kill()
	if _, _, err := d.EvenStandby().Goods(t.Context(), key, customs.Query{}, 25); !errors.Is(err, db.ErrUnreachable) {
		t.Errorf("it is answered: %v", err)
	}
}

// A journal keeps nothing personal of what it has handed on, and what it holds
// can be read once its process has ended.
func TestJournalIsEmptiedForGood(t *testing.T) {
	t.Parallel()
	p, d, journal := openPair(t)
	key := signIn(t, d, aysel)
	p.Kill()
	r := db.NewRegister(d)
	for range 50 {
		must(t, r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()))
	}
	r.Close()
	d.Close()
	n := 0
	must(t, db.ReadJournal(journal, func(entry []byte, refused bool) error {
		if refused || !bytes.Contains(entry, []byte(aysel)) {
			t.Errorf("an entry that is refused (%t), or without the trader: %s", refused, entry)
		}
		n++
		return nil
	}))
	if n != 50 {
		t.Errorf("%d entries are shown, want 50", n)
	}
	if err := db.ReadJournal(journal+".none", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal that is not there: %v", err)
	}

	p.Start()
	d = openWithJournal(t, p, journal)
	newRegister(t, d)
	eventually(t, "the file is new", func() bool {
		file, err := os.ReadFile(journal)
		return err == nil && !bytes.Contains(file, []byte(aysel))
	})
	must(t, d.StandbyReady(t.Context()))
	su := connect(t, p.DB().SuperuserURL)
	if n := one[int](t, su, `select count(*) from register_late`); n != 50 {
		t.Errorf("%d entries came into the register, want 50", n)
	}
}

// A primary that comes back after another was promoted is none any more, also
// if the address names it first.
func TestOldPrimaryComesBack(t *testing.T) {
	t.Parallel()
	p := dbtest.NewPair(t)
	d := openPrimaryFirst(t, p)
	watch(t, d, func(bool) {})
	key := signIn(t, d, aysel)
	p.CatchUp()
	p.Kill()
	p.Promote()
	eventually(t, "the new primary takes goods", func() bool {
		_, err := d.StoreFeed(t.Context(), []db.Snapshot{goodsOf(aysel, "A1", 1)}, nil)
		return err == nil
	})
	p.Start()
	su := connect(t, p.Standby.URL("postgres", "portal"))
	exec(t, su, `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'portal'`)
	eventually(t, "the list comes from the new primary", func() bool {
		s, l, err := d.EvenStandby().Goods(t.Context(), key, customs.Query{}, 25)
		if err == nil && len(l.Rows) != 1 {
			t.Fatalf("%d registrations as of %s: the old primary answers", len(l.Rows), s.AsOf)
		}
		return err == nil && s.AsOf.IsZero()
	})
}

// openPrimaryFirst opens a pair whose address names the primary first.
func openPrimaryFirst(t *testing.T, p *dbtest.Pair) *db.DB {
	t.Helper()
	u, err := url.Parse(p.URL())
	must(t, err)
	q := u.Query()
	hosts := strings.Split(q.Get("host"), ",")
	q.Set("host", hosts[1]+","+hosts[0])
	u.RawQuery = q.Encode()
	d, err := db.Open(t.Context(), u.String(), db.Options{MaxConns: 4, Journal: filepath.Join(t.TempDir(), "journal")})
	must(t, err)
	t.Cleanup(d.Close)
	return d
}

// A primary that hangs, and wakes up just after another was promoted, is none
// any more, although it is named first and answers.
func TestOldPrimaryWakesUp(t *testing.T) {
	t.Parallel()
	p := dbtest.NewPair(t)
	d := openPrimaryFirst(t, p)
	r := newRegister(t, d)
	watch(t, d, func(bool) {})
	key := signIn(t, d, aysel)
	must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
	p.CatchUp()
	thaw := p.Freeze()
	eventually(t, "the primary is taken for gone", d.FromStandby)
	must(t, r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()))
	p.Promote()
	thaw()
	eventually(t, "there is a primary", func() bool { return !d.FromStandby() })
	for range 20 {
		must(t, r.Submit(t.Context(), entryOf(key, aysel)).Wait(t.Context()))
	}
	emptied(t, d)
	su := connect(t, p.Standby.URL("postgres", "portal"))
	if n := one[int](t, su, `select count(*) from register_entry`); n != 22 {
		t.Errorf("%d entries are with the new primary, want 22", n)
	}
}

// A journal that is damaged while it is used answers with errors, at once, and
// lets the process end.
func TestJournalDamagedInUse(t *testing.T) {
	t.Parallel()
	p, d, journal := openPair(t)
	key := signIn(t, d, aysel)
	p.Kill()
	r := db.NewRegister(d)
	for range 40 {
		must(t, r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()))
	}
	must(t, os.Truncate(journal, 4096))
	began := time.Now()
	for range 3 {
		if err := r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()); !errors.Is(err, db.ErrNotDurable) {
			t.Errorf("an entry for a damaged journal: %v", err)
		}
	}
	if _, _, err := d.Journalled(); err == nil {
		t.Error("a damaged journal is counted")
	}
	if err := d.StandbyReady(t.Context()); err == nil {
		t.Error("pages could be served")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	r.Close()
	d.Close()
}

// A journal that is damaged is said to be, wherever that is.
func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	p, d, journal := openPair(t)
	key := signIn(t, d, aysel)
	p.Kill()
	r := db.NewRegister(d)
	var wrote sync.WaitGroup
	for range 300 {
		wrote.Go(func() {
			if err := r.Submit(t.Context(), aside(key, aysel)).Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wrote.Wait()
	r.Close()
	d.Close()
	whole, err := os.ReadFile(journal)
	must(t, err)
	const page = 4096
	said, read := 0, 0
	for at := 0; at < len(whole); at += page {
		for _, damaged := range [][]byte{
			slices.Concat(whole[:at], bytes.Repeat([]byte{0xa5}, page), whole[min(at+page, len(whole)):]),
			whole[:at],
		} {
			copied := filepath.Join(t.TempDir(), "journal") // what stumbles over a file may leave it locked
			must(t, os.WriteFile(copied, damaged, 0o600))
			switch err := db.ReadJournal(copied, func([]byte, bool) error { return nil }); {
			case err == nil:
				read++ // a page that is free, or an empty file
			case strings.Contains(err.Error(), "damaged") || strings.Contains(err.Error(), copied):
				said++
			default:
				t.Errorf("page %d: %v", at/page, err)
			}
		}
	}
	if said < 10 || read < 1 {
		t.Errorf("%d of %d damaged journals are refused", said, said+read)
	}
}
