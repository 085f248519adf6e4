package db_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/register"
)

// sealed is a database with a register, its keys and the ways to look at it.
type sealed struct {
	*dbtest.DB
	db        *db.DB
	keys      *register.Keys
	verifiers *register.Verifiers
	private   string
	super     *pgx.Conn
}

func newSealed(t testing.TB) *sealed {
	t.Helper()
	return sealedOn(t, dbtest.New(t))
}

func sealedOn(t testing.TB, f *dbtest.DB) *sealed {
	t.Helper()
	s := &sealed{DB: f}
	var err error
	if s.private, _, err = register.NewKey("portal.test/register"); err != nil {
		t.Fatal(err)
	}
	if s.keys, err = register.ParseKeys(s.private, ""); err != nil {
		t.Fatal(err)
	}
	if s.verifiers, err = s.keys.Verifiers(); err != nil {
		t.Fatal(err)
	}
	s.connect(t)
	return s
}

// connect opens the database as the serving role and as a superuser.
func (s *sealed) connect(t testing.TB) {
	t.Helper()
	var err error
	if s.db, err = db.Open(t.Context(), s.URL, db.Options{MaxConns: 8}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.db.Close)
	if s.super, err = pgx.Connect(t.Context(), s.SuperuserURL); err != nil {
		t.Fatal(err)
	}
	super := s.super
	t.Cleanup(func() { _ = super.Close(context.Background()) })
}

// elsewhere is the address of another database of the same server.
func elsewhere(url, from, to string) string { return strings.Replace(url, "/"+from, "/"+to, 1) }

// fill writes entries straight into the table, with ids that follow each other.
func (s *sealed) fill(t testing.TB, n int) {
	t.Helper()
	s.exec(t, `
		insert into register_entry (at, request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select clock_timestamp(), gen_random_uuid(), 'web', 'trader', '00000000-0000-4000-8000-000000000001', (1400000000 + i % 997)::text,
		       'goods.list', '/goods?q=pomidor&page=' || i, 'answered', i % 40, 1000 + i
		  from generate_series(1, $1::int) i`, n)
}

// exec runs as a superuser whom no trigger stops.
func (s *sealed) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := s.super.Exec(t.Context(), `set session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.super.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (s *sealed) seal(t testing.TB) int64 {
	t.Helper()
	n, err := db.NewSealer(s.db, s.keys, s.verifiers).Seal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *sealed) verify(t testing.TB, o db.VerifyOptions) db.Report {
	t.Helper()
	if o.Verifiers == nil {
		o.Verifiers = s.verifiers
	}
	r, err := db.Verify(t.Context(), s.OwnerURL, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The whole register of a million entries: sealed, verified, and beside it the
// floor, a bare pass of SHA-256 and the Merkle tree over the same bytes in
// memory.
func BenchmarkRegister(b *testing.B) {
	const n = 1_000_000
	s := newSealed(b)
	for range n / 100_000 {
		s.fill(b, 100_000)
	}
	s.exec(b, `analyze`)
	began := time.Now()
	for s.seal(b) > 0 {
	}
	b.ReportMetric(time.Since(began).Seconds(), "s-seal")

	data := make([]byte, 0, n*450)
	ends := make([]int, 0, n)
	must(b, db.Export(b.Context(), s.OwnerURL, 1, 0, func(leaf []byte) error {
		data = append(data, leaf...)
		ends = append(ends, len(data))
		return nil
	}))
	began = time.Now()
	var tree register.Tree
	start := 0
	for _, end := range ends {
		tree.Append(register.LeafHash(data[start:end]))
		tree.Full()
		start = end
	}
	head, err := tree.Head()
	must(b, err)
	bare := time.Since(began)
	if head != s.head(b).Tree {
		b.Fatal("the bare pass finds another root")
	}
	data, ends = nil, nil // half a gigabyte that verifying must not pay for
	runtime.GC()

	var verified time.Duration
	rounds := 0
	for b.Loop() {
		began = time.Now()
		if r := s.verify(b, db.VerifyOptions{}); !r.OK() || r.Checked != n {
			b.Fatalf("%+v", r)
		}
		verified += time.Since(began)
		rounds++
	}
	b.ReportMetric(bare.Seconds(), "s-bare")
	b.ReportMetric(verified.Seconds()/float64(rounds), "s-verify")
	b.ReportMetric(verified.Seconds()/float64(rounds)/bare.Seconds(), "x-bare")
}
