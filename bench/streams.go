package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// streams measures what an idle open page costs the portal's process, and how
// long after a commit its pages hear of it.
func streams(ctx context.Context, w *world, out io.Writer) (err error) {
	before, err := w.memory(ctx)
	if err != nil {
		return err
	}
	var open []net.Conn
	defer func() {
		for _, c := range open {
			err = errors.Join(err, c.Close())
		}
	}()
	// The last trader's page listens alone; the others share the rest.
	last := len(w.cookies) - 1
	for n := range w.streams {
		c, r, err := w.listen(ctx, n%max(last, 1))
		for try := 0; err != nil && try < 3; try++ { // a machine so busy that a tenth of a second passes unnoticed: the page comes back
			c, r, err = w.listen(ctx, n%max(last, 1))
		}
		if err != nil {
			return fmt.Errorf("page %d of %d: %w", n, w.streams, err)
		}
		open = append(open, c)
		if n%50 == 0 {
			go func() { _, _ = io.Copy(io.Discard, r) }() // until it is closed
		}
	}
	after, err := w.memory(ctx)
	if err != nil {
		return err
	}
	one, err := w.latency(ctx, last, 1, 200)
	if err != nil {
		return err
	}
	many, err := w.latency(ctx, last, min(1000, w.streams), 20)
	if err != nil {
		return err
	}
	lines := [][]string{
		{"", "figure"},
		{"memory of an idle page, of " + strconv.Itoa(w.streams), fmt.Sprintf("%.1f KiB", (after-before)/1024/float64(max(w.streams, 1)))},
		{"commit to event, a trader with one page: p50, p99", fmt.Sprintf("%.1f ms, %.1f ms", one[len(one)/2], one[len(one)*99/100])},
		{"commit to event, a trader with 1,000 pages: p50, p99", fmt.Sprintf("%.1f ms, %.1f ms", many[len(many)/2], many[len(many)*99/100])},
	}
	return table(out, "Open pages (event streams)", lines)
}

// listen opens an event stream as a trader and returns it after its first event.
func (w *world) listen(ctx context.Context, trader int) (net.Conn, *bufio.Reader, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.portal.addr)
	if err != nil {
		return nil, nil, err
	}
	if _, err := c.Write(request(w.portal.addr, "/goods/events", w.cookies[trader])); err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	r := bufio.NewReaderSize(c, 512)
	for line := ""; line != "event: open\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			return nil, nil, errors.Join(err, c.Close())
		}
		if strings.HasPrefix(line, "HTTP/1.1 ") && !strings.HasPrefix(line, "HTTP/1.1 200") {
			return nil, nil, errors.Join(errors.New(strings.TrimSpace(line)), c.Close())
		}
	}
	return c, r, nil
}

// settle is how long a process must have been at rest until it has given back
// what it only needed to get there: Go collects at the latest after two minutes,
// and then returns memory to the system bit by bit.
const settle = 150 * time.Second

// memory is the resident set of the portal's process in bytes, at rest after
// some load, so that what was needed once is there before and collected after.
func (w *world) memory(ctx context.Context) (float64, error) {
	if _, err := load(ctx, w.target(w.portal.server(), w.recordings[0]), 16, w.turn); err != nil {
		return 0, err
	}
	if err := sleep(ctx, settle); err != nil {
		return 0, err
	}
	figures, err := w.figures(ctx)
	return figures["process_resident_memory_bytes"], err
}

// figures are the portal's metrics without labels.
func (w *world) figures(ctx context.Context) (map[string]float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.portal.ops+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	figures := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			figures[name] = f
		}
	}
	return figures, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// latency notifies of changes of a trader's goods, as the transaction that
// stores the feed does, and measures, in milliseconds and sorted, how long after
// the commit was sent the trader's pages have heard of it.
func (w *world) latency(ctx context.Context, trader, pages, changes int) ([]float64, error) {
	heard := make(chan time.Time, pages*changes)
	var mu sync.Mutex
	var open []net.Conn
	defer func() {
		for _, c := range open {
			_ = c.Close() // the figures are taken
		}
	}()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for range pages {
		g.Go(func() error {
			c, r, err := w.listen(gctx, trader)
			if err != nil {
				return err
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			go func() {
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					if line == "event: look\n" {
						heard <- time.Now()
					}
				}
			}()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	c, err := pgx.Connect(ctx, w.server.URL("portal", database))
	if err != nil {
		return nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	var found []float64
	for range changes {
		if err := sleep(ctx, 1100*time.Millisecond); err != nil { // a page hears once a second
			return nil, err
		}
		committed := time.Now()
		if _, err := c.Exec(ctx, `select pg_notify('goods', $1)`, string(w.people[trader].VOEN)); err != nil {
			return nil, err
		}
		for range pages {
			select {
			case at := <-heard:
				found = append(found, float64(at.Sub(committed).Microseconds())/1000)
			case <-time.After(10 * time.Second):
				return nil, errors.New("a page did not hear of a change")
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	slices.Sort(found)
	return found, nil
}
