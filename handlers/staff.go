package handlers

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// staffSession is the officer who asks, and the key of their session.
type staffSession struct {
	db.Staff
	Key db.StaffKey
}

// staffHome is the first page of each role.
var staffHome = map[customs.StaffRole]string{
	customs.RoleOperator:      views.AssistPath,
	customs.RoleSupervisor:    views.SupervisionPath,
	customs.RoleAdministrator: views.StaffPath,
}

// staff guards a page for officers of the roles given. Where staff do not sign
// in there is no such page; without a session the officer signs in first and
// comes back; an officer of another role is told which role the page is for.
func (p *Portal) staff(handler func(echo.Context, staffSession) error, roles ...customs.StaffRole) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !p.onStaff(c) {
			return echo.NewHTTPError(http.StatusNotFound)
		}
		read := c.Request().Method == http.MethodGet || c.Request().Method == http.MethodHead
		key, ok := p.jar(c).staffKey()
		if !ok {
			if !read {
				return p.ended(c)
			}
			return c.Redirect(http.StatusSeeOther, withReturn("/", c.Request().URL.RequestURI()))
		}
		look := p.DB.StaffSession
		if renewed(c) {
			look = p.DB.PeekStaffSession
		}
		s, err := look(c.Request().Context(), key)
		if errors.Is(err, db.ErrNoSession) {
			return p.expired(c)
		}
		if err != nil {
			return err
		}
		if !slices.Contains(roles, s.Role) {
			return html(c, http.StatusForbidden, views.StaffForbidden(p.official(c, "", s), roles))
		}
		return handler(c, staffSession{s, key})
	}
}

// renewed reports whether an open page asks by itself, which does not keep an
// officer's session in use.
func renewed(c echo.Context) bool {
	return c.Request().Header.Get(liveHeader) != "" || c.QueryParam("renewed") != ""
}

// official is the frame of a page for an officer.
func (p *Portal) official(c echo.Context, title string, s db.Staff) views.Page {
	v := p.page(c, title)
	v.Staff = &views.Officer{Name: s.Name, Number: s.Number, Role: s.Role, Home: staffHome[s.Role]}
	v.Noindex = true
	return v
}

// staffEntry is the register entry of what an officer did.
func (p *Portal) staffEntry(c echo.Context, s staffSession, action register.Action, o register.Outcome) register.Entry {
	return register.Entry{
		RequestID: requestID(c), Channel: "staff", Actor: string(s.Role), Session: s.Session, Action: action,
		Asked: c.Request().URL.RequestURI(), Outcome: o, Elapsed: elapsed(c), Unattended: renewed(c),
	}
}

// staffStart is the first page of the site for staff; who is signed in goes on
// to the first page of their role.
func (p *Portal) staffStart(c echo.Context) error {
	if key, ok := p.jar(c).staffKey(); ok {
		s, err := p.DB.StaffSession(c.Request().Context(), key)
		if err == nil {
			return c.Redirect(http.StatusSeeOther, staffHome[s.Role])
		}
		if !errors.Is(err, db.ErrNoSession) {
			return err
		}
	}
	return html(c, http.StatusOK, views.StaffStart(p.page(c, ""), views.StartView{
		Methods: p.methods(c), Return: safeReturn(c.QueryParam("return")), SignedOut: c.QueryParam("signed-out") != "",
	}))
}

// enterStaff decides, once a certificate is verified, whether its person goes in
// as an officer. It reports false for everybody who goes in as a trader.
func (p *Portal) enterStaff(c echo.Context, named []db.Person, back string) (bool, error) {
	if !p.onStaff(c) {
		return false, nil
	}
	if !p.shared() || isStaffPath(back) {
		return true, p.beginStaff(c, named[0], back)
	}
	_, err := p.DB.StaffStanding(c.Request().Context(), named[0].PIN)
	if errors.Is(err, db.ErrStaffUnknown) || errors.Is(err, db.ErrStaffExpired) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	people, _, err := p.openTo(c, named)
	if err != nil {
		return true, err
	}
	if len(people) == 0 {
		return true, p.beginStaff(c, named[0], back)
	}
	// an officer and a trader: they say as which they come
	return true, p.askFirst(c, named, withReturn(capacityPath, back))
}

// beginStaff starts the officer's session. A browser is one person in one
// capacity: what was signed in there before ends.
func (p *Portal) beginStaff(c echo.Context, person db.Person, back string) error {
	ctx := c.Request().Context()
	key, err := p.DB.StartStaffSession(ctx, person, p.Limits)
	switch {
	case errors.Is(err, db.ErrStaffUnknown):
		return p.refuseSignIn(c, person, views.ProblemStaffUnknown, back)
	case errors.Is(err, db.ErrStaffExpired):
		return p.refuseSignIn(c, person, views.ProblemStaffExpired, back)
	case err != nil:
		return err
	}
	s, err := p.DB.StaffSession(ctx, key)
	if err != nil {
		return err
	}
	j := p.jar(c)
	if err := p.leave(c, j); err != nil {
		return err
	}
	p.metrics.signIns.WithLabelValues(person.Method, db.SignedIn).Inc()
	p.record(c, db.Attempt{Method: person.Method, Issuer: person.Issuer, Serial: person.Serial, Outcome: db.SignedIn})
	j.set(valueStaff, key.String())
	for _, name := range []string{valueKey, valueCompany, valueSIMA, valueNotice} {
		j.set(name, "")
	}
	j.renew()
	if err := j.save(c); err != nil {
		return err
	}
	if !isStaffPath(back) {
		back = staffHome[s.Role]
	}
	return c.Redirect(http.StatusSeeOther, back)
}

// leave ends the sessions that the browser has, in the database.
func (p *Portal) leave(c echo.Context, j jar) error {
	ctx := c.Request().Context()
	if key, ok := j.key(); ok {
		if err := p.DB.EndSession(ctx, key); err != nil {
			return err
		}
	}
	if key, ok := j.staffKey(); ok {
		return p.DB.EndStaffSession(ctx, key)
	}
	return nil
}

const capacityPath = "/sign-in/capacity"

// capacity shows the choice.
func (p *Portal) capacity(c echo.Context) error { return p.showCapacity(c, http.StatusOK, false) }

func (p *Portal) showCapacity(c echo.Context, status int, missing bool) error {
	j := p.jar(c)
	browser, _ := j.browser()
	if _, err := p.DB.PeekHandover(c.Request().Context(), browser, j.text(valueCompany)); err != nil {
		return p.problem(c, err, views.ProblemHandoverExpired)
	}
	return html(c, status, views.SignInCapacity(p.page(c, ""), views.CapacityView{Return: safeReturn(c.QueryParam("return")), Missing: missing}))
}

// chooseCapacity goes on as the person says.
func (p *Portal) chooseCapacity(c echo.Context) error {
	form, err := smallPost(c)
	if err != nil {
		return err
	}
	as := form.Get("as")
	if !p.onStaff(c) || as != "staff" && as != "trader" {
		return p.showCapacity(c, http.StatusUnprocessableEntity, true)
	}
	j := p.jar(c)
	browser, _ := j.browser()
	named, err := p.DB.FinishHandover(c.Request().Context(), browser, j.text(valueCompany))
	if err != nil || len(named) == 0 {
		return p.problem(c, errors.Join(err, db.ErrNotFound), views.ProblemHandoverExpired)
	}
	back := safeReturn(c.QueryParam("return"))
	if as == "staff" {
		return p.beginStaff(c, named[0], back)
	}
	return p.enterTrader(c, unresolved(named), back)
}
