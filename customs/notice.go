package customs

import (
	"slices"
	"time"
)

// NewsKind is a kind of event that a trader may be told of by e-mail.
type NewsKind string

// The kinds of news.
const (
	NewsRegistered NewsKind = "registered" // a registration that was not on the list
	NewsAction     NewsKind = "action"     // the trader must act, and had not to do this before
	NewsStatus     NewsKind = "status"     // another status, clearance goes on
	NewsCompleted  NewsKind = "completed"  // clearance is complete
)

// NewsKinds lists the kinds in the order in which pages and mails name them.
var NewsKinds = []NewsKind{NewsAction, NewsRegistered, NewsStatus, NewsCompleted}

// Wish is what somebody wants to be told of at an address, and how.
type Wish struct {
	Lang   string     // az or en
	Events []NewsKind // at least one
	Digest *int       // hour in Baku, 0 to 23, of one mail a day; nil: at once
}

// Valid reports whether a wish can be kept.
func (w Wish) Valid() bool {
	for i, k := range w.Events {
		if !slices.Contains(NewsKinds, k) || slices.Contains(w.Events[:i], k) {
			return false
		}
	}
	return len(w.Events) > 0 && (w.Lang == "az" || w.Lang == "en") && (w.Digest == nil || *w.Digest >= 0 && *w.Digest <= 23)
}

// MailAddresses is how many addresses one trader may have.
const MailAddresses = 10

// MailAddress is where a trader wants to be told.
type MailAddress struct {
	ID      string // UUID
	Address string // ASCII; the domain in its A-label form (RFC 5890)
	Wish
	AddedAt     time.Time
	AskedAt     time.Time  // when a confirmation was last asked for
	ConfirmedAt *time.Time // nil: not yet, nothing is sent
	FailingAt   *time.Time // since when the mailbox refuses mail
	StoppedAt   *time.Time
	StoppedFor  StopReason
	SentAt      *time.Time // when the last mail was taken over
}

// StopReason says why a subscription was stopped.
type StopReason string

// The reasons for a stop.
const (
	StoppedByLink  StopReason = "link"  // by the link in a mail
	StoppedByRight StopReason = "right" // who added the address may not act for the trader any more
)

// MailState is how a subscription stands.
type MailState string

// The states of a subscription.
const (
	MailWaiting MailState = "waiting" // for its confirmation
	MailActive  MailState = "active"
	MailFailing MailState = "failing"
	MailStopped MailState = "stopped"
)

// State is how the subscription stands.
func (a MailAddress) State() MailState {
	switch {
	case a.StoppedAt != nil:
		return MailStopped
	case a.FailingAt != nil:
		return MailFailing
	case a.ConfirmedAt == nil:
		return MailWaiting
	}
	return MailActive
}

// News is what is new about one registration.
type News struct {
	Registration string
	Kinds        []NewsKind
	Status       Status
	Repeated     bool // it stood in a mail of which nobody knows whether it arrived
}
