package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/feed/sample"
)

// small is how many consignments the database of comparison holds.
const small = 10_000

// growth compares the list in a small database with the same traders' list in
// the large one, on the same server, both at rest, with four connections, so
// that no one waits for a processor.
func growth(ctx context.Context, w *world, out io.Writer) error {
	const name = "portal_small"
	if err := db.Bootstrap(ctx, w.server.URL("postgres", "postgres"), name); err != nil {
		return err
	}
	if err := db.Migrate(ctx, w.server.URL("portal_owner", name), "portal"); err != nil {
		return err
	}
	d, err := db.Open(ctx, w.server.URL("portal", name), db.Options{MaxConns: 4})
	if err != nil {
		return err
	}
	defer d.Close()
	other := &world{settings: w.settings, dir: w.dir, server: w.server, db: d, people: w.people[:w.traders]}
	if err := fill(ctx, d, sample.Options{Seed: 1, Consignments: max(small, 2*perTrader*w.traders), Now: time.Now(), People: w.people[:w.traders]}); err != nil {
		return err
	}
	if other.portal, err = newPortal(); err != nil {
		return err
	}
	if err := other.startPortal(ctx, name); err != nil {
		return err
	}
	defer func() {
		for len(other.programs) > 0 {
			_ = other.stop(other.programs[0]) // it has done its work
		}
	}()
	if err := other.signIn(ctx); err != nil {
		return err
	}
	for _, name := range []string{name, database} {
		if err := w.settle(ctx, name); err != nil {
			return err
		}
	}
	list := w.recordings[0]
	found, err := w.takeTurns(ctx, []target{w.target(w.portal.server(), list), other.target(other.portal.server(), list)}, 4)
	if err != nil {
		return err
	}
	ratio := spreadOf(ratios(halves(found[0]), halves(found[1])))
	return table(out, "The list as the database grows, 4 connections", [][]string{
		{"consignments", "p50", "to the small one", "range"},
		{strconv.Itoa(small), milliseconds(found[1], 0.5), "1.00", ""},
		{strconv.Itoa(w.consignments), milliseconds(found[0], 0.5), fmt.Sprintf("%.2f", ratio.median), fmt.Sprintf("%.2f–%.2f", ratio.low, ratio.high)},
	})
}

// settle does what the server would do by itself after so many new rows, and
// beside the turns if it were not done before.
func (w *world) settle(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, w.server.URL("postgres", name))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is under way
	for _, sql := range []string{"vacuum (analyze)", "checkpoint"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// halves are the medians of the times, in seconds.
func halves(samples []turnResult) []float64 {
	var list []float64
	for _, s := range samples {
		list = append(list, max(s.at(0.5), time.Microsecond).Seconds())
	}
	return list
}
