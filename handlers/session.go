package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/views"
)

// liveHeader is what an open page sends when it asks for itself again without
// anybody having done anything: such a request does not keep the session in use.
const liveHeader = "Portal-Live"

// sessionLeft says in seconds how long a session lives if it is not used again.
// Asking is not using: a page asks before it warns.
type sessionLeft struct {
	Left int `json:"left"`
}

// sessionState tells a page how long its session lives; 401 once it has ended.
func (p *Portal) sessionState(c echo.Context) error {
	return p.answerSession(c, p.DB.Session)
}

// keepSession uses the session, because the person said that they are here.
func (p *Portal) keepSession(c echo.Context) error {
	return p.answerSession(c, p.DB.KeepSession)
}

func (p *Portal) answerSession(c echo.Context, read func(context.Context, db.SessionKey) (db.Session, error)) error {
	key, ok := p.jar(c).key()
	if !ok {
		return c.JSON(http.StatusUnauthorized, sessionLeft{})
	}
	s, err := read(c.Request().Context(), key)
	if errors.Is(err, db.ErrNoSession) {
		return c.JSON(http.StatusUnauthorized, sessionLeft{})
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, sessionLeft{Left: int(s.Left(p.Now()) / time.Second)})
}

// sessionWritten is where an open page takes what somebody was writing when
// their session ended. Nothing is done with it: it comes back, to be read.
func (p *Portal) sessionWritten(c echo.Context) error {
	form, err := readForm(c, reportForm)
	if err != nil {
		return err
	}
	back := safeReturn(c.QueryParam("return"))
	frame := p.page(c, "")
	frame.Noindex, frame.Path = true, withReturn(views.TimeoutPath, back)
	return html(c, http.StatusOK, views.SessionExpired(frame, views.ExpiredView{
		Return: back, Idle: p.Limits.Idle, Sent: true, Typed: typed(back, form),
	}))
}

// sessionTimeout is where an open page goes when its session has ended: what
// happened, and the way back through signing in. A session that still lives,
// since it was used in another window, is left as it is: this page comes by
// itself, and to come by itself is not to use.
func (p *Portal) sessionTimeout(c echo.Context) error {
	back := safeReturn(c.QueryParam("return"))
	frame := p.page(c, "")
	frame.Noindex = true
	j := p.jar(c)
	if key, ok := j.key(); ok {
		s, err := p.DB.Session(c.Request().Context(), key)
		if err == nil {
			return html(c, http.StatusOK, views.SessionAlive(p.personal(c, "", s), back))
		}
		if !errors.Is(err, db.ErrNoSession) {
			return err
		}
		j.set(valueKey, "")
		if err := j.save(c); err != nil {
			return err
		}
	}
	return html(c, http.StatusOK, views.SessionExpired(frame, views.ExpiredView{Return: back, Idle: p.Limits.Idle}))
}
