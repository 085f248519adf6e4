package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// large compares pages of a trader with very many pending consignments with the
// plain list of traders with few, with four connections, so that no one waits
// for a processor.
func large(ctx context.Context, w *world, out io.Writer) error {
	if len(w.large) == 0 {
		return nil
	}
	_, body, err := w.fetchAs(ctx, w.large[0], "/goods?page=7")
	if err != nil {
		return err
	}
	pages := [][2]string{
		{"list", "/goods"},
		{"what is held and waits for the trader", "/goods?status=held&waiting=you&sort=deadline"},
		{"a registration code", "/goods?q=" + url.QueryEscape(firstCode(body))},
		{"a word, waiting for the trader", "/goods?q=tekstil&waiting=you&sort=deadline"},
		{"a word that is misspelt", "/goods?q=tekstl"},
		{"a letter, in nearly everything", "/goods?q=a&waiting=you"},
		{"the last page", "/goods?page=999999"},
	}
	targets := []target{w.target(w.portal.server(), w.recordings[0])}
	for _, p := range pages {
		if _, body, err = w.fetchAs(ctx, w.large[0], p[1]); err != nil {
			return err
		}
		targets = append(targets, target{
			name: portalName, addr: w.portal.addr, pid: w.portal.server().pid, status: http.StatusOK, least: len(body) / 3,
			requests: [][]byte{request(w.portal.addr, p[1], w.large[0])},
		})
	}
	found, err := w.takeTurns(ctx, targets, 4)
	if err != nil {
		return err
	}
	lines := [][]string{
		{"page", "p50", "p99", "CPU µs", "p50 to the plain list", "range"},
		{"list of " + strconv.Itoa(perTrader), milliseconds(found[0], 0.5), milliseconds(found[0], 0.99), cpuCell(found[0]), "1.00", ""},
	}
	for i, p := range pages {
		ratio := spreadOf(ratios(halves(found[i+1]), halves(found[0])))
		lines = append(lines, []string{
			p[0], milliseconds(found[i+1], 0.5), milliseconds(found[i+1], 0.99), cpuCell(found[i+1]),
			fmt.Sprintf("%.2f", ratio.median), fmt.Sprintf("%.2f–%.2f", ratio.low, ratio.high),
		})
	}
	return table(out, fmt.Sprintf("A trader with %d pending consignments, 4 connections", w.settings.large), lines)
}

// firstCode is the first registration code on a page of the list.
func firstCode(page []byte) string {
	_, rest, _ := bytes.Cut(page, []byte(`<a class="reg" href="/goods/`))
	code, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(code)
}
