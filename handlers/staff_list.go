package handlers

import (
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// staffPages are the administrators' pages of the staff list.
func (p *Portal) staffPages(e *echo.Echo) {
	administrator := func(h func(echo.Context, staffSession) error) echo.HandlerFunc {
		return limit(p.staff(h, customs.RoleAdministrator))
	}
	get(e, views.StaffPath, administrator(p.staffList))
	e.POST(views.StaffPath, administrator(p.proposeStaff))
	e.POST(views.StaffPath+"/remove", administrator(p.proposeRemoval))
	e.POST(views.StaffPath+"/decide", administrator(p.decideStaff))
}

// staffList shows the list, what is proposed and what was decided. Who changes
// whose line starts from it by ?change=NUMBER.
func (p *Portal) staffList(c echo.Context, s staffSession) error {
	v := views.StaffListView{}
	switch done := c.QueryParam("done"); done {
	case "proposed", "approved", "rejected", "withdrawn":
		v.Notice = "staff.done." + done
	}
	return p.showStaffList(c, s, http.StatusOK, v)
}

func (p *Portal) showStaffList(c echo.Context, s staffSession, status int, v views.StaffListView) error {
	list, changes, err := p.DB.Members(c.Request().Context(), s.Key)
	if err != nil {
		return err
	}
	wanted := c.QueryParam("change")
	for _, m := range list {
		v.Members = append(v.Members, memberView(m))
		if m.Number == wanted && len(v.Problems) == 0 {
			v.Form = views.StaffForm{
				PIN: string(m.PIN), Number: m.Number, Name: m.Name, Unit: m.Unit, Role: string(m.Role), Until: m.Until.Format(time.DateOnly),
			}
		}
	}
	for _, one := range changes {
		cv := views.StaffChange{
			ID: one.ID.String(), Remove: one.Remove, Member: memberView(one.Member), ProposedAt: one.ProposedAt,
			ProposedBy: one.ProposedName, ProposedNumber: one.ProposedNumber, Own: one.Own, Decision: one.Decision,
			DecidedBy: one.DecidedName, DecidedNumber: one.DecidedNumber,
		}
		if one.DecidedAt != nil {
			cv.DecidedAt = *one.DecidedAt
			v.Decided = append(v.Decided, cv)
		} else {
			v.Open = append(v.Open, cv)
		}
	}
	entry := p.staffEntry(c, s, register.ListStaff, register.Answered)
	entry.Asked = views.StaffPath // what was asked may name an officer
	frame := p.official(c, "staff.list_title", s.Staff)
	frame.Tab, frame.Error, frame.Path = views.TabStaff, len(v.Problems) > 0, views.StaffPath
	return p.htmlRegistered(c, entry, status, views.StaffList(frame, v))
}

func memberView(m db.StaffMember) views.StaffMember {
	return views.StaffMember{PIN: string(m.PIN), Number: m.Number, Name: m.Name, Unit: m.Unit, Role: m.Role, Until: m.Until}
}

// proposeStaff proposes a new line, or a change of the line with this PIN.
func (p *Portal) proposeStaff(c echo.Context, s staffSession) error {
	form, err := staffForm(c)
	if err != nil {
		return err
	}
	v := views.StaffListView{Form: views.StaffForm{
		PIN: form("pin"), Number: form("number"), Name: form("name"), Unit: form("unit"), Role: form("role"), Until: form("until"),
	}}
	m, problems := readMember(v.Form, p.Now())
	if v.Problems = problems; len(problems) > 0 {
		return p.showStaffList(c, s, http.StatusUnprocessableEntity, v)
	}
	if err := p.registerStaff(c, s, register.ProposeStaff); err != nil {
		return err
	}
	verdict, err := p.DB.ProposeStaff(c.Request().Context(), s.Key, m)
	return p.proposed(c, s, verdict, err, v)
}

// proposeRemoval proposes to take an officer off the list.
func (p *Portal) proposeRemoval(c echo.Context, s staffSession) error {
	form, err := staffForm(c)
	if err != nil {
		return err
	}
	if err := p.registerStaff(c, s, register.ProposeStaff); err != nil {
		return err
	}
	verdict, err := p.DB.ProposeStaffRemoval(c.Request().Context(), s.Key, customs.PIN(form("pin")))
	return p.proposed(c, s, verdict, err, views.StaffListView{})
}

func (p *Portal) proposed(c echo.Context, s staffSession, verdict db.StaffVerdict, err error, v views.StaffListView) error {
	if err != nil {
		return err
	}
	if verdict != db.StaffProposed {
		v.Problems = []string{string(verdict)}
		return p.showStaffList(c, s, http.StatusUnprocessableEntity, v)
	}
	return c.Redirect(http.StatusSeeOther, views.StaffPath+"?done=proposed")
}

// decideStaff approves or rejects what another administrator proposed, or
// withdraws one's own proposal. The database keeps the two apart.
func (p *Portal) decideStaff(c echo.Context, s staffSession) error {
	form, err := staffForm(c)
	if err != nil {
		return err
	}
	wish := db.StaffVerdict(form("verdict"))
	action, known := map[db.StaffVerdict]register.Action{
		db.StaffApproved: register.ApproveStaff, db.StaffRejected: register.RejectStaff, db.StaffWithdrawn: register.RejectStaff,
	}[wish]
	id, err := uuid.Parse(form("change"))
	if err != nil || !known {
		return p.showStaffList(c, s, http.StatusUnprocessableEntity, views.StaffListView{Problems: []string{string(db.StaffGone)}})
	}
	if err := p.registerStaff(c, s, action); err != nil {
		return err
	}
	verdict, err := p.DB.DecideStaff(c.Request().Context(), s.Key, id, wish)
	if err != nil {
		return err
	}
	if verdict != wish {
		return p.showStaffList(c, s, http.StatusUnprocessableEntity, views.StaffListView{Problems: []string{string(verdict)}})
	}
	return c.Redirect(http.StatusSeeOther, views.StaffPath+"?done="+string(wish))
}

// registerStaff makes an entry about the staff list durable before it changes.
func (p *Portal) registerStaff(c echo.Context, s staffSession, action register.Action) error {
	ctx := c.Request().Context()
	return p.Register.Submit(ctx, p.staffEntry(c, s, action, register.Answered)).Wait(ctx)
}

// readMember checks the form, all of it at once.
func readMember(f views.StaffForm, now time.Time) (db.StaffMember, []string) {
	var problems []string
	wrong := func(bad bool, what string) {
		if bad {
			problems = append(problems, what)
		}
	}
	pin, err := customs.ParsePIN(f.PIN)
	wrong(err != nil, "pin")
	wrong(!customs.IsOfficerNumber(f.Number), "number")
	wrong(!customs.IsLine(f.Name, 200), "name")
	wrong(!customs.IsLine(f.Unit, 200), "unit")
	role := customs.StaffRole(f.Role)
	wrong(!role.Known(), "role")
	until, err := time.Parse(time.DateOnly, f.Until)
	wrong(err != nil || until.Before(now.AddDate(0, 0, -1)) || until.After(now.AddDate(5, 0, 0)), "until")
	return db.StaffMember{PIN: pin, Number: f.Number, Name: f.Name, Unit: f.Unit, Role: role, Until: until}, problems
}
