package main

import (
	"errors"
	"net/url"
	"strings"
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
		if err := listenAddress("PORTAL_STAFF_ADDR", s.Addr); err != nil {
			problems = append(problems, err)
		}
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
