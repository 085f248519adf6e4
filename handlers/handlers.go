// Package handlers is HTTP: it reads what a browser sends, makes one call into
// the database, and has views write the answer. It is the only room that knows
// Echo and gorilla/sessions. Start with routes.go.
package handlers

import (
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/live"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/mygov"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/static"
	"customs.gov.az/portal/views"
)

// Options are what the portal works with. Everything but Now, Log, CardURL and
// Hub is required.
type Options struct {
	DB             *db.DB
	Register       *db.Register
	Seals          *register.Verifiers // of the register's log; nil: it is not sealed and there are no receipts
	Hub            *live.Hub           // nil: pages do not move by themselves
	Catalogue      *locales.Catalogue
	Assets         *static.Assets
	Checkpoints    customs.Checkpoints
	Contacts       views.Contacts
	Verifier       *esign.Verifier
	URL            *url.URL        // base address of the main listener, as browsers see it
	CardURL        *url.URL        // base address of the card listener; nil: the method is not offered
	StaffURL       *url.URL        // base address of the site for staff, which may be URL; nil: there is none
	StaffListener  bool            // StaffHandler answers for StaffURL, Handler does not
	CasesPerHour   int             // that one operator may open on behalf of callers; 0: the default
	SessionKeys    [][]byte        // of the cookie's signature, newest first, at least 32 bytes each
	Limits         db.Limits       // life of a session
	Rates          Rates           // zero: the defaults
	Notifications  bool            // mail is sent: traders may ask to be told by e-mail
	TrustedProxies []netip.Prefix  // whose X-Forwarded-For is believed
	Senders        feed.Senders    // checkpoint systems that may send the feed; zero: none
	SIMA           *SIMA           // nil: the method is not offered
	MyGov          *mygov.Provider // nil: the method is not offered
	Log            *slog.Logger
	Now            func() time.Time
}

// Portal answers requests.
type Portal struct {
	Options
	cookies  sessions.Store
	cookie   string          // name of the session cookie
	hosts    map[string]bool // Host values of the public site
	cardHost map[string]bool // of the card listener
	metrics  *metrics
	feeds    *feedDesk
	paces    paces
	reading  *db.DB // for lists and details, which a standby may answer
	kept     views.Kept
	watch    pace // of Watch

	downloads  *downloadDesk
	staffHosts map[string]bool // of the site for staff
}

// New checks the options, all of them at once.
func New(o Options) (*Portal, error) {
	var problems []error
	missing := func(absent bool, name string) {
		if absent {
			problems = append(problems, errors.New("handlers: "+name+" is missing"))
		}
	}
	missing(o.DB == nil, "DB")
	missing(o.Register == nil, "Register")
	missing(o.Catalogue == nil, "Catalogue")
	missing(o.Assets == nil, "Assets")
	missing(o.Verifier == nil, "Verifier")
	missing(o.URL == nil || o.URL.Host == "", "URL")
	missing(len(o.SessionKeys) == 0, "SessionKeys")
	for _, k := range o.SessionKeys {
		missing(len(k) < 32, "a session key of 32 bytes")
	}
	missing(o.Limits.Idle <= 0 || o.Limits.Absolute <= 0, "Limits")
	if err := o.SIMA.check(); err != nil {
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Rates = o.Rates.orDefault()
	// People may sign in without a taxpayer number: the list of
	// representatives says for whom they act.
	o.Verifier = o.Verifier.Persons()
	p := &Portal{Options: o, hosts: hostNames(o.URL), cookie: "portal"}
	if o.Hub != nil {
		o.Hub.Ask(p.mayListen)
	}
	if o.CardURL != nil {
		p.cardHost = hostNames(o.CardURL)
	}
	if o.StaffURL != nil {
		p.staffHosts = hostNames(o.StaffURL)
	}
	if p.CasesPerHour == 0 {
		p.CasesPerHour = casesPerHour
	}
	if p.secure() {
		p.cookie = "__Host-portal"
	}
	p.reading = o.DB.EvenStandby()
	p.cookies = newCookieStore(o.SessionKeys, p.secure(), o.Limits.Absolute)
	p.feeds = newFeedDesk()
	p.watch = usualPace
	p.downloads = newDownloadDesk()
	p.metrics = newMetrics(p)
	return p, nil
}

// secure reports whether browsers see the portal through TLS.
func (p *Portal) secure() bool { return p.URL.Scheme == "https" }

// methods are the ways to sign in that are offered at the host that was asked.
func (p *Portal) methods(c echo.Context) []views.Method {
	var list []views.Method
	providers := p.providersHere(c)
	for _, m := range []struct {
		on bool
		views.Method
	}{{p.SIMA != nil && providers, views.MethodSIMA}, {p.MyGov != nil && providers, views.MethodMyGov}, {p.CardURL != nil, views.MethodCard}, {true, views.MethodFile}} {
		if m.on {
			list = append(list, m.Method)
		}
	}
	return list
}
