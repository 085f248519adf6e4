package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/register"
)

// csvRows is how many registrations the file holds.
const csvRows = 50_000

// files compares the list as a CSV file with a bare handler that runs the same
// statements and writes a ready row for each that comes.
func files(ctx context.Context, w *world, out io.Writer) (err error) {
	if err := w.many(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.few(ctx)) }()
	bare, err := w.compete(ctx, "bare")
	if err != nil {
		return err
	}
	servers := []server{w.portal.server(), bare}
	found := make([][]turnResult, len(servers))
	for round := range w.rounds + 1 {
		for i, s := range servers {
			r, err := w.readFiles(ctx, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if round > 0 {
				found[i] = append(found[i], r)
			}
		}
	}
	mine, cost := rates(found[0]), costs(found[0])
	ratio := spreadOf(ratios(mine, rates(found[1])))
	return table(out, fmt.Sprintf("The list as CSV, %d rows, one reader; medians of %d turns of %s", csvRows, w.rounds, w.turn), [][]string{
		{"", "rows/s", "CPU µs a row"},
		{"portal", fmt.Sprintf("%.0f", spreadOf(mine).median*csvRows), rowCell(found[0])},
		{"bare", fmt.Sprintf("%.0f", spreadOf(rates(found[1])).median*csvRows), rowCell(found[1])},
		{"portal : bare", fmt.Sprintf("%.2f (%.2f–%.2f)", ratio.median, ratio.low, ratio.high), fmt.Sprintf("%.2f", spreadOf(ratios(costs(found[1]), cost)).median)},
	})
}

// rowCell is the processor time of a row, of the server and of PostgreSQL.
func rowCell(samples []turnResult) string {
	var app, postgres []float64
	for _, s := range samples {
		app = append(app, float64(s.app.Nanoseconds())/csvRows/1000)
		postgres = append(postgres, float64(s.postgres.Nanoseconds())/csvRows/1000)
	}
	return fmt.Sprintf("%.2f + %.2f", spreadOf(app).median, spreadOf(postgres).median)
}

// readFiles takes one file after another for a turn.
func (w *world) readFiles(ctx context.Context, s server) (turnResult, error) {
	var r turnResult
	app, postgres, began := cpuOf(s.pid), cpuOfChildren(w.server.PID()), time.Now()
	for time.Since(began) < w.turn {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+csvPath, nil)
		if err != nil {
			return r, err
		}
		request.Header.Set("Cookie", w.cookie(s, 0))
		request.Header.Set("Accept-Encoding", "identity")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return r, err
		}
		n, err := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || n < csvRows*50 {
			return r, fmt.Errorf("%s with %d bytes: %w", answer.Status, n, err)
		}
		r.times, r.bytes = append(r.times, 0), r.bytes+n
	}
	files := time.Duration(len(r.times))
	r.rate = float64(files) / time.Since(began).Seconds()
	r.app, r.postgres = (cpuOf(s.pid)-app)/files, (cpuOfChildren(w.server.PID())-postgres)/files
	return r, nil
}

// many gives the first trader so many pending registrations, as copies of one.
func (w *world) many(ctx context.Context) error {
	c, err := pgx.Connect(ctx, w.server.URL("postgres", database))
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	//nolint:unqueryvet // copies of whole rows, whatever columns they have
	_, err = c.Exec(ctx, `
		with one as (select pending.* from pending where voen = $1 order by registration limit 25), numbered as (select row_number() over () as r, one.* from one)
		insert into pending
		select (jsonb_populate_record(null::pending, to_jsonb(o) - 'r' || jsonb_build_object('registration', 'M' || n, 'registered_at', now() - n * interval '1 minute'))).*
		  from generate_series(1, $2::int) n join numbered o on o.r = 1 + n % 25`, string(w.people[0].VOEN), csvRows)
	if err == nil {
		_, err = c.Exec(ctx, `vacuum analyze pending`)
	}
	return err
}

// few takes them away again.
func (w *world) few(ctx context.Context) error {
	c, err := pgx.Connect(ctx, w.server.URL("postgres", database))
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	_, err = c.Exec(ctx, `delete from pending p where not exists (select from consignment c where c.registration = p.registration)`)
	if err == nil {
		_, err = c.Exec(ctx, `vacuum analyze pending`)
	}
	return err
}

const csvPath = "/goods.csv"

// csv runs the statements of the portal's file, and for each row that comes
// writes one that is ready.
func (b *bare) csv(w http.ResponseWriter, r *http.Request, page recorded, setting string) error {
	began := time.Now()
	rows := 0
	for i, s := range page.Statements {
		if strings.Contains(s.SQL, "goods_description") {
			rows = i
		}
	}
	c, err := b.pool.Acquire(r.Context())
	if err != nil {
		return err
	}
	defer c.Release()
	var who register.Entry
	batch := &pgx.Batch{}
	for _, s := range page.Statements[:rows] {
		q := batch.Queue(s.SQL, page.args(s, setting, r)...)
		if strings.Contains(s.SQL, "from signed_in") {
			q.Query(func(rows pgx.Rows) error { return whose(rows, &who) })
		} else {
			q.Query(func(rows pgx.Rows) error { rows.Close(); return rows.Err() })
		}
	}
	if err := c.SendBatch(r.Context(), batch).Close(); err != nil {
		return err
	}
	who.RequestID = uuid.Must(uuid.NewV7())
	who.Channel, who.Actor, who.Action, who.Asked = "web", "trader", register.DownloadGoods, csvPath
	who.Outcome, who.Results, who.Elapsed = register.Answered, csvRows, time.Since(began)
	if err := b.register.Submit(r.Context(), who).Wait(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	lines := bytes.SplitAfter(page.Body, []byte("\r\n"))
	ready := lines[1:max(2, len(lines)-1)]
	out := bufio.NewWriterSize(w, 32<<10)
	found, err := c.Query(r.Context(), page.Statements[rows].SQL, page.args(page.Statements[rows], setting, r)...)
	if err != nil {
		return err
	}
	for n := 0; found.Next(); n++ {
		if _, err := out.Write(ready[n%len(ready)]); err != nil {
			return err
		}
	}
	if err := found.Err(); err != nil {
		return err
	}
	if _, err := c.Exec(r.Context(), "commit"); err != nil {
		return err
	}
	return out.Flush()
}
