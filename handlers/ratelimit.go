package handlers

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/views"
)

// defaultEvery is the time after which an address may take one more step.
const defaultEvery = 3 * time.Second

// Rates are how often one address, and one SİMA operation, may do what costs or
// could be guessed. A rate with a Burst of zero is the default.
type Rates struct {
	SignIn    db.Rate // steps of signing in, by address
	Phone     db.Rate // requests of telephones, by address; a provider's gateway is one address
	Operation db.Rate // requests of telephones, by operation
	Mail      db.Rate // mails that ask for a confirmation, by trader
	Mailbox   db.Rate // and by mailbox
	Report    db.Rate // reports of one trader
	Program   db.Rate // calls of a trader's program, by token
}

func (r Rates) orDefault() Rates {
	for _, f := range []struct {
		rate *db.Rate
		db.Rate
	}{
		{&r.SignIn, db.Rate{Every: defaultEvery, Burst: 200}},
		{&r.Phone, db.Rate{Every: defaultEvery / 50, Burst: 600}},
		{&r.Operation, db.Rate{Every: 2 * defaultEvery, Burst: 12}},
		{&r.Mail, db.Rate{Every: 5 * time.Minute, Burst: 20}},
		{&r.Mailbox, db.Rate{Every: 6 * time.Hour, Burst: 4}},
		{&r.Report, db.Rate{Every: 5 * time.Minute, Burst: 10}},
		{&r.Program, db.Rate{Every: defaultEvery / 6, Burst: 120}},
	} {
		if f.rate.Burst == 0 {
			*f.rate = f.Rate
		}
	}
	return r
}

// throttle is a guard for routes by which people sign in: each address has its
// rate, and a page says so when it is used up.
func (p *Portal) throttle(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ok, err := p.DB.Take(c.Request().Context(), "sign-in", neighbourhood(c.RealIP()), p.Rates.SignIn)
		if err != nil {
			return err
		}
		if ok {
			return next(c)
		}
		p.metrics.signIns.WithLabelValues("any", string(views.ProblemTooManyAttempts)).Inc()
		askAgainIn(c, p.Rates.SignIn.Every)
		frame := p.page(c, "")
		frame.Path = "/"
		return html(c, http.StatusTooManyRequests, views.SignInProblemPage(frame, views.ProblemTooManyAttempts, p.methods(c), ""))
	}
}

// neighbourhood is what shares a rate: an IPv4 address, or the /64 of an IPv6
// address, all of which one subscriber has.
func neighbourhood(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	net64, err := ip.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return net64.String()
}

// addresses says whose address a request came from: the connection's own, or
// what a proxy of our own says in X-Forwarded-For. Another's claim is nothing.
func (p *Portal) addresses() echo.IPExtractor {
	if len(p.TrustedProxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, proxy := range p.TrustedProxies {
		ip := proxy.Masked().Addr()
		trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(proxy.Bits(), ip.BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
