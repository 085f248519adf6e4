package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/static"
	"customs.gov.az/portal/views"
)

// The site for staff is a host of its own, which can be kept off the internet,
// or, for small installations and the demo, the public one.

// staffSections are the first parts of the addresses that are for staff alone.
var staffSections = []string{"assist", "supervision", "staff"}

// sharedSections are what a host of their own offers besides.
var sharedSections = []string{"", "sign-in", "sign-out", "appeals", "help", "accessibility", "privacy", "register", "verify"}

// section is the first part of an address.
func section(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// isStaffPath reports whether an address is for staff alone.
func isStaffPath(address string) bool {
	path, _, _ := strings.Cut(address, "?")
	return strings.HasPrefix(path, "/") && slices.Contains(staffSections, section(path))
}

// staffSiteHas reports whether a host for staff alone has a page of everybody.
func staffSiteHas(path string) bool {
	return strings.HasPrefix(path, static.Prefix) || slices.Contains(sharedSections, section(path)) &&
		!strings.HasPrefix(path, simaPath) && !strings.HasPrefix(path, myGovPath)
}

// onStaff reports whether a request is for the host at which staff sign in.
func (p *Portal) onStaff(c echo.Context) bool { return p.staffHosts[strings.ToLower(c.Request().Host)] }

// shared reports whether staff and traders sign in at one host.
func (p *Portal) shared() bool { return p.StaffURL != nil && p.hosts[strings.ToLower(p.StaffURL.Host)] }

// mainHosts are the names that the public listener answers for.
func (p *Portal) mainHosts() map[string]bool {
	all := map[string]bool{}
	for h := range p.hosts {
		all[h] = true
	}
	if !p.StaffListener {
		for h := range p.staffHosts {
			all[h] = true
		}
	}
	return all
}

// StaffHandler answers on a listener for staff alone.
func (p *Portal) StaffHandler() http.Handler { return p.routes(p.staffHosts) }

// separate keeps the pages of staff and those of traders on their own hosts:
// elsewhere they do not exist.
func (p *Portal) separate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Request().URL.Path
		staff := isStaffPath(path)
		switch {
		case staff && !p.onStaff(c),
			!staff && !p.providersHere(c) && !staffSiteHas(path):
			return echo.NewHTTPError(http.StatusNotFound)
		}
		return next(c)
	}
}

// providersHere reports whether others' ways to sign in lead to the host that
// was asked: they know the public one only.
func (p *Portal) providersHere(c echo.Context) bool { return !p.onStaff(c) || p.shared() }

// refuseSignIn tells a person with a good certificate why they are not let in.
func (p *Portal) refuseSignIn(c echo.Context, person db.Person, problem views.SignInProblem, back string) error {
	p.refuse(c, db.Attempt{Method: person.Method, Issuer: person.Issuer, Serial: person.Serial, Outcome: string(problem)}, nil)
	if person.Method == string(views.MethodFile) {
		return p.showSignInFile(c, http.StatusUnprocessableEntity, back, problem)
	}
	frame := p.page(c, "")
	frame.Path = withReturn("/", back) // the language links must not repeat the last step
	return html(c, http.StatusUnprocessableEntity, views.SignInProblemPage(frame, problem, p.methods(c), back))
}

// mayBeStaff reports whether a sign-in by card that began at home is one of an
// officer, who needs no taxpayer number.
func (p *Portal) mayBeStaff(c echo.Context, home string, named []db.Person) (bool, error) {
	u, err := url.Parse(home)
	if err != nil || !p.staffHosts[strings.ToLower(u.Host)] {
		return false, nil //nolint:nilerr // an address of our own; nothing else is staff's
	}
	if !p.shared() || isStaffPath(u.Query().Get("return")) {
		return true, nil
	}
	_, err = p.DB.StaffStanding(c.Request().Context(), named[0].PIN)
	if err == nil {
		return true, nil
	}
	if errors.Is(err, db.ErrStaffUnknown) || errors.Is(err, db.ErrStaffExpired) {
		return false, nil
	}
	return false, err
}
