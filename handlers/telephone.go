package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// codeRate is how often a trader may make one-time codes.
var codeRate = db.Rate{Every: time.Minute, Burst: 10}

// makeCode makes a one-time code and shows it, this once: it is the answer to
// the POST itself, and nothing keeps it.
func (p *Portal) makeCode(c echo.Context, key db.SessionKey) error {
	ctx := c.Request().Context()
	s, _, err := p.DB.TraderPreference(ctx, key)
	if err != nil {
		return p.failed(c, key, register.MakeCode, err)
	}
	if ok, err := p.DB.Take(ctx, "access-code", string(s.Person.VOEN), codeRate); err != nil {
		return err
	} else if !ok {
		askAgainIn(c, codeRate.Every)
		return echo.NewHTTPError(http.StatusTooManyRequests)
	}
	code, err := p.DB.MakeAccessCode(ctx, key)
	if err != nil {
		return p.failed(c, key, register.MakeCode, err)
	}
	frame := p.personal(c, "telephone.code_heading", s)
	frame.Tab = views.TabAccess
	return p.htmlRegistered(c, p.entry(c, s, register.MakeCode, register.Answered, 0, elapsed(c)), http.StatusOK, views.Code(frame, codeView(code)))
}

func codeView(a db.AccessCode) views.CodeView {
	v := views.CodeView{Code: a.Code, Until: a.ExpiresAt, Spent: a.Attempts >= 5}
	if a.UsedAt != nil {
		v.Used = *a.UsedAt
	}
	return v
}

// telephone shows what the trader allows the call centre and what became of the
// newest code.
func (p *Portal) telephone(c echo.Context, key db.SessionKey) error {
	return p.showTelephone(c, key, http.StatusOK)
}

func (p *Portal) showTelephone(c echo.Context, key db.SessionKey, status int) error {
	ctx := c.Request().Context()
	s, preference, err := p.DB.TraderPreference(ctx, key)
	if err != nil {
		return p.failed(c, key, register.ShowHelp, err)
	}
	v := views.TelephoneView{
		Help:  customs.HelpOf(preference.TelephoneHelp, preference.CodeRequired),
		Saved: c.QueryParam("saved") != "", Missing: status != http.StatusOK,
	}
	_, newest, err := p.DB.NewestAccessCode(ctx, key)
	switch {
	case err == nil:
		code := codeView(newest)
		v.Newest = &code
	case !errors.Is(err, db.ErrNotFound):
		return p.failed(c, key, register.ShowHelp, err)
	}
	frame := p.personal(c, "telephone.heading", s)
	frame.Tab, frame.Error, frame.Path = views.TabAccess, v.Missing, views.TelephonePath
	return p.htmlRegistered(c, p.entry(c, s, register.ShowHelp, register.Answered, 0, elapsed(c)), status, views.Telephone(frame, v))
}

// chooseHelp keeps what the trader allows. Switching the help off ends what
// runs for the trader, which the database does.
func (p *Portal) chooseHelp(c echo.Context, key db.SessionKey) error {
	form, err := readForm(c, smallForm)
	if err != nil {
		return err
	}
	help := customs.TelephoneHelp(form.Get("help"))
	if !slices.Contains(customs.TelephoneHelps, help) {
		return p.showTelephone(c, key, http.StatusUnprocessableEntity)
	}
	ctx := c.Request().Context()
	err = p.DB.SetTraderPreference(ctx, key, db.Preference{TelephoneHelp: help != customs.HelpOff, CodeRequired: help == customs.HelpCode})
	if err != nil {
		return p.failed(c, key, register.ChooseHelp, err)
	}
	s, err := p.DB.Session(ctx, key)
	if err != nil {
		return p.failed(c, key, register.ChooseHelp, err)
	}
	entry := p.entry(c, s, register.ChooseHelp, register.Answered, 0, elapsed(c))
	entry.Asked = views.TelephonePath + "?" + url.Values{"help": {string(help)}}.Encode()
	if err := p.Register.Submit(ctx, entry).Wait(ctx); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.TelephonePath+"?saved=1")
}
