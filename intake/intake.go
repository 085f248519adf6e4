// Package intake takes a feed into the database: it reads line by line, stores
// in batches, and reports what became of each line. A file, a request and the
// demo all come this way.
package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/feed"
)

// Options are what an intake works with. DB is required.
type Options struct {
	DB       *db.DB
	Known    func(checkpoint string) bool // is this code on the list of checkpoints
	Now      func() time.Time
	Report   *feed.Report // what is wrong or odd; nil: nobody wants to know
	Sender   feed.Sender  // who brings it, and for which checkpoints; zero: the operator, for all
	Name     string       // what the sender calls this feed, for its row; at most 200 characters
	Offset   int          // lines of it that were acknowledged before
	Answered func(Batch) error
	Stop     func()        // makes a Read that waits end, when storing has failed; nil: reading never waits long
	Lanes    int           // transactions in which one batch of no sender's is stored side by side; 0: one
	Slots    chan struct{} // shared by all intakes that may run at once: so many batches are stored side by side; nil: no bound
}

// Result counts what became of the lines.
type Result struct {
	Lines      int `json:"lines"`      // that were not blank
	Stored     int `json:"stored"`     // snapshots that are the newest of their registration
	Same       int `json:"same"`       // stored already
	Older      int `json:"older"`      // a newer revision is stored
	Heartbeats int `json:"heartbeats"` //
	Rejected   int `json:"rejected"`   // lines, by the reader or by what is stored
	Warned     int `json:"warned"`     // accepted lines with something odd
}

func (r *Result) add(o Result) {
	r.Lines += o.Lines
	r.Stored += o.Stored
	r.Same += o.Same
	r.Older += o.Older
	r.Heartbeats += o.Heartbeats
	r.Rejected += o.Rejected
	r.Warned += o.Warned
}

// Run reads r to its end. The result says what is stored also when the error is
// not nil: everything before the failing batch. feed.ErrEmpty and
// feed.ErrNotNDJSON mean that nothing was. Answered is called after each batch
// is stored and its part of the report is flushed; its error ends the run.
// Lines that trickle in are stored soon, not when a batch is full. When ctx
// ends Run returns at once, also while r gives nothing: a read that is under
// way is left to itself, and what it brings is not stored.
func Run(ctx context.Context, r io.Reader, o Options) (Result, error) {
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p := newPile(reading, max(o.Lanes, 1))
	read := make(chan error, 1)
	go func() {
		err := p.fill(feed.NewReader(r, feed.Options{Now: o.Now, Known: o.Known, Begun: o.Offset > 0}))
		close(p.batches)
		read <- err
	}()
	result, err := o.storeAll(ctx, p.batches)
	stop(err)
	if err != nil && o.Stop != nil {
		o.Stop()
	}
	select {
	case readErr := <-read:
		if err == nil && readErr != nil {
			err = inputError{readErr}
		}
	case <-ctx.Done():
		if err == nil {
			err = context.Cause(ctx)
		}
	}
	return result, err
}

// storeAll stores batches until there are no more, one fails, or ctx ends.
func (o Options) storeAll(ctx context.Context, batches <-chan []feed.Record) (result Result, err error) {
	for {
		select {
		case batch, more := <-batches:
			if !more {
				return result, nil
			}
			done, err := o.store(ctx, batch)
			result.add(done.Result)
			if err == nil && o.Answered != nil {
				err = answering(o.Answered(done))
			}
			if err != nil {
				return result, err
			}
		case <-ctx.Done():
			return result, context.Cause(ctx)
		}
	}
}

// ErrInput says that reading failed, ErrAnswer that what became of the lines
// could not be told. Any other error is one of storing.
var (
	ErrInput  = errors.New("intake: the input cannot be read")
	ErrAnswer = errors.New("intake: the answer cannot be given")
)

// inputError is an error of reading, in its own words.
type inputError struct{ error }

func (e inputError) Unwrap() error   { return e.error }
func (inputError) Is(err error) bool { return err == ErrInput }

func answering(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return nil
}

// patience bounds the storing of one batch, which takes a fraction of a second.
const patience = 2 * time.Minute

// Batch is what became of the lines that were stored in one transaction.
type Batch struct {
	First, Last int // numbers of lines; everything up to Last is answered for
	Result
	SameLines  []Range // the lines counted in Same
	OlderLines []Range // the lines counted in Older
}

// Range is a run of line numbers, both ends included.
type Range [2]int

// store stores a batch, and flushes what the report has to say of it.
func (o Options) store(ctx context.Context, records []feed.Record) (Batch, error) {
	b := Batch{}
	for i := range records {
		records[i].Line += o.Offset
		if code, foreign := o.foreign(records[i]); foreign {
			reject(&records[i], "/checkpoint", code)
		}
	}
	var snapshots []db.Snapshot
	var beats []customs.Heartbeat
	var at []int // index among the records of each snapshot
	for i, rec := range records {
		switch {
		case !rec.OK():
		case rec.Heartbeat != nil:
			beats = append(beats, *rec.Heartbeat)
		default:
			snapshots = append(snapshots, db.Snapshot{Consignment: rec.Consignment, Document: rec.Document, Digest: rec.Digest})
			at = append(at, i)
		}
	}
	last := records[len(records)-1].Line
	fates, err := o.write(ctx, last, len(records)-len(snapshots)-len(beats), snapshots, beats)
	if err != nil {
		return b, err
	}
	b.First, b.Last, b.Heartbeats = records[0].Line, last, len(beats)
	for i, fate := range fates {
		rec := &records[at[i]]
		switch fate {
		case db.Stored:
			b.Stored++
		case db.Same:
			b.Same++
			b.SameLines = extend(b.SameLines, rec.Line)
		case db.Older:
			b.Older++
			b.OlderLines = extend(b.OlderLines, rec.Line)
		case db.Conflict:
			reject(rec, "/revision", feed.RevisionConflict)
		case db.Elsewhere:
			reject(rec, "/checkpoint", feed.OtherCheckpoint)
		}
	}
	return b, o.report(&b, records)
}

// write calls the database, if there is anything to say to it.
func (o Options) write(ctx context.Context, last, rejected int, snapshots []db.Snapshot, beats []customs.Heartbeat) ([]db.Fate, error) {
	lines := len(snapshots) + len(beats)
	if lines == 0 && o.Sender.Name == "" {
		return nil, nil
	}
	if o.Slots != nil {
		select {
		case o.Slots <- struct{}{}:
			defer func() { <-o.Slots }()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if o.Lanes > 1 && o.Sender.Name == "" {
		return o.sideBySide(ctx, snapshots, beats)
	}
	return o.DB.StoreFeedFrom(ctx, db.Source{
		Sender: o.Sender.Name, Checkpoints: o.Sender.Checkpoints, Batch: o.Name,
		LastLine: int64(last), Lines: int64(lines + rejected), Rejected: int64(rejected),
	}, snapshots, beats)
}

// report counts the lines and writes what is wrong or odd about them.
func (o Options) report(b *Batch, records []feed.Record) error {
	for _, rec := range records {
		b.Lines++
		if !rec.OK() {
			b.Rejected++
		} else if len(rec.Warnings) > 0 {
			b.Warned++
		}
		if o.Report != nil {
			if err := o.Report.Add(rec); err != nil {
				return answering(err)
			}
		}
	}
	if o.Report != nil {
		return answering(o.Report.Flush())
	}
	return nil
}

// foreign reports whether an accepted line is of a checkpoint that the sender
// may not bring.
func (o Options) foreign(rec feed.Record) (feed.Code, bool) {
	switch {
	case rec.Heartbeat != nil:
		return feed.NotYours, rec.OK() && !o.Sender.May(rec.Heartbeat.Checkpoint)
	case rec.Consignment != nil:
		return feed.NotYours, rec.OK() && !o.Sender.May(rec.Consignment.Checkpoint)
	}
	return "", false
}

func reject(rec *feed.Record, field string, code feed.Code) {
	rec.Problems = append(rec.Problems, feed.Problem{Field: field, Code: code})
}

// extend adds a line to ranges, to the last one if it follows it.
func extend(list []Range, line int) []Range {
	if n := len(list); n > 0 && list[n-1][1] == line-1 {
		list[n-1][1] = line
		return list
	}
	return append(list, Range{line, line})
}
