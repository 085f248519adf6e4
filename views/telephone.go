package views

import (
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// Addresses of what a trader allows the call centre.
const (
	CodePath      = "/access/code"
	TelephonePath = "/access/telephone"
)

// TelephoneView is what a trader allows the call centre.
type TelephoneView struct {
	Help    customs.TelephoneHelp
	Saved   bool
	Missing bool      // nothing was chosen
	Newest  *CodeView // the newest one-time code; nil: none was made lately
}

// CodeView is a one-time code.
type CodeView struct {
	Code  string // "" once it was shown
	Until time.Time
	Used  time.Time // zero: not used
	Spent bool      // by wrong tries
}

// helpWords name a choice, helpText explains it.
func helpWords(l *locales.Locale, h customs.TelephoneHelp) string {
	id := "telephone.choice_" + string(h)
	return l.T(id)
}

func helpText(l *locales.Locale, h customs.TelephoneHelp) string {
	id := "telephone.text_" + string(h)
	return l.T(id)
}

// grouped is a code in groups of four, as it is read out.
func grouped(code string) string {
	if len(code) != 8 {
		return code
	}
	return code[:4] + "\u00a0" + code[4:]
}

// state says what became of the code.
func (c CodeView) state(l *locales.Locale, now time.Time) string {
	switch {
	case !c.Used.IsZero():
		return l.T("telephone.used", "time", exact(l, c.Used))
	case c.Spent:
		return l.T("telephone.spent")
	case !now.Before(c.Until):
		return l.T("telephone.over", "time", l.DateTime(c.Until))
	}
	return l.T("telephone.good", "time", l.Clock(c.Until), "span", l.Span(max(c.Until.Sub(now).Round(time.Minute), time.Minute)))
}
