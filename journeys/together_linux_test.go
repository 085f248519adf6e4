package journeys_test

import (
	"os/exec"
	"syscall"
)

// endTogether ends a program when the tests end, also when they run out of time
// and nothing is cleaned up.
func endTogether(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
