package handlers

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// hostNames are the Host values that mean a base address: its own and, for an
// address on this machine, the machine's other names for itself.
func hostNames(u *url.URL) map[string]bool {
	hosts := map[string]bool{strings.ToLower(u.Host): true}
	if u.Port() == "" { // the scheme's own port may be said or left out (RFC 9110 §4.2.3)
		hosts[strings.ToLower(u.Host)+map[string]string{"http": ":80", "https": ":443"}[u.Scheme]] = true
	}
	if isLoopback(u.Hostname()) {
		for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
			if u.Port() != "" {
				name += ":" + u.Port()
			}
			hosts[name] = true
		}
	}
	return hosts
}

func isLoopback(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// onlyHosts refuses requests for another host name (RFC 9110 §15.5.20), so that
// no page, link or cookie is ever made for a name that is not the portal's.
func onlyHosts(hosts map[string]bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if !hosts[strings.ToLower(c.Request().Host)] {
				return echo.NewHTTPError(http.StatusMisdirectedRequest)
			}
			return next(c)
		}
	}
}

// origin is the base address at which the browser sees the site that it asked,
// the public one or that for staff: the configured one, or another name of this
// machine for it.
func (p *Portal) origin(r *http.Request) string {
	site, hosts := p.URL, p.hosts
	if host := strings.ToLower(r.Host); p.staffHosts[host] && !p.hosts[host] {
		site, hosts = p.StaffURL, p.staffHosts
	}
	if isLoopback(site.Hostname()) && hosts[r.Host] {
		return site.Scheme + "://" + r.Host
	}
	return site.Scheme + "://" + site.Host
}
