package views

import (
	"strconv"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// Addresses of the pages about who looked at a trader's data.
const (
	AccessPath    = "/access"
	AccessCSVPath = "/access.csv"
)

// AccessView is who looked at a trader's data.
type AccessView struct {
	Query       customs.AccessQuery
	Log         customs.AccessLog
	Rows        []AccessRow // those of the log
	Recent      int         // the days shown because none were asked for; 0: some were
	Ignored     []string    // names of query parameters that were left out as unknown or malformed
	Checkpoints customs.Checkpoints
	PageSize    int
	Elapsed     time.Duration
	Receipt     string // address of this answer's receipt; "": there is none
}

// AccessRow is one entry with what its address asked for.
type AccessRow struct {
	customs.Access
	Asked        customs.Query         // of a list
	Registration string                // "" for none
	Help         customs.TelephoneHelp // that was chosen; "" for none
}

// accessURL is the address of entries. A recent page keeps no days, so that it
// goes on meaning the last ones.
func (v AccessView) accessURL(path string, q customs.AccessQuery) string {
	if v.Recent > 0 && q.From == v.Query.From {
		q.From = ""
	}
	page := ""
	if q.Page > 1 {
		page = strconv.Itoa(q.Page)
	}
	return address(path, [][2]string{{"who", string(q.Viewer)}, {"from", q.From}, {"to", q.To}, {"page", page}})
}

// viewerOptions offers everybody and each kind of viewer.
func (v AccessView) viewerOptions(l *locales.Locale) []option {
	out := []option{{words: l.T("access.who_all"), selected: v.Query.Viewer == ""}}
	for _, who := range customs.Viewers {
		out = append(out, option{value: string(who), words: viewerWords(l, who), selected: who == v.Query.Viewer})
	}
	return out
}

// viewerSum is how many entries of the asked days one kind of viewer made.
type viewerSum struct {
	words, url string
	current    bool
}

func (v AccessView) sums(l *locales.Locale) []viewerSum {
	var out []viewerSum
	for _, who := range customs.Viewers {
		if n := v.Log.Counts[who]; n > 0 {
			q := v.Query
			q.Viewer, q.Page = who, 0
			out = append(out, viewerSum{
				l.T("access.sum", "who", viewerWords(l, who), "n", n), v.accessURL(AccessPath, q), who == v.Query.Viewer,
			})
		}
	}
	return out
}

// period says which days are shown.
func (v AccessView) period(l *locales.Locale) string {
	q := v.Query
	switch {
	case v.Recent > 0:
		return l.N("access.period_recent", v.Recent)
	case q.From != "" && q.To != "":
		return l.Day(q.From) + " – " + l.Day(q.To)
	case q.From != "":
		return l.T("access.period_from", "day", l.Day(q.From))
	case q.To != "":
		return l.T("access.period_to", "day", l.Day(q.To))
	}
	return l.T("access.period_all")
}

// everything is the address of all entries that can be shown, "" if all are.
func (v AccessView) everything(l *locales.Locale) string {
	if v.Log.Since.IsZero() || v.Query.From != "" && v.Query.From <= l.ISODay(v.Log.Since) && v.Query.To == "" && v.Query.Viewer == "" {
		return ""
	}
	return AccessPath + "?from=" + l.ISODay(v.Log.Since)
}

// reach says how far back the entries go.
func (v AccessView) reach(l *locales.Locale) string {
	if !v.Log.Forgotten.IsZero() {
		return l.T("access.reach_forgotten", "day", l.Date(v.Log.Forgotten))
	}
	if v.Log.Since.IsZero() {
		return l.T("access.reach_none")
	}
	return l.T("access.reach", "day", l.Date(v.Log.Since))
}

func (v AccessView) shown(l *locales.Locale) string {
	from := (v.Log.Page-1)*v.PageSize + 1
	return l.T("access.shown", "from", from, "to", from+len(v.Rows)-1, "total", v.Log.Total)
}

func (v AccessView) pageURL(n int) string {
	q := v.Query
	q.Page = n
	return v.accessURL(AccessPath, q)
}

// ignoredNames lists the parameters that were left out, by their labels.
func (v AccessView) ignoredNames(l *locales.Locale) string {
	labels := map[string]string{
		"who": l.T("access.field_who"), "from": l.T("access.field_from"), "to": l.T("access.field_to"), "page": l.T("goods.field_page"),
	}
	names := make([]string, 0, len(v.Ignored))
	for _, param := range v.Ignored {
		label, ok := labels[param]
		if !ok {
			label = l.T("goods.ignored_unknown", "name", param)
		}
		names = append(names, label)
	}
	return strings.Join(names, ", ")
}
