package views

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

// actions are the kinds of requests that the register's package names.
func actions(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../register/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != "Action" {
				return true
			}
			for _, e := range v.Values {
				if text, err := strconv.Unquote(e.(*ast.BasicLit).Value); err == nil {
					list = append(list, text)
				}
			}
			return true
		})
	}
	return list
}

// Whatever is done with a trader's data has words in the trader's history. What
// concerns no trader never stands there.
func TestEveryActionHasWords(t *testing.T) {
	nobodys := []string{"supervision.view", "supervision.month", "supervision.reports", "cases.list", "probe.failed"}
	list := actions(t)
	if len(list) < 20 {
		t.Fatalf("only %d actions were found", len(list))
	}
	for _, lang := range []string{"az", "en"} {
		l := samplePage(t, lang).L
		for _, a := range list {
			id := "access.do_" + strings.ReplaceAll(a, ".", "_")
			if !l.Has(id) && !slices.Contains(nobodys, a) && !strings.HasPrefix(a, "staff.") {
				t.Errorf("%s: no words for %q: add %s to locales/access.%s.toml", lang, a, strings.TrimPrefix(id, "access."), lang)
			}
		}
	}
}

func TestAccessWords(t *testing.T) {
	places := customs.BuiltInCheckpoints()
	row := func(action, outcome string, results int, change ...func(*AccessRow)) AccessRow {
		r := AccessRow{Access: customs.Access{Viewer: customs.ViewerOwn, Action: action, Outcome: outcome, Results: results}}
		for _, f := range change {
			f(&r)
		}
		return r
	}
	for _, c := range []struct {
		r                        AccessRow
		who, whose, what, result string
	}{
		{row("goods.list", "answered", 1), "Someone from your company", "", "List of goods", "1 registration"},
		{row("goods.list", "nothing_pending", 0, func(r *AccessRow) { r.Self, r.Person, r.Method = true, "Aysel", "sima" }), "You", "Aysel, SİMA İmza", "List of goods", "nothing was pending"},
		{row("goods.list", "failed", 0, func(r *AccessRow) { r.Person, r.Method = "Aysel", "unheard_of" }), "Someone from your company", "Aysel", "List of goods", "not answered because of a failure"},
		{row("goods.list", "answered", 9, func(r *AccessRow) { r.Asked = customs.Query{Checkpoint: "00901", Page: 3} }), "Someone from your company", "", "List of goods, filtered: Red Bridge, page 3", "9 registrations"},
		{row("goods.detail", "not_found", 0, func(r *AccessRow) { r.Registration = "<X>" }), "Someone from your company", "", "Registration <X>", "not found"},
		{row("goods.detail", "answered", 1), "Someone from your company", "", "A registration", "1 registration"},
		{row("unheard.of", "answered", 5), "Someone from your company", "", "Another page of the service", ""},
		{row("access.choose", "answered", 0, func(r *AccessRow) { r.Help = customs.HelpOff }), "Someone from your company", "", "Choice about help by telephone: No", ""},
		{row("goods.list", "answered", 2, func(r *AccessRow) { r.Viewer, r.Unit, r.Person = customs.ViewerOperator, "Unit 7", "never shown" }), "Call centre", "Unit 7", "List of goods", "2 registrations"},
		{row("supervision.entry", "answered", 1, func(r *AccessRow) { r.Viewer, r.Unit = customs.ViewerSupervision, "HQ" }), "Supervision", "HQ", "Entry of the register of requests", ""},
		{row("goods.list", "answered", 2, func(r *AccessRow) { r.Viewer, r.Person = customs.ViewerToken, "1C" }), "Your programs (API)", "API token “1C”", "List of goods", "2 registrations"},
		{row("notifications.mail", "answered", 2, func(r *AccessRow) { r.Viewer = customs.ViewerSystem }), "The portal itself", "", "A notification was sent by email", ""},
	} {
		l := samplePage(t, "en").L
		if got := [...]string{c.r.Who(l), c.r.Whose(l), c.r.What(l, places), c.r.Result(l)}; got != [...]string{c.who, c.whose, c.what, c.result} {
			t.Errorf("%s: %q", c.r.Action, got)
		}
	}
}

func TestAccessReachAndPeriods(t *testing.T) {
	l := samplePage(t, "en").L
	for _, c := range []struct {
		v                     AccessView
		reach, period, others string
	}{
		{AccessView{Recent: 30, Query: customs.AccessQuery{From: "2026-10-22"}}, "no entry", "Last 30 days", ""},
		{AccessView{Log: customs.AccessLog{Since: at(0)}, Query: customs.AccessQuery{From: "2026-11-20"}}, "is of 20.11.2026", "Since 20.11.2026", ""},
		{AccessView{Log: customs.AccessLog{Since: at(48 * time.Hour)}, Query: customs.AccessQuery{From: "2026-11-20", To: "2026-11-21"}}, "is of 18.11.2026", "20.11.2026 – 21.11.2026", "/access?from=2026-11-18"},
		{AccessView{Log: customs.AccessLog{Since: at(0), Forgotten: at(24 * time.Hour)}, Query: customs.AccessQuery{To: "2026-11-21"}}, "older than 19.11.2026", "Until 21.11.2026", "/access?from=2026-11-20"},
		{AccessView{}, "no entry", "All the time", ""},
	} {
		if got := c.v.reach(l); !strings.Contains(got, c.reach) {
			t.Errorf("%+v: %q", c.v.Query, got)
		}
		if got := c.v.period(l); got != c.period {
			t.Errorf("%+v: %q", c.v.Query, got)
		}
		if got := c.v.everything(l); got != c.others {
			t.Errorf("%+v: %q", c.v.Query, got)
		}
	}
}

// Under a case the row says which, why, for whom and how it was confirmed.
func TestAccessPageUnderACase(t *testing.T) {
	p := samplePage(t, "en")
	html := render(t, Access(p, AccessView{
		PageSize: 50, Log: customs.AccessLog{Total: 1, Pages: 1, Page: 1, Help: customs.HelpOff, Counts: map[customs.Viewer]int{customs.ViewerOperator: 1}},
		Rows: []AccessRow{{Access: customs.Access{
			ID: 7, At: sampleNow, Viewer: customs.ViewerOperator, Action: "goods.list", Outcome: "answered", Results: 3, Unit: "Çağrı Mərkəzi",
			Case: "M-2026-000017", Reason: "unheard_of", ReasonText: hostile, Caller: "Leyla <b>",
		}}},
	}))
	for _, want := range []string{"Case M-2026-000017", "not confirmed by a one-time code", "Caller: Leyla &lt;b&gt;", "Çağrı Mərkəzi", `href="/access/ask/7"`, "No operator can see your goods"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(html, "<script>alert") || strings.Contains(html, `action="/access/code"`) {
		t.Error("the page runs a stranger's words, or offers what is switched off")
	}
}

// Both languages say everything of a report and of a code.
func TestReportAndCodePages(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		for _, problem := range []ReportProblem{ReportEmpty, ReportLong, ReportLetters, ReportContact, ReportOften} {
			html := render(t, ReportFormPage(p, ReportForm{Registration: "A/1", Problems: []ReportProblem{problem}, Body: hostile}))
			if strings.Contains(html, "report.") || strings.Contains(html, "{limit}") || strings.Contains(html, "<script>alert") || !strings.Contains(html, `aria-invalid="true"`) {
				t.Errorf("%s %s: words are missing or a stranger's run", lang, problem)
			}
		}
		for name, c := range map[string]CodeView{
			"good": {Until: at(-9 * time.Minute)}, "over": {Until: at(time.Minute)}, "used": {Used: at(time.Minute)}, "spent": {Spent: true},
		} {
			if got := c.state(p.L, sampleNow); strings.Contains(got, "telephone.") || strings.Contains(got, "{") {
				t.Errorf("%s %s: %q", lang, name, got)
			}
		}
	}
	if got := grouped("12345678"); got != "1234\u00a05678" || grouped("12") != "12" {
		t.Error(got)
	}
}
