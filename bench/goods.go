package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// searchPath is a search with filters, as somebody would do who wants to know
// what waits for them.
const searchPath = "/goods?q=a&waiting=you&sort=deadline"

// pages compares the portal's pages with their competitors.
func pages(ctx context.Context, w *world, out io.Writer) error {
	list, search := w.recordings[0], w.recordings[1]
	bare, err := w.compete(ctx, "bare")
	if err != nil {
		return err
	}
	plain, err := w.compete(ctx, "plain")
	if err != nil {
		return err
	}
	title := fmt.Sprintf("Signed-in pages, register entry durable before the first byte; %d consignments, medians of %d turns of %s",
		w.consignments, w.rounds, w.turn)
	lines := [][]string{{"page", "KB", "connections", "portal/s", "p50", "p99", "CPU µs", "bare/s", "CPU µs", "portal : bare", "range", "by CPU", "plain/s", "CPU µs", "portal : plain", "range", "by CPU"}}
	add := func(name string, size, connections int, targets ...target) error {
		found, err := w.takeTurns(ctx, targets, connections)
		if err != nil {
			return err
		}
		lines = append(lines, append([]string{name, strconv.Itoa(size >> 10), strconv.Itoa(connections)}, cells(found)...))
		return nil
	}
	for _, connections := range []int{16, 32, 64} {
		targets := []target{w.target(w.portal.server(), list), w.target(bare, list)}
		if connections == 32 {
			targets = append(targets, w.target(plain, list))
		}
		if err := add("list", len(list.Body), connections, targets...); err != nil {
			return err
		}
	}
	if err := add("search", len(search.Body), 32, w.target(w.portal.server(), search), w.target(bare, search)); err != nil {
		return err
	}
	detail := w.recordings[2]
	if err := add("details", len(detail.Body), 32, w.details(w.portal.server()), w.details(bare)); err != nil {
		return err
	}
	if err := add("list, unchanged", 0, 32, w.unchanged(), w.target(bare, list)); err != nil {
		return err
	}
	return table(out, title, lines)
}

// cells are a line's figures: the portal first, then its competitors. The ratio
// by processor time is what it would be if nothing else ran on the machine.
func cells(found [][]turnResult) []string {
	mine, cost := rates(found[0]), costs(found[0])
	out := []string{fmt.Sprintf("%.0f", spreadOf(mine).median), milliseconds(found[0], 0.5), milliseconds(found[0], 0.99), cpuCell(found[0])}
	for _, other := range found[1:] {
		ratio := spreadOf(ratios(mine, rates(other)))
		out = append(out, fmt.Sprintf("%.0f", spreadOf(rates(other)).median), cpuCell(other),
			fmt.Sprintf("%.2f", ratio.median), fmt.Sprintf("%.2f–%.2f", ratio.low, ratio.high),
			fmt.Sprintf("%.2f", spreadOf(ratios(costs(other), cost)).median))
	}
	return out
}

// costs are the processor times of an answer in microseconds.
func costs(samples []turnResult) []float64 {
	var out []float64
	for _, s := range samples {
		out = append(out, float64((s.app + s.postgres).Microseconds()))
	}
	return out
}

// cpuCell is the processor time of an answer, of the server and of PostgreSQL.
func cpuCell(samples []turnResult) string {
	var app, postgres []float64
	for _, s := range samples {
		app, postgres = append(app, float64(s.app.Microseconds())), append(postgres, float64(s.postgres.Microseconds()))
	}
	return fmt.Sprintf("%.0f + %.0f", spreadOf(app).median, spreadOf(postgres).median)
}

// server is a portal or a competitor that listens.
type server struct {
	name, addr string
	pid        int
}

// target asks a server for one page, as each of the traders in turn.
func (w *world) target(s server, page recorded, header ...string) target {
	t := target{name: s.name, addr: s.addr, pid: s.pid, status: http.StatusOK, least: len(page.Body) / 3}
	for i := range w.cookies {
		t.requests = append(t.requests, request(s.addr, page.Path, w.cookie(s, i), header...))
	}
	return t
}

// details asks for each trader's own registration.
func (w *world) details(s server) target {
	t := target{name: s.name, addr: s.addr, pid: s.pid, status: http.StatusOK, least: len(w.recordings[2].Body) / 3}
	for i := range w.cookies {
		t.requests = append(t.requests, request(s.addr, "/goods/"+w.registrations[i], w.cookie(s, i)))
	}
	return t
}

// cookie is what a trader's browser sends to a server.
func (w *world) cookie(s server, i int) string {
	if s.name == portalName {
		return w.cookies[i]
	}
	return "key=" + w.keys[i]
}

// unchanged asks for the list as a browser does that has it already. The ages
// on the page change with the minute: then there is a body again.
func (w *world) unchanged() target {
	t := target{name: portalName, addr: w.portal.addr, pid: w.portal.server().pid, status: http.StatusNotModified, also: http.StatusOK, requests: make([][]byte, len(w.cookies))}
	t.before = func(ctx context.Context) error {
		for i := range w.cookies {
			answer, _, err := w.fetch(ctx, i, "/goods")
			if err != nil {
				return err
			}
			t.requests[i] = request(w.portal.addr, "/goods", w.cookies[i], "If-None-Match: "+answer.Header.Get("ETag"))
		}
		return nil
	}
	return t
}

// compete starts a competitor's process and returns it.
func (w *world) compete(ctx context.Context, name string) (server, error) {
	addr, err := freeAddress()
	if err != nil {
		return server{}, err
	}
	b, err := json.Marshal(job{Addr: addr, Database: w.server.URL("portal", database), Pages: w.recordings})
	if err != nil {
		return server{}, err
	}
	file := filepath.Join(w.dir, name+".json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return server{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return server{}, err
	}
	p, err := w.start(ctx, nil, self, name, file)
	if err != nil {
		return server{}, err
	}
	if err := answers(ctx, "http://"+addr+"/goods", "key="+w.keys[0]); err != nil {
		return server{}, fmt.Errorf("%w; its last words:\n%s", err, p.lastWords())
	}
	return server{name, addr, p.command.Process.Pid}, nil
}

// takeTurns loads the targets one after another, several rounds of it, after a
// short turn each that does not count.
func (w *world) takeTurns(ctx context.Context, targets []target, connections int) ([][]turnResult, error) {
	found := make([][]turnResult, len(targets))
	for round := range w.rounds + 1 {
		for i, t := range targets {
			length := w.turn
			if round == 0 {
				length = min(length, time.Second)
			}
			if t.before != nil {
				if err := t.before(ctx); err != nil {
					return nil, err
				}
			}
			app, postgres := cpuOf(t.pid), cpuOfChildren(w.server.PID())
			s, err := load(ctx, t, connections, length)
			if err != nil {
				return nil, err
			}
			if n := time.Duration(len(s.times)); n > 0 {
				s.app, s.postgres = (cpuOf(t.pid)-app)/n, (cpuOfChildren(w.server.PID())-postgres)/n
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

// fetch asks the portal for one page as one of the traders.
func (w *world) fetch(ctx context.Context, trader int, path string) (*http.Response, []byte, error) {
	return w.fetchAs(ctx, w.cookies[trader], path)
}

func (w *world) fetchAs(ctx context.Context, cookie, path string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.portal.addr+path, nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Cookie", cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}
