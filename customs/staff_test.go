package customs

import (
	"strings"
	"testing"
)

func TestStaffWords(t *testing.T) {
	for s, want := range map[string]bool{"OP-0117": true, "7": true, "": false, "-1": false, "op-1": false, "OP 1": false, "Ə1": false, strings.Repeat("9", 21): false} {
		if got := IsOfficerNumber(s); got != want {
			t.Errorf("number %q: %v", s, got)
		}
	}
	for s, want := range map[string]bool{"Günel Həsənova": true, "əəəəə əəəəə əəəə": true, "": false, "  ": false, "a\nb": false, "\xff": false, strings.Repeat("ə", 17): false} {
		if got := IsLine(s, 16); got != want {
			t.Errorf("line %q: %v", s, got)
		}
	}
	for s, want := range map[string]bool{"": true, "a\r\n\tb": true, "a\x00": false, "\xff": false, "əəəə": true, "əəəəəəəəəəə": false} {
		if got := IsText(s, 10); got != want {
			t.Errorf("text %q: %v", s, got)
		}
	}
	for _, r := range StaffRoles {
		if !r.Known() {
			t.Error(r)
		}
	}
	if StaffRole("owner").Known() || CaseReason("").Known() || !ReasonOther.Known() || VerifiedByCode.Known() || !CaseVerifications[0].Known() {
		t.Error("the closed lists are not closed")
	}
}
