package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// caseID is the case in the address.
func caseID(c echo.Context) (uuid.UUID, error) {
	id := uuidParam(c, "case")
	if id == uuid.Nil {
		return uuid.Nil, echo.NewHTTPError(http.StatusNotFound)
	}
	return id, nil
}

// showCase is the page of one case, open or not. It shows nothing of the goods.
func (p *Portal) showCase(c echo.Context, s staffSession) error {
	return p.caseStands(c, s, http.StatusOK, views.CasePage{})
}

// caseStands shows how an officer's own case stands.
func (p *Portal) caseStands(c echo.Context, s staffSession, status int, v views.CasePage) error {
	id, err := caseID(c)
	if err != nil {
		return err
	}
	own, _, err := p.DB.OwnCases(c.Request().Context(), s.Key)
	if err != nil {
		return err
	}
	for _, one := range own {
		if one.ID != id {
			continue
		}
		frame := p.official(c, "assist.case", s.Staff)
		frame.Tab, frame.Error, frame.Path = views.TabAssist, len(v.Problems) > 0, casePath(id)
		v.Case = caseView(one)
		v.Own = true
		if v.Case.Waiting {
			frame.Refresh, frame.Watch = int(waitingRefresh/time.Second), true
		}
		if v.Case.Open && !v.Case.Waiting {
			frame.Behalf = behalf(one)
		} else {
			c.Response().Header().Set("Clear-Site-Data", `"cache"`)
		}
		return html(c, status, views.AssistCase(frame, v))
	}
	return echo.NewHTTPError(http.StatusNotFound)
}

// waitingRefresh is how often a page without JavaScript asks whether a second
// officer has agreed.
const waitingRefresh = 10 * time.Second

// behalf is the banner of a case.
func behalf(c db.Case) *views.Behalf {
	return &views.Behalf{
		Path: casePath(c.ID), Number: c.Number, VOEN: c.VOEN, Organisation: c.Organisation, Caller: c.Caller,
		Confirmed: c.Confirmed, Until: c.Until, Left: c.Stop().Sub(c.Now),
	}
}

// look prepares a look under the case and has the register hold it: before that
// the database shows nothing. It reports false when it has answered itself.
func (p *Portal) look(c echo.Context, s staffSession, action register.Action, registration string) (db.Look, bool, error) {
	id, err := caseID(c)
	if err != nil {
		return db.Look{}, false, err
	}
	ctx := c.Request().Context()
	l, err := p.DB.Look(ctx, s.Key, id, registration)
	switch {
	case errors.Is(err, db.ErrNoSession):
		return l, false, p.expired(c)
	case errors.Is(err, db.ErrNoCase):
		return l, false, p.caseStands(c, s, http.StatusGone, views.CasePage{})
	case err != nil:
		return l, false, err
	}
	entry := p.staffEntry(c, s, action, register.Answered)
	entry.Channel, entry.Subject, entry.Case, entry.Results = "assist", l.Case.VOEN, l.Case.ID, l.Pending
	if action == register.ShowGoods {
		entry.Results = 1
		if !l.Found {
			entry.Outcome, entry.Results = register.NotFound, 0
		}
	} else if l.Pending == 0 {
		entry.Outcome = register.NothingPending
	}
	if err := p.Register.Submit(ctx, entry).Wait(ctx); err != nil {
		return l, false, err
	}
	return l, true, nil
}

// caseOver answers a look whose case ended just now.
func (p *Portal) caseOver(c echo.Context, s staffSession, err error) error {
	if errors.Is(err, db.ErrNoCase) {
		return p.caseStands(c, s, http.StatusGone, views.CasePage{})
	}
	return err
}

// assisted is the frame of a page under a case.
func (p *Portal) assisted(c echo.Context, s staffSession, l db.Look) views.Page {
	frame := p.official(c, "", s.Staff)
	frame.Behalf = behalf(l.Case)
	return frame
}

// assistGoods is the trader's list as the officer of the case sees it.
func (p *Portal) assistGoods(c echo.Context, s staffSession) error {
	l, ok, err := p.look(c, s, register.ListGoods, "")
	if !ok {
		return err
	}
	q, ignored := readQuery(parameters(c.Request().URL.RawQuery))
	list, err := p.DB.AssistGoods(c.Request().Context(), s.Key, l.Case.ID, requestID(c), q, pageSize)
	if odd := p.strange(&q, list.Fresh, list.Statuses); err == nil && odd != nil {
		ignored = append(ignored, odd...)
		list, err = p.DB.AssistGoods(c.Request().Context(), s.Key, l.Case.ID, requestID(c), q, pageSize)
	}
	if err != nil {
		return p.caseOver(c, s, err)
	}
	q.Page = list.Page
	return html(c, http.StatusOK, views.AssistGoods(p.assisted(c, s, l), &views.GoodsView{
		Query: list.Answers(q), Asked: q.Text, List: list, Checkpoints: p.Checkpoints, Ignored: ignored, Elapsed: elapsed(c), PageSize: pageSize,
		Paces: p.pacesNow(c.Request().Context()),
	}))
}

// assistDetail is one registration as the officer of the case sees it.
func (p *Portal) assistDetail(c echo.Context, s staffSession) error {
	code := registrationCode(c)
	l, ok, err := p.look(c, s, register.ShowGoods, code)
	if !ok {
		return err
	}
	d, err := p.DB.AssistDetail(c.Request().Context(), s.Key, l.Case.ID, requestID(c), code)
	if errors.Is(err, db.ErrNotFound) {
		return html(c, http.StatusNotFound, views.AssistMissing(p.assisted(c, s, l), code))
	}
	if err != nil {
		return p.caseOver(c, s, err)
	}
	place, _ := p.Checkpoints.Get(d.Consignment.Checkpoint)
	return html(c, http.StatusOK, views.AssistDetails(p.assisted(c, s, l), views.DetailView{
		Detail: d, Checkpoint: place, ItemsPage: itemsPage(c.QueryParam("items")), Elapsed: elapsed(c),
		Pace: p.pacesNow(c.Request().Context())[d.Consignment.Checkpoint],
	}))
}

// extendCase gives the case another 15 minutes for a reason of their own.
func (p *Portal) extendCase(c echo.Context, s staffSession) error {
	id, err := caseID(c)
	if err != nil {
		return err
	}
	form, err := staffForm(c)
	if err != nil {
		return err
	}
	v := views.CasePage{Reason: form("reason"), Text: form("reason_text")}
	if v.Problems = reasonProblems(v.Reason, v.Text); len(v.Problems) > 0 {
		return p.caseStands(c, s, http.StatusUnprocessableEntity, v)
	}
	ctx := c.Request().Context()
	l, err := p.DB.Look(ctx, s.Key, id, "")
	if err != nil {
		return p.caseOver(c, s, err)
	}
	if seen := form("extensions"); seen != "" && seen != strconv.Itoa(l.Case.Extensions) {
		return c.Redirect(http.StatusSeeOther, casePath(id)) // sent twice: the first has done it
	}
	if l.Case.Extensions >= db.CaseExtensions {
		v.Problems = []views.CaseProblem{views.CaseProblem(db.CaseLimit)}
		return p.caseStands(c, s, http.StatusUnprocessableEntity, v)
	}
	// First the register, then the time: what it does not know does not happen.
	if err := p.registerCase(ctx, c, s, l.Case, register.ExtendCase); err != nil {
		return err
	}
	outcome, err := p.DB.ExtendCase(ctx, s.Key, id, customs.CaseReason(v.Reason), v.Text, l.Case.Extensions)
	if err != nil {
		return err
	}
	if outcome != db.CaseExtended && outcome != db.CaseAgain {
		v.Problems = []views.CaseProblem{views.CaseProblem(outcome)}
		return p.caseStands(c, s, http.StatusUnprocessableEntity, v)
	}
	return c.Redirect(http.StatusSeeOther, casePath(id))
}

// registerCase makes an entry about a case durable.
func (p *Portal) registerCase(ctx context.Context, c echo.Context, s staffSession, about db.Case, action register.Action) error {
	e := p.staffEntry(c, s, action, register.Answered)
	e.Channel, e.Subject, e.Case = "assist", about.VOEN, about.ID
	if s.Role == customs.RoleSupervisor {
		e.Channel = "staff"
	}
	return p.Register.Submit(ctx, e).Wait(ctx)
}

// endCase ends the officer's case. It ends whatever the register says: an open
// case is the greater harm.
func (p *Portal) endCase(c echo.Context, s staffSession) error {
	id, err := caseID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	ended, err := p.DB.EndCase(ctx, s.Key, id, "")
	if err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	if !ended {
		return c.Redirect(http.StatusSeeOther, casePath(id))
	}
	own, _, err := p.DB.OwnCases(ctx, s.Key)
	if err != nil {
		return err
	}
	for _, one := range own {
		if one.ID == id {
			if err := p.registerCase(ctx, c, s, one, register.EndCase); err != nil {
				return err
			}
		}
	}
	return c.Redirect(http.StatusSeeOther, views.AssistPath+"?ended=1")
}

// approveCase agrees, as a second officer, to a case of another.
func (p *Portal) approveCase(c echo.Context, s staffSession) error {
	id, err := caseID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	_, waiting, err := p.DB.OwnCases(ctx, s.Key)
	if err != nil {
		return err
	}
	outcome := db.CaseGone
	for _, one := range waiting {
		if one.ID == id {
			// First the register: what it does not know is not agreed to.
			if err := p.registerCase(ctx, c, s, one, register.ApproveCase); err != nil {
				return err
			}
			if outcome, err = p.DB.ApproveCase(ctx, s.Key, id); err != nil {
				return err
			}
		}
	}
	if outcome == db.CaseApproved {
		return c.Redirect(http.StatusSeeOther, staffHome[s.Role]+"?"+url.Values{"approved": {"1"}}.Encode())
	}
	if s.Role == customs.RoleSupervisor {
		return p.showCases(c, s, http.StatusUnprocessableEntity, views.SupervisedView{Problem: views.CaseProblem(outcome)})
	}
	return p.showAssist(c, s, http.StatusUnprocessableEntity, views.AssistView{Problems: []views.CaseProblem{views.CaseProblem(outcome)}})
}

// caseTopic is what pages of a case listen to.
func caseTopic(id uuid.UUID) string { return "case:" + id.String() }

// caseEvents is the stream of an open page: it ends with the case.
func (p *Portal) caseEvents(c echo.Context, s staffSession) error {
	id, err := caseID(c)
	if err != nil {
		return err
	}
	left, err := p.DB.CaseLeft(c.Request().Context(), s.Key, id)
	if err != nil {
		return err
	}
	open := left >= 0
	waits := !open && p.caseWaits(c.Request().Context(), s.Key, id)
	if !open && !waits {
		return c.NoContent(http.StatusNoContent) // a browser does not come back after 204
	}
	state := caseIsOpen
	if waits {
		state = caseIsWaiting
	}
	if open && p.Hub != nil { // time ends a case without a word: the page is asked about at that moment
		time.AfterFunc(left+caseStopSlack, func() { p.Hub.Publish(caseTopic(id)) })
	}
	return p.hold(c, caseTopic(id), casePrefix+s.Key.String()+" "+id.String()+" "+state)
}

// caseStopSlack lets the database's clock pass the stop.
const caseStopSlack = 50 * time.Millisecond

// casePrefix stands before the keys of pages under a case: the officer's key,
// the case and how it was when the page was opened, with blanks between.
const (
	casePrefix    = "case "
	caseIsOpen    = "open"
	caseIsWaiting = "waiting"
)

// caseStays asks whether a page of a case may stay, by the text of its key. A
// case whose state cannot be read is over: what is not known to be allowed is
// not shown.
func (p *Portal) caseStays(ctx context.Context, text string) bool {
	part := strings.Split(text, " ")
	if len(part) != 3 {
		return false
	}
	key, err := db.ParseStaffKey(part[0])
	id, idErr := uuid.Parse(part[1])
	if err != nil || idErr != nil {
		return false
	}
	if part[2] == caseIsWaiting {
		return p.caseWaits(ctx, key, id)
	}
	open, err := p.DB.CaseOpen(ctx, key, id)
	return err == nil && open
}

// caseWaits asks whether a case still waits for a second officer: the page that
// waits with it looks again when it does not.
func (p *Portal) caseWaits(ctx context.Context, key db.StaffKey, id uuid.UUID) bool {
	own, _, err := p.DB.OwnCases(ctx, key)
	return err == nil && slices.ContainsFunc(own, func(c db.Case) bool { return c.ID == id && c.Waiting() })
}
