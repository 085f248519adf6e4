// Package register is the register of requests that the regulation asks for
// (REG 3.4.1): electronic requests are counted and their results recorded. It
// knows what an entry is and how the register becomes a log that anyone can
// verify: the canonical form of an entry, the Merkle tree over all of them
// (RFC 6962, in the tiles of C2SP tlog-tiles), signed checkpoints and receipts.
// It does not know where any of that is kept.
package register

import (
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
)

// Entry is one answered request.
type Entry struct {
	RequestID uuid.UUID
	Channel   string        // web
	Actor     string        // role of who looked: trader
	Session   uuid.UUID     // in which session
	Subject   customs.VOEN  // whose data
	Case      uuid.UUID     // the case under which staff looked; uuid.Nil: none
	Action    Action        // what kind of request
	Asked     string        // path and query, at most 2,000 characters are kept
	Outcome   Outcome       //
	Results   int           // consignments in the whole answer
	Elapsed   time.Duration // processing time, REG 1.7

	// Unattended: an open page asked by itself, not a person. It says nothing
	// about what happened and is no part of the record, but such a request does
	// not keep the session in use.
	Unattended bool

	// Aside: the answer came from a standby, so that the entry goes into the
	// journal until the primary is there again. No part of the record either.
	Aside bool
}

// Action is the kind of a request.
type Action = string

// The actions.
const (
	ListGoods Action = "goods.list"
	ShowGoods Action = "goods.detail"

	DownloadGoods Action = "goods.download" // the whole filtered set as a file
	PrintGoods    Action = "goods.print"    // the whole filtered set as one page

	MakeToken     Action = "token.make" // access of a trader's own program
	WithdrawToken Action = "token.withdraw"

	SwitchCompany Action = "company.switch" // the subject is the taxpayer switched to

	FillComplaint Action = "complaint.form"     // a form with what is known of a registration
	SealEvidence  Action = "complaint.evidence" // Asked names the evidence by its SHA-256
	ShowComplaint Action = "complaint.document" // a document or file that holds evidence

	ChangeNotifications Action = "notifications.change" // an address was added, changed, confirmed, stopped or removed
	MailNotifications   Action = "notifications.mail"   // a mail told news; asked holds the registrations
)

// What staff do. The subject of the first five is the taxpayer of the case.
const (
	OpenCase    Action = "case.open"
	RefuseCase  Action = "case.refuse"  // it was not opened
	ApproveCase Action = "case.approve" // by a second officer
	ExtendCase  Action = "case.extend"
	EndCase     Action = "case.end"

	WatchCases   Action = "cases.list" // by supervision
	ListStaff    Action = "staff.list" // by an administrator, like the following
	ProposeStaff Action = "staff.propose"
	ApproveStaff Action = "staff.approve"
	RejectStaff  Action = "staff.reject"
)

// Outcome is how a request was answered.
type Outcome string

// The outcomes.
const (
	Answered       Outcome = "answered"
	NothingPending Outcome = "nothing_pending"
	NotFound       Outcome = "not_found"
	Failed         Outcome = "failed"
)
