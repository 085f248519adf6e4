package views

import (
	"net/url"
	"strconv"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// Addresses of a trader's reports.
const (
	ReportsPath = "/access/reports"
	AskPath     = "/access/ask/" // and the number of an entry
	NotMinePath = "/access/not-mine"
)

// ReportProblem is why a report was not taken.
type ReportProblem string

// The problems of a report's form.
const (
	ReportEmpty   ReportProblem = "empty"
	ReportLong    ReportProblem = "long"
	ReportLetters ReportProblem = "letters" // it holds what is no text
	ReportContact ReportProblem = "contact" // that one is too long or no text
	ReportOften   ReportProblem = "often"
)

// ReportForm is the form of a report about an entry or a registration.
type ReportForm struct {
	Entry         *AccessRow // nil: about a registration
	Registration  string
	Checkpoints   customs.Checkpoints
	Body, Contact string // as typed
	Problems      []ReportProblem
	Earlier       string // id of the newest report about the same thing; "": none
}

// ReportsView is a trader's reports.
type ReportsView struct{ Reports []customs.Report }

// ReportView is one report of a trader.
type ReportView struct {
	Report      customs.Report
	Entry       *AccessRow // that it is about; nil: a registration, or an entry that can no longer be told
	Checkpoints customs.Checkpoints
	Sent        bool // just now
	Earlier     bool // another one was about to be sent while this is open
}

// askURL is the form about an entry, notMineURL that about a registration.
func askURL(entry int64) string { return AskPath + strconv.FormatInt(entry, 10) }

func notMineURL(registration string) string {
	return NotMinePath + "?" + url.Values{"registration": {registration}}.Encode()
}

func reportURL(id string) string { return ReportsPath + "/" + id }

// kind names the form's messages.
func (f ReportForm) kind() string {
	if f.Entry != nil {
		return string(customs.ReportQuestion)
	}
	return string(customs.ReportNotMine)
}

// title is what the form is for.
func (f ReportForm) title(l *locales.Locale) string {
	return reportTitle(l, customs.ReportKind(f.kind()))
}

func (f ReportForm) action() string {
	if f.Entry != nil {
		return askURL(f.Entry.ID)
	}
	return NotMinePath
}

func (f ReportForm) frame(p Page) Page {
	p.Tab, p.Title, p.Error = TabAccess, f.title(p.L), len(f.Problems) > 0
	return p
}

func reportTitle(l *locales.Locale, k customs.ReportKind) string {
	id := "report.title_" + string(k)
	return l.T(id)
}

// words are a text of the form that differs by what it is about.
func (f ReportForm) words(l *locales.Locale, name string) string {
	id := "report." + name + "_" + f.kind()
	return l.T(id)
}

// toMend lists the problems; what is not about the contact leads to the text.
func (f ReportForm) toMend(l *locales.Locale) []toMend {
	out := make([]toMend, len(f.Problems))
	for i, p := range f.Problems {
		id := "report.problem_" + string(p)
		out[i] = toMend{"body", l.T(id, "limit", customs.MaxReport, "contact", customs.MaxContact)}
		if p == ReportContact {
			out[i].control = "contact"
		}
	}
	return out
}

// about says in one line what a report is about.
func reportAbout(l *locales.Locale, r customs.Report) string {
	if r.Registration != "" {
		return l.T("report.about_registration", "code", r.Registration)
	}
	return l.T("report.about_entry", "time", exact(l, r.EntryAt))
}
