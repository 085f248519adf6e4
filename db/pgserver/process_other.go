//go:build unix && !linux

package pgserver

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// locale is the one that every other system has.
const locale = "C"

// attributes of the server's process: a group of its own, so that Ctrl-C
// reaches us alone and we end it in order; another user when we are root.
// These systems cannot bind its life to ours: after a kill -9 the next start
// on the same folder ends it.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.switched {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// runsIn says whether a living process is a server of this data directory, by
// its command line, which names it.
func runsIn(pid int, data string) bool {
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), "-D "+data+" ")
}
