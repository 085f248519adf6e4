package pgserver

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// locale knows all letters and sorts by code point, as codes should be.
const locale = "C.UTF-8"

// attributes of the server's process: a group of its own, so that Ctrl-C
// reaches us alone and we end it in order; a fast shutdown when we are killed;
// another user when we are root.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	if a.switched {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// runsIn says whether a living process works in this data directory, as
// PostgreSQL's server does. Its working directory stays true where a process
// id is reused.
func runsIn(pid int, data string) bool {
	at, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err != nil {
		return false
	}
	folder, err := filepath.EvalSymlinks(data)
	return err == nil && at == folder
}
