package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/views"
)

// outcomes is the one table from what happened to what the reader is told. The
// first match counts; what is not here is 500.
var outcomes = []struct {
	is     error
	status int
	fault  views.Fault
}{
	{db.ErrNotDurable, http.StatusServiceUnavailable, views.FaultRegister},
	{db.ErrNotFound, http.StatusNotFound, ""},
	{db.ErrUnreachable, http.StatusServiceUnavailable, views.FaultData},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, views.FaultData},
}

// retryAfter is when it makes sense to try again after a passing failure.
const retryAfter = 10 * time.Second

// askAgainIn tells a program when to ask again, in whole seconds.
func askAgainIn(c echo.Context, d time.Duration) {
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(max(1, int(d.Seconds()+0.999))))
}

// statusLeft stands in the log and in the figures for a request whose sender
// left before the answer; nothing is sent.
const statusLeft = 499

// outcome looks an error up.
func outcome(err error) (int, views.Fault) {
	for _, o := range outcomes {
		if errors.Is(err, o.is) {
			return o.status, o.fault
		}
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		return he.Code, ""
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge, ""
	}
	if db.IsFailure(err) {
		return http.StatusServiceUnavailable, views.FaultData
	}
	return http.StatusInternalServerError, ""
}

// fail is Echo's error handler: it answers with a page in the reader's
// language and the request's number, never with the text of the error.
func (p *Portal) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if errors.Is(c.Request().Context().Err(), context.Canceled) {
		c.Response().Status = statusLeft
		return
	}
	if locale(c) == nil { // the request failed before a language was chosen
		c.Set(keyLocale, p.Catalogue.For("az"))
	}
	status, fault := outcome(err)
	v := views.ErrorView{Status: status, Fault: fault}
	switch status {
	case http.StatusServiceUnavailable:
		v.RetryAfter = retryAfter
		askAgainIn(c, retryAfter)
		if c.Request().Method == http.MethodGet {
			v.Retry = c.Request().URL.RequestURI()
		}
	case http.StatusMisdirectedRequest:
		v.Home = p.URL.String()
	}
	if strings.HasPrefix(c.Request().URL.Path, feedFolder) && byProgram(c.Request()) {
		code := strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
		if err := refuse(c, status, code, http.StatusText(status)+": see the description at "+p.URL.JoinPath(feedAPIPath).String()+"."); err != nil {
			p.Log.Error("feed", "request", requestID(c).String(), "error", err)
		}
		return
	}
	frame := p.errorFrame(c, status)
	if err := html(c, status, views.Error(frame, v)); err != nil {
		p.Log.Error("error page", "request", requestID(c).String(), "error", err)
	}
}

// errorFrame is the frame of an error page: the person's own where who they are
// can be told cheaply. It is never worth a failure, or a wait, of its own; the
// error holds nothing of a trader, so it needs no entry in the register.
func (p *Portal) errorFrame(c echo.Context, status int) views.Page {
	frame := p.page(c, "")
	if status == http.StatusMisdirectedRequest {
		frame.Path = "/"
	}
	frame.Noindex = true
	if status >= http.StatusInternalServerError || !p.hosts[strings.ToLower(c.Request().Host)] && !p.onStaff(c) {
		return frame // the database may be what failed; on another host nobody is signed in
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), frameWait)
	defer cancel()
	j := p.jar(c)
	if key, ok := j.key(); ok {
		if s, err := p.DB.Session(ctx, key); err == nil {
			return p.personal(c, "", s)
		}
	}
	if key, ok := j.staffKey(); ok && p.onStaff(c) {
		if s, err := p.DB.PeekStaffSession(ctx, key); err == nil {
			return p.official(c, "", s)
		}
	}
	return frame
}

// byProgram reports whether a request is a program's rather than a browser's,
// which asks for pages and knows no token.
func byProgram(r *http.Request) bool {
	accept := r.Header.Get(echo.HeaderAccept)
	return r.Header.Get(echo.HeaderAuthorization) != "" || accept != "" && !strings.Contains(accept, "text/html")
}

// frameWait is how long an error page waits to know whose it is.
const frameWait = 500 * time.Millisecond
