package db_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// miscounted are the kinds of bulk rows whose count is not what pending holds.
const miscounted = `
	select count(*)
	  from (select voen, checkpoint, status, next_who, mode, count(*) as count, coalesce(sum(packages), 0) as packages, count(packages) as packed,
	               coalesce(sum(gross_mass), 0) as gross_mass, count(gross_mass) as weighed
	          from pending where bulk group by 1, 2, 3, 4, 5) p
	  full join pending_count c using (voen, checkpoint, status, next_who, mode, count, packages, packed, gross_mass, weighed)
	 where p.voen is null or c.voen is null`

// The counts follow pending whatever happens to it: new goods, corrections,
// another trader's number, completion, and changes past the program.
func TestCountsFollowPending(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	r := rand.New(rand.NewPCG(1, 2))
	statuses := []customs.Status{customs.Registered, customs.DocsCheck, customs.Held, customs.Released}
	for revision := range int64(6) {
		var batch []db.Snapshot
		for i := range 150 {
			voen := aysel
			if r.IntN(20) == 0 {
				voen = rashad
			}
			batch = append(batch, goodsOf(voen, fmt.Sprint("R", i), revision+1, with(statuses[r.IntN(len(statuses))]), at(fmt.Sprint("0090", i%2)), func(c *customs.Consignment) {
				if r.IntN(3) == 0 {
					c.Goods[0].GrossMass, c.Goods[0].Packages = nil, nil
				}
				c.Transport.Mode = 1 + r.IntN(3)
			}))
		}
		store(t, d, batch...)
		if n := one[int](t, su, miscounted); n > 0 {
			t.Errorf("revision %d: %d counts are wrong", revision+1, n)
		}
	}
	if n := one[int](t, su, "select count(*) from pending where bulk"); n < 50 {
		t.Fatalf("%d rows are bulk: the test does not test", n)
	}
	for _, change := range []string{
		"update pending set status = 'held', packages = null where registration like 'R1%'",
		"update pending set bulk = not bulk where registration like '%5'",
		"update pending set gross_mass = 9223372036854775000",
		"delete from pending where registration like 'R2%'", "delete from pending",
	} {
		exec(t, su, change)
		if n := one[int](t, su, miscounted); n > 0 {
			t.Errorf("%s: %d counts are wrong", change, n)
		}
	}
	if n := one[int](t, su, "select count(*) from pending_count"); n > 0 {
		t.Errorf("%d counts of nothing are left", n)
	}
}

// A page says the same whether its rows are bulk or not.
func TestBulkChangesNothing(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	key := signIn(t, d, aysel)
	batch := lot(aysel, 40)
	for i, s := range batch {
		s.Consignment.Status = []customs.Status{customs.Registered, customs.Held}[i%2]
		s.Consignment.Transport.Mode = 1 + i%3
		if i%4 > 0 { // by what rows are sorted, often the same and sometimes unknown
			due := noon.Add(time.Duration(i%3) * time.Hour)
			s.Consignment.Requires = []customs.Requirement{{Code: "invoice", Who: customs.You, Since: noon.Add(-time.Duration(i%5) * time.Minute), Due: &due}}
		}
		if i%5 == 0 {
			s.Consignment.Goods[0].GrossMass, s.Consignment.Goods[0].Packages = nil, nil
		}
	}
	store(t, d, batch...)
	queries := []customs.Query{
		{},
		{Page: 3},
		{Page: 99},
		{Status: customs.Held},
		{Status: customs.Held, Page: 2},
		{Mode: "3"},
		{Mode: "x"},
		{Mode: "99999"},
		{Checkpoint: "00901", Sort: customs.Oldest},
		{Text: "r0000"},
		{Text: "şəkər", Mode: "2"},
		{Text: "ŞEKAR cugundru"},
		{From: "2026-03-02"},
		{To: "2026-03-01"},
		{Waiting: customs.You},
		{Text: "seker", Waiting: customs.You, From: "2026-03-01", To: "2026-03-02", Status: customs.Held, Checkpoint: "00901", Page: 2},
	}
	for _, sort := range []customs.Sort{customs.Newest, customs.Oldest, customs.Waiting, customs.Deadline, customs.Heaviest, "gibberish"} {
		queries = append(queries, customs.Query{Text: "r000", Sort: sort}, customs.Query{Text: "r000", Sort: sort, Page: 2}, customs.Query{Sort: sort, From: "2026-03-01", Page: 99})
	}
	ask := func() (answers []string) {
		for _, q := range queries {
			l := list(t, d, key, q, 10)
			b, err := json.Marshal([]any{l.Groups, l.All, l.Total, l.AllTotal, l.Statuses, l.Modes, l.Waiting, registrations(l), l.Page, l.Pages, l.Nearest})
			must(t, err)
			answers = append(answers, string(b))
		}
		return answers
	}
	single := ask()
	for _, which := range []string{"true", "registration < 'R00020'"} {
		exec(t, su, "update pending set bulk = "+which)
		for i, got := range ask() {
			if got != single[i] {
				t.Errorf("bulk %s, %+v:\n%s\nwas\n%s", which, queries[i], got, single[i])
			}
		}
	}
}

// shelves are goods of Aysel that are found by what is written on them, and one
// of Rashad that never is.
func shelves(t *testing.T, d *db.DB) {
	t.Helper()
	item := func(code customs.CommodityCode, text string) func(*customs.Consignment) {
		return func(c *customs.Consignment) { c.Goods[0].CommodityCode, c.Goods[0].Description = code, text }
	}
	store(t, d,
		goodsOf(aysel, "TEA", 1, item("090240", "Qara çay, 100% təbii"), func(c *customs.Consignment) { c.Transport.Vehicle, c.Transport.Trailer = "10-AA-555", "99ZZ001" }),
		goodsOf(aysel, "CAR", 1, item("870323", `Avtomobil "Kür_7"`), func(c *customs.Consignment) { c.Transport.Containers = []string{"MSKU1234565"} }),
		goodsOf(aysel, "NUT", 1, item("080221", "Fındıq İçi, qırıq"), func(c *customs.Consignment) { c.Consignor = &customs.Party{Name: "Ətir Şirkəti O'Brien"} }),
		goodsOf(rashad, "HIS", 1, item("090240", "Qara çay Fındıq Avtomobil")))
}

func TestSearch(t *testing.T) {
	f, d := open(t)
	shelves(t, d)
	key := signIn(t, d, aysel)
	su := connect(t, f.SuperuserURL)
	for _, bulk := range []bool{false, true} {
		exec(t, su, "update pending set bulk = $1", bulk)
		for text, want := range map[string]string{
			"tea": "TEA", "cmrnut": "NUT", "10-aa-555": "TEA", "99zz": "TEA", "1234565": "CAR", "QARA ÇAY": "TEA", "findiq": "NUT", "FINDIQ içi": "NUT",
			"8703": "CAR", "09": "TEA", "ətir": "NUT", "etir sirketi": "NUT", "o'brien": "NUT", "100%": "TEA", "kür_": "CAR", "a": "TEA CAR NUT",
			"findiq cay": "", `\`: "", "%": "TEA", "_": "CAR", "his": "", "'; drop table pending": "",
			"fidniq": "", "findq": "Fındıq: NUT", "sirkti": "sirketi: NUT", "avtmobil": "Avtomobil: CAR", "avtomobl": "Avtomobil: CAR", "MSKU1234656": "msku1234565: CAR", "qara fidiq": "", "çya tebi": "", "qare çay": "Qara çay: TEA",
			"10aa555": "TEA", "10 AA 555": "TEA", "10aa556": "10aa555: TEA", "gibberish": "",
		} {
			l := list(t, d, key, customs.Query{Text: text}, 25)
			codes := registrations(l)
			slices.SortFunc(codes, func(a, b string) int { return strings.Index("TEACARNUT", a) - strings.Index("TEACARNUT", b) })
			got := strings.Join(codes, " ")
			if l.Nearest != "" {
				got = l.Nearest + ": " + got
			}
			if got != want || l.Total != len(codes) || l.AllTotal != 3 {
				t.Errorf("bulk %v, %q: %q of %d, want %q", bulk, text, got, l.AllTotal, want)
			}
		}
	}
}

// The function that searches as the owner asks the session, not its caller.
func TestSearchIsTheSessionsOwn(t *testing.T) {
	f, d := open(t)
	shelves(t, d)
	const search = "select string_agg(registration, ' ') from find_pending(array['cay'])"
	for voen, want := range map[customs.VOEN]string{aysel: "TEA", rashad: "HIS"} {
		if got := one[string](t, as(t, f.URL, settingOf(signIn(t, d, voen))), search); got != want {
			t.Errorf("%s finds %q, want %q", voen, got, want)
		}
	}
	c := connect(t, f.URL)
	exec(t, c, "set role portal_app")
	if _, err := c.Exec(t.Context(), search); err == nil {
		t.Error("somebody without a session searches")
	}
	exec(t, c, "set role portal_feed")
	if _, err := c.Exec(t.Context(), search); sqlState(err) != "42501" {
		t.Errorf("the feed searches: %v", err)
	}
	for _, role := range []string{"portal_app", "portal_feed"} {
		exec(t, c, "set role "+role)
		if _, err := c.Exec(t.Context(), "delete from pending_count"); sqlState(err) != "42501" {
			t.Errorf("%s changes counts: %v", role, err)
		}
	}
}
