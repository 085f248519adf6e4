package handlers

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// watchCases shows supervision what runs and what has ended. Each look is in
// the register, like everybody's.
func (p *Portal) watchCases(c echo.Context, s staffSession) error {
	v := views.SupervisedView{}
	if c.QueryParam("stopped") != "" {
		v.Notice = "assist.done_stopped"
	} else if c.QueryParam("approved") != "" {
		v.Notice = "assist.done_approved"
	}
	return p.showCases(c, s, http.StatusOK, v)
}

func (p *Portal) showCases(c echo.Context, s staffSession, status int, v views.SupervisedView) error {
	all, refused, err := p.DB.SupervisedCases(c.Request().Context(), s.Key)
	if err != nil {
		return err
	}
	entry := p.staffEntry(c, s, register.WatchCases, register.Answered)
	entry.Results = len(all)
	for _, one := range all {
		cv := caseView(one.Case)
		cv.OfficerName = one.OfficerName
		if cv.Open {
			v.Running = append(v.Running, cv)
		} else {
			v.Ended = append(v.Ended, cv)
		}
	}
	for _, r := range refused {
		v.Refused = append(v.Refused, views.RefusedCase{At: r.At, Officer: r.OfficerNumber, Name: r.OfficerName, VOEN: r.VOEN, Outcome: string(r.Outcome)})
	}
	if v.Problem == views.CaseBadWhy && !slices.ContainsFunc(v.Running, func(c views.CaseView) bool { return c.Path == views.AssistPath+"/"+v.At }) {
		v.Problem = views.CaseProblem(db.CaseGone) // there is none to give a reason for
	}
	frame := p.official(c, "assist.watch_title", s.Staff)
	frame.Tab, frame.Error, frame.Path, frame.Refresh, frame.Watch = views.TabSupervisionAssist, v.Problem != "", views.SupervisionAssistPath, int(watchRefresh/time.Second), true
	frame.RefreshTo = views.SupervisionAssistPath + "?renewed=1" // which keeps no session alive
	return p.htmlRegistered(c, entry, status, views.SupervisionAssist(frame, v))
}

// watchRefresh is how often the page asks again without JavaScript.
const watchRefresh = 30 * time.Second

// stopCase ends an officer's case at once.
func (p *Portal) stopCase(c echo.Context, s staffSession) error {
	form, err := staffForm(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(form("case"))
	why := form("why")
	if why == "" || !customs.IsText(why, 1000) {
		return p.showCases(c, s, http.StatusUnprocessableEntity, views.SupervisedView{Problem: views.CaseBadWhy, At: id.String(), Why: why})
	}
	ended := false
	ctx := c.Request().Context()
	if err == nil {
		if ended, err = p.DB.EndCase(ctx, s.Key, id, why); err != nil {
			return err
		}
	}
	if !ended {
		return p.showCases(c, s, http.StatusUnprocessableEntity, views.SupervisedView{Problem: views.CaseProblem(db.CaseGone)})
	}
	all, _, err := p.DB.SupervisedCases(ctx, s.Key)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.ID == id {
			if err := p.registerCase(ctx, c, s, one.Case, register.EndCase); err != nil {
				return err
			}
		}
	}
	return c.Redirect(http.StatusSeeOther, views.SupervisionAssistPath+"?stopped=1")
}

// watchEvents tells an open page that a case began or ended.
func (p *Portal) watchEvents(c echo.Context, s staffSession) error {
	return p.hold(c, casesTopic, staffPrefix+s.Key.String())
}

// casesTopic is what the page of all cases listens to.
const casesTopic = "cases"
