package feed

import (
	"bufio"
	"encoding/json"
	"io"
)

// Summary counts what a Report has seen.
type Summary struct {
	Lines        int          `json:"lines"`        // non-blank
	Consignments int          `json:"consignments"` // accepted, warned of or not
	Heartbeats   int          `json:"heartbeats"`   // accepted
	Rejected     int          `json:"rejected"`     // lines
	Warned       int          `json:"warned"`       // lines accepted with warnings
	Codes        map[Code]int `json:"codes"`        // problems and warnings by code
}

// Entry is one line of a report: one problem or warning of one line.
type Entry struct {
	Line         int    `json:"line"`
	Outcome      string `json:"outcome"` // "rejected" or "accepted"
	Registration string `json:"registration,omitempty"`
	Field        string `json:"field,omitempty"` // JSON pointer
	Code         Code   `json:"code"`
	Message      string `json:"message_en"`
}

// Report writes what the sender of a feed should know, as newline-delimited
// JSON: an [Entry] for each problem and warning. A feed without any makes an
// empty report. It holds registration codes and places, no other content.
type Report struct {
	w   *bufio.Writer
	enc *json.Encoder
	sum Summary
}

// NewReport returns a Report that writes to w.
func NewReport(w io.Writer) *Report {
	b := bufio.NewWriter(w)
	return &Report{w: b, enc: json.NewEncoder(b), sum: Summary{Codes: map[Code]int{}}}
}

// Add counts a record and writes its entries.
func (r *Report) Add(rec Record) error {
	r.sum.Lines++
	outcome := "accepted"
	switch {
	case !rec.OK():
		r.sum.Rejected++
		outcome = "rejected"
	case rec.Heartbeat != nil:
		r.sum.Heartbeats++
	default:
		r.sum.Consignments++
	}
	if rec.OK() && len(rec.Warnings) > 0 {
		r.sum.Warned++
	}
	for _, list := range [][]Problem{rec.Problems, rec.Warnings} {
		for _, p := range list {
			if err := r.write(rec, outcome, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Report) write(rec Record, outcome string, p Problem) error {
	r.sum.Codes[p.Code]++
	return r.enc.Encode(Entry{
		Line: rec.Line, Outcome: outcome, Registration: rec.Registration,
		Field: p.Field, Code: p.Code, Message: p.Code.Message(),
	})
}

// Summary returns the counts so far.
func (r *Report) Summary() Summary { return r.sum }

// Flush writes what is still buffered. Call it at the end.
func (r *Report) Flush() error { return r.w.Flush() }
