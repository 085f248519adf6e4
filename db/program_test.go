package db_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// walk reads all pages.
func walk(t *testing.T, d *db.DB, k db.TokenKey, q customs.Query, size int) (codes []string, pages int) {
	t.Helper()
	for after := (db.Position{}); ; {
		l, err := d.Consignments(t.Context(), k, q, after, size)
		must(t, err)
		for _, r := range l.Rows {
			codes = append(codes, r.Registration)
		}
		if pages++; l.Next == nil {
			return codes, pages
		}
		if l.Next.Registration != codes[len(codes)-1] {
			t.Fatalf("the next page begins after %q", l.Next.Registration)
		}
		after = *l.Next
	}
}

// Every registration is on exactly one page, in one order, whatever the size,
// also when many were registered in the same moment.
func TestConsignmentsInPages(t *testing.T) {
	_, d := open(t)
	batch := lot(aysel, 60)
	for i := range 20 {
		batch = append(batch, goodsOf(aysel, fmt.Sprintf("SAME-%02d", i), 1, func(c *customs.Consignment) {
			c.RegisteredAt = noon.Add(30*time.Second + 123456*time.Microsecond)
		}))
	}
	store(t, d, append(batch, goodsOf(rashad, "B1", 1), goodsOf(aysel, "DONE", 1, with(customs.Released)))...)
	k := makeToken(t, d, signIn(t, d, aysel))
	all, pages := walk(t, d, k, customs.Query{}, 100)
	if pages != 1 || len(all) != 80 {
		t.Fatalf("%d on %d pages", len(all), pages)
	}
	for _, size := range []int{1, 7, 40, 79, 80, 81} {
		got, pages := walk(t, d, k, customs.Query{}, size)
		if !slices.Equal(got, all) || pages != (80+size-1)/size {
			t.Errorf("size %d: %d on %d pages", size, len(got), pages)
		}
	}
	some, _ := walk(t, d, k, customs.Query{Checkpoint: "00901"}, 3)
	if len(some) != 20 {
		t.Errorf("%d of 20 at the checkpoint", len(some))
	}
	l, err := d.Consignments(t.Context(), k, customs.Query{Checkpoint: "00901"}, db.Position{RegisteredAt: noon.Add(time.Hour), Registration: "Z"}, 3)
	if err != nil || l.Total != 20 || len(l.Rows) != 0 || l.Next != nil || l.AsOf.IsZero() || len(l.Fresh) == 0 {
		t.Errorf("%+v %v", l, err)
	}
}

// A page ends before it holds too much, and the rest is on the next ones.
func TestConsignmentsAreNotTooMuch(t *testing.T) {
	_, d := open(t)
	var batch []db.Snapshot
	for i := range 5 {
		batch = append(batch, goodsOf(aysel, fmt.Sprintf("BIG-%d", i), 1, func(c *customs.Consignment) {
			g := c.Goods[0]
			g.Description = strings.Repeat("uzun təsvir ", 300)
			c.Goods = nil
			for n := range 1000 {
				g.Number = n + 1
				c.Goods = append(c.Goods, g)
			}
		}))
	}
	store(t, d, batch...)
	k := makeToken(t, d, signIn(t, d, aysel))
	codes, pages := walk(t, d, k, customs.Query{}, 100)
	if len(codes) != 5 || pages < 3 || pages > 5 {
		t.Errorf("%d on %d pages", len(codes), pages)
	}
}

func TestConsignmentOf(t *testing.T) {
	_, d := open(t)
	store(t, d, goodsOf(aysel, "A1", 1), goodsOf(rashad, "B1", 1))
	store(t, d, goodsOf(aysel, "A1", 2, with(customs.Released)))
	k := makeToken(t, d, signIn(t, d, aysel))
	got, err := d.ConsignmentOf(t.Context(), k, "A1")
	if err != nil || got.Consignment.Status != customs.Released || len(got.Events) != 2 || got.ReceivedAt.IsZero() || got.AsOf.IsZero() {
		t.Errorf("%+v %v", got, err)
	}
	for _, code := range []string{"B1", "NONE", "", "A1\x00", "a1"} {
		if _, err := d.ConsignmentOf(t.Context(), k, code); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%q: %v", code, err)
		}
	}
	k.Secret[0] ^= 1
	if _, err := d.ConsignmentOf(t.Context(), k, "A1"); !errors.Is(err, db.ErrNoToken) {
		t.Errorf("%v", err)
	}
}

// The page of a trader with many pending rows is found by its index.
func TestConsignmentsPlan(t *testing.T) {
	f, d := open(t)
	k := makeToken(t, d, signIn(t, d, aysel))
	su := connect(t, f.SuperuserURL)
	exec(t, su, `
		insert into pending (registration, voen, checkpoint, status, status_at, registered_at, mode, vehicle, document_type, document_number,
			goods_description, commodity_code, goods_count, next_code, next_who, next_agency, next_note, search)
		select 'M' || n, '1499000151', '00901', 'held', now(), now() - n * interval '1 second', 3, '', '', '', '', '', 1, '', '', '', '', ''
		  from generate_series(1, 20000) n`)
	exec(t, su, `analyze pending`)
	c := asProgram(t, f.URL, tokenSetting(k))
	rows, err := c.Query(t.Context(), `
		explain select registration from pending where (registered_at, registration) > (now() - interval '3 hours', 'M')
		 order by registered_at, registration limit 101`)
	must(t, err)
	var plan []string
	for rows.Next() {
		var line string
		must(t, rows.Scan(&line))
		plan = append(plan, line)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "pending_program") || strings.Contains(text, "Sort") {
		t.Errorf("the plan:\n%s", text)
	}
}
