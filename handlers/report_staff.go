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
	n, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || n > maxPage {
		n = 1
	}
	_, list, err := p.DB.SupervisedReports(c.Request().Context(), s.Key, n, answersPage)
	if err != nil {
		return p.unsupervised(c, s, register.ListReportsToAnswer, err)
	}
	frame := p.official(c, "report.staff_heading", s.Staff)
	frame.Tab = views.TabReports
	return p.lookedAt(c, s, register.ListReportsToAnswer, "", list.Total, views.SupervisionReports(frame, views.ReportsToAnswer{
		Reports: list.Rows, Open: list.Open, Total: list.Total, Page: list.Page, Pages: list.Pages,
	}))
}

// reportToAnswer is one report.
func (p *Portal) reportToAnswer(c echo.Context, s staffSession) error {
	return p.showReportToAnswer(c, s, http.StatusOK, views.ReportToAnswer{Done: c.QueryParam("done") != ""})
}

func (p *Portal) showReportToAnswer(c echo.Context, s staffSession, status int, v views.ReportToAnswer) error {
	_, r, about, err := p.DB.SupervisedReport(c.Request().Context(), s.Key, uuidParam(c, "id"))
	if err != nil {
		return p.unsupervised(c, s, register.ShowReportToAnswer, err)
	}
	v.Report, v.Checkpoints, v.Done = r, p.Checkpoints, v.Done && !r.Open()
	if about != nil {
		v.Entry = &views.SupervisedRow{AccessRow: accessRow(about.Access), Officer: about.Officer}
	}
	e := p.staffEntry(c, s, register.ShowReportToAnswer, register.Answered)
	e.Subject = r.VOEN // the trader sees that supervision reads it
	return p.htmlRegistered(c, e, status, views.SupervisionReport(p.official(c, "", s.Staff), v))
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
		return p.unsupervised(c, s, register.AnswerReport, err)
	}
	e := p.staffEntry(c, s, register.AnswerReport, register.Answered)
	e.Subject = r.VOEN
	if err := p.Register.Submit(ctx, e).Wait(ctx); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.ReportsToAnswerPath+"/"+id.String()+"?done=1")
}
