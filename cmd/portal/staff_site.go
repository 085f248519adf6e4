package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign/democa"
)

// staffSite are the settings of the pages for staff.
type staffSite struct {
	URL   string `name:"url" env:"PORTAL_STAFF_URL" help:"Base URL of the pages for staff (default: none, staff do not sign in; demo: that of the portal). A host of their own can be kept off the internet."`
	Addr  string `env:"PORTAL_STAFF_ADDR" help:"Address of a listener for them alone (default: none, the public listener answers for their host)."`
	Cases int    `name:"cases-per-hour" env:"PORTAL_STAFF_CASES_PER_HOUR" default:"20" help:"Cases on behalf of callers that one operator may open in an hour, at most 60."`
}

// check reads the settings; the address is nil when staff do not sign in.
func (s staffSite) check(public *url.URL) (*url.URL, error) {
	var problems []error
	note := func(bad bool, what string) {
		if bad {
			problems = append(problems, errors.New(what))
		}
	}
	note(s.Cases < 1 || s.Cases > 60, "PORTAL_STAFF_CASES_PER_HOUR: 1 to 60")
	if s.Addr != "" {
		_, _, err := net.SplitHostPort(s.Addr)
		note(err != nil, fmt.Sprintf("PORTAL_STAFF_ADDR: %q is not host:port", s.Addr))
		note(s.URL == "", "PORTAL_STAFF_ADDR: PORTAL_STAFF_URL must say how browsers see it")
	}
	if s.URL == "" {
		return nil, errors.Join(problems...)
	}
	u, err := baseURL("PORTAL_STAFF_URL", s.URL, "", "http", "https")
	if err != nil {
		return nil, errors.Join(append(problems, err)...)
	}
	note(u.Scheme != public.Scheme, "PORTAL_STAFF_URL and PORTAL_URL are both http or both https")
	note(s.Addr != "" && strings.EqualFold(u.Host, public.Host), "PORTAL_STAFF_URL must differ from PORTAL_URL when PORTAL_STAFF_ADDR is a listener of its own")
	return u, errors.Join(problems...)
}

// fillStaff makes the demo's staff list, unless there is one.
func fillStaff(ctx context.Context, ownerURL string) error {
	list, err := db.StaffList(ctx, ownerURL)
	if err != nil || len(list) > 0 {
		return err
	}
	for _, m := range demoStaff(time.Now()) {
		if err := db.PutStaff(ctx, ownerURL, m); err != nil {
			return err
		}
	}
	return nil
}

// demoStaff is the demo's staff list.
func demoStaff(now time.Time) []db.StaffMember {
	units := map[customs.StaffRole]struct{ prefix, unit string }{
		customs.RoleOperator:      {"OP", "Çağrı Mərkəzi"},
		customs.RoleSupervisor:    {"NZ", "Fəaliyyətin Qiymətləndirilməsi və İnkişaf Proqramları Baş İdarəsi"},
		customs.RoleAdministrator: {"AD", "Portalın inzibatçılığı"},
	}
	var list []db.StaffMember
	for _, p := range democa.People() {
		if p.Staff == "" {
			continue
		}
		u := units[p.Staff]
		list = append(list, db.StaffMember{
			PIN: p.PIN, Number: fmt.Sprintf("%s-%04d", u.prefix, 101+len(list)), Name: p.FullName(), Unit: u.unit, Role: p.Staff,
			Until: now.AddDate(2, 0, 0),
		})
	}
	return list
}
