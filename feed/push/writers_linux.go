package push

import (
	"errors"
	"os"
	"syscall"
)

// beingWritten reports whether a program has the file open for writing: then
// Linux gives nobody a read lease (fcntl, F_SETLEASE). Where it gives none for
// another reason, as on a share, it is not known, and false.
func beingWritten(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close() // and with it the lease
	_, _, refused := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_SETLEASE, syscall.F_RDLCK)
	return refused != 0 && errors.Is(refused, syscall.EAGAIN)
}
