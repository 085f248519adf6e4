package db_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// listen hands on what Listen says until the test ends. The first word, "",
// says that it listens.
func listen(t *testing.T, d *db.DB) <-chan string {
	t.Helper()
	said := make(chan string, 1000)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Listen(ctx, db.Notices{Listening: func(bool) {}, Changed: func(v string) { said <- v }, Ended: func(string) {}})
	}()
	t.Cleanup(func() { stop(); <-done })
	if got := next(t, said); got != "" {
		t.Fatalf("it begins with %q", got)
	}
	return said
}

func next(t *testing.T, said <-chan string) string {
	t.Helper()
	select {
	case v := <-said:
		return v
	case <-time.After(time.Minute):
		t.Fatal("nothing was said")
		return ""
	}
}

func TestListen(t *testing.T) {
	_, d := open(t)
	said := listen(t, d)
	store(t, d, goodsOf(aysel, "R1", 1), goodsOf(aysel, "R2", 1))
	if got := next(t, said); got != string(aysel) {
		t.Errorf("a new consignment: %q", got)
	}
	store(t, d, goodsOf(aysel, "R1", 1)) // nothing changes, so nothing is said: the next word is another's
	store(t, d, goodsOf(rashad, "R3", 1))
	if got := next(t, said); got != string(rashad) {
		t.Errorf("another trader's: %q", got)
	}
	store(t, d, goodsOf(rashad, "R1", 2))
	if a, b := next(t, said), next(t, said); a != string(aysel) || b != string(rashad) {
		t.Errorf("a corrected VÖEN: %q, %q", a, b)
	}
	store(t, d, goodsOf(rashad, "R1", 3, with(customs.Released)))
	if got := next(t, said); got != string(rashad) {
		t.Errorf("a finished one: %q", got)
	}
	_, err := d.StoreFeed(t.Context(), nil, []customs.Heartbeat{{Checkpoint: "00911", AsOf: noon}}) // is no news
	must(t, err)
	var many []db.Snapshot
	for i := range 101 {
		many = append(many, goodsOf(customs.VOEN(fmt.Sprintf("14990%05d", i)), fmt.Sprintf("M%d", i), 1))
	}
	store(t, d, many...)
	if got := next(t, said); got != "" {
		t.Errorf("many traders at once: %q", got)
	}
	if len(said) > 0 {
		t.Errorf("and then %q", <-said)
	}
}

// A notice is part of the transaction: who hears it can read what it is about,
// and a batch that fails says nothing.
func TestNoticeComesWithTheData(t *testing.T) {
	_, d := open(t)
	key, said := signIn(t, d, aysel), listen(t, d)
	bad := goodsOf(rashad, "R0", 1)
	bad.Document = []byte(`{`)
	if _, err := d.StoreFeed(t.Context(), []db.Snapshot{bad}, nil); err == nil {
		t.Fatal("a broken document was stored")
	}
	for i := range 20 {
		store(t, d, goodsOf(aysel, fmt.Sprint("R", i), 1))
		if got := next(t, said); got != string(aysel) {
			t.Fatalf("%q", got)
		}
		if l := list(t, d, key, customs.Query{}, 25); l.Total != i+1 {
			t.Fatalf("notice %d came before its data: %d", i, l.Total)
		}
	}
}

func TestListenRecovers(t *testing.T) {
	f, d := open(t)
	said, su := listen(t, d), connect(t, f.SuperuserURL)
	for range 3 {
		const listeners = "from pg_stat_activity where datname = current_database() and query like 'listen%'"
		eventually(t, "one connection listens", func() bool { return one[int](t, su, "select count(*) "+listeners) == 1 }) // the one before may still be ending
		if n := one[int](t, su, "select count(pg_terminate_backend(pid)) "+listeners); n != 1 {
			t.Fatalf("%d listeners", n)
		}
		if got := next(t, said); got != "" {
			t.Errorf("after the loss it says %q", got)
		}
		store(t, d, goodsOf(aysel, "R1", one[int64](t, su, "select coalesce(max(revision), 0) + 1 from consignment")))
		if got := next(t, said); got != string(aysel) {
			t.Errorf("and then %q", got)
		}
	}
}

// A connection that neither brings anything nor ends, as behind a network that
// swallows everything, is left for a new one.
func TestListenLeavesASilentConnection(t *testing.T) {
	f, d := open(t)
	said, su := listen(t, d), connect(t, f.SuperuserURL)
	pid := one[int](t, su, "select pid from pg_stat_activity where datname = current_database() and query like 'listen%'")
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	t.Cleanup(func() { must(t, syscall.Kill(pid, syscall.SIGCONT)) })
	if got := next(t, said); got != "" {
		t.Errorf("it says %q", got)
	}
	store(t, d, goodsOf(aysel, "R1", 1))
	if got := next(t, said); got != string(aysel) {
		t.Errorf("and then %q", got)
	}
}

// Where nothing happens the connection stays, and nothing is missed.
func TestListenStaysWhereItIsQuiet(t *testing.T) {
	f, d := open(t)
	said, su := listen(t, d), connect(t, f.SuperuserURL)
	const which = "select pid from pg_stat_activity where datname = current_database() and query like 'listen%'"
	pid := one[int](t, su, which)
	const asked = "select count(*) from pg_stat_activity where query like 'listen%' and datname = current_database() and query_start > backend_start + interval '4 seconds'"
	for one[int](t, su, asked) == 0 && t.Context().Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}
	if now := one[int](t, su, which); now != pid || len(said) > 0 {
		t.Errorf("another connection: %d, not %d", now, pid)
	}
	store(t, d, goodsOf(aysel, "R1", 1))
	if got := next(t, said); got != string(aysel) {
		t.Errorf("it says %q", got)
	}
}
