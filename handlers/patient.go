package handlers

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// patient writes to an answer with a limit for each write rather than for the
// whole. The limit does not outlast the write: over HTTP/2 it would end the
// stream when it is over, whether or not anything is being written.
type patient struct {
	w     io.Writer
	rc    *http.ResponseController
	limit time.Duration
}

// Write implements io.Writer.
func (p patient) Write(b []byte) (int, error) {
	if err := p.within(p.limit); err != nil {
		return 0, err
	}
	n, err := p.w.Write(b)
	return n, errors.Join(err, p.within(0))
}

// send writes, and has it leave at once.
func (p patient) send(b []byte) error {
	if err := p.within(p.limit); err != nil {
		return err
	}
	if _, err := p.w.Write(b); err != nil {
		return err
	}
	return errors.Join(p.rc.Flush(), p.within(0))
}

// within sets the limit for what is written from now on; 0: none.
func (p patient) within(limit time.Duration) error {
	var until time.Time
	if limit > 0 {
		until = time.Now().Add(limit)
	}
	// A writer without deadlines, as tests have, is as patient as its reader.
	if err := p.rc.SetWriteDeadline(until); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
