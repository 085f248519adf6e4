package views

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Fault says which part does not answer, for status 503.
type Fault string

// The parts that a page needs.
const (
	FaultUnknown  Fault = ""
	FaultData     Fault = "data"     // the goods cannot be read
	FaultRegister Fault = "register" // the request cannot be registered, so the answer may not be sent
)

// ErrorView is a page in place of the one that was asked for.
type ErrorView struct {
	Status     int           // HTTP status; one without words of its own is shown as 400 or 500
	Fault      Fault         // only with 503
	RetryAfter time.Duration // when it makes sense to try again; 0 = unknown
	Retry      string        // address that tries again, or "" where repeating does not help
	Home       string        // the service's start page on its own host, for 421; "" = this host
}

// ExpiredView is the page in place of one that needs a session, after the
// session has ended.
type ExpiredView struct {
	Return string        // the page that was asked for, or ""
	Idle   time.Duration // how long a session lives without use; 0 = do not say
	Sent   bool          // a form was sent, and not taken
	Typed  []Typed       // what the person had written in it
}

// Typed is what a person had written in a field of a form.
type Typed struct {
	Label string // message that names the field
	Text  string
}

// text names the message that says what became of what was asked.
func (v ExpiredView) text() string {
	if v.Sent {
		return "expired.not_taken"
	}
	return "expired.text"
}

// rows is how many lines a text gets to be read in.
func (t Typed) rows() string {
	return strconv.Itoa(min(max(utf8.RuneCountInString(t.Text)/60+strings.Count(t.Text, "\n")+1, 1), 12))
}

// key names the messages of the error.
func (v ErrorView) key() string {
	switch v.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusRequestEntityTooLarge, http.StatusMisdirectedRequest, http.StatusTooManyRequests,
		http.StatusInternalServerError:
		return "error." + strconv.Itoa(v.Status)
	case http.StatusServiceUnavailable:
		if v.Fault != FaultUnknown {
			return "error.503_" + string(v.Fault)
		}
		return "error.503"
	}
	if v.Status >= 400 && v.Status < 500 {
		return "error.400"
	}
	return "error.500"
}

// when says, after the text, when to try again, where trying again may help.
func (v ErrorView) when(p Page) string {
	if v.Status != http.StatusTooManyRequests && v.key() != "error.500" && v.Status != http.StatusServiceUnavailable {
		return ""
	}
	if span := p.L.Span(v.RetryAfter); span != "" {
		return " " + p.L.T("error.wait", "time", span)
	}
	return " " + p.L.T("error.later")
}

// art names the drawing above the error.
func (v ErrorView) art() string {
	switch v.Status {
	case http.StatusForbidden, http.StatusMisdirectedRequest:
		return "lock"
	case http.StatusTooManyRequests:
		return "clock"
	}
	if v.Status >= 400 && v.Status < 500 {
		return "missing"
	}
	return "barrier"
}

// failure makes the frame of an error page.
func (p Page) failure(title string) Page {
	p.Title, p.Error, p.Noindex, p.Tab = title, true, true, ""
	return p
}

// expired makes the frame of the page after a session's end, which is no error.
func (p Page) expired() Page {
	p.Title, p.Person, p.Noindex, p.Tab = p.L.T("expired.title"), nil, true, ""
	return p
}
