package db_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

// big fills the tables as a large country would: 10,000 rows of one trader
// among those of hundreds of others.
func big(t *testing.T, d *db.DB, superuser string) db.SessionKey {
	t.Helper()
	for batch := lot(aysel, 10_000); len(batch) > 0; batch = batch[1000:] {
		store(t, d, batch[:1000]...)
	}
	su := connect(t, superuser)
	for i := range 2 { // the same goods again, of others
		exec(t, su, `
			insert into consignment (registration, revision, digest, checkpoint, voen, status, status_at, registered_at, document)
			select 'X' || $1 || registration, revision, digest, checkpoint, (2000000000 + n % 300)::text, status, status_at, registered_at, '{}'
			  from (select registration, revision, digest, checkpoint, status, status_at, registered_at, row_number() over () n from consignment where voen = '1499000151') c`, fmt.Sprint(i))
		exec(t, su, `
			insert into pending
			select 'X' || $1 || registration, (2000000000 + row_number() over () % 300)::text, checkpoint, status, status_at, registered_at, received_at, mode,
			       vehicle, document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
			       next_code, next_who, next_agency, next_note, next_since, next_due, search
			  from pending where voen = '1499000151'`, fmt.Sprint(i))
	}
	exec(t, su, "analyze pending, consignment")
	return signIn(t, d, aysel)
}

// node is a part of a plan as EXPLAIN (FORMAT JSON) shows it.
type node struct {
	Type  string `json:"Node Type"`
	Index string `json:"Index Name"`
	Plans []node `json:"Plans"`
}

func (n node) indexes() string {
	s := n.Index + " "
	if n.Type == "Seq Scan" {
		s += "SEQ "
	}
	for _, p := range n.Plans {
		s += p.indexes()
	}
	return s
}

func TestBigTrader(t *testing.T) {
	f, d := open(t)
	key := big(t, d, f.SuperuserURL)
	t.Run("plan", func(t *testing.T) {
		c := as(t, f.URL, settingOf(key))
		for sql, index := range map[string]string{
			"select registration from pending order by checkpoint, registered_at desc, registration limit 25":                            "pending_list",
			"select registration from pending where checkpoint = '00901' order by checkpoint, registered_at desc, registration limit 25": "pending_list",
			"select registration from consignment where registration = 'R00001'":                                                         "consignment_pkey",
		} {
			var text []byte
			must(t, c.QueryRow(t.Context(), "explain (format json) "+sql).Scan(&text))
			var plans []struct{ Plan node }
			must(t, json.Unmarshal(text, &plans))
			if got := plans[0].Plan.indexes(); !strings.Contains(got, index) || strings.Contains(got, "SEQ") {
				t.Errorf("%s goes by %q, want %s:\n%s", sql, got, index, text)
			}
		}
	})
	for _, statistics := range []string{"new", "none"} {
		t.Run("search plan, statistics "+statistics, func(t *testing.T) {
			su := connect(t, f.SuperuserURL)
			tx, err := su.Begin(t.Context())
			must(t, err)
			defer func() { must(t, tx.Rollback(t.Context())) }()
			if statistics == "none" {
				_, err := tx.Exec(t.Context(), "delete from pg_statistic where starelid = 'pending'::regclass")
				must(t, err)
			}
			_, err = tx.Exec(t.Context(), "set local role portal_owner; set local enable_seqscan = off") // as find_page does
			must(t, err)
			for condition, index := range map[string]string{
				"voen || '' = '1499000151' and bulk and search like '%r0999%'":     "pending_search",
				"voen || '' = '1499000151' and bulk and 'sekar' <% search":         "pending_search",
				"voen = '1499000151' and not bulk and strpos(search, 'r0999') > 0": "pending_single",
			} {
				var text []byte
				must(t, tx.QueryRow(t.Context(), "explain (format json) select registration from pending where "+condition).Scan(&text))
				if !strings.Contains(string(text), `"`+index+`"`) {
					t.Errorf("%s does not go by %s:\n%s", condition, index, text)
				}
			}
			if n := one[int](t, su, "select count(*) from pending where voen = '1499000151' and not bulk"); n > 3*150 {
				t.Errorf("%d rows of a big trader are not bulk", n)
			}
		})
	}
	t.Run("pages", func(t *testing.T) {
		for _, test := range []struct {
			q           customs.Query
			total, page int
			rows        int
		}{
			{customs.Query{}, 10_000, 1, 25},
			{customs.Query{Page: 400}, 10_000, 400, 25},
			{customs.Query{Page: 401}, 10_000, 400, 25},
			{customs.Query{Page: 134, Checkpoint: "00900"}, 3334, 134, 9},
			{customs.Query{Text: "R0999"}, 10, 1, 10},
			{customs.Query{Text: "seker", Sort: customs.Heaviest, Page: 99}, 10_000, 99, 25},
			{customs.Query{Text: "XR00001"}, 1, 1, 1}, // another's: nearest is R00001, which is said
			{customs.Query{Text: "nobody has this"}, 0, 1, 0},
		} {
			l := list(t, d, key, test.q, 25)
			if l.Total != test.total || l.Page != test.page || len(l.Rows) != test.rows || l.AllTotal != 10_000 {
				t.Errorf("%+v: %d rows, page %d, total %d of %d", test.q, len(l.Rows), l.Page, l.Total, l.AllTotal)
			}
		}
	})
}

// What is read for each page is planned once. A statement of which PostgreSQL
// believes that planning it for this very trader pays costs twice as much.
func TestPagesArePlannedOnce(t *testing.T) {
	f := dbtest.New(t)
	d, err := db.Open(t.Context(), f.URL, db.Options{MaxConns: 1})
	must(t, err)
	t.Cleanup(d.Close)
	store(t, d, lot(aysel, 60)...)
	su := connect(t, f.SuperuserURL)
	exec(t, su, "analyze")
	exec(t, su, "update pg_class set reltuples = 100000 where relname in ('pending', 'consignment')") // as if they had very much
	key := signIn(t, d, aysel)
	for range 12 {
		for _, q := range []customs.Query{{}, {Page: 2}, {Sort: customs.Deadline}, {Checkpoint: "00901"}, {Waiting: customs.You}, {Text: "seker"}, {Text: "r0000", Mode: "3", Sort: customs.Deadline}} {
			list(t, d, key, q, 25)
		}
		_, _, err := d.Detail(t.Context(), key, "R00001")
		must(t, err)
	}
	anew, err := d.PlannedAnew(t.Context())
	must(t, err)
	if len(anew) > 0 {
		t.Errorf("planned each time: %q", anew)
	}
}

// wire is a proxy before the server that counts the Sync messages of the
// frontend: each ends one round trip.
type wire struct {
	syncs atomic.Int64
}

// listen opens the proxy and returns the address by which the program comes
// through it.
func (w *wire) listen(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	socket := u.Query().Get("host") + "/.s.PGSQL." + u.Query().Get("port")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			front, err := l.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("unix", socket)
			if err != nil {
				front.Close()
				return
			}
			open.Go(func() { w.forward(front, back); back.Close() })
			open.Go(func() { _, _ = io.Copy(front, back); front.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait() })
	return "postgres://" + u.User.String() + "@" + l.Addr().String() + u.Path + "?sslmode=disable"
}

// forward hands messages on and counts. Each is a type byte, a length and so
// much more (PostgreSQL 15, 55.7); the first has no type.
func (w *wire) forward(front io.Reader, back io.Writer) {
	head := make([]byte, 5)
	for first := true; ; first = false {
		h := head
		if first {
			h = head[1:]
		}
		if _, err := io.ReadFull(front, h); err != nil {
			return
		}
		if !first && head[0] == 'S' {
			w.syncs.Add(1)
		}
		if _, err := back.Write(h); err != nil {
			return
		}
		n := int64(head[1])<<24 | int64(head[2])<<16 | int64(head[3])<<8 | int64(head[4])
		if _, err := io.CopyN(back, front, n-4); err != nil {
			return
		}
	}
}

// One page is one round trip, whatever is asked, once the connection knows the
// statements.
func TestOneRoundTrip(t *testing.T) {
	f, d := open(t)
	shelf(t, d)
	key := signIn(t, d, aysel)
	var w wire
	far, err := db.Open(t.Context(), w.listen(t, f.URL), db.Options{MaxConns: 1})
	must(t, err)
	for what, page := range map[string]func() error{
		"list": func() error { _, _, err := far.Goods(t.Context(), key, customs.Query{}, 25); return err },
		"filtered list": func() error {
			_, _, err := far.Goods(t.Context(), key, customs.Query{Text: "r", Mode: "3"}, 25)
			return err
		},
		"last page": func() error { _, _, err := far.Goods(t.Context(), key, customs.Query{Page: 9}, 2); return err },
		"details":   func() error { _, _, err := far.Detail(t.Context(), key, "R1"); return err },
		"session":   func() error { _, err := far.Session(t.Context(), key); return err },
	} {
		must(t, page()) // prepares the statements
		before := w.syncs.Load()
		must(t, page())
		if n := w.syncs.Load() - before; n != 1 {
			t.Errorf("%s: %d round trips", what, n)
		}
	}
	far.Close()
}

// Counts, groups and rows of a page agree with each other while senders change
// everything.
func TestPageIsOneSnapshot(t *testing.T) {
	_, d := open(t)
	key := signIn(t, d, aysel)
	var sender sync.WaitGroup
	done := make(chan struct{})
	sender.Go(func() {
		for revision := int64(1); ; revision++ {
			select {
			case <-done:
				return
			default:
			}
			var batch []db.Snapshot
			for i := range 30 { // all come, all go
				status := customs.Registered
				if revision%2 == 0 {
					status = customs.Released
				}
				batch = append(batch, goodsOf(aysel, fmt.Sprint("R", i), revision, with(status), at(fmt.Sprint("0090", i%3))))
			}
			store(t, d, batch...)
		}
	})
	for range 300 {
		for _, q := range []customs.Query{{}, {Mode: "3"}} {
			l := list(t, d, key, q, 50)
			if len(l.Rows) != l.Total || sum(l.Groups) != l.Total || l.Total != l.AllTotal || l.Total%30 != 0 {
				t.Errorf("%d rows, total %d, groups %v, all %d", len(l.Rows), l.Total, l.Groups, l.AllTotal)
			}
		}
		if t.Failed() {
			break
		}
	}
	close(done)
	sender.Wait()
}

// Statements whose estimates are far above what they cost must not be compiled:
// that takes longer than they do.
func TestSearchIsNotCompiled(t *testing.T) {
	f, _ := open(t)
	su := connect(t, f.SuperuserURL)
	forced := one[int](t, su, `select count(*) from pg_proc where proconfig @> '{enable_seqscan=off}'`)
	compiled := one[int](t, su, `select count(*) from pg_proc where proconfig @> '{enable_seqscan=off}' and not proconfig @> '{jit=off}'`)
	if forced < 3 || compiled != 0 {
		t.Errorf("of %d functions that force an index %d may be compiled", forced, compiled)
	}
}
