package customs

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// StaffRole is what an officer of the Committee may do in the portal.
type StaffRole string

// The roles.
const (
	RoleOperator      StaffRole = "operator"      // looks on behalf of a caller, under a case
	RoleSupervisor    StaffRole = "supervisor"    // supervises requests, staff and cases (REG 3.4)
	RoleAdministrator StaffRole = "administrator" // keeps the staff list, sees no trader's data
)

// StaffRoles are all roles, in the order in which pages list them.
var StaffRoles = []StaffRole{RoleOperator, RoleSupervisor, RoleAdministrator}

// Known reports whether it is one of the roles.
func (r StaffRole) Known() bool { return slices.Contains(StaffRoles, r) }

// CaseReason is why an officer looks at a trader's goods: a closed list, with
// words in locales.
type CaseReason string

// ReasonOther needs a text; with the others a text is welcome.
const ReasonOther CaseReason = "another"

// CaseReasons are the reasons, in the order in which forms list them.
var CaseReasons = []CaseReason{"status", "required", "whereabouts", "payment", "portal", ReasonOther}

// Known reports whether it is one of the reasons.
func (r CaseReason) Known() bool { return slices.Contains(CaseReasons, r) }

// CaseVerification is how an officer made sure who calls.
type CaseVerification string

// VerifiedByCode is the best: the caller read out a one-time code that only the
// trader's own portal shows.
const VerifiedByCode CaseVerification = "code"

// CaseVerifications are the ways to verify a caller without a code.
var CaseVerifications = []CaseVerification{"called_back", "known_number", "questions"}

// Known reports whether it is one of the ways without a code.
func (v CaseVerification) Known() bool { return slices.Contains(CaseVerifications, v) }

// IsOfficerNumber reports whether a text can be an officer's number: up to 20
// capital letters A–Z, digits and hyphens, no hyphen first.
func IsOfficerNumber(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c != '-' || i == 0) {
			return false
		}
	}
	return s != "" && len(s) <= 20
}

// IsText reports whether a text of several lines has at most so many letters.
func IsText(s string, most int) bool {
	return !strings.ContainsRune(s, utf8.RuneError) && utf8.RuneCountInString(s) <= most &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' })
}

// IsLine reports whether a text is one line of at least one and at most so many
// letters, not of blanks alone.
func IsLine(s string, most int) bool {
	return strings.TrimSpace(s) != "" && !strings.ContainsRune(s, utf8.RuneError) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}
