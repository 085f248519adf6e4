package db_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// export reads a whole set as copies.
func export(t *testing.T, d *db.DB, k db.SessionKey, q customs.Query) (e db.Extent, rows []customs.Pending) {
	t.Helper()
	must(t, d.Export(t.Context(), k, q, func(_ db.Session, got db.Extent) (bool, error) { e = got; return true, nil }, func(p *customs.Pending) error {
		c := *p
		for _, at := range []**time.Time{&c.NextSince, &c.NextDue} {
			if *at != nil {
				v := **at
				*at = &v
			}
		}
		if c.Packages != nil {
			n := *c.Packages
			c.Packages = &n
		}
		if c.GrossMass != nil {
			m := *c.GrossMass
			c.GrossMass = &m
		}
		rows = append(rows, c)
		return nil
	}))
	return e, rows
}

// The file holds exactly what all pages of the list do, in their order, read
// in PostgreSQL's binary form and as text.
func TestExportIsTheList(t *testing.T) {
	f, d := open(t)
	batch := lot(aysel, 70)
	for i := range batch {
		c := *batch[i].Consignment
		switch i % 4 {
		case 0:
			c.Goods = []customs.GoodsItem{{Number: 1, Description: "Yük; \"x\"\nə", CommodityCode: "0902"}}
			c.Documents = nil
		case 1:
			due := noon.Add(time.Duration(i) * time.Hour)
			c.Requires = []customs.Requirement{{Code: "invoice", Who: customs.Agency, Agency: "AQTA", Note: "qeyd", Since: noon, Due: &due}}
		}
		c.Transport.Mode = i % 10
		batch[i] = snapshot(&c)
	}
	store(t, d, append(batch, goodsOf(rashad, "B1", 1))...)
	k := signIn(t, d, aysel)
	address, err := url.Parse(f.URL)
	must(t, err)
	query := address.Query()
	query.Set("default_query_exec_mode", "simple_protocol") // as behind some poolers: everything comes as text
	address.RawQuery = query.Encode()
	plain, err := db.Open(t.Context(), address.String(), db.Options{MaxConns: 2})
	must(t, err)
	t.Cleanup(plain.Close)
	for _, q := range []customs.Query{{}, {Sort: customs.Oldest}, {Sort: customs.Deadline}, {Sort: customs.Heaviest, Checkpoint: "00901"}, {Waiting: customs.Agency}, {Text: "yük"}, {Page: 3}} {
		l := list(t, d, k, customs.Query{Text: q.Text, Sort: q.Sort, Checkpoint: q.Checkpoint, Waiting: q.Waiting}, 1000)
		for name, d := range map[string]*db.DB{"binary": d, "text": plain} {
			e, rows := export(t, d, k, q)
			if e.Total != l.Total || e.AllTotal != l.AllTotal || len(rows) != l.Total || len(e.Fresh) != len(l.Fresh) || e.AsOf.IsZero() {
				t.Errorf("%s %+v: %+v with %d rows", name, q, e, len(rows))
				continue
			}
			for i := range rows {
				if got, want := describe(rows[i]), describe(l.Rows[i]); got != want {
					t.Errorf("%s %+v, row %d:\n%s\n%s", name, q, i, got, want)
				}
			}
		}
	}
}

// describe writes a row out, times by their instant.
func describe(p customs.Pending) string {
	at := func(t *time.Time) string {
		if t == nil {
			return "-"
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	number := func(n any) string { return strings.Trim(fmt.Sprint(n), "&") }
	packages, gross := "-", "-"
	if p.Packages != nil {
		packages = number(*p.Packages)
	}
	if p.GrossMass != nil {
		gross = number(int64(*p.GrossMass))
	}
	return fmt.Sprint([]any{
		p.Registration, p.Checkpoint, p.Status, at(&p.StatusAt), at(&p.RegisteredAt), at(&p.ReceivedAt), p.Mode, p.Vehicle, p.DocumentType, p.DocumentNumber,
		p.GoodsDescription, p.CommodityCode, p.GoodsCount, packages, gross, p.NextCode, p.NextWho, p.NextAgency, p.NextNote, at(p.NextSince), at(p.NextDue),
	}...)
}

// Whoever begins may refuse, want no rows, or give up in the middle; the
// connection is good afterwards.
func TestExportEndsEarly(t *testing.T) {
	_, d := open(t)
	store(t, d, lot(aysel, 50)...)
	k := signIn(t, d, aysel)
	enough := errors.New("enough")
	never := func(*customs.Pending) error { t.Error("a row"); return nil }
	for range 20 {
		if err := d.Export(t.Context(), k, customs.Query{}, func(db.Session, db.Extent) (bool, error) { return true, enough }, never); !errors.Is(err, enough) {
			t.Error(err)
		}
		must(t, d.Export(t.Context(), k, customs.Query{}, func(db.Session, db.Extent) (bool, error) { return false, nil }, never))
		n := 0
		err := d.Export(t.Context(), k, customs.Query{}, func(db.Session, db.Extent) (bool, error) { return true, nil }, func(*customs.Pending) error {
			if n++; n == 7 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || n != 7 {
			t.Errorf("%d rows, %v", n, err)
		}
	}
	must(t, d.EndSession(t.Context(), k))
	if err := d.Export(t.Context(), k, customs.Query{}, func(db.Session, db.Extent) (bool, error) { t.Error("begins"); return true, nil }, never); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("%v", err)
	}
}

// What is stored while a file is read is not in it: counts and rows are one
// state.
func TestExportIsOneState(t *testing.T) {
	_, d := open(t)
	store(t, d, lot(aysel, 10)...)
	k := signIn(t, d, aysel)
	var codes []string
	total := 0
	must(t, d.Export(t.Context(), k, customs.Query{}, func(_ db.Session, e db.Extent) (bool, error) {
		total = e.Total
		store(t, d, goodsOf(aysel, "LATE", 1), goodsOf(aysel, "R00003", 2, with(customs.Released)))
		return true, nil
	}, func(p *customs.Pending) error { codes = append(codes, p.Registration); return nil }))
	if total != 10 || len(codes) != 10 || slices.Contains(codes, "LATE") || !slices.Contains(codes, "R00003") {
		t.Errorf("%d: %q", total, codes)
	}
}

// A list that the database refuses is an error, and its connection comes back:
// with one connection the next question would wait for ever.
func TestRefusedList(t *testing.T) {
	f, _ := open(t)
	d, err := db.Open(t.Context(), f.URL, db.Options{MaxConns: 1})
	must(t, err)
	key := signIn(t, d, aysel)
	su := connect(t, f.SuperuserURL)
	exec(t, su, "revoke select on pending from portal_app")
	for _, q := range []customs.Query{{}, {Page: 3}, {Text: "x"}, {From: "2026-03-01"}, {Sort: customs.Deadline}} {
		if _, _, err := d.Goods(t.Context(), key, q, 25); sqlState(err) != "42501" {
			t.Errorf("%+v: %v", q, err)
		}
	}
	exec(t, su, "grant select on pending to portal_app")
	list(t, d, key, customs.Query{}, 25)
	d.Close() // waits for every connection
}
