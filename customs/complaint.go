package customs

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Complaint is what a person writes into an administrative complaint: the six
// items of article 74 of the Law on Administrative Proceedings, of which the
// signature comes on paper. All texts are the person's own.
type Complaint struct {
	Body           string        `json:"body"`           // item 1: name of the body
	BodyAddress    string        `json:"body_address"`   // and its address, "" to be written by hand
	Name           string        `json:"name"`           // item 2: full name, or the legal entity's name
	Address        string        `json:"address"`        // residence, or legal address
	Phone          string        `json:"phone"`          // "" if not given
	Representative string        `json:"representative"` // who signs for a legal entity, "" for oneself
	Standing       string        `json:"standing"`       // procedural status
	Kind           ComplaintKind `json:"kind"`           // item 3: what it is about
	Registration   string        `json:"registration"`   // code, "" if about none
	ActDate        string        `json:"act_date"`       // of the decision or action, YYYY-MM-DD or ""
	ActNumber      string        `json:"act_number"`     // of the decision, "" if unknown
	Officer        string        `json:"officer"`        // body, post or official, "" if unknown
	Facts          string        `json:"facts"`          // what happened
	Demand         string        `json:"demand"`         // item 4: the claim
	Grounds        string        `json:"grounds"`        // and its grounds
	Attachments    string        `json:"attachments"`    // documents enclosed, one a line
}

// ComplaintKind is what a complaint is directed against.
type ComplaintKind string

// The kinds (article 51 of the Customs Code, as clause 3.5.1 quotes it).
const (
	OnDecision ComplaintKind = "decision"
	OnAction   ComplaintKind = "action"
	OnInaction ComplaintKind = "inaction"
)

// ComplaintKinds lists the kinds in the order of the article.
var ComplaintKinds = []ComplaintKind{OnDecision, OnAction, OnInaction}

// The most characters that a field of a complaint may have.
const (
	ComplaintLine  = 300
	ComplaintText  = 4000
	ComplaintFacts = 8000
)

// ComplaintField is a field with its name in forms, the most characters that it
// may have, and whether a document needs it.
type ComplaintField struct {
	Name   string
	Value  *string
	Limit  int
	Needed bool
}

// Fields are the fields in the order of the form.
func (c *Complaint) Fields() []ComplaintField {
	return []ComplaintField{
		{"body", &c.Body, ComplaintLine, true},
		{"body_address", &c.BodyAddress, ComplaintLine, false},
		{"name", &c.Name, ComplaintLine, true},
		{"address", &c.Address, ComplaintLine, true},
		{"phone", &c.Phone, ComplaintLine, false},
		{"representative", &c.Representative, ComplaintLine, false},
		{"standing", &c.Standing, ComplaintLine, true},
		{"kind", (*string)(&c.Kind), 20, true},
		{"registration", &c.Registration, 40, false},
		{"act_date", &c.ActDate, 20, false},
		{"act_number", &c.ActNumber, ComplaintLine, false},
		{"officer", &c.Officer, ComplaintLine, false},
		{"facts", &c.Facts, ComplaintFacts, true},
		{"demand", &c.Demand, ComplaintText, true},
		{"grounds", &c.Grounds, ComplaintText, true},
		{"attachments", &c.Attachments, ComplaintText, false},
	}
}

// ComplaintFault is what is wrong with a field.
type ComplaintFault string

// The faults.
const (
	FaultMissing ComplaintFault = "missing" // a document cannot do without
	FaultLong    ComplaintFault = "long"    // more characters than Limit
	FaultDate    ComplaintFault = "date"    // no day of the calendar
	FaultFuture  ComplaintFault = "future"  // a day that has not come
	FaultUnknown ComplaintFault = "unknown" // no registration of the trader's has this code
)

// ComplaintProblem is a fault of a field.
type ComplaintProblem struct {
	Field string
	Fault ComplaintFault
	Limit int // characters allowed, with FaultLong
}

// multiline are the fields that keep their line ends.
var multiline = map[string]bool{"facts": true, "demand": true, "grounds": true, "attachments": true}

// Tidy makes every field fit to be stored and printed, whatever was pasted into
// it: line ends are \n, nothing that cannot be seen is left, a day is written
// YYYY-MM-DD. A text is not shortened.
func (c *Complaint) Tidy() {
	for _, f := range c.Fields() {
		*f.Value = tidy(*f.Value, multiline[f.Name])
	}
	if m := dotted.FindStringSubmatch(c.ActDate); m != nil {
		c.ActDate = m[3] + "-" + m[2] + "-" + m[1]
	}
	if !slices.Contains(ComplaintKinds, c.Kind) {
		c.Kind = ""
	}
}

// dotted is a day as people write it.
var dotted = regexp.MustCompile(`^(\d{2})\.(\d{2})\.(\d{4})$`)

func tidy(s string, lines bool) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ").Replace(s)
	if !lines {
		s = strings.ReplaceAll(s, "\n", " ")
	}
	s = strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || Hidden(r)) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// Check lists what is wrong, in the order of the form: for keeping a draft only
// what could not be kept, for a document also what article 74 asks for. today is
// the day in Azerbaijan, YYYY-MM-DD.
func (c *Complaint) Check(document bool, today string) []ComplaintProblem {
	var list []ComplaintProblem
	for _, f := range c.Fields() {
		switch {
		case utf8.RuneCountInString(*f.Value) > f.Limit:
			list = append(list, ComplaintProblem{f.Name, FaultLong, f.Limit})
		case document && f.Needed && *f.Value == "":
			list = append(list, ComplaintProblem{Field: f.Name, Fault: FaultMissing})
		case f.Name == "act_date" && *f.Value != "":
			if _, err := time.Parse(time.DateOnly, *f.Value); err != nil {
				list = append(list, ComplaintProblem{Field: f.Name, Fault: FaultDate})
			} else if *f.Value > today {
				list = append(list, ComplaintProblem{Field: f.Name, Fault: FaultFuture})
			}
		}
	}
	return list
}

// Evidence is what the portal held about a registration when a complaint was
// drawn up. Its stored bytes are named, by their SHA-256, in the entry of the
// register of requests that was made with it.
type Evidence struct {
	Format       string          `json:"format"` // EvidenceFormat
	DrawnAt      time.Time       `json:"drawn_at"`
	VOEN         VOEN            `json:"voen"`
	Registration string          `json:"registration"`
	Revision     int64           `json:"revision"`
	Checkpoint   Checkpoint      `json:"checkpoint"`
	RegisteredAt time.Time       `json:"registered_at"`
	DataAsOf     *time.Time      `json:"data_as_of"` // by the checkpoint's own word, null if it never said
	Goods        string          `json:"goods"`      // of the first item
	Code         CommodityCode   `json:"commodity_code"`
	Items        int             `json:"items"`
	Packages     *int64          `json:"packages"`
	GrossMass    *Mass           `json:"gross_mass"`
	Vehicle      string          `json:"vehicle"`
	Document     *Document       `json:"transport_document"`
	History      []EvidenceEvent `json:"history"` // oldest first
	Requires     []Requirement   `json:"requires"`
}

// EvidenceFormat names the form of Evidence.
const EvidenceFormat = "customs.gov.az/portal/complaint/evidence/v1"

// EvidenceEvent is one change of status.
type EvidenceEvent struct {
	Revision   int64     `json:"revision"`
	Status     Status    `json:"status"`
	At         time.Time `json:"at"`          // when it began, by the checkpoint
	ReceivedAt time.Time `json:"received_at"` // when the portal stored it
}

// NewEvidence is the evidence of what d holds.
func NewEvidence(d Detail, place Checkpoint) Evidence {
	c := &d.Consignment
	e := Evidence{
		Format: EvidenceFormat, DrawnAt: d.AsOf.UTC().Truncate(time.Microsecond), VOEN: c.VOEN, Registration: c.Registration, Revision: c.Revision,
		Checkpoint: Checkpoint{Code: place.Code, AZ: place.AZ, EN: place.EN}, RegisteredAt: c.RegisteredAt.UTC(), DataAsOf: d.Freshness.AsOf,
		Items: len(c.Goods), Vehicle: c.Transport.Vehicle, Requires: c.Requires,
	}
	if len(c.Goods) > 0 {
		e.Goods, e.Code = c.Goods[0].Description, c.Goods[0].CommodityCode
	}
	totals := c.Totals()
	e.Packages, e.GrossMass = totals.Packages, totals.GrossMass
	if len(c.Documents) > 0 {
		e.Document = &c.Documents[0]
	}
	for _, v := range slices.Backward(d.Events) {
		e.History = append(e.History, EvidenceEvent{v.Revision, v.Status, v.At.UTC(), v.Received.UTC()})
	}
	return e
}
