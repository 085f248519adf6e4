package views

import (
	"slices"
	"strconv"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// NotificationsPath is the page on which traders choose to be told by e-mail.
const NotificationsPath = "/notifications"

// NotificationsView is what that page shows.
type NotificationsView struct {
	Addresses []customs.MailAddress
	Done      NotificationsDone    // what was done just now, or ""
	Problem   NotificationsProblem // why it was not, or ""
	Address   string               // typed, when there was a problem
	New       customs.Wish         // what the form for another address begins with
	Changed   string               // id of the address whose form had the problem, "" for the form for another
	Wish      customs.Wish         // what was chosen there
}

// NotificationsDone is what was done on the page.
type NotificationsDone string

// What can be done.
const (
	NotificationsAdded   NotificationsDone = "added"
	NotificationsChanged NotificationsDone = "changed"
	NotificationsRemoved NotificationsDone = "removed"
	NotificationsAsked   NotificationsDone = "asked"
)

// Known reports whether there are words for it.
func (d NotificationsDone) Known() bool {
	switch d {
	case NotificationsAdded, NotificationsChanged, NotificationsRemoved, NotificationsAsked:
		return true
	}
	return false
}

// NotificationsProblem is why something was not done.
type NotificationsProblem string

// The problems.
const (
	NotificationsNoAddress  NotificationsProblem = "missing"   // none was typed
	NotificationsBadAddress NotificationsProblem = "malformed" // it is none
	NotificationsThere      NotificationsProblem = "there"
	NotificationsMany       NotificationsProblem = "full"
	NotificationsRate       NotificationsProblem = "rate"
	NotificationsNoEvents   NotificationsProblem = "no_events"
	NotificationsGone       NotificationsProblem = "gone" // the address is not there any more
)

// MailLinkView is the page behind a link in a mail, for whoever has the link.
type MailLinkView struct {
	Stop    bool   // the link stops; otherwise it confirms
	Address string // "" when the link is not, or no longer, good
	Done    bool
	Action  string // address of the form
}

// frame is the page's frame with its title.
func (v NotificationsView) frame(p Page) Page {
	p.Title, p.Error = p.L.T("notifications.title"), v.Problem != ""
	p.Path, p.Tab = NotificationsPath, TabGoods
	return p
}

func (v MailLinkView) key() string {
	switch {
	case v.Address == "" && v.Stop:
		return "stop_gone"
	case v.Address == "":
		return "confirm_gone"
	case v.Stop && v.Done:
		return "stopped"
	case v.Stop:
		return "stop"
	case v.Done:
		return "confirmed"
	}
	return "confirm"
}

func (v MailLinkView) frame(p Page) Page {
	p.Title, p.Noindex = p.L.T("notifications.link."+v.key()+".title"), true
	return p
}

// full reports whether no further address may be added.
func (v NotificationsView) full() bool { return len(v.Addresses) >= customs.MailAddresses }

// wish is what the form of an address shows: what was chosen, if that was no
// good, or what counts.
func (v NotificationsView) wish(a customs.MailAddress) customs.Wish {
	if v.bad(a) {
		return v.Wish
	}
	return a.Wish
}

// bad reports whether the problem is about this address's form.
func (v NotificationsView) bad(a customs.MailAddress) bool {
	return v.Problem != "" && v.Changed == a.ID
}

// toMend is the problem, and where it leads.
func (v NotificationsView) toMend(l *locales.Locale) []toMend {
	if v.Problem == "" {
		return nil
	}
	return []toMend{{v.field(), l.T("notifications.problems." + string(v.Problem))}}
}

// field is the id of the control that the problem is about.
func (v NotificationsView) field() string {
	switch {
	case v.Problem == NotificationsNoEvents && v.Changed != "":
		for i, a := range v.Addresses {
			if a.ID == v.Changed {
				return addressPrefix(i) + "-events"
			}
		}
	case v.Problem == NotificationsNoEvents:
		return "new-events"
	case v.Problem == NotificationsGone, v.Problem == NotificationsMany, v.full():
		return "main"
	}
	return "new-address"
}

func addressPrefix(i int) string { return "address-" + strconv.Itoa(i) }

func wants(w customs.Wish, k customs.NewsKind) bool {
	return slices.Contains(w.Events, k)
}

// digestValue is an hour as the form sends it; "now" is at once.
func digestValue(w customs.Wish) string {
	if w.Digest == nil {
		return "now"
	}
	return strconv.Itoa(*w.Digest)
}

func hourWords(h int) string {
	s := strconv.Itoa(h) + ":00"
	if h < 10 {
		s = "0" + s
	}
	return s
}

// whenWords say when an address is told.
func whenWords(l *locales.Locale, w customs.Wish) string {
	if w.Digest == nil {
		return l.T("notifications.at_once")
	}
	return l.T("notifications.digest", "hour", hourWords(*w.Digest))
}

// stateTone is the class of a state's badge.
func stateTone(s customs.MailState) string {
	switch s {
	case customs.MailActive:
		return "badge--done"
	case customs.MailFailing:
		return "badge--stop"
	case customs.MailWaiting:
		return "badge--act"
	case customs.MailStopped:
	}
	return ""
}

func stateIcon(s customs.MailState) string {
	switch s {
	case customs.MailActive:
		return "check"
	case customs.MailWaiting:
		return "hourglass"
	case customs.MailFailing, customs.MailStopped:
	}
	return "stop"
}

// stateWords explain a state.
func stateWords(l *locales.Locale, a customs.MailAddress) string {
	switch a.State() {
	case customs.MailWaiting:
		return l.T("notifications.waiting_text", "time", l.DateTime(a.AskedAt))
	case customs.MailFailing:
		return l.T("notifications.failing_text", "time", l.DateTime(*a.FailingAt))
	case customs.MailStopped:
		return l.T("notifications.stopped_by."+string(a.StoppedFor), "time", l.DateTime(*a.StoppedAt))
	case customs.MailActive:
		if a.SentAt != nil {
			return l.T("notifications.sent_text", "time", l.DateTime(*a.SentAt))
		}
	}
	return l.T("notifications.active_text")
}
