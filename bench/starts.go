package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// starts measures `portal demo` from the command to the first served page, in
// an empty folder and in one that is there. The folders stay until the end:
// ext4 does not use again the inodes of files removed in the last minutes, so a
// start after a removed folder looks through thousands of them for each file
// that initdb makes, and would take up to twice as long.
func starts(ctx context.Context, w *world, out io.Writer) error {
	var first, second []float64
	for round := range w.rounds {
		dir := filepath.Join(w.dir, fmt.Sprintf("demo-%d", round))
		for _, times := range []*[]float64{&first, &second} {
			took, err := w.startDemo(ctx, dir)
			if err != nil {
				return err
			}
			*times = append(*times, took.Seconds())
		}
	}
	line := func(name string, seconds []float64) []string {
		s := spreadOf(seconds)
		return []string{name, fmt.Sprintf("%.2f s", s.median), fmt.Sprintf("%.2f–%.2f", s.low, s.high)}
	}
	return table(out, "portal demo, from the command to the first page", [][]string{
		{"", "median", "range"}, line("from nothing", first), line("existing folder", second),
	})
}

func (w *world) startDemo(ctx context.Context, dir string) (took time.Duration, err error) {
	p, err := newPortal()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	command := exec.CommandContext(ctx, w.settings.portal, "demo", "--data", dir, "--every", "0",
		"--addr", p.addr, "--card-addr", p.card, "--ops-addr", p.ops)
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Start(); err != nil {
		return 0, err
	}
	defer func() {
		stopErr := command.Process.Signal(os.Interrupt)
		if err = errors.Join(err, stopErr, command.Wait()); err != nil {
			err = fmt.Errorf("%w; it said: %s", err, said.String())
		}
	}()
	err = answers(ctx, "http://"+p.addr+"/", "")
	return time.Since(began), err
}
