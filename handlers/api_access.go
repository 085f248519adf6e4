package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// tokenDefault is how long a token is good unless the person says; the choices
// are views.TokenDays.
const tokenDefault = 90

// tokenName is how long a token's name may be, in characters.
const tokenName = 60

// apiAccess is the page on which a trader makes and withdraws tokens for
// programs.
func (p *Portal) apiAccess(c echo.Context, key db.SessionKey) error {
	v := views.ProgramView{Days: tokenDefault, Withdrawn: c.QueryParam("withdrawn") == "1"}
	return p.showAPIAccess(c, key, http.StatusOK, v)
}

func (p *Portal) showAPIAccess(c echo.Context, key db.SessionKey, status int, v views.ProgramView) error {
	s, list, err := p.DB.Tokens(c.Request().Context(), key)
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	if err != nil {
		return err
	}
	for _, t := range list {
		v.Tokens = append(v.Tokens, views.Token{
			ID: t.ID.String(), Name: t.Name, Person: t.Person, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
			UsedAt: t.UsedAt, WithdrawnAt: t.WithdrawnAt, Lost: !t.Stands,
		})
	}
	// A form that is sent twice must not make two tokens.
	v.Form, v.Address, v.Most = uuid.NewString(), p.origin(c.Request())+programPath, db.MaxTokens
	frame := p.personal(c, "program.title", s)
	frame.Path, frame.Error = views.APIAccessPath, v.Problem != ""
	return html(c, status, views.APIAccess(frame, v))
}

// makeToken makes a token and shows it, this once. The register tells of it
// before the person can use it.
func (p *Portal) makeToken(c echo.Context, key db.SessionKey) error {
	v, id, err := readTokenForm(c)
	if err != nil {
		return err
	}
	if v.Problem != "" {
		return p.showAPIAccess(c, key, http.StatusUnprocessableEntity, v)
	}
	ctx := c.Request().Context()
	token := db.NewTokenKey(id)
	err = p.DB.MakeToken(ctx, key, token, v.Name, v.Days)
	switch {
	case errors.Is(err, db.ErrNoSession):
		return p.expired(c)
	case errors.Is(err, db.ErrTokenExists):
		v.Problem = views.TokenShownBefore
		return p.showAPIAccess(c, key, http.StatusConflict, v)
	case errors.Is(err, db.ErrTooManyTokens):
		v.Problem = views.TokenTooMany
		return p.showAPIAccess(c, key, http.StatusConflict, v)
	case err != nil:
		return err
	}
	if err := p.registerToken(c, key, register.MakeToken); err != nil {
		return errors.Join(err, p.DB.WithdrawToken(ctx, key, id))
	}
	return p.showAPIAccess(c, key, http.StatusCreated, views.ProgramView{Days: tokenDefault, Fresh: token.String(), FreshName: v.Name})
}

// registerToken makes the entry of a change of tokens durable.
func (p *Portal) registerToken(c echo.Context, key db.SessionKey, action register.Action) error {
	ctx := c.Request().Context()
	s, err := p.DB.Session(ctx, key)
	if err != nil {
		return err
	}
	return p.Register.Submit(ctx, p.entry(c, s, action, register.Answered, 0, elapsed(c))).Wait(ctx)
}

// readTokenForm reads the form. The first thing wrong with it is v.Problem.
func readTokenForm(c echo.Context) (v views.ProgramView, id uuid.UUID, err error) {
	form, err := smallPost(c)
	if err != nil {
		return v, id, err
	}
	if id, err = uuid.Parse(form.Get("form")); err != nil {
		return v, id, echo.NewHTTPError(http.StatusBadRequest) // no person writes this field
	}
	v.Days, err = strconv.Atoi(form.Get("days"))
	if err != nil || !slices.Contains(views.TokenDays, v.Days) {
		v.Days, v.Problem = tokenDefault, views.TokenNoDays
	}
	v.Name = strings.Join(strings.Fields(form.Get("name")), " ")
	switch {
	case v.Name == "":
		v.Problem = views.TokenNoName
	case !customs.IsLine(v.Name, tokenName):
		v.Problem = views.TokenBadName
	}
	return v, id, nil
}

// withdrawToken ends a token at once. One that has ended already is no error:
// the person wanted it gone.
func (p *Portal) withdrawToken(c echo.Context, key db.SessionKey) error {
	form, err := smallPost(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(form.Get("token"))
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	err = p.DB.WithdrawToken(c.Request().Context(), key, id)
	if err == nil {
		err = p.registerToken(c, key, register.WithdrawToken)
	}
	if errors.Is(err, db.ErrNotFound) { // it was withdrawn before, or nobody is signed in any more
		_, err = p.DB.Session(c.Request().Context(), key)
	}
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.APIAccessPath+"?withdrawn=1")
}
