package pgserver_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db/pgserver"
)

// childDir names the data folder for a copy of this test program that runs a
// server until it is killed or its standard input ends.
const childDir = "PGSERVER_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

func child(dir string) int {
	s, err := pgserver.Start(context.Background(), pgserver.Options{Dir: dir, Fast: true, Log: os.Stderr})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("ready", s.PID(), s.URL("postgres", "postgres"))
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(); err != nil {
		fmt.Println("error", err)
		return 1
	}
	return 0
}

// process is a running child.
type process struct {
	*exec.Cmd
	stdin  io.WriteCloser
	server int    // process id of PostgreSQL
	url    string // of the superuser
}

// spawn runs a child, as another user if uid is not 0, until it is ready.
func spawn(t *testing.T, dir string, uid uint32) process {
	t.Helper()
	program := filepath.Join(openIn(t, "/tmp"), "child") // memory may not hold programs
	b, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	must(t, os.WriteFile(program, b, 0o755))
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Dir = "/"
	cmd.Stderr = t.Output()
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	stdin, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	p := process{Cmd: cmd, stdin: stdin}
	if _, err := fmt.Fscanf(out, "ready %d %s\n", &p.server, &p.url); err != nil {
		rest, _ := io.ReadAll(out)
		t.Fatalf("the child is not ready: %v %s", err, rest)
	}
	return p
}

// start runs a server in this process and stops it at the end of the test.
func start(t *testing.T, o pgserver.Options) *pgserver.Server {
	t.Helper()
	o.Fast = true
	if o.Log == nil {
		o.Log = t.Output()
	}
	s, err := pgserver.Start(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop()) })
	return s
}

// query returns the first column of the one row that a statement gives.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.Background())
	var s string
	must(t, conn.QueryRow(t.Context(), sql).Scan(&s))
	return s
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	must(t, err)
}

// open is a new folder that every user may enter, in memory where there is
// plenty: making a cluster is a thousand small files.
func open(t *testing.T) string {
	t.Helper()
	base := "/tmp"
	var fs syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &fs) == nil && fs.Bavail*uint64(fs.Bsize) > 4<<30 {
		base = "/dev/shm"
	}
	return openIn(t, base)
}

func openIn(t *testing.T, base string) string {
	t.Helper()
	dir, err := os.MkdirTemp(base, "pgserver-test-")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

// gone waits for a process to end.
func gone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for alive(pid) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("process %d is still there", pid)
		}
	}
}

// alive does not count a process that only waits for its parent to notice.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(b), ") Z ")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
