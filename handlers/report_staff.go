package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

const answersPage = 50 // reports on a page of supervision's list

// answering are the pages on which supervisors answer traders' reports.
func (p *Portal) answering(e *echo.Echo) {
	get(e, views.ReportsToAnswerPath, limit(p.staff(p.reportsToAnswer, customs.RoleSupervisor)))
	get(e, views.ReportsToAnswerPath+"/:id", limit(p.staff(p.reportToAnswer, customs.RoleSupervisor)))
	e.POST(views.ReportsToAnswerPath+"/:id", limit(p.staff(p.answerReport, customs.RoleSupervisor)))
}

// reportsToAnswer lists the reports, open ones first.
func (p *Portal) reportsToAnswer(c echo.Context, s staffSession) error {
	ctx := c.Request().Context()
	n, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || n > maxPage {
		n = 1
	}
	_, list, err := p.DB.SupervisedReports(ctx, s.Key, n, answersPage)
	if err != nil {
		return p.unanswered(c, s, register.ListReportsToAnswer, err)
	}
	e := p.staffEntry(c, s, register.ListReportsToAnswer, register.Answered)
	e.Results = list.Total
	entry := p.Register.Submit(ctx, e)
	frame := p.official(c, "report.staff_heading", s.Staff)
	frame.Tab = views.TabReports
	page, err := render(c, views.SupervisionReports(frame, views.ReportsToAnswer{
		Reports: list.Rows, Open: list.Open, Total: list.Total, Page: list.Page, Pages: list.Pages,
	}))
	if err != nil {
		return err
	}
	return sendRegistered(c, entry, page, http.StatusOK)
}

// reportToAnswer is one report.
func (p *Portal) reportToAnswer(c echo.Context, s staffSession) error {
	return p.showReportToAnswer(c, s, http.StatusOK, views.ReportToAnswer{Done: c.QueryParam("done") != ""})
}

func (p *Portal) showReportToAnswer(c echo.Context, s staffSession, status int, v views.ReportToAnswer) error {
	ctx := c.Request().Context()
	_, r, about, err := p.DB.SupervisedReport(ctx, s.Key, uuidParam(c, "id"))
	if err != nil {
		return p.unanswered(c, s, register.ShowReportToAnswer, err)
	}
	v.Report, v.Checkpoints, v.Done = r, p.Checkpoints, v.Done && !r.Open()
	if about != nil {
		v.Entry = &views.SupervisedRow{AccessRow: accessRow(about.Access), Officer: about.Officer}
	}
	e := p.staffEntry(c, s, register.ShowReportToAnswer, register.Answered)
	e.Subject = r.VOEN // the trader sees that supervision reads it
	entry := p.Register.Submit(ctx, e)
	page, err := render(c, views.SupervisionReport(p.official(c, "", s.Staff), v))
	if err != nil {
		return err
	}
	return sendRegistered(c, entry, page, status)
}

// answerReport takes an answer, once. What cannot be taken comes back with the
// form, nothing of it lost.
func (p *Portal) answerReport(c echo.Context, s staffSession) error {
	form, err := readForm(c, reportForm)
	if err != nil {
		return err
	}
	v := views.ReportToAnswer{Answer: typedText(form.Get("answer"))}
	switch {
	case !isText(v.Answer):
		v.Problem = views.ReportLetters
	case v.Answer == "":
		v.Problem = views.ReportEmpty
	case utf8.RuneCountInString(v.Answer) > customs.MaxAnswer:
		v.Problem = views.ReportLong
	}
	if v.Problem != "" {
		v.Answer = readable(v.Answer)
		return p.showReportToAnswer(c, s, http.StatusUnprocessableEntity, v)
	}
	ctx := c.Request().Context()
	id := uuidParam(c, "id")
	_, r, _, err := p.DB.SupervisedReport(ctx, s.Key, id)
	if err == nil {
		err = p.DB.AnswerReport(ctx, s.Key, id, v.Answer)
	}
	if errors.Is(err, db.ErrAnswered) {
		v.Late = true
		return p.showReportToAnswer(c, s, http.StatusConflict, v)
	}
	if err != nil {
		return p.unanswered(c, s, register.AnswerReport, err)
	}
	e := p.staffEntry(c, s, register.AnswerReport, register.Answered)
	e.Subject = r.VOEN
	if err := p.Register.Submit(ctx, e).Wait(ctx); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.ReportsToAnswerPath+"/"+id.String()+"?done=1")
}

// unanswered deals with a report that is not there, a session that has ended
// meanwhile, or a failure; what can be is registered.
func (p *Portal) unanswered(c echo.Context, s staffSession, action register.Action, err error) error {
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	o := register.Failed
	if errors.Is(err, db.ErrNotFound) {
		o = register.NotFound
	}
	ctx := c.Request().Context()
	if failed := p.Register.Submit(ctx, p.staffEntry(c, s, action, o)).Wait(ctx); failed != nil && o == register.NotFound {
		return failed
	}
	return err
}
