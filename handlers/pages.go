package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/views"
)

// open is a page that anyone may read. Who is signed in sees it within the
// service, with their name and the way back to their goods.
func (p *Portal) open(page func(views.Page) component) echo.HandlerFunc {
	return func(c echo.Context) error {
		frame := p.page(c, "")
		if key, ok := p.jar(c).key(); ok {
			if s, err := p.DB.Session(c.Request().Context(), key); err == nil {
				frame = p.personal(c, "", s)
				frame.Noindex = false
			} else if !errors.Is(err, db.ErrNoSession) {
				p.Log.Warn("page without session", "request", requestID(c).String(), "error", err)
			}
		}
		return html(c, http.StatusOK, page(frame))
	}
}

func (p *Portal) appeals(f views.Page) component {
	return views.Appeals(f, views.AppealsView{Builder: views.ComplaintPath})
}

func (p *Portal) privacy(f views.Page) component {
	return views.Privacy(f, views.PrivacyView{
		SessionCookie: p.cookie, LanguageCookie: langCookie, LanguageKept: langKept,
		Idle: p.Limits.Idle, Absolute: p.Limits.Absolute, Drafts: db.DraftKept,
	})
}
