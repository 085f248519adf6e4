package views

import (
	"strconv"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// Behalf is the case under which an officer sees a trader's data.
type Behalf struct {
	Path         string // address of the case
	Number       string // of the case
	VOEN         customs.VOEN
	Organisation string // "" if it is not known
	Caller       string
	Confirmed    bool // by the trader's own one-time code
	Until        time.Time
	Left         time.Duration // until the case stops if nothing more is asked
}

// goodsPath is the address of the list on this page: the trader's own, or that
// of the case.
func (p Page) goodsPath() string {
	if p.Behalf != nil {
		return p.Behalf.Path + "/goods"
	}
	return GoodsPath
}

// subject is whose goods the page shows.
func (p Page) subject() customs.VOEN {
	if p.Behalf != nil {
		return p.Behalf.VOEN
	}
	return p.Person.VOEN
}

// stop is the content of the meta element by which a browser without JavaScript
// leaves the page when the case is over.
func (b Behalf) stop() string {
	return strconv.Itoa(int(b.Left/time.Second)+1) + ";url=" + b.Path
}

// left is the time left as the banner shows it, minutes and seconds.
func (b Behalf) left() string {
	s := int(max(b.Left, 0) / time.Second)
	return strconv.Itoa(s/60) + ":" + strconv.Itoa(s%60/10) + strconv.Itoa(s%10)
}

// leftWords say what ends then: the case, or the patience with an unused one.
func (b Behalf) leftWords(p Page) string {
	if b.Until.Sub(p.Now)-b.Left > 10*time.Second {
		return p.L.T("assist.left_idle")
	}
	return p.L.T("assist.left")
}

// title is whose data it is, as well as it is known.
func (b Behalf) title(l *locales.Locale) string {
	if b.Organisation != "" {
		return b.Organisation
	}
	return l.T("site.voen") + " " + string(b.VOEN)
}

// CaseForm is the form for a new case, as it was filled in.
type CaseForm struct {
	VOEN, Code, Caller, CallNumber, CallID, Reason, ReasonText, Verified string

	// OddVOEN is a number of which the officer was told that its check digit
	// does not fit; sent once more it is meant.
	OddVOEN string
}

// CaseProblem names what is wrong with a form about a case, or why the case was
// not opened; its words stand in locales under assist.problem.
type CaseProblem string

// Problems of the forms, besides the outcomes of package db.
const (
	CaseBadVOEN     CaseProblem = "voen"
	CaseOddVOEN     CaseProblem = "voen_odd" // the check digit does not fit: a warning, never a ban
	CaseBadCode     CaseProblem = "code"
	CaseBadCaller   CaseProblem = "caller"
	CaseBadNumber   CaseProblem = "call_number"
	CaseBadCallID   CaseProblem = "call_id"
	CaseBadReason   CaseProblem = "reason"
	CaseBadText     CaseProblem = "reason_text"
	CaseBadVerified CaseProblem = "verified"
	CaseBadWhy      CaseProblem = "why" // of ending a case
)

// field is the control that the problem is about.
func (c CaseProblem) field() string {
	switch c {
	case CaseBadReason:
		return "reason-0"
	case CaseBadVerified:
		return "verified-0"
	case "code_required", "code_wrong", "code_blocked":
		return "code"
	case CaseOddVOEN, "help_off":
		return "voen"
	case "already_open", "limit", "no_case", "no_staff":
		return "case-form"
	}
	return string(c)
}

// CaseView is a case as pages show it.
type CaseView struct {
	Path         string
	Number       string
	VOEN         customs.VOEN
	Organisation string
	Caller       string
	CallNumber   string
	CallID       string
	Reason       customs.CaseReason
	ReasonText   string
	VerifiedBy   customs.CaseVerification
	Confirmed    bool
	Waiting      bool // for a second officer
	Open         bool
	OpenedAt     time.Time
	Until        time.Time
	EndedAt      time.Time
	EndedBy      string // operator, supervisor, trader, time, idle, signed_out
	EndedReason  string
	Officer      string // number
	OfficerName  string // only for supervision
	Unit         string
	Extensions   int
}

// whose is whose data the case is about.
func (c CaseView) whose(l *locales.Locale) string {
	return Behalf{VOEN: c.VOEN, Organisation: c.Organisation}.title(l)
}

// spent is how long the case was open.
func (c CaseView) spent(l *locales.Locale, now time.Time) string {
	end := c.EndedAt
	if c.Open {
		end = now
	}
	return l.Span(max(end.Sub(c.OpenedAt), time.Minute))
}

// AssistView is the operator's first page.
type AssistView struct {
	Form     CaseForm
	Problems []CaseProblem
	Running  *CaseView  // the officer's open case, in the way of another
	Own      []CaseView // of the last day, newest first
	Waiting  []CaseView // of others, for a second officer
	Notice   string     // key of a message about what was just done, "" for none
}

// caseToMend lists what to mend before a case can be opened or extended.
func caseToMend(p Page, list []CaseProblem) []toMend {
	out := make([]toMend, len(list))
	for i, c := range list {
		out[i] = toMend{c.field(), p.L.T("assist.problem." + string(c))}
	}
	return out
}

// fieldKind is what sets one text field of the forms apart.
type fieldKind struct{ class, mode, most string }

// reasonOptions are the reasons for a case.
func reasonOptions(p Page, chosen string) []option {
	var out []option
	for _, r := range customs.CaseReasons {
		out = append(out, option{value: string(r), words: p.L.T("assist.reason." + string(r)), selected: string(r) == chosen})
	}
	return out
}

// verificationOptions are the ways to verify a caller; a code is one too.
func verificationOptions(p Page, chosen string) []option {
	var out []option
	for _, v := range append([]customs.CaseVerification{customs.VerifiedByCode}, customs.CaseVerifications...) {
		out = append(out, option{value: string(v), words: p.L.T("assist.verified." + string(v)), selected: string(v) == chosen})
	}
	return out
}

// caseState says whether a case is open, and how it ended.
func caseState(p Page, c CaseView) string {
	switch {
	case c.Waiting:
		return p.L.T("assist.state_waiting", "time", p.L.Clock(c.Until))
	case c.Open:
		return p.L.T("assist.state_open", "time", p.L.Clock(c.Until))
	}
	return p.L.T("assist.ended."+c.EndedBy, "time", p.L.Clock(c.EndedAt))
}

// caseLede is the sentence below the heading of a case.
func caseLede(p Page, c CaseView) string {
	switch {
	case c.Waiting:
		return p.L.T("assist.lede_waiting")
	case c.Open:
		return p.L.T("assist.lede_open")
	}
	s := p.L.T("assist.ended."+c.EndedBy, "time", p.L.Clock(c.EndedAt))
	if c.EndedReason != "" {
		s += " " + p.L.T("assist.ended_reason", "text", c.EndedReason)
	}
	return s + " " + p.L.T("assist.lede_over")
}

// CasePage is one case, open or not.
type CasePage struct {
	Case     CaseView
	Own      bool // of this officer's present session: it can be ended and extended
	Problems []CaseProblem
	Reason   string // as the form for an extension was filled in
	Text     string
}

// whyID is the field for a reason to end a case. That of the case whose form
// came back is the one to which the summary of mistakes leads.
func (v SupervisedView) whyID(c CaseView) string {
	if v.At == c.id() {
		return string(CaseBadWhy)
	}
	return "why-" + c.Number
}

// whyWrong says what is wrong with the reason to end this case, "" for nothing.
func (v SupervisedView) whyWrong(p Page, c CaseView) string {
	if v.Problem == CaseBadWhy && v.At == c.id() {
		return p.L.T("assist.problem.why")
	}
	return ""
}

// SupervisedView is what supervision sees of assistance.
type SupervisedView struct {
	Running []CaseView
	Ended   []CaseView // of the last day
	Refused []RefusedCase
	Problem CaseProblem // of a form that ends a case, "" for none
	At, Why string      // the case that it is about, and the reason as it was written
	Notice  string      // key of a message about what was just done, "" for none
}

// RefusedCase is a wish to open a case that was not granted.
type RefusedCase struct {
	At      time.Time
	Officer string
	Name    string
	VOEN    customs.VOEN
	Outcome string
}

// assisted is the frame of a page under a case: nothing of it is kept current by
// itself, for each look is registered.
func (p Page) assisted(f Page) Page {
	f.Live, f.Noindex, f.Tab, f.Refresh, f.RefreshTo = false, true, TabCaseGoods, 0, ""
	return f
}

// id is the last part of the case's address.
func (c CaseView) id() string { return strings.TrimPrefix(c.Path, AssistPath+"/") }
