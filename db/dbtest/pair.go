package dbtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/pgserver"
)

// Pair is a primary and a hot standby that follows it, two servers of the
// test's own. The primary can be killed and come back.
type Pair struct {
	t        testing.TB
	dir      string // of the primary
	Primary  *pgserver.Server
	Standby  *pgserver.Server
	database string
}

// NewPair returns a pair with a fresh database with today's schema. The
// servers end with the test.
func NewPair(t testing.TB) *Pair {
	t.Helper()
	base := Dir(t)
	p := &Pair{t: t, dir: filepath.Join(base, "primary"), database: "portal"}
	p.Start()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	check(t, db.Bootstrap(ctx, p.Primary.URL(superuser, "postgres"), p.database))
	check(t, db.Migrate(ctx, p.Primary.URL(owner, p.database), login))

	// The standby begins as a copy of the files of a primary that was stopped.
	check(t, p.Primary.Stop())
	standby := filepath.Join(base, "standby")
	check(t, os.Mkdir(standby, 0o755))
	if said, err := exec.CommandContext(ctx, "cp", "-a", filepath.Join(p.dir, "cluster"), standby).CombinedOutput(); err != nil {
		t.Fatalf("dbtest: cp: %v\n%s", err, said)
	}
	check(t, os.WriteFile(filepath.Join(standby, "cluster", "standby.signal"), nil, 0o644))
	p.Start()
	q := p.at(superuser).Query()
	p.Standby = p.run(standby, map[string]string{
		"primary_conninfo":            "host=" + q.Get("host") + " port=" + q.Get("port") + " user=" + superuser,
		"wal_retrieve_retry_interval": "100ms",
		"log_min_messages":            "panic", // it says of each try that the primary is gone
	})
	return p
}

// Start brings the primary up, again after Kill.
func (p *Pair) Start() {
	p.t.Helper()
	p.Primary = p.run(p.dir, nil)
}

// Kill ends the primary as a power cut would.
func (p *Pair) Kill() {
	p.t.Helper()
	check(p.t, syscall.Kill(p.Primary.PID(), syscall.SIGKILL))
	<-p.Primary.Done()
	check(p.t, p.Primary.Stop())
}

// Promote makes the standby a primary.
func (p *Pair) Promote() {
	p.t.Helper()
	p.onStandby(`select pg_promote()`)
}

// Pause keeps what comes to the standby from being seen there; Resume shows it.
func (p *Pair) Pause() { p.t.Helper(); p.onStandby(`select pg_wal_replay_pause()`) }

// Resume ends Pause.
func (p *Pair) Resume() { p.t.Helper(); p.onStandby(`select pg_wal_replay_resume()`) }

func (p *Pair) onStandby(sql string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.Standby.URL(superuser, p.database))
	check(p.t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	check(p.t, err)
}

// Freeze stops every process of the primary where it stands, so that it takes
// questions and answers none, until what it returns is called.
func (p *Pair) Freeze() (thaw func()) {
	p.t.Helper()
	check(p.t, syscall.Kill(p.Primary.PID(), syscall.SIGSTOP)) // first: it makes no more of them
	pids := []int{p.Primary.PID()}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", p.Primary.PID()))
	check(p.t, err)
	for child := range strings.FieldsSeq(string(children)) {
		pid, err := strconv.Atoi(child)
		check(p.t, err)
		pids = append(pids, pid)
	}
	send := func(s syscall.Signal) {
		for _, pid := range pids {
			_ = syscall.Kill(pid, s) // a backend may have ended by itself
		}
	}
	send(syscall.SIGSTOP)
	thaw = sync.OnceFunc(func() { send(syscall.SIGCONT) })
	p.t.Cleanup(thaw)
	return thaw
}

func (p *Pair) run(dir string, settings map[string]string) *pgserver.Server {
	p.t.Helper()
	s, err := pgserver.Start(p.t.Context(), pgserver.Options{Dir: dir, Settings: settings, Log: p.t.Output(), Timeout: patience})
	check(p.t, err)
	p.t.Cleanup(func() { _ = s.Stop() })
	return s
}

// Dir is a new folder for a server of the test's own; it goes with the test.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := passable()
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	return dir
}

// passable is a new folder that PostgreSQL's user can pass when the tests run as
// root.
func passable() (string, error) {
	dir, err := os.MkdirTemp("", "portal-server-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	return dir, err
}

// at is the address of the primary for a user, also of one that comes back: the
// link in the data folder leads to the socket of whichever runs.
func (p *Pair) at(user string) *url.URL {
	p.t.Helper()
	u, err := url.Parse(p.Primary.URL(user, p.database))
	check(p.t, err)
	q := u.Query()
	q.Set("host", filepath.Join(p.dir, "socket"))
	u.RawQuery = q.Encode()
	return u
}

// DB is the pair as one database whose serving role knows both hosts.
func (p *Pair) DB() *DB {
	p.t.Helper()
	return &DB{Name: p.database, URL: p.URL(), OwnerURL: p.at(owner).String(), SuperuserURL: p.at(superuser).String()}
}

// URL is the address with both hosts, as the serving role; the primary is not
// the first of them.
func (p *Pair) URL() string {
	p.t.Helper()
	u, err := url.Parse(p.Standby.URL(login, p.database))
	check(p.t, err)
	q, primary := u.Query(), p.at(login).Query()
	q.Set("host", q.Get("host")+","+primary.Get("host"))
	q.Set("port", q.Get("port")+","+primary.Get("port"))
	u.RawQuery = q.Encode()
	return u.String()
}

// CatchUp waits until the standby has everything that the primary has.
func (p *Pair) CatchUp() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	ask := func(address, sql string, args ...any) (answer string) {
		conn, err := pgx.Connect(ctx, address)
		check(p.t, err)
		defer conn.Close(ctx)
		check(p.t, conn.QueryRow(ctx, sql, args...).Scan(&answer))
		return answer
	}
	now := ask(p.at(superuser).String(), `select pg_current_wal_insert_lsn()::text`)
	for ask(p.Standby.URL(superuser, p.database), `select (coalesce(pg_last_wal_replay_lsn(), '0/0') >= $1::pg_lsn)::text`, now) != "true" {
		time.Sleep(10 * time.Millisecond)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
}
