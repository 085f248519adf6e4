package pgserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// fetch downloads PostgreSQL's programs into dir/bin. The library knows where
// they are and checks them, but can only fetch by starting a server, and not
// as root: so it is asked to start on an empty folder, which fails after the
// programs are unpacked, and the programs are looked at, not its answer.
//
// Source is the address of the repository, "" for the library's own.
func fetch(ctx context.Context, dir, source string, log io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(dir, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	version := embeddedpostgres.V17
	data := filepath.Join(scratch, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	// A folder that looks like a cluster of this version spares an initdb.
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("17\n"), 0o600); err != nil {
		return err
	}
	free, err := freePort(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "No PostgreSQL on this machine: fetching version %s.\n", version)
	config := embeddedpostgres.DefaultConfig().
		Version(version).Port(free).Logger(io.Discard).
		CachePath(scratch).RuntimePath(filepath.Join(scratch, "run")).
		BinariesPath(dir).DataPath(data)
	if source != "" {
		config = config.BinaryRepositoryURL(source)
	}
	done := make(chan error, 1)
	go func() { done <- embeddedpostgres.NewDatabase(config).Start() }()
	select {
	case err = <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, missing := os.Stat(filepath.Join(dir, "bin", "postgres")); missing != nil {
		return err
	}
	return nil
}

// freePort is a TCP port that is free now; the library insists on one.
func freePort(ctx context.Context) (uint32, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "localhost:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	p, err := strconv.ParseUint(text, 10, 16)
	return uint32(p), err
}
