package customs

import "time"

// Query says which of a trader's pending goods a page shows. The zero value
// asks for the first page of all of them, newest first within a checkpoint.
type Query struct {
	Text       string // registration, document, vehicle, container, goods, commodity code, consignor
	Checkpoint string
	Status     Status
	Mode       string // UN/ECE Recommendation 19 digit as text, "" for all
	Waiting    Actor
	From, To   string // registered on these days, YYYY-MM-DD, Baku time, both included
	Sort       Sort
	Page       int // from 1
}

// Sort is the order of rows within a checkpoint.
type Sort string

// The orders. Longest waiting is by the time the next requirement has been open.
const (
	Newest   Sort = "newest"
	Oldest   Sort = "oldest"
	Waiting  Sort = "waiting"
	Deadline Sort = "deadline"
	Heaviest Sort = "weight"
)

// Sorts lists the orders as the form offers them.
var Sorts = []Sort{Newest, Oldest, Waiting, Deadline, Heaviest}

// Filtered reports whether the query leaves anything out.
func (q Query) Filtered() bool {
	return q.Text != "" || q.Checkpoint != "" || q.Status != "" || q.Mode != "" ||
		q.Waiting != "" || q.From != "" || q.To != ""
}

// Pending is one row of the list: a consignment whose clearance is not complete.
type Pending struct {
	Registration     string
	Checkpoint       string
	Status           Status
	StatusAt         time.Time
	RegisteredAt     time.Time
	ReceivedAt       time.Time // when the portal stored this revision
	Mode             int
	Vehicle          string
	DocumentType     string // the first transport document, "" if none
	DocumentNumber   string
	GoodsDescription string // of the first item
	CommodityCode    CommodityCode
	GoodsCount       int
	Packages         *int64
	GrossMass        *Mass
	NextCode         string // the requirement that decides who is waited for, "" if none
	NextWho          Actor
	NextAgency       string
	NextNote         string
	NextSince        *time.Time
	NextDue          *time.Time
}

// CheckpointCount is what one checkpoint holds for the trader.
type CheckpointCount struct {
	Checkpoint string
	Count      int
	Packages   *int64
	GrossMass  *Mass
}

// List answers a Query: the page of rows, and counts over the whole.
type List struct {
	AsOf     time.Time         // the database's clock at the read
	Groups   []CheckpointCount // of the filtered set, by checkpoint, in order of the page
	Total    int               // of the filtered set
	All      []CheckpointCount // of everything pending, by checkpoint
	AllTotal int               // of everything pending
	Waiting  map[Actor]int     // of everything pending, by who must act; "" when nobody is named
	Statuses map[Status]int    // of everything pending
	Modes    map[int]int       // of everything pending
	Fresh    Ages              // of every checkpoint that ever sent anything
	Rows     []Pending
	Page     int    // the page shown, from 1, never past the last
	Pages    int    // at least 1
	Nearest  string // what was looked for instead of the text of the query, which nothing has; "" if as asked
}

// Answers is the query that the list answers: q, with the nearest words where
// nothing had those of q.
func (l *List) Answers(q Query) Query {
	if l.Nearest != "" {
		q.Text = l.Nearest
	}
	return q
}

// Event is one change of status of a consignment.
type Event struct {
	Revision int64
	Status   Status
	At       time.Time // when the status began, by the checkpoint
	Received time.Time // when the portal stored it
}

// Detail is everything about one consignment of the trader.
type Detail struct {
	AsOf        time.Time
	Consignment Consignment
	ReceivedAt  time.Time
	Events      []Event // newest first, one for each change of status
	Freshness   Freshness
}
