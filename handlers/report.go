package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// reportForm is how many bytes a form with a report's text may have: each
// character takes up to four bytes, and three times that when it is encoded.
const reportForm = 16*customs.MaxAnswer + smallForm

// askForm is the form of a question about an entry.
func (p *Portal) askForm(c echo.Context, key db.SessionKey) error {
	s, f, err := p.askAbout(c, key)
	if err != nil {
		return p.reportFailed(c, key, s, register.OpenReportForm, err)
	}
	return p.showReportForm(c, s, http.StatusOK, f)
}

// askAbout finds the entry in the address, if it concerns the trader.
func (p *Portal) askAbout(c echo.Context, key db.SessionKey) (db.Session, views.ReportForm, error) {
	id, err := strconv.ParseInt(c.Param("entry"), 10, 64)
	if err != nil {
		id = 0 // which no entry has
	}
	s, a, err := p.DB.AccessEntry(c.Request().Context(), key, id)
	row := accessRow(a)
	return s, views.ReportForm{Entry: &row, Checkpoints: p.Checkpoints, Earlier: a.Report}, err
}

// ask takes the question.
func (p *Portal) ask(c echo.Context, key db.SessionKey) error {
	s, f, err := p.askAbout(c, key)
	if err != nil {
		return p.reportFailed(c, key, s, register.MakeReport, err)
	}
	return p.takeReport(c, key, s, f, customs.NewReport{Entry: f.Entry.ID})
}

// notMineForm is the form for a registration that is not the trader's.
func (p *Portal) notMineForm(c echo.Context, key db.SessionKey) error {
	s, f, err := p.notMineAbout(c, key, c.QueryParam("registration"))
	if err != nil {
		return p.reportFailed(c, key, s, register.OpenReportForm, err)
	}
	return p.showReportForm(c, s, http.StatusOK, f)
}

func (p *Portal) notMineAbout(c echo.Context, key db.SessionKey, code string) (db.Session, views.ReportForm, error) {
	if !registrationText(code) {
		code = "" // which no registration has
	}
	s, earlier, err := p.DB.Holds(c.Request().Context(), key, code)
	return s, views.ReportForm{Registration: code, Checkpoints: p.Checkpoints, Earlier: earlier}, err
}

// notMine takes the report.
func (p *Portal) notMine(c echo.Context, key db.SessionKey) error {
	form, err := readForm(c, reportForm)
	if err != nil {
		return err
	}
	s, f, err := p.notMineAbout(c, key, form.Get("registration"))
	if err != nil {
		return p.reportFailed(c, key, s, register.MakeReport, err)
	}
	return p.takeReport(c, key, s, f, customs.NewReport{Registration: f.Registration})
}

// takeReport checks what was typed and keeps it, then leads to the report. What
// cannot be taken comes back with the form, nothing of it lost.
func (p *Portal) takeReport(c echo.Context, key db.SessionKey, s db.Session, f views.ReportForm, n customs.NewReport) error {
	form, err := readForm(c, reportForm)
	if err != nil {
		return err
	}
	f.Body, f.Contact = typedText(form.Get("body")), strings.TrimSpace(form.Get("contact"))
	f.Problems = reportProblems(f.Body, f.Contact)
	if len(f.Problems) > 0 {
		f.Body, f.Contact = readable(f.Body), readable(f.Contact)
		return p.showReportForm(c, s, http.StatusUnprocessableEntity, f)
	}
	ctx := c.Request().Context()
	ok, err := p.DB.Take(ctx, "report", string(s.Person.VOEN), p.Rates.Report)
	if err != nil {
		return err
	}
	if !ok {
		askAgainIn(c, p.Rates.Report.Every)
		f.Problems = []views.ReportProblem{views.ReportOften}
		return p.showReportForm(c, s, http.StatusTooManyRequests, f)
	}
	n.Body, n.Contact, n.Lang = f.Body, f.Contact, locale(c).Lang()
	id, fresh, err := p.DB.MakeReport(ctx, key, n)
	if err != nil {
		return p.reportFailed(c, key, s, register.MakeReport, err)
	}
	entry := p.entry(c, s, register.MakeReport, register.Answered, 0, elapsed(c))
	entry.Asked = views.ReportsPath + "/" + id.String()
	if err := p.Register.Submit(ctx, entry).Wait(ctx); err != nil {
		return err
	}
	note := "?sent=1"
	if !fresh {
		note = "?open=1"
	}
	return c.Redirect(http.StatusSeeOther, views.ReportsPath+"/"+id.String()+note)
}

func reportProblems(body, contact string) (problems []views.ReportProblem) {
	switch {
	case !isText(body):
		problems = append(problems, views.ReportLetters)
	case body == "":
		problems = append(problems, views.ReportEmpty)
	case utf8.RuneCountInString(body) > customs.MaxReport:
		problems = append(problems, views.ReportLong)
	}
	if !isText(contact) || strings.ContainsAny(contact, "\n\t") || utf8.RuneCountInString(contact) > customs.MaxContact {
		problems = append(problems, views.ReportContact)
	}
	return problems
}

// showReportForm shows the form; its answer holds something of the trader's,
// so it is registered.
func (p *Portal) showReportForm(c echo.Context, s db.Session, status int, f views.ReportForm) error {
	frame := p.personal(c, "", s)
	if f.Entry == nil { // also after a POST, so that the language links lead back to the form
		frame.Path = views.NotMinePath + "?" + url.Values{"registration": {f.Registration}}.Encode()
	}
	return p.htmlRegistered(c, p.entry(c, s, register.OpenReportForm, register.Answered, 0, elapsed(c)), status, views.ReportFormPage(frame, f))
}

// reports lists what the trader reported.
func (p *Portal) reports(c echo.Context, key db.SessionKey) error {
	s, list, err := p.DB.Reports(c.Request().Context(), key)
	if err != nil {
		return p.failed(c, key, register.ListReports, err)
	}
	entry := p.entry(c, s, register.ListReports, register.Answered, len(list), elapsed(c))
	frame := p.personal(c, "report.heading", s)
	frame.Tab = views.TabAccess
	return p.htmlRegistered(c, entry, http.StatusOK, views.Reports(frame, views.ReportsView{Reports: list}))
}

// report is one report with its answer.
func (p *Portal) report(c echo.Context, key db.SessionKey) error {
	s, r, about, err := p.DB.Report(c.Request().Context(), key, uuidParam(c, "id"))
	if err != nil {
		return p.reportFailed(c, key, s, register.ShowReport, err)
	}
	entry := p.entry(c, s, register.ShowReport, register.Answered, 0, elapsed(c))
	v := views.ReportView{
		Report: r, Checkpoints: p.Checkpoints, Sent: r.Open() && c.QueryParam("sent") != "", Earlier: r.Open() && c.QueryParam("open") != "",
	}
	if about != nil {
		row := accessRow(*about)
		v.Entry = &row
	}
	frame := p.personal(c, "report.title_"+string(r.Kind), s)
	frame.Tab = views.TabAccess
	return p.htmlRegistered(c, entry, http.StatusOK, views.Report(frame, v))
}

// reportFailed tells what is not there, or not this trader's, from a failure.
func (p *Portal) reportFailed(c echo.Context, key db.SessionKey, s db.Session, action register.Action, err error) error {
	if !errors.Is(err, db.ErrNotFound) {
		return p.failed(c, key, action, err)
	}
	entry := p.entry(c, s, action, register.NotFound, 0, elapsed(c))
	return p.htmlRegistered(c, entry, http.StatusNotFound, views.Error(p.personal(c, "", s), views.ErrorView{Status: http.StatusNotFound}))
}
