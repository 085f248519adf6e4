package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/feed/sample"
)

// imports compares `portal import` of a file with psql's \copy of the same
// consignments as CSV into a table without keys.
func imports(ctx context.Context, w *world, out io.Writer) error {
	n := min(w.consignments, 50_000)
	file := filepath.Join(w.dir, "feed.ndjson")
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := sample.Generate(f, sample.Options{Seed: 2, Consignments: n, Now: time.Now(), Latest: true}); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	var imported, copied, peak []float64
	for round := range w.rounds {
		name := "portal_import_" + strconv.Itoa(round)
		rate, kb, err := w.importOnce(ctx, name, file, n)
		if err != nil {
			return err
		}
		imported, peak = append(imported, rate), append(peak, float64(kb)/1024)
		rate, err = w.copyOnce(ctx, name, n)
		if err != nil {
			return err
		}
		copied = append(copied, rate)
	}
	ratio := spreadOf(ratios(imported, copied))
	return table(out, fmt.Sprintf("Import of %d consignments, all rules checked, read model and events kept", n), [][]string{
		{"portal import, lines/s", "psql \\copy, lines/s", "ratio", "range", "peak memory, MB"},
		{
			fmt.Sprintf("%.0f", spreadOf(imported).median), fmt.Sprintf("%.0f", spreadOf(copied).median),
			fmt.Sprintf("%.2f", ratio.median), fmt.Sprintf("%.2f–%.2f", ratio.low, ratio.high), fmt.Sprintf("%.0f", spreadOf(peak).high),
		},
	})
}

// importOnce imports into a fresh database and returns lines a second and the
// process's peak memory in KB.
func (w *world) importOnce(ctx context.Context, name, file string, n int) (rate float64, kb int64, err error) {
	if err := db.Bootstrap(ctx, w.server.URL("postgres", "postgres"), name); err != nil {
		return 0, 0, err
	}
	if err := db.Migrate(ctx, w.server.URL("portal_owner", name), "portal"); err != nil {
		return 0, 0, err
	}
	command := exec.CommandContext(ctx, w.settings.portal, "import", "--quiet", file)
	command.Env = append(os.Environ(), "PORTAL_DATABASE_URL="+w.server.URL("portal", name))
	began := time.Now()
	if text, err := command.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, text)
	}
	return float64(n) / time.Since(began).Seconds(), maxRSS(command.ProcessState), nil
}

// copyOnce copies the consignments of the database out as CSV and back with
// psql into a table without keys, and drops the database.
func (w *world) copyOnce(ctx context.Context, name string, n int) (rate float64, err error) {
	csv := filepath.Join(w.dir, "feed.csv")
	psql := func(command string) error {
		c := exec.CommandContext(ctx, "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", command, w.server.URL("postgres", name))
		if text, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("psql: %w: %s", err, text)
		}
		return nil
	}
	const columns = `registration, revision, digest, checkpoint, voen, status, status_at, registered_at, document`
	if err := psql(`\copy (select ` + columns + ` from consignment) to ` + csv + ` csv`); err != nil {
		return 0, err
	}
	if err := psql(`create table bare as select ` + columns + ` from consignment limit 0`); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := psql(`\copy bare from ` + csv + ` csv`); err != nil {
		return 0, err
	}
	rate = float64(n) / time.Since(began).Seconds()
	c, err := pgx.Connect(ctx, w.server.URL("postgres", "postgres"))
	if err != nil {
		return 0, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	_, err = c.Exec(ctx, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)")
	return rate, err
}

// maxRSS is the peak of a process's resident set in KB, as Linux counts.
func maxRSS(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss
	}
	return 0
}
