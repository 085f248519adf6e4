package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/views"
)

// start is the first page; who is signed in goes on to their goods.
func (p *Portal) start(c echo.Context) error {
	signedOut := c.QueryParam("signed-out") != ""
	if key, ok := p.jar(c).key(); ok {
		// Another window comes here at the moment of signing out, when the
		// browser may not have been told yet to forget its session.
		if !signedOut || !p.isOver(c, key) {
			return c.Redirect(http.StatusSeeOther, views.GoodsPath)
		}
	}
	if _, officer := p.jar(c).staffKey(); p.onStaff(c) && (officer || !p.shared() || isStaffPath(c.QueryParam("return"))) {
		return p.staffStart(c)
	}
	return html(c, http.StatusOK, views.Start(p.page(c, ""), views.StartView{
		Methods: p.methods(c), Return: safeReturn(c.QueryParam("return")),
		SignedOut: signedOut, Checkpoints: p.Checkpoints.All(),
	}))
}

// isOver reports whether a session is known to have ended.
func (p *Portal) isOver(c echo.Context, key db.SessionKey) bool {
	_, err := p.DB.Session(c.Request().Context(), key)
	return errors.Is(err, db.ErrNoSession)
}

// signedIn guards a route: without a session key the person signs in first and
// comes back to the page that was asked for.
func (p *Portal) signedIn(handler func(echo.Context, db.SessionKey) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		key, ok := p.jar(c).key()
		if !ok {
			if c.Request().Method != http.MethodGet && c.Request().Method != http.MethodHead {
				return p.ended(c) // another window may have noticed the end first
			}
			return c.Redirect(http.StatusSeeOther, withReturn("/", c.Request().URL.RequestURI()))
		}
		return handler(c, key)
	}
}

// own guards a form of a company, of at most so many bytes: one that was opened
// for another company than its sender is signed in for now changes nothing.
func (p *Portal) own(bytes int64, handler func(echo.Context, db.SessionKey) error) echo.HandlerFunc {
	return p.signedIn(func(c echo.Context, key db.SessionKey) error {
		form, err := readForm(c, bytes)
		if err != nil {
			return err
		}
		if opened := form.Get(views.FormCompany); opened != "" {
			s, err := p.DB.Session(c.Request().Context(), key)
			if errors.Is(err, db.ErrNoSession) {
				return p.expired(c)
			}
			if err != nil {
				return err
			}
			if opened != string(s.Person.VOEN) {
				return p.otherCompany(c, s, form)
			}
		}
		return handler(c, key)
	})
}

// signOut ends the session in the database, then in the browser.
func (p *Portal) signOut(c echo.Context) error {
	j := p.jar(c)
	left := p.leave(c, j)
	j.Options.MaxAge = -1 // this browser forgets the session also where the database cannot end it now
	if err := errors.Join(j.save(c), left); err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	return c.Redirect(http.StatusSeeOther, "/?signed-out=1")
}

// enter signs a verified identity in, as an officer or as a trader.
func (p *Portal) enter(c echo.Context, named []db.Person, back string) error {
	if officer, err := p.enterStaff(c, named, back); officer || err != nil {
		return err
	}
	return p.enterTrader(c, named, back)
}

// enterTrader signs in who acts for a taxpayer. One that may act for one goes
// straight to the goods; with several the person is asked which.
func (p *Portal) enterTrader(c echo.Context, named []db.Person, back string) error {
	people, problem, err := p.openTo(c, named)
	if err != nil {
		return err
	}
	if problem != "" {
		return p.refuseSignIn(c, named[0], problem, back)
	}
	if len(people) > 1 {
		return p.askFirst(c, people, withReturn("/sign-in/company", back))
	}
	return p.begin(c, p.jar(c), people, 0, back)
}

// askFirst keeps whom a certificate names until the person, in this browser,
// has answered the question at an address.
func (p *Portal) askFirst(c echo.Context, people []db.Person, address string) error {
	ctx := c.Request().Context()
	j := p.jar(c)
	id, err := p.DB.StartHandover(ctx, j.bind(), "", handoverLife)
	if err != nil {
		return err
	}
	code, err := p.DB.VerifyHandover(ctx, id, people)
	if err != nil {
		return err
	}
	j.set(valueCompany, code)
	if err := j.save(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// begin starts the session under a new id and secret, and gives the browser a
// new secret too: nothing from before the sign-in stays valid.
func (p *Portal) begin(c echo.Context, j jar, people []db.Person, chosen int, back string) error {
	var old *db.SessionKey
	if k, ok := j.key(); ok {
		old = &k
	}
	person := people[chosen]
	key, err := p.DB.StartSessionAmong(c.Request().Context(), people, chosen, p.Limits, old)
	if err != nil {
		return err
	}
	p.metrics.signIns.WithLabelValues(person.Method, db.SignedIn).Inc()
	p.remember(c, j, key)
	p.record(c, db.Attempt{Method: person.Method, Issuer: person.Issuer, Serial: person.Serial, VOEN: person.VOEN, Outcome: db.SignedIn})
	j.set(valueKey, key.String())
	if officer, ok := j.staffKey(); ok {
		if err := p.DB.EndStaffSession(c.Request().Context(), officer); err != nil {
			return err
		}
		j.set(valueStaff, "")
	}
	j.set(valueCompany, "")
	j.set(valueSIMA, "")
	j.renew()
	if err := j.save(c); err != nil {
		return err
	}
	if back == "" || isStaffPath(back) {
		back = views.GoodsPath
	}
	return c.Redirect(http.StatusSeeOther, back)
}

// company shows the taxpayers that the certificate names.
func (p *Portal) company(c echo.Context) error {
	return p.showCompanies(c, http.StatusOK, "")
}

func (p *Portal) showCompanies(c echo.Context, status int, problem views.SignInProblem) error {
	j := p.jar(c)
	browser, _ := j.browser()
	people, err := p.DB.PeekHandover(c.Request().Context(), browser, j.text(valueCompany))
	if err != nil {
		return p.problem(c, err, views.ProblemHandoverExpired)
	}
	v := views.CompanyView{Return: safeReturn(c.QueryParam("return")), Problem: problem}
	for _, person := range people {
		name := person.Organisation
		if name == "" {
			name = person.Name
		}
		v.Companies = append(v.Companies, views.Company{VOEN: person.VOEN, Name: name, Position: person.Position})
	}
	return html(c, status, views.SignInCompany(p.page(c, ""), v))
}

// chooseCompany checks the choice against the certificate's own list.
func (p *Portal) chooseCompany(c echo.Context) error {
	form, err := smallPost(c)
	if err != nil {
		return err
	}
	chosen := customs.VOEN(form.Get("voen"))
	if chosen == "" {
		return p.showCompanies(c, http.StatusUnprocessableEntity, views.ProblemCompanyMissing)
	}
	ctx := c.Request().Context()
	j := p.jar(c)
	browser, _ := j.browser()
	people, err := p.DB.PeekHandover(ctx, browser, j.text(valueCompany))
	if err != nil {
		return p.problem(c, err, views.ProblemHandoverExpired)
	}
	// The choice may have come late: what was open then may be closed now.
	if people, _, err = p.openTo(c, unresolved(people)); err != nil {
		return err
	}
	for i, person := range people {
		if person.VOEN != chosen {
			continue
		}
		if _, err := p.DB.FinishHandover(ctx, browser, j.text(valueCompany)); err != nil {
			return p.problem(c, err, views.ProblemHandoverExpired)
		}
		return p.begin(c, j, people, i, safeReturn(c.FormValue("return")))
	}
	return p.showCompanies(c, http.StatusUnprocessableEntity, views.ProblemCompanyUnknown)
}

// problem explains why a sign-in did not go on, if err is the absence of what
// was looked for, and fails with err otherwise.
func (p *Portal) problem(c echo.Context, err error, what views.SignInProblem) error {
	if status, _ := outcome(err); status != http.StatusNotFound {
		return err
	}
	p.Log.Info("sign-in refused", "request", requestID(c).String(), "reason", string(what))
	frame := p.page(c, "")
	return html(c, http.StatusUnprocessableEntity, views.SignInProblemPage(frame, what, p.methods(c), ""))
}

// people are the sessions that an identity may begin.
func people(id esign.Identity, method views.Method) []db.Person {
	return forEach(id.VOENs, db.Person{
		PIN: id.PIN, Name: customs.Visible(id.Name), Organisation: customs.Visible(id.Organisation), Method: string(method),
		Issuer: id.Issuer, Serial: id.Serial, Fingerprint: id.Fingerprint[:],
	})
}

// forEach is a person once for each taxpayer that is named, or once without any:
// then the list of representatives will say.
func forEach(voens []customs.VOEN, one db.Person) []db.Person {
	if len(voens) == 0 {
		return []db.Person{one}
	}
	list := make([]db.Person, 0, len(voens))
	for _, one.VOEN = range voens {
		list = append(list, one)
	}
	return list
}
