package views

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
)

// RegisterView is the search in the register.
type RegisterView struct {
	Search  register.Search
	Text    string // what was typed: a VÖEN, a request, an entry or a case
	Unclear bool   // Text is none of them
	Ignored []string
	Found   register.Found
}

// Choices of the search's form; what is not among them can still be searched
// for by address.
var (
	searchOutcomes = []register.Outcome{register.Answered, register.NothingPending, register.NotFound, register.Failed}
	searchActors   = []string{"trader", "operator", "supervisor", "administrator", "system"}
	searchChannels = []string{"web", "api", "staff", "mail"}
)

// Filtered reports whether anything is left out.
func (v RegisterView) Filtered() bool {
	s := v.Search
	s.Before, s.After = register.Cursor{}, register.Cursor{}
	return s != register.Search{} || v.Text != ""
}

// query is the search as an address has it, without its place.
func (v RegisterView) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"q": v.Text, "outcome": string(v.Search.Outcome), "actor": v.Search.Actor, "channel": v.Search.Channel,
		"action": v.Search.Action, "from": v.Search.From, "to": v.Search.To,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func (v RegisterView) address(path string, more ...string) string {
	q := v.query()
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func (v RegisterView) older() string {
	last := v.Found.Rows[len(v.Found.Rows)-1]
	return v.address(SupervisionRegisterPath, "before", CursorText(register.Cursor{At: last.At, ID: last.ID}))
}

func (v RegisterView) newer() string {
	first := v.Found.Rows[0]
	return v.address(SupervisionRegisterPath, "after", CursorText(register.Cursor{At: first.At, ID: first.ID}))
}

// CursorText is a place in the order of entries as addresses have it.
func CursorText(c register.Cursor) string {
	return strconv.FormatInt(c.At.UnixMicro(), 10) + "." + strconv.FormatInt(c.ID, 10)
}

// totalWords say how many entries were found.
func (v RegisterView) totalWords(l *locales.Locale) string {
	if v.Found.Total > register.FoundMost {
		return l.T("supervision.found_more", "n", l.Int(register.FoundMost))
	}
	return l.N("supervision.found", int(v.Found.Total))
}

// entryPath is the page of an entry.
func entryPath(id int64) string { return SupervisionRegisterPath + "/" + strconv.FormatInt(id, 10) }

// EntryView is one entry with what proves it.
type EntryView struct {
	register.Row
	Leaf     string // canonical form
	Hash     string // of the leaf, base64
	Sealed   bool
	Proof    []string // from the leaf's sibling on, base64
	Size     int64    // of the tree that the checkpoint signs
	Origin   string
	Root     string
	SignedAt time.Time
	Off      bool // nothing is sealed here
}

// MonthView is the report of a month.
type MonthView struct {
	register.Month
	Places  func(code string) string
	Now     time.Time
	Officer string // number, who printed it
	Request uuid.UUID
}

// Running reports whether the month is not over.
func (v MonthView) running() bool { return v.Now.Before(v.Next) }

// monthWords begin the names of the messages of months.
const monthWords = "supervision.month_"

// monthName is the month in words.
func monthName(l *locales.Locale, first time.Time) string {
	t := first.UTC().Add(4 * time.Hour)
	return l.T("supervision.month_name", "month", l.T(monthWords+strconv.Itoa(int(t.Month()))), "year", strconv.Itoa(t.Year()))
}

// MonthText is a month as addresses have it, YYYY-MM, of any moment in it.
func MonthText(t time.Time) string { return t.UTC().Add(4 * time.Hour).Format("2006-01") }

// failureWords say when some failures were, with their day.
func failureWords(l *locales.Locale, s register.Span) string {
	if l.SameDay(s.From, s.To) {
		return l.Date(s.From) + ", " + failedSpan(l, s)
	}
	return l.DateTime(s.From) + " – " + l.DateTime(s.To)
}

// lagWords are a length of time, also a short one.
func lagWords(l *locales.Locale, d time.Duration) string {
	if s := l.Span(d); s != "" {
		return s
	}
	return l.T("supervision.under_minute")
}

// codeOptions are the entries of a choice among codes of the register, behind
// one for all of them.
func codeOptions[T ~string](l *locales.Locale, prefix string, codes []T, chosen T) []option {
	list := []option{anything(l, chosen == "")}
	for _, c := range codes {
		list = append(list, option{value: string(c), words: wordOr(l, prefix, string(c)), selected: c == chosen})
	}
	return list
}

// supervised makes the frame of a page of supervision.
func (p Page) supervised(tab Tab, v SupervisionView) Page {
	p.Tab = tab
	if !v.Now.IsZero() && !v.Paused {
		p.Live, p.Refresh, p.RefreshTo = true, int(SupervisionRefresh.Seconds()), SupervisionPath+"?renewed=1"
	}
	return p
}

// ActionWords are the words of a kind of request; what has none stands as it is.
func ActionWords(l *locales.Locale, action register.Action) string {
	return wordOr(l, "supervision.action_", action)
}

// ActorWords are the words of who looked.
func ActorWords(l *locales.Locale, actor string) string {
	return wordOr(l, "supervision.actor_", actor)
}

// ChannelWords are the words of a way to the portal.
func ChannelWords(l *locales.Locale, channel string) string {
	return wordOr(l, "supervision.channel_", channel)
}

// OutcomeWords are the words of the answer that an entry records. Only a request
// for goods can have found some.
func OutcomeWords(l *locales.Locale, r register.Row) string {
	if r.Outcome == register.Answered && !strings.HasPrefix(r.Action, "goods.") {
		return l.T("supervision.outcome_done")
	}
	return wordOr(l, "supervision.outcome_", string(r.Outcome))
}
