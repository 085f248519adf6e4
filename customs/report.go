package customs

import "time"

// ReportKind is what a trader reports.
type ReportKind string

// The kinds.
const (
	ReportQuestion ReportKind = "question" // about an entry: who looked, and why
	ReportNotMine  ReportKind = "not_mine" // a registration under the trader's VÖEN is not theirs
)

// Longest texts of a report, in characters.
const (
	MaxReport  = 2000
	MaxContact = 200
	MaxAnswer  = 4000
)

// NewReport is a report as a trader writes it. It is about an entry of the
// register or, if that is 0, about a registration.
type NewReport struct {
	Entry        int64
	Registration string
	Body         string // 1 to MaxReport characters
	Contact      string // at most MaxContact, "" if the trader wants none
	Lang         string // in which it is written: az or en
}

// Report is a report with supervision's answer.
type Report struct {
	ID           string
	Number       int64 // to read out on the telephone
	Kind         ReportKind
	Entry        int64     // of the register; 0: none
	EntryAt      time.Time // when that was
	Registration string    // "" for a question
	Body         string
	Contact      string
	Lang         string
	Person       string // who wrote it
	At           time.Time
	Answer       string // "" while it is open
	AnsweredAt   time.Time
}

// SupervisedReport is a report as supervision sees it.
type SupervisedReport struct {
	Report
	VOEN         VOEN
	Organisation string
	Officer      string // number and name of who answered; "" while it is open
}

// SupervisedEntry is the entry that a question is about, as supervision sees it.
type SupervisedEntry struct {
	Access
	Officer string // number and name of the officer who looked, "" for others
}

// Open reports whether the report waits for an answer.
func (r Report) Open() bool { return r.Answer == "" }
