package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/pgserver"
)

// start brings a server up with the migrated template. It takes the first
// free of a few numbered folders: packages are tested side by side, and a
// folder that was used is used again, so that nothing piles up although no
// one is there to tidy when a test program ends.
func start() (*server, error) {
	base, err := folder()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	s, err := firstFree(ctx, base)
	if err != nil {
		return nil, err
	}
	if err := db.Bootstrap(ctx, s.URL(superuser, "postgres"), template); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := db.Migrate(ctx, s.URL(owner, template), login); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return &server{Server: s}, nil
}

// folders is how many test programs may run at once.
const folders = 64

func firstFree(ctx context.Context, base string) (*pgserver.Server, error) {
	for i := range folders {
		s, err := pgserver.Start(ctx, pgserver.Options{
			Dir: filepath.Join(base, strconv.Itoa(i)), Cache: filepath.Join(base, "programs"),
			Fast: true, Fresh: true, Timeout: patience,
		})
		if _, ok := errors.AsType[*pgserver.OccupiedError](err); ok {
			continue
		}
		return s, err
	}
	return nil, fmt.Errorf("all %d folders of %s are in use", folders, base)
}

// folder is where this user's test servers live. It is beside other people's
// files, so it must be a real folder and ours.
func folder() (string, error) {
	dir := filepath.Join(quickest(), fmt.Sprintf("portal-dbtest-%d", os.Geteuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if own, ok := st.Sys().(*syscall.Stat_t); !st.IsDir() || !ok || int(own.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s belongs to somebody else", dir)
	}
	return dir, nil
}

// enough is the free memory that a file system in memory must have; a server
// of small tests needs about 60 MiB of it.
const enough = 4 << 30

// quickest is a file system in memory where there is a roomy one, since a new
// database is some hundred small files; TMPDIR overrules it.
func quickest() string {
	const memory = "/dev/shm"
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(memory, &fs) == nil && fs.Bavail*uint64(fs.Bsize) >= enough {
		return memory
	}
	return os.TempDir()
}
