// Package pgserver runs a private PostgreSQL server for one process: a cluster
// in a data folder, reachable through a Unix socket that only its user and
// root can open. The demo keeps its data in one, every test binary makes one.
//
// It finds PostgreSQL's programs on the machine or fetches them, makes the
// cluster, mends what a killed predecessor left, and ends with the process
// that started it, however that ends. Every wait has a deadline. It speaks to
// the server through signals and files alone and never opens a connection:
// roles, databases and migrations are the business of package db.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Options say where the server lives and how it runs. Only Dir is required.
type Options struct {
	// Dir is the data folder; made if missing. Its path may be of any length.
	// One process at a time may use it.
	Dir string
	// Programs is a folder that holds initdb and postgres; "" looks for them
	// (see Find) and, where none are installed, fetches them.
	Programs string
	// Cache keeps fetched programs; "" means a folder inside Dir.
	Cache string
	// Fast gives up durability for speed (fsync off): for tests alone.
	Fast bool
	// Fresh throws away the cluster that the folder holds and makes a new one.
	Fresh bool
	// Settings are further server settings by their PostgreSQL names; they win
	// over the ones this package chooses.
	Settings map[string]string
	// Instead is a server of the same folder that has ended and was stopped:
	// the new one is reached at its address.
	Instead *Server
	// Log receives the server's log and one line for each repair; may be nil.
	Log io.Writer
	// Timeout bounds each step of the start (making the cluster, coming up
	// including crash recovery); 0 means one minute.
	Timeout time.Duration
}

// Server is a running PostgreSQL server.
type Server struct {
	socket string // folder of the Unix socket
	link   string // to it, in the data folder
	data   string // PostgreSQL's data directory
	cmd    *exec.Cmd
	log    *tail
	lock   *os.File
	done   chan struct{} // closed when the server has ended
	stop   sync.Once
}

// Start brings the server up and returns when it accepts connections: half a
// second from nothing, a twentieth from an existing folder. The context bounds
// the start only; the server then runs until Stop or the end of this process.
//
// Errors: *ProgramsError (no usable PostgreSQL), *OccupiedError (another
// process uses the folder), *VersionError (the cluster is of another major
// version), *StartError (the server refused to run, with its last words), the
// context's error, or a file system error.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := takeLock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	s, err := startLocked(ctx, o)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.lock = lock
	return s, nil
}

// startLocked does the work of Start while the folder is ours.
func startLocked(ctx context.Context, o Options) (*Server, error) {
	home, who, err := settle(o)
	if err != nil {
		return nil, err
	}
	c := cluster{home: home, who: who, log: o.Log, timeout: o.Timeout}
	if err := c.clear(ctx, o.Fresh); err != nil {
		return nil, err
	}
	programs, err := o.programs(ctx, home, who, c.version())
	if err != nil {
		return nil, err
	}
	if err := c.make(ctx, programs); err != nil {
		return nil, err
	}
	socket, err := makeSocketDir(o.Dir, who, o.Instead)
	if err != nil {
		return nil, err
	}
	s := &Server{socket: socket, link: filepath.Join(o.Dir, "socket"), data: c.data(), log: newTail(o.Log), done: make(chan struct{})}
	s.cmd = programs.postgres(ctx, c, o.arguments(c.data(), socket))
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.launch(ctx, o.Timeout); err != nil {
		return nil, errors.Join(err, os.RemoveAll(socket))
	}
	return s, nil
}

// URL is the connection string for a user and database of this server, for
// pgx and psql alike: postgres://user@/database?host=/socket/folder. The
// superuser is "postgres"; no password is asked.
func (s *Server) URL(user, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(user),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {s.socket}, "port": {port}}.Encode(),
	}
	return u.String()
}

// PID is the process id of the server, for tests that kill it.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop ends the server: politely (fast shutdown, which rolls back what runs
// and writes everything out), then harder, and returns when it is gone. It may
// be called any number of times.
func (s *Server) Stop() error {
	var err error
	s.stop.Do(func() {
		err = s.end()
		err = errors.Join(err, os.Remove(s.link), os.RemoveAll(s.socket), s.lock.Close())
	})
	return err
}

// OccupiedError says that another process uses the data folder.
type OccupiedError struct {
	Dir string
	PID int // process id, 0 if unknown
}

func (e *OccupiedError) Error() string {
	return fmt.Sprintf("pgserver: %s is in use by process %d: stop that process or choose another data folder", e.Dir, e.PID)
}

// VersionError says that the cluster was made by another major version.
type VersionError struct {
	Dir            string
	Cluster, Found int // major versions
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("pgserver: the cluster in %s was made by PostgreSQL %d and the programs found are of PostgreSQL %d: install version %d, or remove the folder to begin anew",
		e.Dir, e.Cluster, e.Found, e.Cluster)
}

// StartError says that one of PostgreSQL's programs failed, and its last words.
type StartError struct {
	Program string // "initdb" or "postgres"
	Err     error
	Log     string // the last lines it wrote
}

func (e *StartError) Error() string {
	return fmt.Sprintf("pgserver: %s: %v; its last words:\n%s", e.Program, e.Err, e.Log)
}

func (e *StartError) Unwrap() error { return e.Err }
