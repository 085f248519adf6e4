//go:build !linux

package journeys_test

import "os/exec"

// endTogether leaves a program alone where the system cannot tie its life to
// the tests'.
func endTogether(*exec.Cmd) {}
