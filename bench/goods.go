package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// goodsPage compares the signed-in goods page with the bare handler.
func goodsPage(ctx context.Context, w *world, out io.Writer) error {
	page, err := w.fetch(ctx, "/goods")
	if err != nil {
		return err
	}
	file := filepath.Join(w.dir, "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		return err
	}
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := w.start(ctx, nil, self, "bare", addr, w.server.URL("portal", database), file)
	if err != nil {
		return err
	}
	targets := []target{
		{name: "portal", addr: w.portal.addr, status: http.StatusOK, least: len(page) / 2},
		{name: "bare", addr: addr, status: http.StatusOK, least: len(page)},
	}
	for i := range w.cookies {
		targets[0].requests = append(targets[0].requests, request(w.portal.addr, "/goods", w.cookies[i]))
		targets[1].requests = append(targets[1].requests, request(addr, "/goods", "key="+w.keys[i]))
	}
	if err := answers(ctx, "http://"+addr+"/goods", "key="+w.keys[0]); err != nil {
		return fmt.Errorf("%w; its last words:\n%s", err, p.lastWords())
	}
	found, err := takeTurns(ctx, targets, w.connections, w.rounds, w.turn)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("Goods page of %d KB, signed in, register entry durable; %d connections, %d rounds of %s", len(page)>>10, w.connections, w.rounds, w.turn)
	lines := [][]string{{"", "pages/s", "range", "p50", "p99", "to bare", "range"}}
	for i, t := range targets {
		rate := spreadOf(rates(found[i]))
		ratio := spreadOf(ratios(rates(found[i]), rates(found[1])))
		lines = append(lines, []string{
			t.name, fmt.Sprintf("%.0f", rate.median), fmt.Sprintf("%.0f–%.0f", rate.low, rate.high),
			milliseconds(found[i], 0.5), milliseconds(found[i], 0.99),
			fmt.Sprintf("%.2f", ratio.median), fmt.Sprintf("%.2f–%.2f", ratio.low, ratio.high),
		})
	}
	return table(out, title, lines)
}

// takeTurns loads the targets one after another, several rounds of it, after a
// short turn each that does not count.
func takeTurns(ctx context.Context, targets []target, connections, rounds int, turn time.Duration) ([][]turnResult, error) {
	found := make([][]turnResult, len(targets))
	for round := range rounds + 1 {
		for i, t := range targets {
			length := turn
			if round == 0 {
				length = min(turn, time.Second)
			}
			s, err := load(ctx, t, connections, length)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				found[i] = append(found[i], s)
			}
		}
	}
	return found, nil
}

func rates(samples []turnResult) []float64 {
	var out []float64
	for _, s := range samples {
		out = append(out, s.rate)
	}
	return out
}

// milliseconds is the median over the rounds of a quantile.
func milliseconds(samples []turnResult, q float64) string {
	var out []float64
	for _, s := range samples {
		out = append(out, float64(s.at(q).Microseconds())/1000)
	}
	return fmt.Sprintf("%.1f ms", spreadOf(out).median)
}

// fetch is the body of one page of the portal for the first trader.
func (w *world) fetch(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.portal.addr+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Cookie", w.cookies[0])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}
