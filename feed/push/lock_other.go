//go:build !linux

package push

import (
	"io"
	"os"
)

// lockFile only makes the file: where locks work otherwise, that a folder has
// one sender is for its owner to see to.
func lockFile(name string) (io.Closer, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the file
}
