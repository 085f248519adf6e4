package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Steps of an end: how long a server may take after each signal.
const (
	fastShutdown      = 10 * time.Second // SIGINT: rolls back, writes everything out
	immediateShutdown = 5 * time.Second  // SIGQUIT: as a crash; recovery at the next start
	poll              = 5 * time.Millisecond
)

// dismiss deals with what postmaster.pid says. We hold the folder's lock, so
// the portal that started a server still running here is dead: its server is
// ended. A server that somebody started by other means is left alone and
// reported. A file that names no server of this folder is stale; PostgreSQL
// mends most of these itself, but not one whose number belongs to another
// process by now, as happens in containers.
func (c cluster) dismiss(ctx context.Context) error {
	p, ok := readPidFile(c.data())
	if !ok {
		return nil
	}
	ours := strings.HasPrefix(filepath.Base(p.socket), socketPrefix)
	if runsIn(p.pid, c.data()) {
		if !ours {
			return &OccupiedError{Dir: c.data(), PID: p.pid}
		}
		fmt.Fprintf(c.log, "A server of a portal that was killed still ran as process %d: ended.\n", p.pid)
		if err := endOrphan(ctx, p.pid, c.data()); err != nil {
			return err
		}
	}
	err := os.Remove(filepath.Join(c.data(), "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// endOrphan ends a server that is not our child.
func endOrphan(ctx context.Context, pid int, data string) error {
	steps := []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, fastShutdown}, {syscall.SIGQUIT, immediateShutdown}, {syscall.SIGKILL, time.Second}}
	for _, step := range steps {
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return &OccupiedError{Dir: data, PID: pid}
		}
		for end := time.Now().Add(step.wait); time.Now().Before(end); {
			if !runsIn(pid, data) {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(poll):
			}
		}
	}
	return &OccupiedError{Dir: data, PID: pid}
}
