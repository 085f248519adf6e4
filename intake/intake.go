// Package intake takes a feed into the database: it reads line by line, stores
// in batches, and reports what became of each line. A file, a request and the
// demo all come this way.
package intake

import (
	"context"
	"errors"
	"io"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/feed"
)

// A batch is stored in one transaction: so many lines, or so many bytes of
// them, whichever comes first. Two batches are in memory at most.
const (
	batchLines = 1000
	batchBytes = 4 << 20
)

// Options are what an intake works with. DB is required.
type Options struct {
	DB     *db.DB
	Known  func(checkpoint string) bool // is this code on the list of checkpoints
	Now    func() time.Time
	Report *feed.Report // what is wrong or odd; nil: nobody wants to know
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

// Run reads r to its end. The result says what is stored also when the error is
// not nil: everything before the failing batch. feed.ErrEmpty and
// feed.ErrNotNDJSON mean that nothing was.
func Run(ctx context.Context, r io.Reader, o Options) (Result, error) {
	var result Result
	batches := make(chan []feed.Record)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	read := make(chan error, 1)
	go func() {
		defer close(batches)
		read <- split(ctx, feed.NewReader(r, feed.Options{Now: o.Now, Known: o.Known}), batches)
	}()
	for batch := range batches {
		if err := result.store(ctx, o, batch); err != nil {
			cancel(err)
			for range batches { //nolint:revive // lets the reader end
			}
			<-read
			return result, err
		}
	}
	err := <-read
	if o.Report != nil {
		err = errors.Join(err, o.Report.Flush())
	}
	return result, err
}

// split sends the records in batches until the feed or ctx ends.
func split(ctx context.Context, r *feed.Reader, batches chan<- []feed.Record) error {
	var batch []feed.Record
	size := 0
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		select {
		case batches <- batch:
			batch, size = nil, 0
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return send()
		}
		if err != nil {
			return errors.Join(send(), err)
		}
		batch = append(batch, rec)
		size += len(rec.Document)
		if len(batch) >= batchLines || size >= batchBytes {
			if err := send(); err != nil {
				return err
			}
		}
	}
}

// store stores a batch and adds to the result and the report.
func (res *Result) store(ctx context.Context, o Options, batch []feed.Record) error {
	var snapshots []db.Snapshot
	var beats []customs.Heartbeat
	var at []int // index in the batch of each snapshot
	for i, rec := range batch {
		switch {
		case !rec.OK():
		case rec.Heartbeat != nil:
			beats = append(beats, *rec.Heartbeat)
		default:
			snapshots = append(snapshots, db.Snapshot{Consignment: rec.Consignment, Document: rec.Document, Digest: rec.Digest})
			at = append(at, i)
		}
	}
	var fates []db.Fate
	if len(snapshots)+len(beats) > 0 {
		var err error
		if fates, err = o.DB.StoreFeed(ctx, snapshots, beats); err != nil {
			return err
		}
	}
	res.Heartbeats += len(beats)
	for i, fate := range fates {
		switch fate {
		case db.Stored:
			res.Stored++
		case db.Same:
			res.Same++
		case db.Older:
			res.Older++
		case db.Conflict:
			reject(&batch[at[i]], "/revision", feed.RevisionConflict)
		case db.Elsewhere:
			reject(&batch[at[i]], "/checkpoint", feed.OtherCheckpoint)
		}
	}
	for _, rec := range batch {
		res.Lines++
		if !rec.OK() {
			res.Rejected++
		} else if len(rec.Warnings) > 0 {
			res.Warned++
		}
		if o.Report != nil {
			if err := o.Report.Add(rec); err != nil {
				return err
			}
		}
	}
	return nil
}

func reject(rec *feed.Record, field string, code feed.Code) {
	rec.Problems = append(rec.Problems, feed.Problem{Field: field, Code: code})
}
