package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"customs.gov.az/portal/feed"
)

// Options are what a Pusher works with. URL, Client and Journal are required.
type Options struct {
	URL      *url.URL     // base address of the portal
	Client   *http.Client // without a timeout for the whole request
	Token    string       // "": the client certificate says who sends
	Coding   feed.Coding  // of the transfer
	Journal  *Journal
	Report   io.Writer                                         // what the portal says is wrong or odd, one JSON object a line; nil: nobody wants to know
	Moved    func(file string, bytes int64)                    // told of progress: so much of the file is acknowledged
	Trouble  func(file string, err error, again time.Duration) // told before each wait
	Pause    func(ctx context.Context, d time.Duration) error  // waits; for tests
	GiveUp   int                                               // tries without progress before Deliver fails; 0: never
	Patience time.Duration                                     // how long neither side may say anything; default 2 minutes
}

// Pusher delivers files to one portal.
type Pusher struct {
	o    Options
	to   string
	post *url.URL
}

// New returns a Pusher.
func New(o Options) *Pusher {
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Minute
	}
	if o.Report == nil {
		o.Report = io.Discard
	}
	return &Pusher{o: o, to: o.URL.String(), post: o.URL.JoinPath("/feed/v1/consignments")}
}

// Result is what became of a file's lines in this call.
type Result struct {
	Lines, Stored, Same, Older, Heartbeats, Rejected, Warned int
}

// RefusedError says that the portal will not take the file, or the sender,
// whatever is tried again. Without a code something on the way refused it,
// which may be otherwise another time.
type RefusedError struct {
	Status       int // of HTTP
	Code, Detail string
	Before       bool // it was asked for another time; the file is unchanged since
}

func (e *RefusedError) Error() string {
	switch {
	case e.Before:
		return fmt.Sprintf("the portal refused it before (%s); it is sent again when it has changed", e.Code)
	case e.Code == "":
		return fmt.Sprintf("something on the way to the portal refuses it (%d)", e.Status)
	}
	return fmt.Sprintf("the portal refuses it (%d, %s): %s", e.Status, e.Code, e.Detail)
}

// Sender reports whether the portal refuses who sends rather than what.
func (e *RefusedError) Sender() bool { return e.Code != "" && !e.what() }

// what reports whether it is about what is sent: another file may be taken.
func (e *RefusedError) what() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return true
	}
	return false
}

// Deliver delivers what a portal has not acknowledged of a file yet, trying
// again after every break, until all of it is or ctx ends. Of a growing file
// the last line is delivered when its end is there, of any other when it is
// whole. It fails with a *RefusedError, with the last trouble when it gives up,
// or as files do; the result holds what was delivered all the same.
func (p *Pusher) Deliver(ctx context.Context, name string, growing bool) (Result, error) {
	var sum Result
	name, err := filepath.Abs(name)
	if err != nil {
		return sum, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return sum, err
	}
	switch at := p.o.Journal.Position(p.to, name); {
	case at.done(info) && at.Failed != "":
		return sum, &RefusedError{Status: http.StatusBadRequest, Code: at.Failed, Before: true}
	case at.done(info):
		return sum, nil
	}
	for tries := 1; ; tries++ {
		before := p.o.Journal.Position(p.to, name)
		t := transfer{p: p, name: name, growing: growing, sum: &sum}
		err := t.run(ctx)
		var refused *RefusedError
		switch {
		case err == nil:
			return sum, t.end(info)
		case errors.As(err, &refused):
			if refused.Code != "" && refused.what() {
				err = errors.Join(err, t.settle(info, refused.Code))
			}
			return sum, err
		case ctx.Err() != nil || errors.Is(err, errLocal) || errors.Is(err, errFile):
			return sum, err
		}
		if p.o.Journal.Position(p.to, name) != before {
			tries = 1
		}
		if p.o.GiveUp > 0 && tries >= p.o.GiveUp {
			return sum, err
		}
		wait := max(backoff(tries), t.retryAfter)
		if p.o.Trouble != nil {
			p.o.Trouble(name, err, wait)
		}
		if err := p.o.Pause(ctx, wait); err != nil {
			return sum, err
		}
	}
}

// backoff is one second, doubled with each try up to a minute, and spread so
// that many senders do not come back at once.
func backoff(tries int) time.Duration {
	d := min(time.Minute, time.Second<<min(tries-1, 6))
	return d/2 + rand.N(d)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
