package customs

import "slices"

// Status is where a consignment stands in customs clearance.
type Status string

// The statuses that have words of their own. A feed may send others: they are
// shown as "clearance in progress" and stay on the list.
const (
	Registered      Status = "registered"
	UnderControl    Status = "under_control"
	DocsCheck       Status = "docs_check"
	Inspection      Status = "inspection"
	InTransit       Status = "in_transit"
	Arrived         Status = "arrived"
	TempStorage     Status = "temp_storage"
	Declared        Status = "declared"
	AwaitingPayment Status = "awaiting_payment"
	Held            Status = "held"

	// Terminal: clearance is complete and the consignment leaves the list.
	Released   Status = "released"
	ReExported Status = "re_exported"
	Completed  Status = "completed"
)

// PendingStatuses lists the known statuses of goods whose clearance is not
// complete, in the usual order of events.
var PendingStatuses = []Status{
	Registered, UnderControl, DocsCheck, Inspection, InTransit, Arrived,
	TempStorage, Declared, AwaitingPayment, Held,
}

// TerminalStatuses lists the statuses that end clearance.
var TerminalStatuses = []Status{Released, ReExported, Completed}

// Terminal reports whether clearance is complete.
func (s Status) Terminal() bool { return slices.Contains(TerminalStatuses, s) }

// Known reports whether the status has words of its own.
func (s Status) Known() bool {
	return s.Terminal() || slices.Contains(PendingStatuses, s)
}

// Actor is who must act next on a consignment.
type Actor string

// The actors of a requirement. An agency is another state body, named in the
// requirement.
const (
	You     Actor = "you"
	Customs Actor = "customs"
	Agency  Actor = "agency"
)

// Actors lists the actors in the order in which pages name them.
var Actors = []Actor{You, Customs, Agency}
