package register

import (
	"math"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
)

// Counts are the requests of some time and how they were answered. Requests
// are those of traders and of operators on their behalf; looks of supervision
// and the portal's own are not among them.
type Counts struct {
	Requests       int64
	Found          int64 // answered with consignments
	NothingPending int64
	NotFound       int64
	Failed         int64
	OnBehalf       int64         // by operators, under a case
	Median, P95    time.Duration // processing time (REG 1.7), 0 without requests
}

// Answered are the requests that had an answer of whatever kind.
func (c *Counts) Answered() int64 { return c.Requests - c.Failed }

// Add counts n requests of an actor with an outcome.
func (c *Counts) Add(o Outcome, actor string, n int64) {
	c.Requests += n
	switch o {
	case Answered:
		c.Found += n
	case NothingPending:
		c.NothingPending += n
	case NotFound:
		c.NotFound += n
	case Failed:
		c.Failed += n
	}
	if actor == "operator" {
		c.OnBehalf += n
	}
}

// Times counts processing times in buckets of less than 4.5 percent: bucket b
// holds those of 2^(b/16) to 2^((b+1)/16) microseconds, less one.
type Times map[int]int64

// Quantile is the time within which the given part of all were, exact to 2.3
// percent; 0 if there are none.
func (t Times) Quantile(part float64) time.Duration {
	var all int64
	low, high := math.MaxInt, 0
	for b, n := range t {
		all += n
		low, high = min(low, b), max(high, b)
	}
	if all == 0 {
		return 0
	}
	rank := max(1, int64(math.Ceil(part*float64(all))))
	for b := low; b <= high; b++ {
		if rank -= t[b]; rank <= 0 {
			return time.Duration((math.Exp2((float64(b)+0.5)/16) - 1) * float64(time.Microsecond))
		}
	}
	return 0
}

// Span is some failures in a row.
type Span struct {
	From, To time.Time
	Count    int64
}

// MethodCount is how many signed in by a method.
type MethodCount struct {
	Method string
	Count  int64
}

// CheckpointState is what waits at a checkpoint and how fresh its feed is.
type CheckpointState struct {
	Checkpoint string
	Pending    int64
	Oldest     *time.Time // when the oldest pending registration was made
	AsOf       *time.Time // of the feed, by the checkpoint's own heartbeat
	Received   *time.Time // when anything of it was last stored
}

// Overview is what supervision sees at one moment.
type Overview struct {
	Now           time.Time
	AsOf          time.Time // up to when entries are counted
	Today         Counts
	Yesterday     int64 // requests of yesterday by this time
	Hours         [24]HourCount
	Failures      []Span // of today
	Methods       []MethodCount
	Checkpoints   []CheckpointState
	CheckpointsAt *time.Time // when what waits was counted
	Senders       []customs.Sender
	Head          Checkpoint // the newest
	SealedAt      *time.Time // when it was signed
	Unsealed      int64      // entries behind it, UnsealedMost at most
	UnsealedSince *time.Time // the first of them
	OpenCases     int64
	OpenReports   int64
	Probe         Probe
	Latest        []Row
}

// UnsealedMost is up to where waiting entries are counted.
const UnsealedMost = 10_000

// HourCount is one hour of a day.
type HourCount struct{ Requests, Failed int64 }

// Probe is how the portal's own request of each minute went.
type Probe struct {
	At      *time.Time // of the newest, nil: there was none
	OK      bool       // it was answered
	Elapsed time.Duration
	GoodAt  *time.Time // when one was last answered
}

// ProbeLate is how old the newest of these requests may be before its absence
// is an alarm.
const ProbeLate = 3 * time.Minute

// Silent reports whether there is no proof that answers come about: the newest
// of the portal's own requests failed or is too old. Silence is not health.
func (p Probe) Silent(now time.Time) bool {
	return p.At == nil || !p.OK || now.Sub(*p.At) > ProbeLate
}

// Row is an entry as supervision reads it.
type Row struct {
	Record
	Subject customs.VOEN // "": none, or deleted
	Session uuid.UUID
	Asked   string
	Deleted bool   // the personal data
	Method  string // by which the session began, "" if not known any more
	Officer string // number of the officer who looked
	CaseNo  string // number of the case
	Salts   []byte // of the commitments, only on the entry's own page

	// Taken is when the register took an entry that came later than its answer,
	// since a standby gave that; zero: at once. Only on the entry's own page.
	Taken time.Time
}

// Values are the personal values, in the order of their commitments.
func (r Row) Values() [personal]string {
	return [personal]string{string(r.Subject), r.Session.String(), r.Asked}
}

// Search says which entries supervision wants to see. The zero value is all.
type Search struct {
	VOEN    customs.VOEN
	Request uuid.UUID
	Entry   int64  // number of the entry
	CaseNo  string // number of a case
	Action  Action
	Outcome Outcome
	Actor   string
	Channel string
	From    string // these days, YYYY-MM-DD, Baku time, both included
	To      string
	Before  Cursor // only older ones
	After   Cursor // only newer ones
}

// Cursor is the place of an entry in the order of time.
type Cursor struct {
	At time.Time
	ID int64
}

// Found is a page of entries, newest first.
type Found struct {
	Rows         []Row
	Total        int64        // of all that were searched for, FoundMost at most
	Newer, Older bool         // there are more
	Only         customs.VOEN // taxpayer that all of them are about, also those on other pages; "": several, none, or too many
}

// FoundMost is up to where found entries are counted.
const FoundMost = 10_000

// DayCounts is a day of the month.
type DayCounts struct {
	Day time.Time // midnight in Baku
	Counts
}

// CheckpointMonth is what a checkpoint had during a month.
type CheckpointMonth struct {
	Checkpoint string
	AtEnd      int64 // pending at the last look
	Most       int64 // at any look
	Mean       float64
	Silent     time.Duration // the longest that its feed was behind
}

// Month is the report of a month (REG 3.4.1).
type Month struct {
	First, Next time.Time // midnight in Baku of the first day and of the first day after
	AsOf        time.Time // up to when entries are counted
	Counts
	Days        []DayCounts // those with requests
	Actions     []ActionCount
	Failures    []Span
	Checkpoints []CheckpointMonth
	Probes      int64      // the portal's own requests that were answered
	ProbesMost  int64      // minutes of the month so far
	Size        int64      // of the tree at the last checkpoint signed within the month, 0: none
	Root        Hash       // its root
	SealedAt    *time.Time // when it was signed
}

// ActionCount is how many requests of a kind there were.
type ActionCount struct {
	Action  Action
	Channel string
	Counts
}
