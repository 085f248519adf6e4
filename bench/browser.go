package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/intake"
)

// openPages is how many pages are open while a real browser's page is looked at.
const openPages = 1000

// browserChanges is how many changes are timed in each case.
const browserChanges = 100

// browser measures how long after a change of a trader's goods is sent to be
// committed it stands in the list that a real browser has open, with a thousand
// other pages open, each of which looks again when it is told to, as the
// portal's script does.
func browser(ctx context.Context, w *world, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	last := len(w.cookies) - 1
	var looks atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	transport := &http.Transport{MaxIdleConnsPerHost: openPages}
	defer transport.CloseIdleConnections()
	for n := range openPages {
		p := &openPage{w: w, transport: transport, trader: n % len(w.cookies), looks: &looks}
		if err := p.listen(ctx); err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
		g.Go(func() error { return p.keepCurrent(gctx) })
	}
	page, leave, err := w.openBrowser(ctx, last)
	if err != nil {
		return err
	}
	defer leave()
	lines := [][]string{{fmt.Sprintf("commit to row in the browser, %d more pages open", openPages), "p50", "p99", "pages that looked, a change"}}
	for _, c := range []struct {
		name string
		all  bool
	}{{"the trader's own pages look", false}, {"all pages look at once", true}} {
		before := looks.Load()
		found, err := w.changes(page, w.people[last].VOEN, c.all)
		if err != nil {
			return err
		}
		lines = append(lines, []string{
			c.name, fmt.Sprintf("%.0f ms", found[len(found)/2]), fmt.Sprintf("%.0f ms", found[len(found)*99/100]),
			fmt.Sprint((looks.Load() - before) / browserChanges),
		})
	}
	stop()
	err = g.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, table(out, "Open pages in a browser", lines))
}

// openPage is one of the many.
type openPage struct {
	w         *world
	transport *http.Transport
	trader    int
	looks     *atomic.Int64

	conn net.Conn
	r    *bufio.Reader
	tag  string
}

func (p *openPage) listen(ctx context.Context) (err error) {
	p.conn, p.r, err = p.w.listen(ctx, p.trader)
	return err
}

// keepCurrent does what an open page does: told to look, it asks for the list,
// at most once a second, and is content to hear that nothing is new. A stream
// that breaks it opens again, and looks.
func (p *openPage) keepCurrent(ctx context.Context) error {
	for {
		stop := context.AfterFunc(ctx, func() { _ = p.conn.Close() })
		line, err := "", error(nil)
		for err == nil && line != "event: look\n" {
			line, err = p.r.ReadString('\n')
		}
		stop()
		if err == nil {
			err = p.look(ctx)
		} else if ctx.Err() == nil {
			_ = p.conn.Close() // it is broken
			err = p.listen(ctx)
		}
		if ctx.Err() != nil {
			_ = p.conn.Close()
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

func (p *openPage) look(ctx context.Context) error {
	began := time.Now()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.w.portal.addr+"/goods", nil)
	if err != nil {
		return err
	}
	ask.Header.Set("Cookie", p.w.cookies[p.trader])
	ask.Header.Set("Portal-Live", "1")
	ask.Header.Set("If-None-Match", p.tag)
	answer, err := p.transport.RoundTrip(ask)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNotModified {
		return errors.New("a page that looked: " + answer.Status)
	}
	p.tag = answer.Header.Get("ETag")
	p.looks.Add(1)
	return sleep(ctx, time.Until(began.Add(time.Second)))
}

// openBrowser opens the list of a trader in a browser and waits until it hears
// of changes.
func (w *world) openBrowser(ctx context.Context, trader int) (page context.Context, leave func(), err error) {
	ctx, end := chromedp.NewExecAllocator(ctx, append(slices.Clip(chromedp.DefaultExecAllocatorOptions[:]), chromedp.NoSandbox, chromedp.DisableGPU)...)
	ctx, away := chromedp.NewContext(ctx)
	leave = func() { away(); end() }
	err = chromedp.Do(ctx)
	for cookie := range strings.SplitSeq(w.cookies[trader], "; ") {
		if name, value, _ := strings.Cut(cookie, "="); err == nil {
			_, err = chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: "http://" + w.portal.addr + "/"})
		}
	}
	if err == nil {
		_, err = chromedp.RunResponse(ctx, chromedp.Navigate("http://"+w.portal.addr+"/goods"))
	}
	if err == nil {
		_, err = chromedp.Run(ctx, chromedp.Evaluate[bool](`new Promise(done => {
			const t = setInterval(() => {
				if (performance.getEntriesByType("resource").some(e => e.initiatorType === "fetch")) { clearInterval(t); done(true); }
			}, 50);
		})`, chromedp.EvalAwaitPromise))
	}
	if err != nil {
		leave()
		return nil, nil, fmt.Errorf("browser: %w", err)
	}
	return ctx, leave, nil
}

// watch lets the page note when a row says what it is waited to say, and is
// about to be painted so.
const watch = `(() => {
	const said = () => document.querySelector('a.reg[href="/goods/BENCHROW"]')?.closest("tr").textContent.includes(%q);
	window.row = new Promise(done => new MutationObserver((_, o) => {
		if (!said()) return;
		o.disconnect();
		requestAnimationFrame(() => done(Date.now()));
	}).observe(document.querySelector("main"), {childList: true, subtree: true, characterData: true}));
	return true;
})()`

// changes stores changes of one row and times them, in milliseconds and sorted.
func (w *world) changes(page context.Context, trader customs.VOEN, all bool) ([]float64, error) {
	var found []float64
	for n := range browserChanges {
		vehicle := fmt.Sprintf("BR-%d-%t", n, all)
		if _, err := chromedp.Run(page, chromedp.Evaluate[bool](fmt.Sprintf(watch, vehicle))); err != nil {
			return nil, err
		}
		if err := sleep(page, 1200*time.Millisecond); err != nil { // a page looks once a second
			return nil, err
		}
		began := time.Now()
		if err := w.change(page, trader, vehicle, all); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(page, 20*time.Second)
		at, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`window.row`, chromedp.EvalAwaitPromise))
		cancel()
		if err != nil {
			return nil, fmt.Errorf("a change did not reach the browser: %w", err)
		}
		found = append(found, at-float64(began.UnixMicro())/1000)
	}
	slices.Sort(found)
	return found, nil
}

// change stores a revision of one consignment, the way the feed comes, and may
// tell every open page to look, as after a batch about many traders.
func (w *world) change(ctx context.Context, trader customs.VOEN, vehicle string, all bool) error {
	now := time.Now().Truncate(time.Second)
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	err := encoder.Encode(customs.Consignment{
		Registration: "BENCHROW", Revision: time.Now().UnixMicro(), Checkpoint: "00901", VOEN: trader,
		Status: customs.Registered, StatusAt: now, RegisteredAt: now, Consignee: customs.Party{Name: "Ölçü"},
		Transport: customs.Transport{Mode: 3, Vehicle: vehicle},
		Goods:     []customs.GoodsItem{{Number: 1, Description: "Mal", CommodityCode: "0702000000"}},
	})
	if err != nil {
		return err
	}
	result, err := intake.Run(ctx, &lines, intake.Options{DB: w.db, Now: time.Now})
	if err == nil && result.Rejected > 0 {
		err = errors.New("a change was rejected")
	}
	if err == nil && all {
		var c *pgx.Conn
		if c, err = pgx.Connect(ctx, w.server.URL("portal", database)); err == nil {
			_, err = c.Exec(ctx, `select pg_notify('goods', '*')`)
			err = errors.Join(err, c.Close(ctx))
		}
	}
	return err
}
