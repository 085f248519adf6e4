package handlers

import (
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/mygov"
	"customs.gov.az/portal/views"
)

const (
	myGovPath      = "/sign-in/mygov"
	myGovStartPath = "/sign-in/mygov/start"
	// MyGovDonePath is where mygov ID sends the browser back to: the redirect
	// address that the provider must know, below the portal's base address.
	MyGovDonePath = "/sign-in/mygov/done"
	myGovLife     = 10 * time.Minute
)

// signInMyGov explains what will happen.
func (p *Portal) signInMyGov(c echo.Context) error {
	back := safeReturn(c.QueryParam("return"))
	return html(c, http.StatusOK, views.SignInMyGov(p.page(c, ""), views.SignInMyGovView{
		Methods: p.methods(c), Start: withReturn(myGovStartPath, back), Return: back,
	}))
}

// startMyGov sends the browser to the provider, with state, nonce and verifier
// bound to a new secret of this browser.
func (p *Portal) startMyGov(c echo.Context) error {
	ctx := c.Request().Context()
	a := db.Authorization{Nonce: rand.Text(), Verifier: mygov.NewVerifier(), Back: safeReturn(c.QueryParam("return"))}
	state := rand.Text()
	to, err := p.MyGov.AuthURL(ctx, state, a.Nonce, a.Verifier)
	if err != nil {
		return p.myGovProblem(c, err, a.Back)
	}
	j := p.jar(c)
	j.renew()
	if err := p.DB.StartAuthorization(ctx, j.bind(), state, a, myGovLife); err != nil {
		return err
	}
	if err := j.save(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// doneMyGov takes the code that the browser brings back. The request is
// consumed first: whatever comes of it, its state works once.
func (p *Portal) doneMyGov(c echo.Context) error {
	ctx := c.Request().Context()
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	browser, bound := p.jar(c).browser()
	q := c.Request().URL.Query()
	if !bound || len(q["state"]) != 1 || len(q["code"]) > 1 {
		return p.problem(c, db.ErrNotFound, views.ProblemBrowserMismatch)
	}
	a, err := p.DB.FinishAuthorization(ctx, browser, q.Get("state"))
	if err != nil {
		return p.problem(c, err, views.ProblemHandoverExpired)
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return p.myGovRefused(c, views.ProblemMyGovCancelled, nil, a.Back)
	}
	who, err := p.MyGov.Exchange(ctx, q.Get("code"), a.Nonce, a.Verifier)
	if err != nil {
		return p.myGovProblem(c, err, a.Back)
	}
	return p.enter(c, myGovPeople(who), a.Back)
}

func (p *Portal) myGovProblem(c echo.Context, err error, back string) error {
	switch {
	case errors.Is(err, mygov.ErrNoSignature):
		return p.myGovRefused(c, views.ProblemMyGovNoSignature, err, back)
	case errors.Is(err, mygov.ErrUnavailable):
		return p.myGovRefused(c, views.ProblemMyGovUnavailable, err, back)
	case errors.Is(err, mygov.ErrAnswer):
		return p.myGovRefused(c, views.ProblemMyGovAnswer, err, back)
	}
	return err
}

func (p *Portal) myGovRefused(c echo.Context, what views.SignInProblem, err error, back string) error {
	p.refused(c, views.MethodMyGov, string(what), err)
	frame := p.page(c, "")
	frame.Path = withReturn(myGovPath, back) // the language links must not repeat a used answer
	return html(c, http.StatusUnprocessableEntity, views.SignInProblemPage(frame, what, p.methods(c), back))
}

// myGovPeople are the sessions that the person may begin.
func myGovPeople(who mygov.Person) []db.Person {
	return forEach(who.VOENs, db.Person{
		PIN: who.PIN, Name: who.Name, Organisation: who.Organisation, Method: string(views.MethodMyGov),
		Issuer: string(views.MethodMyGov), Serial: who.Serial, Fingerprint: who.Fingerprint[:],
	})
}
