package pgserver

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clusterName is the folder of PostgreSQL's files inside the data folder.
const clusterName = "cluster"

// cluster is PostgreSQL's data directory and what surrounds it.
type cluster struct {
	home    string // folder that holds it
	who     account
	log     io.Writer
	timeout time.Duration
}

func (c cluster) data() string { return filepath.Join(c.home, clusterName) }

// version is the major version that made the cluster, 0 if there is none.
func (c cluster) version() int {
	b, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	v, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return v
}

// clear ends a server that outlived its portal and removes what cannot be
// used: an interrupted initdb, and with fresh the cluster itself. A folder
// without the files that PostgreSQL cannot do without is put aside, not
// removed: nobody but a person can say what else it holds.
func (c cluster) clear(ctx context.Context, fresh bool) error {
	if err := os.RemoveAll(c.making()); err != nil {
		return err
	}
	if err := c.dismiss(ctx); err != nil {
		return err
	}
	if fresh {
		return os.RemoveAll(c.data())
	}
	if _, err := os.Stat(c.data()); os.IsNotExist(err) {
		return nil
	} else if err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(c.data(), "global", "pg_control"))
	if err == nil && c.version() != 0 {
		return nil
	}
	aside := c.data() + ".unusable"
	fmt.Fprintf(c.log, "The cluster in %s is incomplete: put aside as %s, a new one is made.\n", c.data(), filepath.Base(aside))
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	return os.Rename(c.data(), aside)
}

// making is where initdb works. Its result is renamed into place when it is
// complete, so an interrupted start leaves no half-made cluster behind.
func (c cluster) making() string { return c.data() + ".new" }

// make runs initdb if there is no cluster yet, else compares versions.
func (c cluster) make(ctx context.Context, p programs) error {
	if v := c.version(); v != 0 {
		if v != p.major {
			return &VersionError{Dir: c.data(), Cluster: v, Found: p.major}
		}
		return nil
	}
	if err := os.Mkdir(c.making(), 0o700); err != nil {
		return err
	}
	if err := c.who.own(c.making()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	said := newTail(io.Discard)
	cmd := p.command(ctx, c, "initdb",
		"--pgdata="+c.making(), "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale="+locale, "--no-sync", "--no-instructions")
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return &StartError{Program: "initdb", Err: err, Log: said.String()}
	}
	return os.Rename(c.making(), c.data())
}

// pidFile is what matters of postmaster.pid (see PostgreSQL's miscadmin.h).
type pidFile struct {
	pid    int
	socket string // folder of the Unix socket, "" if none yet
	ready  bool
}

// readPidFile reads postmaster.pid; ok is false when there is none or it is
// still being written.
func readPidFile(data string) (p pidFile, ok bool) {
	b, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return p, false
	}
	lines := strings.Split(string(b), "\n")
	p.pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || p.pid <= 0 {
		return p, false
	}
	if len(lines) > 4 {
		p.socket = lines[4]
	}
	p.ready = len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
	return p, true
}
