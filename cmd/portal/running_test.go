package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// running is a command of the portal that has not ended yet.
type running struct {
	stop  context.CancelFunc // as Ctrl-C does
	lines chan string        // what it printed on both outputs
	ended chan error
}

// patience bounds what a loaded machine may take.
const patience = 2 * time.Minute

// begin begins a command that ends with the test if not before.
func begin(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop: stop, lines: make(chan string, 10_000), ended: make(chan error, 1)}
	read, write := io.Pipe()
	go func() {
		for s := bufio.NewScanner(read); s.Scan(); {
			r.lines <- s.Text()
		}
	}()
	go func() {
		err := run(ctx, args, env{strings.NewReader(""), write, write})
		write.Close()
		r.ended <- err
		close(r.ended)
	}()
	t.Cleanup(func() {
		stop()
		select {
		case <-r.ended:
		case <-time.After(patience):
			t.Error("the command did not end")
		}
	})
	return r
}

// await waits until the command prints a line with this text, and returns it.
func (r *running) await(t *testing.T, text string) string {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case line := <-r.lines:
			if strings.Contains(line, text) {
				return line
			}
		case err := <-r.ended:
			t.Fatalf("ended before it said %q: %v", text, err)
		case <-limit:
			t.Fatalf("did not say %q", text)
		}
	}
}

// end ends the command as Ctrl-C does and returns its error.
func (r *running) end(t *testing.T) error {
	t.Helper()
	r.stop()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(patience):
		t.Fatal("the command did not end")
		return nil
	}
}

// said runs a command to its end.
func said(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	var out, trouble strings.Builder
	err = run(ctx, args, env{strings.NewReader(""), &out, &trouble})
	return out.String(), err
}

// free is an address of this machine that nobody listens on, and that is given
// once. Its port is neither among those that the system gives to connections nor
// among those of the journeys, which run beside: a test may look at it again
// after what listened there has ended.
func free(t *testing.T) string {
	t.Helper()
	for {
		port := 10_000 + rand.IntN(10_000)
		if _, given := givenPorts.LoadOrStore(port, true); given {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
}

// givenPorts are those that free has given.
var givenPorts sync.Map

// openFolder is an empty folder that PostgreSQL's user may enter, also when
// root tests.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "portal-test")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
