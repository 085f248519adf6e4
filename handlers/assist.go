package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// casesPerHour is how many cases an operator may open in an hour, if nothing
// else is set.
const casesPerHour = 20

// assistance are the pages of the staff list and of cases on behalf of a caller.
func (p *Portal) assistance(e *echo.Echo) {
	p.staffPages(e)
	operator := func(h func(echo.Context, staffSession) error) echo.HandlerFunc {
		return limit(p.staff(h, customs.RoleOperator))
	}
	get(e, views.AssistPath, operator(p.assist))
	e.POST(views.AssistPath, operator(p.openCase))
	get(e, "/assist/:case", operator(p.showCase))
	get(e, "/assist/:case/goods", operator(p.assistGoods))
	get(e, "/assist/:case/goods/:code", operator(p.assistDetail))
	e.POST("/assist/:case/extend", operator(p.extendCase))
	e.POST("/assist/:case/end", operator(p.endCase))
	e.POST("/assist/:case/approve", limit(p.staff(p.approveCase, customs.RoleOperator, customs.RoleSupervisor)))
	e.GET("/assist/:case/events", p.staff(p.caseEvents, customs.RoleOperator))

	get(e, views.SupervisionAssistPath, limit(p.staff(p.watchCases, customs.RoleSupervisor)))
	e.POST(views.SupervisionAssistPath+"/end", limit(p.staff(p.stopCase, customs.RoleSupervisor)))
	e.GET(views.SupervisionAssistPath+"/events", p.staff(p.watchEvents, customs.RoleSupervisor))
}

// assist is the operator's first page.
func (p *Portal) assist(c echo.Context, s staffSession) error {
	v := views.AssistView{}
	if c.QueryParam("ended") != "" {
		v.Notice = "assist.done_ended"
	} else if c.QueryParam("approved") != "" {
		v.Notice = "assist.done_approved"
	}
	return p.showAssist(c, s, http.StatusOK, v)
}

func (p *Portal) showAssist(c echo.Context, s staffSession, status int, v views.AssistView) error {
	own, waiting, err := p.DB.OwnCases(c.Request().Context(), s.Key)
	if err != nil {
		return err
	}
	for _, one := range own {
		v.Own = append(v.Own, caseView(one))
		if one.Open() {
			running := caseView(one)
			v.Running = &running
		}
	}
	for _, one := range waiting {
		v.Waiting = append(v.Waiting, caseView(one))
	}
	frame := p.official(c, "assist.title", s.Staff)
	frame.Tab, frame.Error = views.TabAssist, len(v.Problems) > 0
	frame.Path = views.AssistPath
	return html(c, status, views.Assist(frame, v))
}

// openCase opens a case. The register has it, or why it was refused, before the
// officer learns of it.
func (p *Portal) openCase(c echo.Context, s staffSession) error {
	form, err := staffForm(c)
	if err != nil {
		return err
	}
	v := views.AssistView{Form: views.CaseForm{
		VOEN: form("voen"), Code: form("code"), Caller: form("caller"), CallNumber: form("call_number"), CallID: form("call_id"),
		Reason: form("reason"), ReasonText: form("reason_text"), Verified: form("verified"), OddVOEN: form("voen_odd"),
	}}
	n, problems := newCase(v.Form)
	if v.Problems = problems; len(problems) > 0 {
		if slices.Contains(problems, views.CaseOddVOEN) {
			v.Form.OddVOEN = string(n.VOEN) // it is being said
		}
		return p.showAssist(c, s, http.StatusUnprocessableEntity, v)
	}
	ctx := c.Request().Context()
	id, outcome, err := p.DB.OpenCase(ctx, s.Key, n, p.CasesPerHour)
	if err != nil {
		return err
	}
	entry := p.staffEntry(c, s, register.OpenCase, register.Answered)
	entry.Channel, entry.Subject, entry.Asked = "assist", n.VOEN, views.AssistPath
	if outcome != db.CaseOpened && outcome != db.CaseWaiting {
		entry.Action = register.RefuseCase // nothing failed
		if err := p.Register.Submit(ctx, entry).Wait(ctx); err != nil {
			return err
		}
		v.Problems = []views.CaseProblem{views.CaseProblem(outcome)}
		return p.showAssist(c, s, http.StatusUnprocessableEntity, v)
	}
	entry.Case = id
	if err := p.Register.Submit(ctx, entry).Wait(ctx); err != nil {
		return errors.Join(err, p.abandon(ctx, s, id))
	}
	if outcome == db.CaseWaiting {
		return c.Redirect(http.StatusSeeOther, casePath(id))
	}
	return c.Redirect(http.StatusSeeOther, casePath(id)+"/goods")
}

// abandon ends a case of which the register knows nothing.
func (p *Portal) abandon(ctx context.Context, s staffSession, id uuid.UUID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, err := p.DB.EndCase(ctx, s.Key, id, "")
	return err
}

// newCase checks the form, all of it at once.
func newCase(f views.CaseForm) (db.NewCase, []views.CaseProblem) {
	var problems []views.CaseProblem
	wrong := func(bad bool, what views.CaseProblem) {
		if bad {
			problems = append(problems, what)
		}
	}
	voen, err := customs.TypedVOEN(f.VOEN)
	wrong(err != nil, views.CaseBadVOEN)
	// A code proves the number by itself.
	wrong(err == nil && f.Code == "" && !voen.CheckDigitOK() && f.OddVOEN != string(voen), views.CaseOddVOEN)
	code := customs.AccessCode(f.Code)
	wrong(f.Code != "" && code == "", views.CaseBadCode)
	wrong(!customs.IsLine(f.Caller, 200), views.CaseBadCaller)
	wrong(!customs.IsLine(f.CallNumber, 40), views.CaseBadNumber)
	wrong(!customs.IsLine(f.CallID, 60), views.CaseBadCallID)
	how := customs.CaseVerification(f.Verified)
	wrong(f.Code == "" && !how.Known(), views.CaseBadVerified)
	problems = append(problems, reasonProblems(f.Reason, f.ReasonText)...)
	return db.NewCase{
		VOEN: voen, Caller: f.Caller, CallNumber: f.CallNumber, CallID: f.CallID, Reason: customs.CaseReason(f.Reason),
		ReasonText: f.ReasonText, VerifiedBy: how, Code: code,
	}, problems
}

// reasonProblems checks a reason of the closed list and its text.
func reasonProblems(reason, text string) (problems []views.CaseProblem) {
	r := customs.CaseReason(reason)
	if !r.Known() {
		problems = append(problems, views.CaseBadReason)
	}
	if r == customs.ReasonOther && strings.TrimSpace(text) == "" || !customs.IsText(text, 1000) {
		problems = append(problems, views.CaseBadText)
	}
	return problems
}

func casePath(id uuid.UUID) string { return views.AssistPath + "/" + id.String() }

// caseView is a case as pages show it.
func caseView(c db.Case) views.CaseView {
	v := views.CaseView{
		Path: casePath(c.ID), Number: c.Number, VOEN: c.VOEN, Organisation: c.Organisation, Caller: c.Caller, CallNumber: c.CallNumber,
		CallID: c.CallID, Reason: c.Reason, ReasonText: c.ReasonText, VerifiedBy: c.VerifiedBy, Confirmed: c.Confirmed,
		Waiting: c.Waiting(), Open: c.Open(), OpenedAt: c.OpenedAt, Until: c.Until, EndedReason: c.EndedReason,
		Officer: c.OfficerNumber, Unit: c.OfficerUnit, Extensions: c.Extensions,
	}
	if !v.Open {
		v.EndedBy, v.EndedAt = c.Ended()
	}
	return v
}
