// Package views writes the portal's HTML: one component a page, with typed
// parameters, without input or output and without a line of script or style in
// the page. Words come from locales, addresses of files from static.
//
// The generated files beside the .templ ones are made by
// go tool templ generate -include-version=false -path views
package views

import (
	"net/url"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
	"github.com/a-h/templ"
)

// Page is what the frame of every page needs.
type Page struct {
	L          *locales.Locale
	Assets     *static.Assets
	Path       string // path and query of this page, for the language links
	Title      string // what this page is, without the service's name
	Tab        Tab    // the main section that is marked as current
	Person     *Person
	Staff      *Officer // an officer is signed in, then Person is nil
	Behalf     *Behalf  // the page shows a trader's data under a case
	Watch      bool     // the page looks again when a case begins or ends
	RequestID  string
	Contacts   *Contacts
	Now        time.Time
	Error      bool      // the title begins with the word for error
	Noindex    bool      // not for search engines
	Hero       bool      // the page opens with a .hero of its own and wraps its own content
	Doc        bool      // the page holds a document: on paper there is nothing else
	Standby    time.Time // not zero: read from a standby, which had what was committed until then
	ShowAccess bool      // the section “who viewed my data” exists
	Refresh    int       // seconds after which a browser without JavaScript asks again; 0: never
	SignIn     *SignInNotice

	// Of an open page: whether it keeps itself current where there is
	// JavaScript, where the refresh leads if not to itself, and when the session
	// of who is signed in ends; nil: the page says nothing about that.
	Live      bool
	RefreshTo string
	Session   *SessionClock

	Notifications bool // traders may ask to be told by e-mail

	Kept *Kept // what pages of this portal share; nil: each is written by itself
}

// Tab is a main section.
type Tab string

// The main sections.
const (
	TabGoods   Tab = "goods"
	TabAccess  Tab = "access"
	TabAppeals Tab = "appeals"
	TabHelp    Tab = "help"
)

// Person is who is signed in.
type Person struct {
	Name         string // of the natural person, as the certificate has it
	Organisation string // "" for a sole trader
	VOEN         customs.VOEN
	Companies    int // among which the person may switch
}

// Display is the organisation or, without one, the person.
func (p *Person) Display() string {
	if p.Organisation != "" {
		return p.Organisation
	}
	return p.Name
}

// Contacts are the addresses that the regulation publishes (clauses 2.5 and
// 3.3.1). They are configuration: departments are renamed and numbers change.
type Contacts struct {
	CallCentre   string
	Phone        string
	Email        string
	Sites        []string // host names
	DepartmentAZ string
	DepartmentEN string
	Body         string // to whom complaints are addressed, in Azerbaijani
	BodyAddress  string // its address, "" if it is not known for certain
}

// DefaultContacts are those of the regulation's text.
func DefaultContacts() Contacts {
	return Contacts{
		CallCentre:   "195(6)",
		Phone:        "(+99412) 404-22-00",
		Email:        "office@customs.gov.az",
		Sites:        []string{"www.customs.gov.az", "www.dxr.az"},
		DepartmentAZ: "Fəaliyyətin Qiymətləndirilməsi və İnkişaf Proqramları Baş İdarəsi",
		DepartmentEN: "Main Department for Activity Assessment and Development Programs",
		Body:         "Azərbaycan Respublikasının Dövlət Gömrük Komitəsi",
	}
}

// Department is the responsible department's name in a language.
func (c *Contacts) Department(lang string) string {
	if lang == "en" {
		return c.DepartmentEN
	}
	return c.DepartmentAZ
}

// telURL turns a printed telephone number into a link (RFC 3966). A bracket
// after the number, as in 195(6), names a menu choice and is left out.
func telURL(number string) string {
	if i := strings.IndexByte(number, '('); i > 0 {
		number = number[:i]
	}
	return "tel:" + strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
}

// langURL is this page in another language: the same address with lang set.
func (p Page) langURL(lang string) string {
	u, err := url.Parse(p.Path)
	if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		return "/?lang=" + lang
	}
	q := u.Query()
	q.Set("lang", lang)
	return u.EscapedPath() + "?" + q.Encode()
}

// title is the text of the title element.
func (p Page) title() string {
	t := p.L.T("site.name")
	if p.Title != "" {
		t = p.L.T("site.title", "page", p.Title, "site", t)
	}
	if p.Error {
		t = p.L.T("site.error", "title", t)
	}
	return t
}

// home is where the service's name leads.
func (p Page) home() string {
	if p.Person != nil {
		return "/goods"
	}
	if p.Staff != nil {
		return p.Staff.Home
	}
	return "/"
}

// traderTabs are the main sections, which are the same for all traders.
func traderTabs(p Page) samePart {
	tab, access := p.Tab, p.ShowAccess
	name := "tabs " + string(tab)
	if access {
		name += " and access"
	}
	return same(p, name, func(all Page) templ.Component {
		all.Tab, all.ShowAccess = tab, access
		return tabs(all)
	})
}

// section is one entry of the main navigation.
type section struct{ tab, path, icon, words string }

func (p Page) sections() []section {
	if p.Staff != nil {
		return p.staffSections()
	}
	all := []section{{"goods", "/goods", "box", p.L.T("nav.goods")}}
	if p.ShowAccess {
		all = append(all, section{"access", "/access", "eye", p.L.T("nav.access")})
	}
	return append(all,
		section{"appeals", "/appeals", "scales", p.L.T("nav.appeals")},
		section{"help", "/help", "help", p.L.T("nav.help")})
}
