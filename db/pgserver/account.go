package pgserver

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that runs the server. PostgreSQL refuses to run as root.
type account struct {
	uid, gid uint32
	switched bool // we are root and become somebody else for the server
}

// chooseAccount returns ourselves, unless we are root: then the owner of an
// existing cluster, else the system's user postgres, else nobody.
func chooseAccount(data string) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{uid: uint32(uid), gid: uint32(os.Getegid())}, nil
	}
	if st, err := os.Stat(data); err == nil {
		if own, ok := st.Sys().(*syscall.Stat_t); ok && own.Uid != 0 {
			return account{uid: own.Uid, gid: own.Gid, switched: true}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return account{uid: uint32(uid), gid: uint32(gid), switched: true}, nil
		}
	}
	return account{}, errors.New("pgserver: PostgreSQL does not run as root, and neither a user postgres nor nobody exists here")
}

// own gives a path to the account.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// reaches says whether the account may enter a folder: every folder on the
// way must let it through. Symbolic links are followed first.
func (a account) reaches(dir string) bool {
	if !a.switched {
		return true
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		st, err := os.Stat(dir)
		if err != nil || !a.enters(st) {
			return false
		}
		up := filepath.Dir(dir)
		if up == dir {
			return true
		}
		dir = up
	}
}

// enters looks at the one search bit of a folder that counts for the account.
func (a account) enters(st fs.FileInfo) bool {
	bit := fs.FileMode(0o001)
	if own, ok := st.Sys().(*syscall.Stat_t); ok {
		switch {
		case own.Uid == a.uid:
			bit = 0o100
		case own.Gid == a.gid:
			bit = 0o010
		}
	}
	return st.IsDir() && st.Mode().Perm()&bit != 0
}
