package views

import (
	"net/url"
	"strings"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
)

// address is a path with those parameters that have a value, in their order.
func address(path string, params [][2]string) string {
	var b strings.Builder
	b.WriteString(path)
	sign := byte('?')
	for _, p := range params {
		if p[1] != "" {
			b.WriteByte(sign)
			b.WriteString(p[0] + "=" + url.QueryEscape(p[1]))
			sign = '&'
		}
	}
	return b.String()
}

// viewerIcon is the drawing beside who looked.
func viewerIcon(v customs.Viewer) string {
	switch v {
	case customs.ViewerOwn:
		return "user"
	case customs.ViewerToken:
		return "lock"
	case customs.ViewerOperator:
		return "headset"
	case customs.ViewerSupervision:
		return "shield"
	case customs.ViewerSystem:
	}
	return "grid"
}

// viewerWords name a kind of viewer.
func viewerWords(l *locales.Locale, v customs.Viewer) string {
	id := "access.who_" + string(v)
	return l.T(id)
}

// Who names who looked, and Whose says more of them: the person and how they
// had signed in, the token, or the unit of the staff.
func (r AccessRow) Who(l *locales.Locale) string {
	if r.Viewer != customs.ViewerOwn {
		return viewerWords(l, r.Viewer)
	}
	if r.Self {
		return l.T("access.you")
	}
	return l.T("access.colleague")
}

// Whose is the second line of Who, "" if there is nothing to say.
func (r AccessRow) Whose(l *locales.Locale) string {
	switch r.Viewer {
	case customs.ViewerOwn:
		if r.Person == "" {
			return ""
		}
		if method := l.T("signin.method." + r.Method + ".name"); r.Method != "" && l.Has("signin.method."+r.Method+".name") {
			return r.Person + ", " + method
		}
		return r.Person
	case customs.ViewerToken:
		if r.Person != "" {
			return l.T("access.token", "name", r.Person)
		}
	case customs.ViewerOperator, customs.ViewerSupervision:
		return r.Unit
	case customs.ViewerSystem:
	}
	return ""
}

// What says in plain words what was opened: never the address itself.
func (r AccessRow) What(l *locales.Locale, places customs.Checkpoints) string {
	id := "access.do_" + strings.ReplaceAll(r.Action, ".", "_")
	switch {
	case !l.Has(id):
		return l.T("access.do_other")
	case r.Registration != "":
		return l.T(id, "code", r.Registration)
	case r.Action == register.ShowGoods:
		return l.T("access.do_unnamed")
	case r.Help != "":
		return l.T("access.chose", "what", l.T(id), "choice", helpWords(l, r.Help))
	}
	what := l.T(id)
	var filters []string
	for _, c := range (&GoodsView{Query: r.Asked, Checkpoints: places}).chips(l) {
		filters = append(filters, c.words)
	}
	if len(filters) > 0 {
		what = l.T("access.filtered", "what", what, "filters", strings.Join(filters, "; "))
	}
	if r.Asked.Page > 1 {
		what = l.T("access.on_page", "what", what, "page", r.Asked.Page)
	}
	return what
}

// Result says what the answer held, "" where the kind of request says it all.
func (r AccessRow) Result(l *locales.Locale) string {
	switch register.Outcome(r.Outcome) {
	case register.NothingPending:
		return l.T("access.nothing")
	case register.NotFound:
		return l.T("access.not_found")
	case register.Failed:
		return l.T("access.failed")
	case register.Answered:
		if strings.HasPrefix(r.Action, "goods.") && r.Registration == "" && r.Results > 0 {
			return l.N("goods.count", r.Results)
		}
	}
	return ""
}

// ReasonWords are the reason for which staff looked, with what they wrote.
func (r AccessRow) ReasonWords(l *locales.Locale) string {
	words := ""
	if id := "assist.reason." + r.Reason; r.Reason != "" && l.Has(id) {
		words = l.T(id)
	}
	switch {
	case words == "":
		return r.ReasonText
	case r.ReasonText == "":
		return words
	}
	return words + ": " + r.ReasonText
}

// ConfirmedWords say whether the trader's one-time code opened the case.
func (r AccessRow) ConfirmedWords(l *locales.Locale) string {
	if r.Confirmed {
		return l.T("access.confirmed")
	}
	return l.T("access.unconfirmed")
}
