package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// launch starts postgres and waits until it is ready.
func (s *Server) launch(ctx context.Context, timeout time.Duration) error {
	started := make(chan error, 1)
	go s.attend(started)
	if err := <-started; err != nil {
		return &StartError{Program: "postgres", Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if p, ok := readPidFile(s.data); ok && p.ready && p.pid == s.PID() {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.done:
			return &StartError{Program: "postgres", Err: errors.New("ended while starting"), Log: s.log.String()}
		case <-ctx.Done():
			return errors.Join(&StartError{Program: "postgres", Err: ctx.Err(), Log: s.log.String()}, s.end())
		}
	}
}

// attend starts the server and waits for its end on one locked thread: Linux
// signals a child when the thread that started it ends, not the process, so
// that thread must live as long as the server.
func (s *Server) attend(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := s.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = s.cmd.Wait() // how it ended is in its log
	close(s.done)
}

// end stops our own server: fast, then at once, then by force.
func (s *Server) end() error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, fastShutdown}, {syscall.SIGQUIT, immediateShutdown}} {
		if err := s.cmd.Process.Signal(step.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		select {
		case <-s.done:
			return nil
		case <-time.After(step.wait):
		}
	}
	// The whole group: the server's own children would outlive it.
	err := syscall.Kill(-s.PID(), syscall.SIGKILL)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	<-s.done
	return nil
}

// takeLock takes the lock of a data folder, or says who has it. The lock goes
// with the process that holds it, so a killed one leaves nothing to mend.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		b := make([]byte, 20)
		n, _ := f.Read(b)
		pid, _ := strconv.Atoi(strings.TrimSpace(string(b[:n])))
		return nil, errors.Join(&OccupiedError{Dir: path[:len(path)-len("/lock")], PID: pid}, f.Close())
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
