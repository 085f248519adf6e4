package views

import (
	"strconv"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// ReportsToAnswerPath is supervision's list of traders' reports; one is below it.
const ReportsToAnswerPath = "/supervision/reports"

// TabReports is the section of reports to answer.
const TabReports Tab = "reports"

// ReportsToAnswer is a page of supervision's list: open ones first, the oldest
// of them first.
type ReportsToAnswer struct {
	Reports     []customs.SupervisedReport
	Open, Total int
	Page, Pages int
}

// ReportToAnswer is one report as supervision sees it.
type ReportToAnswer struct {
	Report      customs.SupervisedReport
	Entry       *SupervisedRow // that a question is about; nil: none, or it can no longer be told
	Checkpoints customs.Checkpoints
	Answer      string        // as typed
	Problem     ReportProblem // of the answer; "": none
	Late        bool          // somebody else had answered meanwhile
	Done        bool          // just now
}

// SupervisedRow is an entry with the officer who made it.
type SupervisedRow struct {
	AccessRow
	Officer string // number and name; "" for others
}

func answerURL(id string) string { return ReportsToAnswerPath + "/" + id }

func (v ReportToAnswer) frame(p Page) Page {
	p.Tab, p.Title, p.Error = TabReports, reportNumber(p.L, v.Report.Report), v.Problem != ""
	return p
}

func reportNumber(l *locales.Locale, r customs.Report) string {
	return l.T("report.number", "n", strconv.FormatInt(r.Number, 10))
}

// wrong says why an answer was not taken, "" if none was given.
func (v ReportToAnswer) wrong(l *locales.Locale) string {
	if v.Problem == "" {
		return ""
	}
	id := "report.problem_" + string(v.Problem)
	return l.T(id, "limit", customs.MaxAnswer, "contact", "")
}

func (v ReportsToAnswer) pageURL(n int) string {
	return address(ReportsToAnswerPath, [][2]string{{"page", strconv.Itoa(n)}})
}
