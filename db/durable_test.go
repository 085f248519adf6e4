package db_test

import (
	"context"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/db/pgserver"
)

// private starts a server of the test's own, with durability, that can be
// killed. The folder outlives the server.
func private(t *testing.T, dir string) *pgserver.Server {
	t.Helper()
	s, err := pgserver.Start(t.Context(), pgserver.Options{Dir: dir, Log: t.Output()})
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// Every acknowledged entry is there after the server was killed under load and
// came back; so are the goods whose senders were answered.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	dir := filepath.Join(dbtest.Dir(t), "data")
	s := private(t, dir)
	migrateAtOnce(t, s)
	var kept acknowledged
	for round := range 5 {
		d, err := db.Open(t.Context(), s.URL("portal", "portal"), db.Options{MaxConns: 8})
		must(t, err)
		before := kept.count()
		load(t, d, &kept, before+50, func() { must(t, syscall.Kill(s.PID(), syscall.SIGKILL)) })
		d.Close()
		<-s.Done()
		must(t, s.Stop())
		s = private(t, dir)
		missing(t, s.URL("postgres", "portal"), &kept)
		t.Logf("round %d: %d acknowledged", round+1, kept.count()-before)
	}
}

// migrateAtOnce migrates two databases of a fresh cluster by several programs
// at once: the first to come makes the roles, and none of them fails.
func migrateAtOnce(t *testing.T, s *pgserver.Server) {
	t.Helper()
	var programs sync.WaitGroup
	for _, name := range []string{"portal", "beside"} {
		must(t, db.Bootstrap(t.Context(), s.URL("postgres", "postgres"), name))
	}
	for _, name := range []string{"portal", "beside", "portal", "beside"} {
		programs.Go(func() {
			if err := db.Migrate(t.Context(), s.URL("portal_owner", name), "portal"); err != nil {
				t.Errorf("several programs migrate at once: %v", err)
			}
		})
	}
	programs.Wait()
}

// acknowledged are the ids of what the database said it had stored.
type acknowledged struct {
	mu             sync.Mutex
	entries, goods []string
}

func (a *acknowledged) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.entries)
}

func (a *acknowledged) add(to *[]string, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*to = append(*to, id)
}

// load writes entries and goods from many sides until the database is gone;
// kill is called once so many entries were acknowledged.
func load(t *testing.T, d *db.DB, kept *acknowledged, many int, kill func()) {
	t.Helper()
	key := signIn(t, d, aysel)
	r := db.NewRegister(d)
	defer r.Close()
	var writers sync.WaitGroup
	var enough sync.Once
	for range 8 {
		writers.Go(func() {
			defer enough.Do(kill) // also if one answer took too long
			for {
				e := entryOf(key, aysel)
				if r.Submit(t.Context(), e).Wait(t.Context()) != nil {
					return
				}
				kept.add(&kept.entries, e.RequestID.String())
				if kept.count() >= many {
					enough.Do(kill)
				}
			}
		})
	}
	writers.Go(func() {
		for {
			id := uuid.NewString()
			if _, err := d.StoreFeed(t.Context(), []db.Snapshot{goodsOf(aysel, id, 1)}, nil); err != nil {
				return
			}
			kept.add(&kept.goods, id)
		}
	})
	writers.Wait()
}

// missing fails for each acknowledged id that is not there.
func missing(t *testing.T, url string, kept *acknowledged) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer c.Close(context.WithoutCancel(t.Context()))
	if n := one[int](t, c, "select count(*) from unnest($1::text[]) id where id::uuid not in (select request_id from register_entry)", kept.entries); n > 0 {
		t.Errorf("%d of %d acknowledged entries are lost", n, len(kept.entries))
	}
	if n := one[int](t, c, "select count(*) from unnest($1::text[]) id where id not in (select registration from pending)", kept.goods); n > 0 {
		t.Errorf("%d of %d acknowledged consignments are lost", n, len(kept.goods))
	}
}
