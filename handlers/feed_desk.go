package handlers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"customs.gov.az/portal/intake"
)

// Limits on feeds: how many are taken in at once, of one sender and of all, and
// how many batches are stored side by side. Pages keep the rest of the
// database's connections.
const (
	feedsOfSender = 2
	feedsOfAll    = 32
	feedSlots     = 2
)

// feedDesk lets feeds in, counts them, and ends them in good order.
type feedDesk struct {
	slots    chan struct{}
	draining context.Context
	drain    context.CancelFunc
	lines    *prometheus.CounterVec

	mu   sync.Mutex
	open map[string]int
	all  int
}

func newFeedDesk() *feedDesk {
	d := &feedDesk{slots: make(chan struct{}, feedSlots), open: map[string]int{}}
	d.draining, d.drain = context.WithCancel(context.Background())
	d.lines = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "portal_feed_lines_total", Help: "Lines of the feed that were taken in, by sender and what became of them.",
	}, []string{"sender", "outcome"})
	return d
}

// Drain makes running feeds end: what was read is stored and answered for, the
// rest the sender sends again. It is called when the listener closes.
func (p *Portal) Drain() { p.feeds.drain() }

// enter lets a feed in, unless too many run.
func (d *feedDesk) enter(sender string) (leave func(), ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.draining.Err() != nil || d.all >= feedsOfAll || d.open[sender] >= feedsOfSender {
		return nil, false
	}
	d.all++
	d.open[sender]++
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.all--
		if d.open[sender]--; d.open[sender] == 0 {
			delete(d.open, sender)
		}
	}, true
}

func (d *feedDesk) running() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all
}

func (d *feedDesk) count(sender string, r intake.Result) {
	for outcome, n := range map[string]int{
		"stored": r.Stored, "same": r.Same, "older": r.Older, "heartbeat": r.Heartbeats, "rejected": r.Rejected,
	} {
		d.lines.WithLabelValues(sender, outcome).Add(float64(n))
	}
}

// body is the request's body with a deadline for each read rather than for the
// whole, since a feed may stay open for days.
func (d *feedDesk) body(r *http.Request, rc *http.ResponseController) *feedBody {
	b := &feedBody{r: r.Body, rc: rc}
	b.unwatch = context.AfterFunc(d.draining, b.stop)
	return b
}

type feedBody struct {
	r       io.Reader
	rc      *http.ResponseController
	stopped atomic.Bool
	unwatch func() bool
}

// stop makes a Read that waits, and every later one, fail with errDraining.
func (b *feedBody) stop() {
	b.stopped.Store(true)
	_ = b.rc.SetReadDeadline(time.Now()) // if the connection is gone, so is the wait
}

func (b *feedBody) Read(p []byte) (int, error) {
	if err := b.rc.SetReadDeadline(time.Now().Add(feedSilence)); err != nil {
		return 0, err
	}
	if b.stopped.Load() { // asked after the deadline was set: it may have undone stop's
		return 0, errDraining
	}
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		if b.stopped.Load() {
			err = errDraining
		}
		return n, err
	}
	// While nothing is read there is no limit: over HTTP/2 it would end the
	// body, and at the body's end net/http watches the connection for its own.
	// If it undoes stop's, the next Read sees that.
	if err := b.rc.SetReadDeadline(time.Time{}); err != nil {
		return n, err
	}
	return n, err
}

// Close only ends the watch: net/http closes the body.
func (b *feedBody) Close() error {
	b.unwatch()
	return nil
}
