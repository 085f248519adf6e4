package feed

import (
	"slices"

	"customs.gov.az/portal/customs"
)

// heartbeat gathers what a line says as a heartbeat while it might still turn
// out to be a consignment.
type heartbeat struct {
	seen, present bool
	at            customs.Heartbeat
	problems      []Problem
}

// read reads as_of and keeps its problems apart: on a consignment the member
// is merely unknown.
func (h *heartbeat) read(l *line) {
	others := l.rec.Problems
	l.rec.Problems = nil
	h.seen = true
	h.present = l.past(&h.at.AsOf)
	h.problems, l.rec.Problems = l.rec.Problems, others
	if l.err != nil { // broken JSON is the line's problem, whatever the line is
		l.rec.Problems = append(l.rec.Problems, h.problems...)
	}
}

// finish makes the line a heartbeat. Members of a consignment mean nothing on
// it, so what was found wrong with them is forgotten.
func (h *heartbeat) finish(l *line, checkpoint string, named bool) {
	foreign := func(p Problem) bool { return p.Field != "/checkpoint" }
	l.rec.Problems = append(slices.DeleteFunc(l.rec.Problems, foreign), h.problems...)
	l.rec.Warnings = slices.DeleteFunc(l.rec.Warnings, foreign)
	l.require("checkpoint", named)
	l.require("as_of", h.present)
	if checkpoint == "" && len(l.rec.Problems) == 0 { // its problem was one of too many
		l.problemAt("/checkpoint", BadForm)
	}
	h.at.Checkpoint = checkpoint
	l.rec.Heartbeat = &h.at
}
