package pgserver_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"customs.gov.az/portal/db/pgserver"
)

func TestDataSurvivesARestart(t *testing.T) {
	dir := open(t)
	s := start(t, pgserver.Options{Dir: dir})
	url := s.URL("postgres", "postgres")
	exec1(t, url, "CREATE TABLE goods AS SELECT 'ərik' AS name")
	if got := query(t, url, "SELECT upper(name) FROM goods"); got != "ƏRIK" {
		t.Errorf("upper = %q: the locale does not know the letters", got)
	}
	must(t, s.Stop())
	must(t, s.Stop()) // harmless
	if alive(s.PID()) {
		t.Error("the server lives after Stop")
	}

	again := start(t, pgserver.Options{Dir: dir})
	if got := query(t, again.URL("postgres", "postgres"), "SELECT name FROM goods"); got != "ərik" {
		t.Errorf("after the restart: %q", got)
	}
	must(t, again.Stop())

	fresh := start(t, pgserver.Options{Dir: dir, Fresh: true})
	if got := query(t, fresh.URL("postgres", "postgres"), "SELECT count(*)::text FROM pg_tables WHERE tablename = 'goods'"); got != "0" {
		t.Errorf("a fresh cluster still has the table")
	}
}

func TestSettings(t *testing.T) {
	s := start(t, pgserver.Options{Dir: open(t), Settings: map[string]string{"work_mem": "7MB"}})
	for setting, want := range map[string]string{
		"listen_addresses": "", "work_mem": "7MB", "fsync": "off", "timezone": "UTC",
		"log_min_error_statement": "panic", "log_error_verbosity": "terse", "server_encoding": "UTF8",
	} {
		if got := query(t, s.URL("postgres", "postgres"), "SHOW "+setting); !strings.EqualFold(got, want) {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
}

func TestDurableByDefault(t *testing.T) {
	s, err := pgserver.Start(t.Context(), pgserver.Options{Dir: open(t)})
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop()) })
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		if got := query(t, s.URL("postgres", "postgres"), "SHOW "+setting); got != "on" {
			t.Errorf("%s = %q", setting, got)
		}
	}
}

func TestLongPath(t *testing.T) {
	dir := open(t)
	for range 5 {
		dir = filepath.Join(dir, strings.Repeat("uzun", 15))
	}
	s := start(t, pgserver.Options{Dir: dir})
	if got := query(t, s.URL("postgres", "postgres"), "SELECT 'here'"); got != "here" {
		t.Error(got)
	}
}

func TestOccupied(t *testing.T) {
	dir := open(t)
	start(t, pgserver.Options{Dir: dir})
	_, err := pgserver.Start(t.Context(), pgserver.Options{Dir: dir})
	var occupied *pgserver.OccupiedError
	if !errors.As(err, &occupied) {
		t.Fatalf("a second start: %v", err)
	}
	if occupied.PID != os.Getpid() || occupied.Dir != dir {
		t.Errorf("names process %d and %s", occupied.PID, occupied.Dir)
	}
}

func TestHalfMadeFolder(t *testing.T) {
	tests := map[string]struct {
		files []string
		kept  string // a file that must still be somewhere
	}{
		"initdb interrupted":    {files: []string{"cluster.new/PG_VERSION", "cluster.new/base/1/1255"}},
		"cluster without heart": {files: []string{"cluster/PG_VERSION", "cluster/note"}, kept: "cluster.unusable/note"},
		"empty cluster":         {files: []string{"cluster/note"}, kept: "cluster.unusable/note"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := open(t)
			for _, f := range test.files {
				must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o755))
				must(t, os.WriteFile(filepath.Join(dir, f), []byte("15\n"), 0o644))
			}
			s := start(t, pgserver.Options{Dir: dir})
			if got := query(t, s.URL("postgres", "postgres"), "SELECT 'here'"); got != "here" {
				t.Error(got)
			}
			if _, err := os.Stat(filepath.Join(dir, "cluster.new")); err == nil {
				t.Error("the half-made cluster is still there")
			}
			if test.kept != "" {
				if _, err := os.Stat(filepath.Join(dir, test.kept)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestOtherVersion(t *testing.T) {
	dir := open(t)
	s := start(t, pgserver.Options{Dir: dir})
	must(t, s.Stop())
	file := filepath.Join(dir, "cluster", "PG_VERSION")
	must(t, os.WriteFile(file, []byte("9\n"), 0o600))
	_, err := pgserver.Start(t.Context(), pgserver.Options{Dir: dir})
	var version *pgserver.VersionError
	if !errors.As(err, &version) || version.Cluster != 9 || version.Found < pgserver.OldestVersion {
		t.Fatalf("got %v", err)
	}
}

func TestStartThatFailsShowsTheLog(t *testing.T) {
	dir := open(t)
	_, err := pgserver.Start(t.Context(), pgserver.Options{Dir: dir, Settings: map[string]string{"max_connections": "none"}})
	var failed *pgserver.StartError
	if !errors.As(err, &failed) || failed.Program != "postgres" || !strings.Contains(failed.Log, "max_connections") {
		t.Fatalf("got %v", err)
	}
	start(t, pgserver.Options{Dir: dir}) // and the folder is free and whole
}

func TestCancelledStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := open(t)
	if _, err := pgserver.Start(ctx, pgserver.Options{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	start(t, pgserver.Options{Dir: dir})
}

func TestServerThatDies(t *testing.T) {
	dir := open(t)
	s := start(t, pgserver.Options{Dir: dir, Settings: map[string]string{"synchronous_commit": "on"}})
	exec1(t, s.URL("postgres", "postgres"), "CREATE TABLE goods AS SELECT 1 AS id")
	must(t, syscall.Kill(s.PID(), syscall.SIGKILL))
	select {
	case <-s.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("nobody noticed")
	}
	must(t, s.Stop())
	again := start(t, pgserver.Options{Dir: dir})
	if got := query(t, again.URL("postgres", "postgres"), "SELECT id::text FROM goods"); got != "1" {
		t.Errorf("after the crash: %q", got)
	}
}

func TestStalePidFile(t *testing.T) {
	dir := open(t)
	s := start(t, pgserver.Options{Dir: dir})
	must(t, s.Stop())
	// The number of a killed server now belongs to another living process.
	file := filepath.Join(dir, "cluster", "postmaster.pid")
	must(t, os.WriteFile(file, []byte(strconv.Itoa(os.Getppid())+"\n"+dir+"\n0\n5432\n/tmp/portal-pg-none\n\n0\nready\n"), 0o644))
	start(t, pgserver.Options{Dir: dir})
}

func TestKilledPredecessor(t *testing.T) {
	dir := open(t)
	p := spawn(t, dir, 0)
	exec1(t, p.url, "CREATE TABLE goods AS SELECT 'kept' AS name")
	must(t, p.Process.Kill())
	_, _ = p.Process.Wait()
	var said bytes.Buffer
	s := start(t, pgserver.Options{Dir: dir, Log: &said})
	gone(t, p.server)
	if got := query(t, s.URL("postgres", "postgres"), "SELECT name FROM goods"); got != "kept" {
		t.Errorf("after the kill: %q", got)
	}
}

func TestServerEndsWithItsProcess(t *testing.T) {
	dir := open(t)
	p := spawn(t, dir, 0)
	socket, err := os.Readlink(filepath.Join(dir, "socket"))
	must(t, err)
	must(t, p.Process.Kill())
	_, _ = p.Process.Wait()
	gone(t, p.server)
	start(t, pgserver.Options{Dir: dir})
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket folder of the killed server is still there: %v", err)
	}
}

// The copy of a data folder leads to the socket of the original at first: that
// must not go with it.
func TestACopyLeavesTheOriginalAlone(t *testing.T) {
	dir, copied := open(t), open(t)
	s := start(t, pgserver.Options{Dir: dir})
	socket, err := os.Readlink(filepath.Join(dir, "socket"))
	must(t, err)
	must(t, os.Symlink(socket, filepath.Join(copied, "socket")))
	other := start(t, pgserver.Options{Dir: copied})
	for _, url := range []string{s.URL("postgres", "postgres"), other.URL("postgres", "postgres")} {
		if got := query(t, url, "SELECT 'here'"); got != "here" {
			t.Errorf("%s: %q", url, got)
		}
	}
	if now, err := os.Readlink(filepath.Join(copied, "socket")); err != nil || now == socket {
		t.Errorf("the copy's socket is %s: %v", now, err)
	}
}

func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // every other test of this run shows it
	}
	dir := open(t)
	const nobody = 65534
	must(t, os.Chown(dir, nobody, nobody))
	p := spawn(t, dir, nobody)
	if got := query(t, p.url, "SELECT current_user::text"); got != "postgres" {
		t.Error(got)
	}
	must(t, p.stdin.Close())
	must(t, p.Wait())
	gone(t, p.server)

	// Root takes the folder over and runs the server as its owner.
	s := start(t, pgserver.Options{Dir: dir})
	st, err := os.Stat("/proc/" + strconv.Itoa(s.PID()))
	must(t, err)
	if uid := st.Sys().(*syscall.Stat_t).Uid; uid != nobody {
		t.Errorf("runs as %d", uid)
	}
}

func TestFolderOutOfReach(t *testing.T) {
	if os.Geteuid() != 0 {
		return // one who is not root runs the server as himself and reaches his folders
	}
	private := open(t)
	must(t, os.Chmod(private, 0o700))
	t.Cleanup(func() { clusters(t, private) })
	dir := filepath.Join(private, "data")
	s := start(t, pgserver.Options{Dir: dir})
	exec1(t, s.URL("postgres", "postgres"), "CREATE TABLE goods AS SELECT 'kept' AS name")
	target, err := os.Readlink(filepath.Join(dir, "cluster"))
	must(t, err)
	must(t, s.Stop())

	again := start(t, pgserver.Options{Dir: dir})
	if got := query(t, again.URL("postgres", "postgres"), "SELECT name FROM goods"); got != "kept" {
		t.Errorf("after the restart: %q", got)
	}
	must(t, again.Stop())

	must(t, os.RemoveAll(dir)) // a person removes the data folder: the data are gone with it
	start(t, pgserver.Options{Dir: filepath.Join(private, "other")})
	if _, err := os.Stat(filepath.Dir(target)); !os.IsNotExist(err) {
		t.Errorf("the cluster of the removed folder was not swept away: %v", err)
	}
	anew := start(t, pgserver.Options{Dir: dir})
	if got := query(t, anew.URL("postgres", "postgres"), "SELECT count(*)::text FROM pg_tables WHERE tablename = 'goods'"); got != "0" {
		t.Error("data of a removed folder came back")
	}
}

// clusters removes what lies elsewhere for the data folders of a test.
func clusters(t *testing.T, private string) {
	t.Helper()
	links, err := filepath.Glob(filepath.Join(private, "*", "cluster"))
	must(t, err)
	for _, link := range links {
		target, err := os.Readlink(link)
		must(t, err)
		must(t, os.RemoveAll(filepath.Dir(target)))
	}
}

func TestClusterThatWentOutOfReach(t *testing.T) {
	if os.Geteuid() != 0 {
		return // see above
	}
	dir := open(t)
	s := start(t, pgserver.Options{Dir: dir})
	must(t, s.Stop())
	must(t, os.Chmod(dir, 0o700))
	if _, err := pgserver.Start(t.Context(), pgserver.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "chmod") {
		t.Fatalf("got %v", err)
	}
}
