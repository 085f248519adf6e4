package handlers

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/views"
)

// refused records an attempt that began no session: in the figures, in the log
// and in the table of attempts, which the person will be told about.
func (p *Portal) refused(c echo.Context, method views.Method, code string, err error) {
	a := db.Attempt{Method: string(method), Outcome: code}
	if e, ok := errors.AsType[*esign.Error](err); ok {
		a.Issuer, a.Serial = e.Issuer, e.Serial
	}
	p.refuse(c, a, err)
}

func (p *Portal) refuse(c echo.Context, a db.Attempt, err error) {
	p.metrics.signIns.WithLabelValues(a.Method, a.Outcome).Inc()
	p.Log.Info("sign-in refused", "request", requestID(c).String(), "method", a.Method, "reason", a.Outcome, "error", err)
	p.record(c, a)
}

// record keeps an attempt. Nobody is kept out, or let in, because that failed.
func (p *Portal) record(c echo.Context, a db.Attempt) {
	if err := p.DB.RecordAttempt(c.Request().Context(), a); err != nil {
		p.Log.Warn("attempt not recorded", "request", requestID(c).String(), "error", err)
	}
}

// notice is what the first page after signing in tells about earlier attempts,
// as the cookie carries it: times and codes, nothing about the person.
type notice struct {
	Last   int64  `json:"l,omitempty"` // Unix seconds
	Method string `json:"m,omitempty"`
	Failed int    `json:"f,omitempty"`
	At     int64  `json:"a,omitempty"`
	For    string `json:"r,omitempty"`
	Other  int64  `json:"o,omitempty"`
}

// remember puts what the session's person should know into the cookie. Without
// it they are signed in all the same.
func (p *Portal) remember(c echo.Context, j jar, key db.SessionKey) {
	h, err := p.DB.History(c.Request().Context(), key)
	if err != nil {
		p.Log.Warn("no history of attempts", "request", requestID(c).String(), "error", err)
		return
	}
	b, err := json.Marshal(notice{
		Last: epoch(h.Last), Method: h.LastMethod, Failed: h.Failed, At: epoch(h.FailedAt), For: h.FailedFor, Other: epoch(h.Other),
	})
	if err == nil {
		j.set(valueNotice, string(b))
	}
}

// greeted is the frame of the first page of a session: it shows what remember
// kept, once.
func (p *Portal) greeted(c echo.Context, s db.Session) views.Page {
	v := p.personal(c, "", s)
	p.greet(c, &v)
	return v
}

func (p *Portal) greet(c echo.Context, v *views.Page) {
	j := p.jar(c)
	text := j.text(valueNotice)
	if text == "" {
		return
	}
	var n notice
	if json.Unmarshal([]byte(text), &n) != nil {
		return
	}
	j.set(valueNotice, "")
	if j.save(c) != nil {
		return
	}
	v.SignIn = &views.SignInNotice{
		Last: fromEpoch(n.Last), LastMethod: views.Method(n.Method), Failed: n.Failed, FailedAt: fromEpoch(n.At),
		FailedFor: views.SignInProblem(n.For), Other: fromEpoch(n.Other),
	}
}

func epoch(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromEpoch(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}
