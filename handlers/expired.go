package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/views"
)

// expired answers a request whose session has ended, and forgets it. A page that
// asks by itself forgets nothing: its answer may come after that to another
// window, which has a new session. Nothing is forgotten while nobody can know.
func (p *Portal) expired(c echo.Context) error {
	if p.DB.Unsure() {
		return db.ErrUnreachable
	}
	if c.Request().Header.Get(liveHeader) != "" {
		return p.ended(c)
	}
	j := p.jar(c)
	j.set(valueKey, "")
	j.set(valueStaff, "")
	if err := j.save(c); err != nil {
		return err
	}
	return p.ended(c)
}

// ended says that there is no session any more. Of a form that was not taken
// the person gets back what they had written: the page leads to the form
// again, and nothing of it is kept here.
func (p *Portal) ended(c echo.Context) error {
	frame := p.page(c, "")
	frame.Noindex = true
	v := views.ExpiredView{Idle: p.Limits.Idle}
	if r := c.Request(); r.Method == http.MethodGet {
		v.Return = safeReturn(r.URL.RequestURI())
	} else {
		form, err := readForm(c, reportForm)
		if err != nil {
			return err
		}
		frame.Path, v = p.notTaken(c, form)
		v.Idle = p.Limits.Idle
	}
	return html(c, http.StatusUnauthorized, views.SessionExpired(frame, v))
}

// notTaken is what a form leaves that was not taken: what was written in it, and
// the page on which it stands, which the language links must not repeat.
func (p *Portal) notTaken(c echo.Context, form url.Values) (path string, v views.ExpiredView) {
	v = views.ExpiredView{Sent: true, Return: safeReturn(p.formPage(c.Request(), form)), Typed: typed(c.Path(), form)}
	if v.Return == "" {
		return "/", v
	}
	return v.Return, v
}

// otherCompany gives a form back that was opened for another company than the
// session's.
func (p *Portal) otherCompany(c echo.Context, s db.Session, form url.Values) error {
	frame := p.personal(c, "", s)
	var v views.ExpiredView
	frame.Path, v = p.notTaken(c, form)
	return html(c, http.StatusConflict, views.OtherCompany(frame, v))
}

// formPage is the page on which a form stands: the one that the browser names,
// or the nearest that there is. Some pages answer a form at an address that
// has no page of its own.
func (p *Portal) formPage(r *http.Request, form url.Values) string {
	from, err := url.Parse(r.Referer())
	if err != nil || !p.hosts[strings.ToLower(from.Host)] && !p.staffHosts[strings.ToLower(from.Host)] {
		from = r.URL
	}
	if from.Path == views.NotMinePath { // its answer to a mistake does not say in its address which
		return from.Path + "?" + url.Values{"registration": {form.Get("registration")}}.Encode()
	}
	for _, page := range []string{views.StaffPath, views.SupervisionAssistPath, views.APIAccessPath, views.NotificationsPath} {
		if strings.HasPrefix(from.Path, page+"/") {
			return page
		}
	}
	if parts := strings.Split(from.Path, "/"); len(parts) == 4 && parts[1] == "assist" && parts[3] != "goods" {
		return strings.Join(parts[:3], "/")
	}
	return from.RequestURI()
}

// writing are the fields in which people write, by the route of their form,
// and the messages that name them.
var writing = []struct{ route, field, label string }{
	{views.NotMinePath, "body", "report.body_not_mine"},
	{views.NotMinePath, "contact", "report.contact"},
	{views.AskPath, "body", "report.body_question"},
	{views.AskPath, "contact", "report.contact"},
	{views.NotificationsPath, "address", "notifications.address"},
	{views.APIAccessPath, "name", "program.name"},
	{views.AssistPath, "voen", "assist.field.voen"},
	{views.AssistPath, "caller", "assist.field.caller"},
	{views.AssistPath, "call_number", "assist.field.call_number"},
	{views.AssistPath, "call_id", "assist.field.call_id"},
	{views.AssistPath, "reason_text", "assist.field.reason_text"},
	{views.SupervisionAssistPath, "why", "assist.watch_why"},
	{views.ReportsToAnswerPath, "answer", "report.staff_answer"},
	{views.StaffPath, "pin", "staff.field.pin"},
	{views.StaffPath, "number", "staff.field.number"},
	{views.StaffPath, "name", "staff.field.name"},
	{views.StaffPath, "unit", "staff.field.unit"},
	{views.StaffPath, "until", "staff.field.until"},
}

// typed is what a form of this route holds of a person's own writing.
func typed(route string, form url.Values) (list []views.Typed) {
	for _, w := range writing {
		text := readable(form.Get(w.field))
		if strings.HasPrefix(route, w.route) && strings.TrimSpace(text) != "" {
			list = append(list, views.Typed{Label: w.label, Text: text})
		}
	}
	return list
}
