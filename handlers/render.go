package handlers

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// component is a page as views makes it.
type component = templ.Component

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// rendered is a page that is ready to be sent but has not been.
type rendered struct {
	buf *bytes.Buffer
	tag string // see tagged; "": none
}

// render writes the whole page into memory, so that a page is sent complete or
// not at all.
func render(c echo.Context, page component) (rendered, error) {
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	if err := page.Render(c.Request().Context(), b); err != nil {
		buffers.Put(b)
		return rendered{}, err
	}
	return rendered{buf: b}, nil
}

// send writes the page and gives its memory back.
func (r rendered) send(c echo.Context, status int) error {
	defer r.discard()
	h := c.Response().Header()
	h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
	if r.sendTag(c, status) {
		return nil
	}
	h.Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
	page := r.buf.Bytes()
	if b := packed(c.Request(), page); b != nil {
		defer rendered{buf: b}.discard()
		h.Set(echo.HeaderContentEncoding, "gzip")
		page = b.Bytes()
	}
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(page)))
	c.Response().WriteHeader(status)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err := c.Response().Write(page)
	return err
}

func (r rendered) discard() {
	if r.buf.Cap() <= 1<<20 { // one huge page must not hold its memory for ever
		buffers.Put(r.buf)
	}
}

// html renders and sends a page that needs no register entry.
func html(c echo.Context, status int, page component) error {
	r, err := render(c, page)
	if err != nil {
		return err
	}
	return r.send(c, status)
}

// htmlRegistered renders a page while its entry in the register is made durable,
// and sends it only then.
func (p *Portal) htmlRegistered(c echo.Context, entry register.Entry, status int, page component) error {
	waiting := p.Register.Submit(c.Request().Context(), entry)
	r, err := render(c, page)
	if err != nil {
		return err
	}
	return sendRegistered(c, waiting, r, status)
}

// page is the frame of the page that answers this request.
func (p *Portal) page(c echo.Context, title string) views.Page {
	l := locale(c)
	if title != "" {
		title = l.T(title)
	}
	return views.Page{
		L: l, Assets: p.Assets, Path: c.Request().URL.RequestURI(), Title: title,
		RequestID: requestID(c).String(), Notifications: p.Notifications, Contacts: &p.Contacts, Now: p.Now(), Kept: &p.kept,
	}
}

// personal is the frame of a page for the person who is signed in.
func (p *Portal) personal(c echo.Context, title string, s db.Session) views.Page {
	v := p.page(c, title)
	v.Person = &views.Person{Name: s.Person.Name, Organisation: s.Person.Organisation, VOEN: s.Person.VOEN, Companies: s.Companies}
	v.Noindex, v.ShowAccess, v.Standby = true, true, s.AsOf
	v.Session = &views.SessionClock{Left: s.Left(v.Now), Idle: s.Idle, Ends: s.ExpiresAt}
	return v
}

func locale(c echo.Context) *locales.Locale {
	l, _ := c.Get(keyLocale).(*locales.Locale)
	return l
}
