package views

import (
	"time"

	"customs.gov.az/portal/customs"
)

// StaffMember is a line of the staff list.
type StaffMember struct {
	PIN    string
	Number string
	Name   string
	Unit   string
	Role   customs.StaffRole
	Until  time.Time // the last day
}

// StaffChange is a proposal about the list, open or decided.
type StaffChange struct {
	ID             string
	Remove         bool
	Member         StaffMember
	ProposedAt     time.Time
	ProposedBy     string // name, "" by command
	ProposedNumber string
	Own            bool // by who reads
	Decision       string
	DecidedAt      time.Time
	DecidedBy      string
	DecidedNumber  string
}

// StaffForm is the form for a line, as it was filled in.
type StaffForm struct{ PIN, Number, Name, Unit, Role, Until string }

// StaffListView is the administrators' page.
type StaffListView struct {
	Members  []StaffMember
	Open     []StaffChange
	Decided  []StaffChange
	Form     StaffForm
	Problems []string // under staff.problem
	Notice   string   // key of a message about what was just done, "" for none
}

// staffField is the control that a problem is about.
func staffField(problem string) string {
	switch problem {
	case "pin", "number", "name", "unit", "until":
		return problem
	case "role":
		return "role-0"
	case "taken":
		return "number"
	}
	return "proposals"
}

// staffToMend lists what to mend in the form.
func staffToMend(p Page, list []string) []toMend {
	out := make([]toMend, len(list))
	for i, one := range list {
		out[i] = toMend{staffField(one), p.L.T("staff.problem." + one)}
	}
	return out
}

// roleOptions are the roles of the form.
func roleOptions(p Page, chosen string) []option {
	out := make([]option, 0, len(customs.StaffRoles))
	for _, r := range customs.StaffRoles {
		out = append(out, option{value: string(r), words: p.L.T("staff.role." + string(r)), selected: string(r) == chosen})
	}
	return out
}
