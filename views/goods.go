package views

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// GoodsView is the list of a trader's pending goods.
type GoodsView struct {
	Query       customs.Query // that List answers
	Asked       string        // the text that was searched for
	List        customs.List
	Checkpoints customs.Checkpoints
	Ignored     []string                // names of query parameters that were left out as unknown or malformed
	Elapsed     time.Duration           // how long the request took to process (regulation, clause 1.7)
	Receipt     string                  // address of this answer's receipt; "": there is none
	PageSize    int                     // rows a page
	Downloads   bool                    // the list can be had as a file
	Path        string                  // address of the list; "": GoodsPath
	Paces       map[string]customs.Pace // how long clearance takes, by checkpoint
}

// Data older than staleAfter is flagged; a registration is marked as new for
// newFor; a page read longer than lagAfter ago says that it is not live.
const (
	staleAfter = 15 * time.Minute
	newFor     = 15 * time.Minute
	lagAfter   = time.Minute
)

// GoodsPath is the address of the list.
const GoodsPath = "/goods"

// url is the address of the list with a query.
func (g *GoodsView) url(q customs.Query) string { return withQuery(g.path(), q) }

func (g *GoodsView) path() string {
	if g.Path == "" {
		return GoodsPath
	}
	return g.Path
}

// withQuery is the address of a list, with the parameters that differ from the
// default, in a fixed order.
func withQuery(path string, q customs.Query) string {
	var room [usualURL]byte
	return string(appendQuery(room[:], path, q))
}

// appendQuery is withQuery at the beginning of a piece of memory.
func appendQuery(out []byte, path string, q customs.Query) []byte {
	sort, page := string(q.Sort), ""
	if q.Sort == customs.Newest {
		sort = ""
	}
	if q.Page > 1 {
		page = strconv.Itoa(q.Page)
	}
	out = append(out[:0], path...)
	for _, param := range [...][2]string{
		{"q", q.Text},
		{"checkpoint", q.Checkpoint},
		{"status", string(q.Status)},
		{"mode", q.Mode},
		{"waiting", string(q.Waiting)},
		{"from", q.From},
		{"to", q.To},
		{"sort", sort},
		{"page", page},
	} {
		if param[1] == "" {
			continue
		}
		if len(out) == len(path) {
			out = append(out, '?')
		} else {
			out = append(out, '&')
		}
		out = append(append(out, param[0]...), '=')
		out = append(out, url.QueryEscape(param[1])...)
	}
	return out
}

// usualURL is the room, in bytes, that an address of the list seldom exceeds.
const usualURL = 128

// detailURL is the address of one registration of a list. Codes are opaque text.
func detailURL(list, registration string) string {
	return list + "/" + url.PathEscape(registration)
}

// unfiltered is the address of everything, in the chosen order.
func (g *GoodsView) unfiltered() string { return g.url(customs.Query{Sort: g.Query.Sort}) }

func (g *GoodsView) name(l *locales.Locale, code string) string {
	c, _ := g.Checkpoints.Get(code)
	return c.Name(l.Lang())
}

func modeWords(l *locales.Locale, mode string) string {
	n, err := strconv.Atoi(mode)
	if err != nil {
		n = 0
	}
	return l.Mode(n)
}

// waitingWords says who is waited for, as the filter and its chip do.
func waitingWords(l *locales.Locale, who customs.Actor) string {
	switch who {
	case customs.You:
		return l.T("goods.waiting_you")
	case customs.Customs:
		return l.T("goods.waiting_customs")
	default:
		return l.T("goods.waiting_agency")
	}
}

// whereabouts says what a checkpoint borders on, or what it is.
func whereabouts(l *locales.Locale, c customs.Checkpoint) string {
	message, country := whereMessage(c)
	if message == "" {
		return ""
	}
	return l.T(message, "country", l.Country(country))
}

// whereMessage names the message that says it, and the country in it.
func whereMessage(c customs.Checkpoint) (message, country string) {
	switch {
	case c.Neighbour != "":
		return "goods.border", c.Neighbour
	case slices.Contains(c.Modes, 1):
		return "goods.seaport", ""
	case slices.Contains(c.Modes, 4):
		return "goods.airport", ""
	default:
		return "", ""
	}
}

// group is the part of one checkpoint on this page of the list.
type group struct {
	customs.CheckpointCount // of the whole filtered set
	rows                    []customs.Pending
}

// groups cuts the page's rows where the checkpoint changes.
func (g *GoodsView) groups() []group {
	out := make([]group, 0, len(g.List.Groups))
	for rows := g.List.Rows; len(rows) > 0; {
		code, n := rows[0].Checkpoint, 1
		for n < len(rows) && rows[n].Checkpoint == code {
			n++
		}
		part := group{CheckpointCount: customs.CheckpointCount{Checkpoint: code, Count: n}, rows: rows[:n]}
		for _, c := range g.List.Groups {
			if c.Checkpoint == code {
				part.CheckpointCount = c
			}
		}
		out, rows = append(out, part), rows[n:]
	}
	return out
}

// checkpointCodes are those of every checkpoint of the list and then of every
// other one that ever sent anything.
func (g *GoodsView) checkpointCodes() []string {
	out := make([]string, 0, len(g.List.Fresh))
	for _, c := range g.Checkpoints.All() {
		out = append(out, c.Code)
	}
	listed := len(out)
	for _, f := range g.List.Fresh {
		if _, ok := g.Checkpoints.Get(f.Checkpoint); !ok {
			out = append(out, f.Checkpoint)
		}
	}
	slices.Sort(out[listed:])
	return out
}

// freshWords says as of when a checkpoint's data is, and whether that is too
// long ago to rely on. A second tells the same from its beginning to its end, so
// that a page does not contradict what is kept (see Kept).
func freshWords(l *locales.Locale, f customs.Freshness, now time.Time) (words string, stale bool) {
	now = now.Truncate(time.Second)
	if f.AsOf == nil {
		if f.ReceivedAt == nil {
			return l.T("goods.fresh_never"), true
		}
		return l.T("goods.fresh_received", "time", l.DateTime(*f.ReceivedAt)), true
	}
	at := l.DateTime(*f.AsOf)
	if l.SameDay(*f.AsOf, now) {
		at = l.Minute(*f.AsOf)
	}
	age := now.Sub(*f.AsOf)
	if age > staleAfter {
		return l.T("goods.fresh_stale", "time", at, "ago", l.Ago(age)), true
	}
	return l.T("goods.fresh", "time", at), false
}

// span is the numbers of the first and last row shown.
func (g *GoodsView) span() (from, to int) {
	from = (max(g.List.Page, 1)-1)*g.PageSize + 1
	return from, from + len(g.List.Rows) - 1
}

// shown says which rows of how many are on this page.
func (g *GoodsView) shown(l *locales.Locale) string {
	from, to := g.span()
	return l.T("goods.pager_shown", "from", from, "to", to, "total", g.List.Total)
}

// pageLink is one entry of the pager; number 0 stands for a gap.
type pageLink struct {
	number  int
	url     string
	current bool
}

// pageURL is this list at another page.
func (g *GoodsView) pageURL(n int) string {
	q := g.Query
	q.Page = n
	return g.url(q)
}

// pages lists the first and last page and those near the current one.
func (g *GoodsView) pages() []pageLink {
	var out []pageLink
	last := 0
	for n := 1; n <= g.List.Pages; n++ {
		near := n >= g.List.Page-1 && n <= g.List.Page+1
		if n != 1 && n != g.List.Pages && !near {
			continue
		}
		if n > last+1 {
			out = append(out, pageLink{})
		}
		out = append(out, pageLink{n, g.pageURL(n), n == g.List.Page})
		last = n
	}
	return out
}
