package journeys_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the portal's demo on a data folder of its own.
type program struct {
	binary, data    string
	addr, card, ops string // host:port of the listeners
	mailbox         string // and of the page that shows the mails

	command *exec.Cmd
	ended   chan error
	stderr  *bytes.Buffer
}

// newProgram builds the portal and prepares an empty data folder, which must be
// open to PostgreSQL's user when the tests run as root.
func newProgram(t *testing.T) *program {
	t.Helper()
	dir, err := os.MkdirTemp("", "journeys")
	must(t, err)
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	must(t, os.Chmod(dir, 0o755))
	p := &program{
		binary: filepath.Join(dir, "portal"), data: filepath.Join(dir, "data"),
		addr: freeAddress(t), card: freeAddress(t), ops: freeAddress(t), mailbox: freeAddress(t),
	}
	// The same flags as in the Makefile, so that the compiler's cache is shared.
	build := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-o", p.binary, "./cmd/portal")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return p
}

// beside starts another demo from nothing, for what would disturb this one.
func (p *program) beside(t *testing.T, name string) *program {
	t.Helper()
	other := &program{
		binary: p.binary, data: filepath.Join(filepath.Dir(p.data), name),
		addr: freeAddress(t), card: freeAddress(t), ops: freeAddress(t), mailbox: freeAddress(t),
	}
	other.start(t)
	t.Cleanup(func() { other.stop(t) })
	return other
}

// freeAddress is an address on this machine that nobody listens on. Its port is
// below those that the system gives to connections (from 32768 in Linux): a
// browser opens many between now and the start of what shall listen there. None
// is given twice.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		port := 20_000 + rand.IntN(12_000)
		if _, given := givenPorts.LoadOrStore(port, true); given {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		must(t, err)
		defer l.Close()
		return l.Addr().String()
	}
}

// givenPorts are those that freeAddress has given.
var givenPorts sync.Map

// startLimit is the most that a start may take on a busy machine. What it
// takes on a free one is logged and stands in the benchmarks.
const startLimit = 3 * time.Minute

// start starts the demo and returns how long it took to the first served page.
func (p *program) start(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	p.stderr = new(bytes.Buffer)
	p.command = exec.Command(p.binary, "demo", "--data", p.data, "--every", "0",
		"--sign-in-burst", "2000", // all of them come from one address
		"--addr", p.addr, "--card-addr", p.card, "--ops-addr", p.ops, "--mailbox", p.mailbox)
	p.command.Stderr = p.stderr
	endTogether(p.command)
	stdout, err := p.command.StdoutPipe()
	must(t, err)
	must(t, p.command.Start())
	p.ended = make(chan error, 1)
	greeted := make(chan string, 1)
	go p.listen(stdout, greeted)

	select {
	case <-greeted:
	case err := <-p.ended:
		p.command = nil
		t.Fatalf("the demo ended at its start: %v\n%s", err, p.stderr)
	case <-time.After(startLimit):
		p.kill()
		t.Fatalf("the demo was not ready within %s\n%s", startLimit, p.stderr)
	}
	response, err := http.Get("http://" + p.addr + "/")
	must(t, err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	must(t, err)
	took := time.Since(began)
	if response.StatusCode != http.StatusOK || !bytes.Contains(page, []byte("</html>")) {
		t.Errorf("the first page: status %d, %d bytes", response.StatusCode, len(page))
	}
	return took
}

// listen reads what the demo prints until it ends, and tells when it greets.
func (p *program) listen(stdout io.Reader, greeted chan<- string) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if line := lines.Text(); strings.Contains(line, "http://"+p.addr) {
			select {
			case greeted <- line:
			default:
			}
		}
	}
	p.ended <- p.command.Wait()
}

// stop ends the demo as Ctrl-C does and expects an orderly end.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if p.command == nil {
		return
	}
	must(t, p.command.Process.Signal(os.Interrupt))
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("the demo did not end in order: %v\n%s", err, p.stderr)
		}
	case <-time.After(startLimit):
		p.kill()
		t.Errorf("the demo did not end within %s of an interrupt", startLimit)
	}
	p.command = nil
}

func (p *program) kill() {
	_ = p.command.Process.Signal(syscall.SIGKILL)
	<-p.ended
}

// key and certificate are the files of one of the demo's people.
func (p *program) key(person string) string {
	return filepath.Join(p.data, "people", person+".key")
}

func (p *program) certificate(person string) string {
	return filepath.Join(p.data, "people", person+".pem")
}

// run runs a program and fails the test with what it printed.
func run(t *testing.T, ctx context.Context, env []string, name string, args ...string) {
	t.Helper()
	command := exec.CommandContext(ctx, name, args...)
	command.Env = append(os.Environ(), env...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
