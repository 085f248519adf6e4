package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/feed/sample"
)

// retention is that of the archived consignments: the shortest there is.
const retention = 30 * 24 * time.Hour

// archive compares the list while old consignments move into the archive with
// the list while they do not, with four connections. What moves was stored for
// this: the cleared part of consignments of two months ago.
func archive(ctx context.Context, w *world, out io.Writer) error {
	old := min(w.consignments, 100_000)
	if err := fill(ctx, w.db, sample.Options{Seed: 3, Consignments: old, Now: time.Now().AddDate(0, -2, 0)}); err != nil {
		return err
	}
	list := w.target(w.portal.server(), w.recordings[0])
	before, err := load(ctx, list, 4, w.turn)
	if err != nil {
		return err
	}
	during, cancel := context.WithCancel(ctx)
	defer cancel()
	var g errgroup.Group
	var moved int
	var took time.Duration
	g.Go(func() error {
		defer cancel()
		began := time.Now()
		n, err := w.db.Archive(during, retention, nil)
		moved, took = n, time.Since(began)
		return err
	})
	var while []turnResult
	for during.Err() == nil {
		result, err := load(ctx, list, 4, w.turn/4)
		if err != nil {
			return err
		}
		if during.Err() == nil { // all of it was beside the archive
			while = append(while, result)
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if len(while) == 0 {
		return fmt.Errorf("%d consignments moved before a page could be asked for", moved)
	}
	all := together(while)
	return table(out, fmt.Sprintf("The list while %d consignments move into the archive, %.0f a second, 4 connections", moved, float64(moved)/took.Seconds()), [][]string{
		{"archive", "answers", "p50", "p99", "longest", "p50 to the one without"},
		{"at rest", strconv.Itoa(len(before.times)), milliseconds([]turnResult{before}, 0.5), milliseconds([]turnResult{before}, 0.99), milliseconds([]turnResult{before}, 1), "1.00"},
		{"moving", strconv.Itoa(len(all.times)), milliseconds([]turnResult{all}, 0.5), milliseconds([]turnResult{all}, 0.99), milliseconds([]turnResult{all}, 1), fmt.Sprintf("%.2f", all.at(0.5).Seconds()/before.at(0.5).Seconds())},
	})
}
