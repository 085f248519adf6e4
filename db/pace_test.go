package db_test

import (
	"fmt"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// took lets a consignment have been completed so long ago, after so long a time.
func took(ago time.Duration, hours int) func(*customs.Consignment) {
	return func(c *customs.Consignment) {
		c.Status, c.StatusAt = customs.Released, time.Now().Add(-ago).Truncate(time.Second)
		c.RegisteredAt = c.StatusAt.Add(time.Duration(-hours) * time.Hour)
	}
}

func atCheckpoint(code string) func(*customs.Consignment) {
	return func(c *customs.Consignment) { c.Checkpoint = code }
}

func TestPaces(t *testing.T) {
	f, d := open(t)
	if p, err := d.Paces(t.Context()); err != nil || len(p) != 0 {
		t.Fatalf("%v, %v", p, err)
	}
	var lines []db.Snapshot
	for i := range 11 { // 1 … 11 hours: half within 6, nine of ten within 10
		lines = append(lines, goodsOf(aysel, fmt.Sprintf("A%d", i), 1, took(24*time.Hour, i+1)))
	}
	for i := range 4 {
		lines = append(lines, goodsOf(rashad, fmt.Sprintf("B%d", i), 1, took(24*time.Hour, 3), atCheckpoint("00922")))
	}
	lines = append(lines,
		goodsOf(aysel, "PENDING", 1),
		goodsOf(aysel, "OLD", 1, took(29*24*time.Hour, 500)),
		goodsOf(aysel, "OLDLATE", 1, took(29*24*time.Hour, 500)), goodsOf(aysel, "OLDLATE", 2, took(time.Hour, 1200)), // completed when first so
		goodsOf(aysel, "BACKWARD", 1, func(c *customs.Consignment) {
			took(24*time.Hour, 0)(c)
			c.RegisteredAt = c.StatusAt.Add(time.Hour)
		}),
		goodsOf(aysel, "OTHER", 1, took(time.Hour, 1), atCheckpoint("00931")))
	store(t, d, lines...)
	must(t, d.Sweep(t.Context()))
	paces, err := d.Paces(t.Context())
	must(t, err)
	if p := paces["00911"]; p.Completed != 11 || p.Median != 6*time.Hour || p.P90 != 10*time.Hour || !p.Known() || time.Since(p.MeasuredAt) > time.Minute {
		t.Errorf("%+v", p)
	}
	if p := paces["00922"]; p.Completed != 4 || p.Median != 0 || p.P90 != 0 || p.Known() {
		t.Errorf("four tell too much: %+v", p)
	}
	if len(paces) != 3 {
		t.Errorf("%d checkpoints: %v", len(paces), paces)
	}

	// Measured once an hour, whoever sweeps; what left the period is forgotten.
	store(t, d, goodsOf(rashad, "B5", 1, took(24*time.Hour, 3), atCheckpoint("00922")))
	must(t, d.Sweep(t.Context()))
	if p, _ := d.Paces(t.Context()); p["00922"].Completed != 4 {
		t.Error("measured again at once")
	}
	su := connect(t, f.SuperuserURL)
	exec(t, su, `update checkpoint_time set measured_at = now() - interval '1 hour'`)
	exec(t, su, `update consignment set status_at = now() - interval '29 days' where checkpoint = '00911' and not pending`)
	must(t, d.Sweep(t.Context()))
	paces, err = d.Paces(t.Context())
	must(t, err)
	if p, there := paces["00911"]; there {
		t.Errorf("the past counts: %+v", p)
	}
	if p := paces["00922"]; p.Completed != 5 || p.Median != 3*time.Hour {
		t.Errorf("%+v", p)
	}
}

// The serving program can neither change nor invent what was measured.
func TestPacesAreMeasuredOnly(t *testing.T) {
	f, _ := open(t)
	c := connect(t, f.URL)
	for _, statement := range []string{
		`insert into checkpoint_time (checkpoint, completed) values ('00911', 1)`, `update checkpoint_time set completed = 9`, `delete from checkpoint_time`,
	} {
		if _, err := c.Exec(t.Context(), statement); sqlState(err) != "42501" {
			t.Errorf("%s: %v", statement, err)
		}
	}
	su := connect(t, f.SuperuserURL)
	if _, err := su.Exec(t.Context(), `insert into checkpoint_time (checkpoint, completed, median, p90) values ('00911', 4, '1h', '1h')`); sqlState(err) != "23514" {
		t.Errorf("a time of four: %v", err)
	}
}
