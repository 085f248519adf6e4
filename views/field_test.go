package views

import (
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"customs.gov.az/portal/customs"
)

// Whoever hears a form read out must hear at the control what is wrong with it.
func TestControlsNameTheirErrors(t *testing.T) {
	p := samplePage(t, "en")
	p.Staff = &Officer{}
	cases := []CaseProblem{CaseBadVOEN, CaseBadCode, CaseBadCaller, CaseBadNumber, CaseBadCallID, CaseBadVerified, CaseBadReason, CaseBadText}
	reports := []ReportProblem{ReportEmpty, ReportContact}
	forms := map[string]struct {
		page templ.Component
		n    int
	}{
		"case":         {Assist(p, AssistView{Problems: cases}), len(cases)},
		"extension":    {AssistCase(p, CasePage{Case: CaseView{Open: true}, Own: true, Problems: cases[6:]}), 2},
		"staff":        {StaffList(p, StaffListView{Problems: []string{"pin", "number", "name", "unit", "role", "until"}}), 6},
		"report":       {ReportFormPage(p, ReportForm{Registration: "1", Problems: reports}), 2},
		"answer":       {SupervisionReport(p, ReportToAnswer{Problem: ReportEmpty}), 1},
		"notification": {Notifications(p, NotificationsView{Problem: NotificationsBadAddress}), 1},
		"events":       {Notifications(p, NotificationsView{Problem: NotificationsNoEvents}), 1},
		"program":      {APIAccess(p, ProgramView{Problem: TokenNoName}), 1},
		"complaint":    {Complaint(p, ComplaintView{Problems: []customs.ComplaintProblem{{Field: "facts", Fault: customs.FaultMissing}, {Field: "kind", Fault: customs.FaultMissing}}}), 2},
	}
	for name, f := range forms {
		doc := parse(t, f.page)
		var named []string
		for _, n := range all(doc, "*") {
			named = append(named, strings.Fields(attribute(n, "aria-describedby"))...)
		}
		n := 0
		for _, e := range all(doc, "*") {
			if attribute(e, "class") != "field__error" {
				continue
			}
			if n++; !slices.Contains(named, attribute(e, "id")) || attribute(e, "id") == "" {
				t.Errorf("%s: no control names the error %q", name, text(e))
			}
		}
		if n != f.n {
			t.Errorf("%s: %d errors, want %d", name, n, f.n)
		}
	}
}
