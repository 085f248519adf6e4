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
	// Half of the traders share the pages that are idle; the others' listen for
	// what is measured.
	shared := max(len(w.cookies)/2, 1)
	alone := []int{len(w.cookies) - 1}
	for trader := shared; trader < len(w.cookies)-1; trader++ {
		alone = append(alone, trader)
	}
	for n := range w.streams {
		c, r, err := w.listen(ctx, n%shared)
		for try := 0; err != nil && try < 3; try++ { // a machine so busy that a tenth of a second passes unnoticed: the page comes back
			c, r, err = w.listen(ctx, n%shared)
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
	last := alone[:1]
	lines := [][]string{
		{"", "open pages", "bare listener"},
		{"memory of an idle page, of " + strconv.Itoa(w.streams), fmt.Sprintf("%.1f KiB", (after-before)/1024/float64(max(w.streams, 1))), ""},
	}
	for _, part := range []struct {
		what           string
		traders        []int
		pages, changes int
	}{
		{"commit to event, a change each second, of a trader with one page: p50, p99", last, 1, 200},
		{"the same, of a trader with 1,000 pages", last, min(1000, w.streams), 20},
		{"the same, " + strconv.Itoa(len(alone)) + " changes a second, of traders with a page each", alone, 1, 2000},
	} {
		found, bare, err := w.latency(ctx, part.traders, part.pages, part.changes)
		if err != nil {
			return err
		}
		lines = append(lines, []string{part.what, percentiles(found), percentiles(bare)})
	}
	return table(out, "Open pages (event streams)", lines)
}

// percentiles are the p50 and the p99 of times in milliseconds.
func percentiles(times []float64) string {
	slices.Sort(times)
	return fmt.Sprintf("%.1f ms, %.1f ms", times[len(times)/2], times[len(times)*99/100])
}

// listen opens an event stream as a trader, by number, and returns it after its
// first event.
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

// latency notifies of changes of some traders' goods in turn, as the transaction
// that stores the feed does, and measures, in milliseconds, how long after the
// commit was sent the trader's pages have heard of it, and how long after it a
// connection has that does nothing but listen: less than that nobody can reach.
func (w *world) latency(ctx context.Context, traders []int, pages, changes int) (found, bare []float64, err error) {
	heard := make(chan time.Time, pages*changes)
	closeAll, err := w.pages(ctx, traders, pages, heard)
	defer closeAll()
	if err != nil {
		return nil, nil, err
	}
	notices := make(chan time.Time, changes)
	c, err := pgx.Connect(ctx, w.server.URL("portal", database))
	if err != nil {
		return nil, nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	listening, stop := context.WithCancel(ctx)
	g, err := w.notices(listening, notices)
	if err != nil {
		stop()
		return nil, nil, err
	}
	defer func() { stop(); _ = g.Wait() }()                       // it ends with its context, which is no error
	rest := 1100 * time.Millisecond / time.Duration(len(traders)) // a page hears once a second
	for n := range changes {
		if err := sleep(ctx, rest); err != nil {
			return nil, nil, err
		}
		committed := time.Now()
		if _, err := c.Exec(ctx, `select pg_notify('goods', $1)`, string(w.people[traders[n%len(traders)]].VOEN)); err != nil {
			return nil, nil, err
		}
		for answer := range pages + 1 {
			from, times := heard, &found
			if answer == pages {
				from, times = notices, &bare
			}
			select {
			case at := <-from:
				*times = append(*times, float64(at.Sub(committed).Microseconds())/1000)
			case <-time.After(10 * time.Second):
				return nil, nil, errors.New("a page did not hear of a change")
			case <-ctx.Done():
				return nil, nil, ctx.Err()
			}
		}
	}
	return found, bare, nil
}

// pages opens so many pages of each trader and hands on when each of them heard
// of a change, until they are closed.
func (w *world) pages(ctx context.Context, traders []int, pages int, heard chan<- time.Time) (closeAll func(), err error) {
	var mu sync.Mutex
	var open []net.Conn
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for n := range pages * len(traders) {
		g.Go(func() error {
			c, r, err := w.listen(gctx, traders[n%len(traders)])
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
	err = g.Wait()
	return func() {
		for _, c := range open {
			_ = c.Close() // the figures are taken
		}
	}, err
}

// notices hands on when a connection that only listens heard of a change.
func (w *world) notices(ctx context.Context, heard chan<- time.Time) (*errgroup.Group, error) {
	c, err := pgx.Connect(ctx, w.server.URL("portal", database))
	if err != nil {
		return nil, err
	}
	if _, err := c.Exec(ctx, `listen goods`); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	var g errgroup.Group
	g.Go(func() error {
		defer c.Close(context.WithoutCancel(ctx))
		for {
			if _, err := c.WaitForNotification(ctx); err != nil {
				return err
			}
			heard <- time.Now()
		}
	})
	return &g, nil
}
