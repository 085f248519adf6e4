package db_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// shelf stores five different consignments of one trader, and noise: finished
// ones and another trader's.
func shelf(t *testing.T, d *db.DB) {
	t.Helper()
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	due := func(n int) *time.Time { v := hour(n); return &v }
	mass := func(n int64) *customs.Mass { m := customs.Mass(n); return &m }
	store(t, d,
		goodsOf(aysel, "R1", 1, func(c *customs.Consignment) {
			c.RegisteredAt, c.Goods[0].GrossMass = hour(1), mass(500)
			c.Consignor = &customs.Party{Name: "Öküz & Söhnə GmbH"}
			c.Requires = []customs.Requirement{{Code: "invoice", Who: customs.You, Since: hour(5), Due: due(40)}}
		}),
		goodsOf(aysel, "R2", 1, with(customs.Inspection), func(c *customs.Consignment) {
			c.RegisteredAt, c.Goods[0].GrossMass, c.Goods[0].Packages = hour(2), nil, nil
			c.Transport.Mode, c.Transport.Containers = 1, []string{"MSKU1234565"}
			c.Requires = []customs.Requirement{{Code: "inspection", Who: customs.Customs, Since: hour(3)}}
		}),
		goodsOf(aysel, "R3", 1, at("00921"), func(c *customs.Consignment) {
			c.RegisteredAt, c.StatusAt, c.Goods[0].GrossMass = hour(3), hour(1), mass(900)
			c.Goods[0].Description, c.Goods[0].CommodityCode = "100% pambıq_ip (İran)", "5205"
		}),
		goodsOf(aysel, "R4", 1, at("00921"), with("sniffed_by_dogs"), func(c *customs.Consignment) {
			c.RegisteredAt, c.Goods[0].GrossMass = hour(4), mass(700)
			c.Requires = []customs.Requirement{{Code: "veterinary_certificate", Who: customs.Agency, Agency: "AQTA", Since: hour(2), Due: due(30)}}
		}),
		goodsOf(aysel, "R5", 1, at("00921"), func(c *customs.Consignment) {
			c.RegisteredAt = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC) // midnight in Baku: the 3rd
			c.Documents, c.PreviousDocuments = nil, []customs.Document{{Type: "952", Number: `C:\TIR"0'7`}}
		}),
		goodsOf(aysel, "DONE", 1, with(customs.Released)),
		goodsOf(rashad, "S1", 1, at("00931"), with(customs.Held)),
	)
}

func TestGoods(t *testing.T) {
	_, d := open(t)
	shelf(t, d)
	key := signIn(t, d, aysel)
	for what, test := range map[string]struct {
		q    customs.Query
		want string
	}{
		"all":                       {customs.Query{}, "R2 R1 R5 R4 R3"},
		"checkpoint":                {customs.Query{Checkpoint: "00921"}, "R5 R4 R3"},
		"a checkpoint without any":  {customs.Query{Checkpoint: "00931"}, ""},
		"status":                    {customs.Query{Status: customs.Registered}, "R1 R5 R3"},
		"a status of the feed's":    {customs.Query{Status: "sniffed_by_dogs"}, "R4"},
		"a finished status":         {customs.Query{Status: customs.Released}, ""},
		"mode":                      {customs.Query{Mode: "1"}, "R2"},
		"a mode that is none":       {customs.Query{Mode: "x"}, ""},
		"waiting on the trader":     {customs.Query{Waiting: customs.You}, "R1"},
		"waiting on another body":   {customs.Query{Waiting: customs.Agency}, "R4"},
		"from, by Baku's midnight":  {customs.Query{From: "2026-03-03"}, "R5"},
		"to, the day included":      {customs.Query{To: "2026-03-02"}, "R2 R1 R4 R3"},
		"one day":                   {customs.Query{From: "2026-03-03", To: "2026-03-03"}, "R5"},
		"last day of the calendar":  {customs.Query{To: "9999-12-31", Mode: "1"}, "R2"},
		"no day":                    {customs.Query{From: "2026-03-04", To: "2026-03-01"}, ""},
		"registration, lower case":  {customs.Query{Text: "r3"}, "R3"},
		"without diacritics":        {customs.Query{Text: "okuz sohne"}, "R1"},
		"with capital diacritics":   {customs.Query{Text: "ÖKÜZ SÖHNƏ"}, "R1"},
		"dotted and dotless i":      {customs.Query{Text: "PAMBIQ iran"}, "R3"},
		"words in any order":        {customs.Query{Text: "iran pambiq 5205"}, "R3"},
		"one word that is nowhere":  {customs.Query{Text: "iran kerpic"}, ""},
		"container":                 {customs.Query{Text: "msku1234"}, "R2"},
		"document":                  {customs.Query{Text: "CMRR2"}, "R2"},
		"per cent is no wildcard":   {customs.Query{Text: "100%"}, "R3"},
		"nothing but per cent":      {customs.Query{Text: "%"}, "R3"},
		"underscore is no wildcard": {customs.Query{Text: "pambiq_"}, "R3"},
		"backslash":                 {customs.Query{Text: `c:\tir`}, "R5"},
		"quotes":                    {customs.Query{Text: `tir"0'7`}, "R5"},
		"an injection":              {customs.Query{Text: "' or 1=1 --", Checkpoint: "' or '1'='1", Status: "') or true--", Waiting: `"`, Mode: "3 or 1=1"}, ""},
		"zero byte":                 {customs.Query{Text: "a\x00b", Checkpoint: "\x00", Status: "\x00", Waiting: "\x00", Mode: "\x00"}, ""},
		"not UTF-8":                 {customs.Query{Text: "\xff", Checkpoint: "\xc3("}, ""},
		"spaces only":               {customs.Query{Text: " \t "}, "R2 R1 R5 R4 R3"},
		"more words than letters":   {customs.Query{Text: strings.Repeat("r3 ", 60)}, "R3"},
		"everything at once": {customs.Query{
			Text: "r4", Checkpoint: "00921", Status: "sniffed_by_dogs", Mode: "3", Waiting: customs.Agency, From: "2026-03-02", To: "2026-03-02",
		}, "R4"},
		"all but one fits":    {customs.Query{Text: "r4", Checkpoint: "00921", Mode: "3", Waiting: customs.You}, ""},
		"oldest":              {customs.Query{Sort: customs.Oldest}, "R1 R2 R3 R4 R5"},
		"longest waiting":     {customs.Query{Sort: customs.Waiting}, "R2 R1 R5 R3 R4"},
		"deadline, then none": {customs.Query{Sort: customs.Deadline}, "R1 R2 R4 R5 R3"},
		"heaviest, then none": {customs.Query{Sort: customs.Heaviest}, "R1 R2 R5 R3 R4"},
		"an unknown order":    {customs.Query{Sort: "; drop table pending"}, "R2 R1 R5 R4 R3"},
	} {
		l := list(t, d, key, test.q, 25)
		if got := strings.Join(registrations(l), " "); got != test.want {
			t.Errorf("%s: %q, want %q", what, got, test.want)
		}
		if l.Total != len(l.Rows) || l.AllTotal != 5 || sum(l.Groups) != l.Total || sum(l.All) != 5 {
			t.Errorf("%s: counts %d of %d, groups %v of %v", what, l.Total, l.AllTotal, l.Groups, l.All)
		}
	}
}

func sum(groups []customs.CheckpointCount) int {
	n := 0
	for _, g := range groups {
		n += g.Count
	}
	return n
}

func TestCounts(t *testing.T) {
	_, d := open(t)
	shelf(t, d)
	s, l, err := d.Goods(t.Context(), signIn(t, d, aysel), customs.Query{Checkpoint: "00921"}, 2)
	must(t, err)
	if s.Person.VOEN != aysel {
		t.Error("whose page is this?")
	}
	if want := map[customs.Actor]int{customs.You: 1, customs.Customs: 1, customs.Agency: 1, "": 2}; !reflect.DeepEqual(l.Waiting, want) {
		t.Errorf("waiting %v, want %v", l.Waiting, want)
	}
	if want := map[customs.Status]int{customs.Registered: 3, customs.Inspection: 1, "sniffed_by_dogs": 1}; !reflect.DeepEqual(l.Statuses, want) {
		t.Errorf("statuses %v, want %v", l.Statuses, want)
	}
	if want := map[int]int{1: 1, 3: 4}; !reflect.DeepEqual(l.Modes, want) {
		t.Errorf("modes %v, want %v", l.Modes, want)
	}
	count := func(code string, n int, packages, gross int64) customs.CheckpointCount {
		m := customs.Mass(gross)
		return customs.CheckpointCount{Checkpoint: code, Count: n, Packages: &packages, GrossMass: &m}
	}
	border := count("00921", 3, 30, 900+700+1_500_000)
	if want := []customs.CheckpointCount{border}; !reflect.DeepEqual(l.Groups, want) {
		t.Errorf("groups %+v", l.Groups)
	}
	if want := []customs.CheckpointCount{count("00911", 2, 10, 500), border}; !reflect.DeepEqual(l.All, want) {
		t.Errorf("all %+v", l.All)
	}
	if l.Page != 1 || l.Pages != 2 || len(l.Rows) != 2 || time.Since(l.AsOf).Abs() > time.Minute {
		t.Errorf("page %d of %d with %d rows as of %s", l.Page, l.Pages, len(l.Rows), l.AsOf)
	}
	if f, _ := l.Fresh.Of("00931"); len(l.Fresh) != 3 || f.ReceivedAt == nil || f.AsOf != nil {
		t.Errorf("fresh %+v", l.Fresh)
	}
}

func TestRow(t *testing.T) {
	_, d := open(t)
	shelf(t, d)
	l := list(t, d, signIn(t, d, aysel), customs.Query{Text: "R4"}, 25)
	r := l.Rows[0]
	packages, gross := int64(10), customs.Mass(700)
	since, due := noon.Add(2*time.Hour), noon.Add(30*time.Hour)
	r.ReceivedAt = time.Time{}
	want := customs.Pending{
		Registration: "R4", Checkpoint: "00921", Status: "sniffed_by_dogs", StatusAt: noon.Add(time.Minute), RegisteredAt: noon.Add(4 * time.Hour),
		Mode: 3, Vehicle: "99-AA-R4", DocumentType: "730", DocumentNumber: "CMRR4", GoodsDescription: "Şəkər çuğunduru", CommodityCode: "121291",
		GoodsCount: 1, Packages: &packages, GrossMass: &gross,
		NextCode: "veterinary_certificate", NextWho: customs.Agency, NextAgency: "AQTA", NextSince: &since, NextDue: &due,
	}
	for _, at := range []*time.Time{&r.StatusAt, &r.RegisteredAt, r.NextSince, r.NextDue} {
		*at = at.UTC()
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("%+v, want\n%+v", r, want)
	}
}

func TestNothingPending(t *testing.T) {
	_, d := open(t)
	for _, q := range []customs.Query{{}, {Text: "x"}, {Page: 7}} {
		l := list(t, d, signIn(t, d, aysel), q, 25)
		if l.Total != 0 || l.AllTotal != 0 || l.Page != 1 || l.Pages != 1 || len(l.Rows) != 0 || l.AsOf.IsZero() {
			t.Errorf("%+v: %+v", q, l)
		}
	}
}

func TestPages(t *testing.T) {
	_, d := open(t)
	key := signIn(t, d, aysel)
	store(t, d, lot(aysel, 47)...)
	for _, filter := range []customs.Query{{}, {Text: "R0"}} {
		var seen []string
		for page := 1; page <= 5; page++ {
			q := filter
			q.Page = page
			l := list(t, d, key, q, 10)
			if l.Page != page || l.Pages != 5 || l.Total != 47 {
				t.Errorf("page %d: %d of %d, total %d", page, l.Page, l.Pages, l.Total)
			}
			seen = append(seen, registrations(l)...)
		}
		if !slices.IsSortedFunc(seen, func(a, b string) int { return group(a) - group(b) }) {
			t.Errorf("checkpoints are torn: %v", seen)
		}
		slices.Sort(seen)
		if len(slices.Compact(seen)) != 47 {
			t.Errorf("%d different rows on all pages", len(seen))
		}
		for _, page := range []int{6, 1000, math.MaxInt32, math.MaxInt64} {
			q := filter
			q.Page = page
			if l := list(t, d, key, q, 10); l.Page != 5 || len(l.Rows) != 7 {
				t.Errorf("page %d: page %d with %d rows", page, l.Page, len(l.Rows))
			}
		}
		for _, page := range []int{0, -1, math.MinInt64} {
			q := filter
			q.Page = page
			if l := list(t, d, key, q, 10); l.Page != 1 || len(l.Rows) != 10 {
				t.Errorf("page %d: page %d with %d rows", page, l.Page, len(l.Rows))
			}
		}
	}
	if l := list(t, d, key, customs.Query{Page: 2}, 47); l.Pages != 1 || len(l.Rows) != 47 {
		t.Errorf("all fit on one page: %d pages, %d rows", l.Pages, len(l.Rows))
	}
}

// group is the checkpoint of a registration of lot.
func group(registration string) int {
	n := 0
	_, _ = fmt.Sscanf(registration, "R%05d", &n)
	return n % 3
}

// Masses that a feed may send add up to more than a bigint holds.
func TestAbsurdSums(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	store(t, d, goodsOf(aysel, "R1", 1), goodsOf(aysel, "R2", 1))
	exec(t, connect(t, f.SuperuserURL), "update pending set gross_mass = 9223372036854775000, packages = 9223372036854775000")
	for _, q := range []customs.Query{{}, {Mode: "3"}} {
		l := list(t, d, key, q, 25)
		if len(l.Groups) != 1 || *l.Groups[0].GrossMass != math.MaxInt64 || *l.Groups[0].Packages != math.MaxInt64 {
			t.Errorf("%+v", l.Groups)
		}
	}
}

func TestDetail(t *testing.T) {
	_, d := open(t)
	key := signIn(t, d, aysel)
	store(t, d,
		goodsOf(aysel, "R1", 5, with(customs.Inspection)), // first seen at its fifth revision
		goodsOf(rashad, "S1", 1))
	store(t, d, goodsOf(aysel, "R1", 2), goodsOf(aysel, "R1", 7, with(customs.Inspection)))
	store(t, d, goodsOf(aysel, "R1", 4, with(customs.DocsCheck)), goodsOf(aysel, "R1", 9, with(customs.Released)), goodsOf(aysel, "R1", 1))
	s, got, err := d.Detail(t.Context(), key, "R1")
	must(t, err)
	if s.Person.VOEN != aysel || got.Consignment.Revision != 9 || got.Consignment.Goods[0].Description != "Şəkər çuğunduru" ||
		got.Freshness.Checkpoint != "00911" || got.Freshness.ReceivedAt == nil || got.AsOf.IsZero() || got.ReceivedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	var story []string
	for _, e := range got.Events {
		story = append(story, fmt.Sprint(e.Revision, " ", e.Status))
		if want := noon.Add(time.Duration(e.Revision) * time.Minute); !e.At.Equal(want) || e.Received.IsZero() {
			t.Errorf("%+v, want at %s", e, want)
		}
	}
	if want := "9 released, 5 inspection, 4 docs_check, 1 registered"; strings.Join(story, ", ") != want {
		t.Errorf("%v, want %s", story, want)
	}
	for _, code := range []string{"S1", "r1", "R1 ", "", "R1\x00", "\xff", "' or true --", strings.Repeat("R", 10_000)} {
		s, got, err := d.Detail(t.Context(), key, code)
		if !errors.Is(err, db.ErrNotFound) || s.Person.VOEN != aysel || got.Consignment.Registration != "" {
			t.Errorf("%.20q: %v", code, err)
		}
	}
}

// A sum of nothing known is unknown, however the goods were found.
func TestUnknownSums(t *testing.T) {
	_, d := open(t)
	key := signIn(t, d, aysel)
	store(t, d, goodsOf(aysel, "U1", 1, func(c *customs.Consignment) { c.Goods[0].Packages, c.Goods[0].GrossMass = nil, nil }))
	for _, q := range []customs.Query{{}, {Text: "U1"}, {From: "2020-01-01"}} {
		_, l, err := d.Goods(t.Context(), key, q, 10)
		must(t, err)
		if len(l.Groups) != 1 || l.Groups[0].Packages != nil || l.Groups[0].GrossMass != nil {
			t.Errorf("%+v: %+v", q, l.Groups)
		}
	}
}
