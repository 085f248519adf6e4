package pgserver

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// elsewhere is where clusters live whose data folder is out of reach, one
// folder each, named by nook.
const elsewhere = "/var/tmp"

// settle decides where the cluster lives and who runs it. That is the data
// folder itself, except when we are root and the account cannot get there (a
// checkout under /root): then it is a folder elsewhere, and a link in the data
// folder leads to it. The link rules: without it that folder is an old one,
// left when the data folder was removed, and is thrown away.
func settle(o Options) (home string, who account, err error) {
	link := filepath.Join(o.Dir, clusterName)
	who, err = chooseAccount(link)
	if err != nil || who.reaches(o.Dir) {
		return o.Dir, who, err
	}
	if st, err := os.Lstat(link); err == nil && st.IsDir() {
		return "", who, fmt.Errorf("pgserver: the user that runs PostgreSQL (uid %d) can no longer enter %s, where its cluster is: let others pass through the folders above it (chmod o+x)", who.uid, o.Dir)
	}
	home = nook(o.Dir)
	if !leadsTo(link, home) {
		if err := os.RemoveAll(home); err != nil {
			return "", who, err
		}
		if err := os.RemoveAll(link); err != nil {
			return "", who, err
		}
		if err := os.Symlink(filepath.Join(home, clusterName), link); err != nil {
			return "", who, err
		}
		fmt.Fprintf(o.Log, "The user that runs PostgreSQL cannot enter %s: the cluster lives in %s.\n", o.Dir, home)
	}
	if err := mine(home); err != nil {
		return "", who, err
	}
	if err := os.WriteFile(filepath.Join(home, "for"), []byte(o.Dir), 0o600); err != nil {
		return "", who, err
	}
	return home, who, sweep()
}

// nook is the folder elsewhere that belongs to a data folder.
func nook(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(elsewhere, fmt.Sprintf("portal-%x", sum[:8]))
}

func leadsTo(link, home string) bool {
	at, err := os.Readlink(link)
	return err == nil && at == filepath.Join(home, clusterName)
}

// sweep removes clusters elsewhere whose data folder was removed.
func sweep() error {
	homes, err := filepath.Glob(filepath.Join(elsewhere, "portal-*"))
	if err != nil {
		return err
	}
	for _, home := range homes {
		b, err := os.ReadFile(filepath.Join(home, "for"))
		dir := string(b)
		if err != nil || nook(dir) != home || leadsTo(filepath.Join(dir, clusterName), home) {
			continue
		}
		if p, ok := readPidFile(filepath.Join(home, clusterName)); ok && runsIn(p.pid, filepath.Join(home, clusterName)) {
			continue
		}
		if err := os.RemoveAll(home); err != nil {
			return err
		}
	}
	return nil
}

// mine makes a folder in a place that everybody may write to, and refuses one
// that somebody else made first.
func mine(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	own, ok := st.Sys().(*syscall.Stat_t)
	if !st.IsDir() || !ok || int(own.Uid) != os.Geteuid() {
		return fmt.Errorf("pgserver: %s belongs to somebody else", dir)
	}
	return nil
}

// socketPrefix begins the name of every socket folder that this package makes.
const socketPrefix = "portal-pg-"

// socketOf is the link in a socket folder that leads back to the data folder.
const socketOf = "data"

// makeSocketDir makes a folder for the socket that the account alone may
// enter, and a link to it in the data folder, for people with psql. A socket's
// path is limited to some hundred bytes, so it never lies in the data folder
// itself, nor under a long TMPDIR. What the link led to before goes, unless it
// is another data folder's, of which this one is a copy.
func makeSocketDir(dir string, who account, instead *Server) (string, error) {
	link := filepath.Join(dir, "socket")
	if old, err := os.Readlink(link); err == nil && strings.HasPrefix(filepath.Base(old), socketPrefix) {
		if of, err := os.Readlink(filepath.Join(old, socketOf)); err == nil && of == dir {
			if err := os.RemoveAll(old); err != nil {
				return "", err
			}
		}
	}
	if err := os.RemoveAll(link); err != nil {
		return "", err
	}
	socket, err := newSocketDir(who, instead)
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.Symlink(dir, filepath.Join(socket, socketOf)), os.Symlink(socket, link)); err != nil {
		return "", err
	}
	return socket, who.own(socket)
}

func newSocketDir(who account, instead *Server) (string, error) {
	if instead != nil {
		return instead.socket, os.Mkdir(instead.socket, 0o700) // not one that somebody else put there
	}
	base := os.TempDir()
	if len(base) > 60 || !who.reaches(base) {
		base = "/tmp"
	}
	return os.MkdirTemp(base, socketPrefix)
}
