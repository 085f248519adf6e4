package views

import (
	"net/url"
	"strconv"
	"time"
)

// Addresses that an open page asks about its session: what is left of it
// (GET), that somebody is here (POST), and the page after its end.
const (
	SessionPath = "/session"
	TimeoutPath = "/session-timeout"
	// FormCompany is the field of a form that says for whom it was opened.
	FormCompany = "company"
)

// SessionClock says when the session of a page ends.
type SessionClock struct {
	Left time.Duration // from this answer on, if nothing more is asked
	Idle time.Duration // from any use on
	Ends time.Time     // however much it is used
}

// grace is how much later than the session's end a browser without JavaScript
// looks: earlier would find it alive.
const grace = 5 * time.Second

// inUse is a page whose answer itself uses the session. A page that holds
// somebody's goods and nothing that they write also leaves the screen at the
// session's end, without JavaScript too.
func (p Page) inUse() Page {
	if p.Session == nil {
		return p
	}
	clock := *p.Session
	clock.Left = clock.Idle
	p.Session = &clock
	p.Refresh = int((clock.Idle + grace) / time.Second)
	p.RefreshTo = TimeoutPath + "?" + url.Values{"return": {p.Path}}.Encode()
	return p
}

// refresh is the content of the meta element.
func (p Page) refresh() string {
	s := strconv.Itoa(p.Refresh)
	if p.RefreshTo != "" {
		s += ";url=" + p.RefreshTo
	}
	return s
}

// seconds prints a duration for a script.
func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// titled is the page under a title.
func (p Page) titled(title string) Page {
	p.Title = title
	return p
}

// orGoods is a page to come back to, the list if there is none.
func orGoods(back string) string {
	if back == "" {
		return GoodsPath
	}
	return back
}
