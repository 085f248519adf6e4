package db_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/register"
)

// Two traders whose numbers are used for nothing else.
const (
	aysel  = customs.VOEN("1499000151")
	rashad = customs.VOEN("1499000152")
)

// noon is when things happen in these tests, unless they say otherwise.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var limits = db.Limits{Idle: 20 * time.Minute, Absolute: 8 * time.Hour}

// open returns a fresh database and the program's way into it.
func open(t testing.TB) (*dbtest.DB, *db.DB) {
	t.Helper()
	f := dbtest.New(t)
	d, err := db.Open(t.Context(), f.URL, db.Options{MaxConns: 8})
	must(t, err)
	t.Cleanup(d.Close)
	return f, d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// connect opens a connection that ends with the test.
func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { c.Close(context.WithoutCancel(t.Context())) })
	return c
}

func exec(t testing.TB, c *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// one is the single value that a query answers.
func one[T any](t testing.TB, c *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := c.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// sqlState is the code of PostgreSQL's error, "" if it is none.
func sqlState(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// signIn starts a session of a trader.
func signIn(t testing.TB, d *db.DB, v customs.VOEN) db.SessionKey {
	t.Helper()
	k, err := d.StartSession(t.Context(), person(v), limits, nil)
	must(t, err)
	return k
}

func person(v customs.VOEN) db.Person {
	return db.Person{
		VOEN: v, PIN: "5A7KM2L", Name: "Aysel Məmmədova", Organisation: "«Xəzər Aqro Ticarət» MMC",
		Method: "file", Issuer: "business", Serial: "0a", Fingerprint: []byte{1, 2, 3},
	}
}

// goodsOf makes a small consignment; change alters it before it is encoded.
func goodsOf(v customs.VOEN, registration string, revision int64, change ...func(*customs.Consignment)) db.Snapshot {
	gross := customs.Mass(1_500_000)
	c := &customs.Consignment{
		Registration: registration, Revision: revision, Checkpoint: "00911", VOEN: v,
		Status: customs.Registered, StatusAt: noon.Add(time.Duration(revision) * time.Minute), RegisteredAt: noon,
		Consignee: customs.Party{Name: "«Xəzər Aqro Ticarət» MMC"},
		Transport: customs.Transport{Mode: 3, Vehicle: "99-AA-" + registration},
		Documents: []customs.Document{{Type: "730", Number: "CMR" + registration}},
		Goods: []customs.GoodsItem{{
			Number: 1, Description: "Şəkər çuğunduru", CommodityCode: "121291",
			Packages: &customs.Packages{Count: 10}, GrossMass: &gross,
		}},
	}
	for _, f := range change {
		f(c)
	}
	return snapshot(c)
}

func snapshot(c *customs.Consignment) db.Snapshot {
	document, err := json.Marshal(c)
	if err != nil {
		panic(err) // plain values
	}
	sum := sha256.Sum256(document)
	return db.Snapshot{Consignment: c, Document: document, Digest: [16]byte(sum[:16])}
}

func with(s customs.Status) func(*customs.Consignment) {
	return func(c *customs.Consignment) { c.Status = s }
}

func at(checkpoint string) func(*customs.Consignment) {
	return func(c *customs.Consignment) { c.Checkpoint = checkpoint }
}

// store stores a batch and returns its fates.
func store(t testing.TB, d *db.DB, batch ...db.Snapshot) []db.Fate {
	t.Helper()
	fates, err := d.StoreFeed(t.Context(), batch, nil)
	must(t, err)
	return fates
}

// list reads a page of the list.
func list(t testing.TB, d *db.DB, k db.SessionKey, q customs.Query, size int) customs.List {
	t.Helper()
	_, l, err := d.Goods(t.Context(), k, q, size)
	must(t, err)
	return l
}

// registrations are the codes of a page in its order.
func registrations(l customs.List) []string {
	codes := []string{}
	for _, r := range l.Rows {
		codes = append(codes, r.Registration)
	}
	return codes
}

// lot makes n consignments with rising codes and times.
func lot(v customs.VOEN, n int) []db.Snapshot {
	var batch []db.Snapshot
	for i := range n {
		batch = append(batch, goodsOf(v, fmt.Sprintf("R%05d", i), 1, func(c *customs.Consignment) {
			c.RegisteredAt = noon.Add(time.Duration(i) * time.Second)
			c.Checkpoint = fmt.Sprintf("0090%d", i%3)
		}))
	}
	return batch
}

// entryOf is a register entry of a session.
func entryOf(k db.SessionKey, v customs.VOEN) register.Entry {
	return register.Entry{
		RequestID: uuid.New(), Channel: "web", Actor: "trader", Session: k.ID, Subject: v, Action: register.ListGoods,
		Asked: "/goods", Outcome: register.Answered, Results: 1, Elapsed: 1500 * time.Microsecond,
	}
}
