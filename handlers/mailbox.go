package handlers

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// mailbox is a page's connection for the hub where the real one cannot be given
// away (see live.Conn): what the hub says is put in, and the hub never waits for
// a browser that takes nothing. Who lets it run full is too slow.
type mailbox struct {
	said  chan []byte
	gone  chan struct{}
	leave sync.Once
}

// mailboxSize is how much may wait: more than is said while one write may last.
const mailboxSize = 16

var errMailboxFull = errors.New("handlers: a page takes no events")

func newMailbox() *mailbox {
	return &mailbox{said: make(chan []byte, mailboxSize), gone: make(chan struct{})}
}

// Write puts something in, or fails at once.
func (m *mailbox) Write(b []byte) (int, error) {
	select {
	case <-m.gone:
		return 0, net.ErrClosed
	default:
	}
	select {
	case m.said <- bytes.Clone(b):
		return len(b), nil
	default:
		return 0, errMailboxFull
	}
}

// Read waits for the end: a page says nothing.
func (m *mailbox) Read([]byte) (int, error) {
	<-m.gone
	return 0, io.EOF
}

// Close ends it. What is in it is still delivered.
func (m *mailbox) Close() error {
	m.leave.Do(func() { close(m.gone) })
	return nil
}

// SetWriteDeadline has nothing to limit.
func (m *mailbox) SetWriteDeadline(time.Time) error { return nil }

// deliver hands on what is put in, until that fails or the end has come.
func (m *mailbox) deliver(send func([]byte) error) {
	for {
		select {
		case b := <-m.said:
			if send(b) != nil {
				return
			}
		case <-m.gone:
			if len(m.said) == 0 {
				return
			}
		}
	}
}
