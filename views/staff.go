package views

import (
	"strings"

	"customs.gov.az/portal/customs"
)

// Addresses of the pages for staff.
const (
	AssistPath            = "/assist"
	SupervisionPath       = "/supervision"
	SupervisionAssistPath = "/supervision/assist"
	StaffPath             = "/staff"
)

// Officer is the member of staff who is signed in.
type Officer struct {
	Name   string // only the officer and supervision see it
	Number string
	Role   customs.StaffRole
	Home   string // first page of the role
}

// The main sections of staff.
const (
	TabAssist            Tab = "assist"
	TabCaseGoods         Tab = "case_goods"
	TabSupervisionAssist Tab = "supervision_assist"
	TabStaff             Tab = "staff"
)

// staffSections are the main sections of the officer's role.
func (p Page) staffSections() []section {
	var own []section
	switch p.Staff.Role {
	case customs.RoleOperator:
		if p.Behalf != nil {
			own = append(own, section{string(TabCaseGoods), p.goodsPath(), "box", p.L.T("assist.tab_goods")})
		}
		own = append(own, section{string(TabAssist), AssistPath, "headset", p.L.T("staff.nav_assist")})
	case customs.RoleSupervisor:
		own = []section{
			{string(TabSupervision), SupervisionPath, "grid", p.L.T("supervision.nav")},
			{string(TabRegister), SupervisionRegisterPath, "table", p.L.T("supervision.nav_register")},
			{string(TabSupervisionAssist), SupervisionAssistPath, "headset", p.L.T("staff.nav_supervision_assist")},
		}
	case customs.RoleAdministrator:
		own = []section{{string(TabStaff), StaffPath, "user", p.L.T("staff.nav_staff")}}
	}
	if p.Staff.Role == customs.RoleSupervisor {
		own = append(own, section{string(TabReports), ReportsToAnswerPath, "mail", p.L.T("report.nav")})
	}
	return append(own, section{string(TabHelp), "/help", "help", p.L.T("nav.help")})
}

// rolesWords lists roles by name.
func rolesWords(p Page, roles []customs.StaffRole) string {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, p.L.T("staff.role."+string(r)))
	}
	return strings.Join(names, ", ")
}

// CapacityView is the choice of somebody who is both an officer and a trader.
type CapacityView struct {
	Return  string // the page to open afterwards, or ""
	Missing bool   // nothing was chosen
}

// capacity makes the frame of the choice.
func (p Page) capacity(v CapacityView) Page {
	p = p.signIn(p.L.T("staff.capacity_title"), "")
	p.Error = v.Missing
	return p
}

// bodyClass marks pages on which everything looks different.
func (p Page) bodyClass() string {
	switch {
	case p.Behalf != nil:
		return "is-behalf"
	case p.Doc:
		return "is-doc"
	}
	return ""
}
