package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

const switchPath = "/company"

// openTo resolves for whom the identity may act now, and says why for nobody.
func (p *Portal) openTo(c echo.Context, named []db.Person) ([]db.Person, views.SignInProblem, error) {
	open, err := p.DB.Companies(c.Request().Context(), named)
	switch {
	case err != nil || len(open) > 0:
		return open, "", err
	case len(named) > 0 && named[0].VOEN != "":
		return nil, views.ProblemCompanyExcluded, nil
	}
	return nil, "no_voen", nil
}

// switchCompany shows the companies among which the person may switch.
func (p *Portal) switchCompany(c echo.Context, key db.SessionKey) error {
	return p.showSwitch(c, key, http.StatusOK, "")
}

func (p *Portal) showSwitch(c echo.Context, key db.SessionKey, status int, problem views.SignInProblem) error {
	s, list, err := p.DB.SessionCompanies(c.Request().Context(), key)
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	if err != nil {
		return err
	}
	v := views.SwitchView{Current: s.Person.VOEN, Problem: problem}
	for _, company := range list {
		v.Companies = append(v.Companies, views.Company{VOEN: company.VOEN, Name: company.Organisation, Position: company.Position})
	}
	frame := p.personal(c, "company.title", s)
	frame.Path, frame.Error = switchPath, problem != ""
	return html(c, status, views.SwitchCompany(frame, v))
}

// doSwitchCompany ends the session and begins one for another company of the
// same person. The database decides whether it is one; the entry in the
// register is durable before the browser learns of the new session.
func (p *Portal) doSwitchCompany(c echo.Context, key db.SessionKey) error {
	form, err := smallPost(c)
	if err != nil {
		return err
	}
	chosen := customs.VOEN(form.Get("voen"))
	if chosen == "" {
		return p.showSwitch(c, key, http.StatusUnprocessableEntity, views.ProblemCompanyMissing)
	}
	ctx := c.Request().Context()
	fresh, err := p.DB.SwitchCompany(ctx, key, chosen)
	if errors.Is(err, db.ErrNotFound) {
		return p.showSwitch(c, key, http.StatusUnprocessableEntity, views.ProblemCompanyUnknown)
	}
	if err != nil {
		return err
	}
	s, err := p.DB.Session(ctx, fresh)
	if errors.Is(err, db.ErrNoSession) { // the right to that company has just ended
		return p.expired(c)
	}
	if err != nil {
		return err
	}
	if err := p.Register.Submit(ctx, p.entry(c, s, register.SwitchCompany, register.Answered, 0, elapsed(c))).Wait(ctx); err != nil {
		return errors.Join(err, p.DB.EndSession(ctx, fresh))
	}
	j := p.jar(c)
	j.set(valueKey, fresh.String())
	j.renew()
	if err := j.save(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.GoodsPath)
}

// unresolved turns resolved people back into what their identity named.
func unresolved(people []db.Person) []db.Person {
	if len(people) > 0 && people[0].Source == db.SourceRepresentative {
		one := people[0]
		one.VOEN, one.Organisation, one.Position, one.Source = "", "", "", ""
		return []db.Person{one}
	}
	return people
}
