package intake

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"customs.gov.az/portal/feed"
)

// A batch is so many lines for each transaction that it is stored in, or so many
// bytes of them, or what came in so long a time, whichever comes first. Two
// batches are in memory at most: one that grows while the other is stored.
const (
	batchLines = 1000
	batchBytes = 4 << 20
	linger     = 200 * time.Millisecond
)

// pile gathers records into batches. Who adds to a full pile waits until the
// batch before is stored: that is the back-pressure on the sender.
type pile struct {
	ctx     context.Context
	lines   int
	batches chan []feed.Record

	mu      sync.Mutex
	records []feed.Record
	size    int
	timer   *time.Timer
}

func newPile(ctx context.Context, lanes int) *pile {
	p := &pile{ctx: ctx, lines: lanes * batchLines, batches: make(chan []feed.Record)}
	p.timer = time.AfterFunc(linger, p.ripe)
	p.timer.Stop()
	return p
}

// fill adds the records of a feed until it or ctx ends. Nothing is sent on
// batches afterwards.
func (p *pile) fill(r *feed.Reader) error {
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return p.flush()
		}
		if err != nil {
			return errors.Join(p.flush(), err)
		}
		if err := p.add(rec); err != nil {
			return err
		}
	}
}

func (p *pile) add(rec feed.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.records) == 0 {
		p.timer.Reset(linger)
	}
	p.records = append(p.records, rec)
	p.size += len(rec.Document)
	if len(p.records) >= p.lines || p.size >= batchBytes {
		return p.send()
	}
	return nil
}

// ripe sends a batch that has waited long enough. After the end it finds none.
func (p *pile) ripe() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.send() // that ctx has ended, add and flush will find too
}

func (p *pile) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer.Stop()
	return p.send()
}

// send passes the batch on. The caller holds the lock, so that batches keep
// their order.
func (p *pile) send() error {
	if len(p.records) == 0 {
		return nil
	}
	select {
	case p.batches <- p.records:
		p.records, p.size = make([]feed.Record, 0, len(p.records)), 0
		return nil
	case <-p.ctx.Done():
		p.records = nil
		return context.Cause(p.ctx)
	}
}
