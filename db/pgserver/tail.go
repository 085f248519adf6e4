package pgserver

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// tail passes a log on and remembers its last lines for an error message.
type tail struct {
	mu   sync.Mutex
	to   io.Writer
	last []byte // at most tailSize bytes
}

const (
	tailSize  = 4096
	tailLines = 12
)

func newTail(to io.Writer) *tail { return &tail{to: to} }

// Write never fails: a server must not stumble over whoever reads its log.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = t.to.Write(b)
	t.last = append(t.last, b...)
	if over := len(t.last) - tailSize; over > 0 {
		t.last = bytes.Clone(t.last[over:])
	}
	return len(b), nil
}

// String is the last lines, oldest first.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimRight(string(t.last), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
