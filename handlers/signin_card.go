package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/views"
)

// handoverLife is how long a sign-in on another listener may take.
const handoverLife = 10 * time.Minute

// Addresses of the card method. The listener that asks for a certificate is
// another origin: it never sees the session cookie's secret being made.
const (
	cardPath      = "/sign-in/card"
	cardStartPath = "/sign-in/card/start"
	cardDonePath  = "/sign-in/card/done"
)

// signInCard explains, on the main listener, what will happen.
func (p *Portal) signInCard(c echo.Context) error {
	back := safeReturn(c.QueryParam("return"))
	return html(c, http.StatusOK, views.SignInCard(p.page(c, ""), views.SignInCardView{
		Methods: p.methods(c), Start: withReturn(cardStartPath, back), Return: back,
	}))
}

// startCard opens a sign-in for this browser and sends it to the card listener.
func (p *Portal) startCard(c echo.Context) error {
	j := p.jar(c)
	home := p.origin(c.Request()) + withReturn(cardDonePath, safeReturn(c.QueryParam("return")))
	id, err := p.DB.StartHandover(c.Request().Context(), j.bind(), home, handoverLife)
	if err != nil {
		return err
	}
	if err := j.save(c); err != nil {
		return err
	}
	// The card listener may have a name of its own, where this cookie is unknown.
	q := url.Values{"op": {id.String()}, "lang": {locale(c).Lang()}}
	return c.Redirect(http.StatusSeeOther, p.CardURL.JoinPath(cardPath).String()+"?"+q.Encode())
}

// doneCard takes the one-time code in the browser that started the sign-in.
func (p *Portal) doneCard(c echo.Context) error {
	browser, bound := p.jar(c).browser()
	if !bound {
		return p.problem(c, db.ErrNotFound, views.ProblemBrowserMismatch)
	}
	list, err := p.DB.FinishHandover(c.Request().Context(), browser, c.QueryParam("code"))
	if err != nil {
		return p.problem(c, err, views.ProblemHandoverExpired)
	}
	return p.enter(c, list, safeReturn(c.QueryParam("return")))
}

// card runs on the card listener: it verifies the certificate of the TLS
// connection and sends the browser home with a one-time code. Who comes without
// an open sign-in is sent to start one.
func (p *Portal) card(c echo.Context) error {
	ctx := c.Request().Context()
	// A browser keeps using the certificate of a connection: the next try needs
	// a new one.
	c.Response().Header().Set("Connection", "close")
	id, err := uuid.Parse(c.QueryParam("op"))
	if err != nil {
		return c.Redirect(http.StatusSeeOther, p.mainFor(c.Request())+cardStartPath)
	}
	home, err := p.DB.HandoverHome(ctx, id)
	c.Set(keyHome, home)
	if errors.Is(err, db.ErrNotFound) {
		return p.cardProblem(c, views.ProblemHandoverExpired)
	}
	if err != nil {
		return err
	}
	tls := c.Request().TLS
	if tls == nil || len(tls.PeerCertificates) == 0 {
		return p.cardProblem(c, views.ProblemNoCertificate)
	}
	identity, err := p.Verifier.ClientCertificate(ctx, tls.PeerCertificates)
	if reason := esign.ReasonOf(err); reason != "" {
		p.refused(c, views.MethodCard, string(reason), err)
		return p.cardProblem(c, views.SignInProblem(reason))
	}
	if err != nil {
		return err
	}
	named := people(identity, views.MethodCard)
	if _, problem, err := p.openTo(c, named); err != nil {
		return err
	} else if officer, err := p.mayBeStaff(c, home, named); err != nil {
		return err
	} else if problem != "" && !officer {
		p.refuse(c, db.Attempt{Method: string(views.MethodCard), Issuer: identity.Issuer, Serial: identity.Serial, Outcome: string(problem)}, nil)
		return p.cardProblem(c, problem)
	}
	code, err := p.DB.VerifyHandover(ctx, id, named)
	if errors.Is(err, db.ErrNotFound) {
		return p.cardProblem(c, views.ProblemHandoverExpired)
	}
	if err != nil {
		return err
	}
	u, err := url.Parse(home)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Set("code", code)
	u.RawQuery = q.Encode()
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	return c.Redirect(http.StatusSeeOther, u.String())
}

func (p *Portal) cardProblem(c echo.Context, what views.SignInProblem) error {
	base := p.mainFor(c.Request())
	if home, _ := c.Get(keyHome).(string); home != "" { // the sign-in began there
		if u, err := url.Parse(home); err == nil {
			base = u.Scheme + "://" + u.Host
		}
	}
	return html(c, http.StatusUnprocessableEntity, views.CardProblem(p.page(c, ""), views.CardProblemView{
		Problem: what, Home: base + "/", Retry: base + cardStartPath, Other: base + "/",
	}))
}

// mainFor is the base address of the main listener for a browser that is on the
// card listener: on the demo's machine, under the same name for it.
func (p *Portal) mainFor(r *http.Request) string {
	if isLoopback(p.URL.Hostname()) {
		if at, err := url.Parse("https://" + r.Host); err == nil && isLoopback(at.Hostname()) {
			host := at.Hostname()
			if at.Hostname() == "::1" {
				host = "[::1]"
			}
			if port := p.URL.Port(); port != "" {
				host += ":" + port
			}
			return p.URL.Scheme + "://" + host
		}
	}
	return p.URL.Scheme + "://" + p.URL.Host
}
