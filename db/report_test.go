package db_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/register"
)

// question is a report about an entry, complaint one about a registration.
func question(entry int64) customs.NewReport {
	return customs.NewReport{Entry: entry, Body: "Kim idi?", Contact: "050", Lang: "az"}
}

func notMine(registration string) customs.NewReport {
	return customs.NewReport{Registration: registration, Body: "Not mine", Lang: "en"}
}

func lastEntry(t testing.TB, f *dbtest.DB, v customs.VOEN) int64 {
	return one[int64](t, connect(t, f.SuperuserURL), "select max(id) from register_entry where subject = $1", string(v))
}

// A report is about one's own things only, once as long as it is open, and only
// its own trader sees it.
func TestReports(t *testing.T) {
	f, d := open(t)
	a, b := twoTraders(t, d)
	own, others := lastEntry(t, f, aysel), lastEntry(t, f, rashad)
	for what, n := range map[string]customs.NewReport{
		"another's entry": question(others), "no entry": question(1 << 60), "a negative entry": question(-1),
		"another's registration": notMine("B1"), "no registration": notMine("A99"), "an empty one": notMine(""), "nonsense": notMine("\x00\xff"),
	} {
		if _, _, err := d.MakeReport(t.Context(), a, n); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, n := range []customs.NewReport{question(own), notMine("A1"), notMine("A2")} { // A2 is released
		first, fresh, err := d.MakeReport(t.Context(), a, n)
		must(t, err)
		again, afresh, err := d.MakeReport(t.Context(), a, n)
		must(t, err)
		if !fresh || afresh || first != again {
			t.Errorf("%+v: %s %v, again %s %v", n, first, fresh, again, afresh)
		}
		s, r, about, err := d.Report(t.Context(), a, first)
		must(t, err)
		if r.Body != n.Body || r.Entry != n.Entry || r.Registration != n.Registration || r.Person != s.Person.Name || r.Lang != n.Lang || !r.Open() || r.Number == 0 {
			t.Errorf("%+v", r)
		}
		if (about != nil) != (n.Entry != 0) || about != nil && (about.ID != own || about.Report != first.String() || about.Answered) {
			t.Errorf("about %+v", about)
		}
		if _, _, _, err := d.Report(t.Context(), b, first); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("another trader reads it: %v", err)
		}
	}
	for key, want := range map[db.SessionKey]int{a: 3, b: 0} {
		_, list, err := d.Reports(t.Context(), key)
		must(t, err)
		if len(list) != want {
			t.Errorf("%d reports, want %d", len(list), want)
		}
	}
	if _, report, err := d.Holds(t.Context(), a, "A1"); err != nil || report == "" {
		t.Errorf("%q, %v", report, err)
	}
	if _, _, err := d.Holds(t.Context(), b, "A1"); !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
	if _, e, err := d.AccessEntry(t.Context(), a, own); err != nil || e.ID != own {
		t.Errorf("%+v %v", e, err)
	}
	if _, _, err := d.AccessEntry(t.Context(), a, others); !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
	must(t, d.EndSession(t.Context(), a))
	_, _, errMake := d.MakeReport(t.Context(), a, notMine("A1"))
	_, _, errList := d.Reports(t.Context(), a)
	_, _, _, errOne := d.Report(t.Context(), a, uuid.New()) //nolint:dogsled // only the error is asked here
	_, _, errHolds := d.Holds(t.Context(), a, "A1")
	_, _, errEntry := d.AccessEntry(t.Context(), a, own)
	for _, err := range []error{errMake, errList, errOne, errHolds, errEntry} {
		if !errors.Is(err, db.ErrNoSession) {
			t.Errorf("after the end of the session: %v", err)
		}
	}
}

// Of ten that arrive at once, one becomes the report.
func TestReportsAtOnce(t *testing.T) {
	f, d := open(t)
	a, _ := twoTraders(t, d)
	entry := lastEntry(t, f, aysel)
	var clicks sync.WaitGroup
	for range 10 {
		clicks.Go(func() {
			if _, _, err := d.MakeReport(t.Context(), a, question(entry)); err != nil {
				t.Error(err)
			}
		})
	}
	clicks.Wait()
	if n := one[int](t, connect(t, f.SuperuserURL), "select count(*) from report"); n != 1 {
		t.Errorf("%d reports", n)
	}
}

// The database holds the limits too.
func TestReportLimits(t *testing.T) {
	_, d := open(t)
	a, _ := twoTraders(t, d)
	for _, n := range []customs.NewReport{
		{Registration: "A1", Lang: "az"},
		{Registration: "A1", Body: strings.Repeat("ə", customs.MaxReport+1), Lang: "az"},
		{Registration: "A1", Body: "x", Contact: strings.Repeat("x", customs.MaxContact+1), Lang: "az"},
		{Registration: "A1", Body: "x", Lang: "ru"},
	} {
		if _, _, err := d.MakeReport(t.Context(), a, n); sqlState(err) != "23514" {
			t.Errorf("%d characters: %v", len(n.Body), err)
		}
	}
	n := notMine("A1")
	n.Body = strings.Repeat("ə", customs.MaxReport)
	if _, _, err := d.MakeReport(t.Context(), a, n); err != nil {
		t.Error(err)
	}
}

// A supervisor reads and answers, once; the trader learns the answer and not
// whose it is; afterwards the trader may ask again.
func TestSupervisionAnswers(t *testing.T) {
	f, d := open(t)
	a, _ := twoTraders(t, d)
	k := officer(t, f, d, "8K3PR6S", customs.RoleSupervisor)
	mine, _, err := d.MakeReport(t.Context(), a, notMine("A1"))
	must(t, err)
	asked, _, err := d.MakeReport(t.Context(), a, question(lastEntry(t, f, aysel)))
	must(t, err)
	must(t, d.AnswerReport(t.Context(), k, asked, "It was you."))
	if err := d.AnswerReport(t.Context(), k, asked, "No."); !errors.Is(err, db.ErrAnswered) {
		t.Error(err)
	}
	if err := d.AnswerReport(t.Context(), k, uuid.New(), "No."); !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
	s, p, err := d.SupervisedReports(t.Context(), k, 1, 10)
	must(t, err)
	if s.Session != k.ID || p.Open != 1 || p.Total != 2 || len(p.Rows) != 2 || p.Rows[0].ID != mine.String() || p.Rows[1].Officer != "N-8K3PR6S Günel Həsənova" {
		t.Errorf("%+v", p)
	}
	_, r, entry, err := d.SupervisedReport(t.Context(), k, asked)
	must(t, err)
	if r.VOEN != aysel || r.Organisation == "" || r.Answer != "It was you." || entry == nil || entry.Person != "Aysel Məmmədova" || entry.Officer != "" {
		t.Errorf("%+v %+v", r, entry)
	}
	_, own, about, err := d.Report(t.Context(), a, asked)
	must(t, err)
	if own.Answer != "It was you." || own.AnsweredAt.IsZero() || about == nil || !about.Answered {
		t.Errorf("%+v %+v", own, about)
	}
	if _, fresh, err := d.MakeReport(t.Context(), a, question(own.Entry)); err != nil || !fresh {
		t.Errorf("asking again: %v %v", fresh, err)
	}
	if _, second, err := d.SupervisedReports(t.Context(), k, 99, 1); err != nil || second.Page != 3 || len(second.Rows) != 1 || second.Rows[0].ID != asked.String() {
		t.Errorf("%+v %v", second, err)
	}
}

// Who is no supervisor reads and answers nothing, whatever SQL they send.
func TestReportsAreForSupervisors(t *testing.T) {
	f, d := open(t)
	a, _ := twoTraders(t, d)
	id, _, err := d.MakeReport(t.Context(), a, question(lastEntry(t, f, aysel)))
	must(t, err)
	for _, role := range []customs.StaffRole{customs.RoleOperator, customs.RoleAdministrator} {
		k := officer(t, f, d, "7H2NQ5R", role)
		if err := d.AnswerReport(t.Context(), k, id, "x"); !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%s answers: %v", role, err)
		}
		if _, p, err := d.SupervisedReports(t.Context(), k, 1, 10); err != nil || p.Total != 0 || len(p.Rows) != 0 {
			t.Errorf("%s lists %+v, %v", role, p, err)
		}
		if _, _, _, err := d.SupervisedReport(t.Context(), k, id); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s reads: %v", role, err)
		}
		c := connect(t, f.URL)
		exec(t, c, "set role portal_supervision")
		exec(t, c, "select set_config('portal.staff', $1, false)", settingOf(db.SessionKey(k)))
		if n := one[int](t, c, "select (select count(*) from report) + (select count(*) from report_entry($1))", id); n != 0 {
			t.Errorf("%s reads %d rows by raw SQL", role, n)
		}
	}
	if _, _, err := d.SupervisedReports(t.Context(), db.StaffKey(a), 1, 10); !errors.Is(err, db.ErrNoSession) {
		t.Error(err)
	}
	if err := d.AnswerReport(t.Context(), db.StaffKey(a), id, "x"); !errors.Is(err, db.ErrNoSession) {
		t.Error(err)
	}
	k := officer(t, f, d, "8K3PR6S", customs.RoleSupervisor)
	c := connect(t, f.URL)
	exec(t, c, "set role portal_supervision")
	exec(t, c, "select set_config('portal.staff', $1, false)", settingOf(db.SessionKey(k)))
	for _, sql := range []string{
		"update report set answer = 'x'", "delete from report", "insert into report (voen) values ('1499000151')", "select * from session_person",
		"select * from access_counts('-infinity', 'infinity')", "select answer_report(null, 'x')", "select * from make_report(1, null, 'x', '', 'az')",
	} {
		if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// Of a look on behalf of a caller the trader learns case, reason, caller and
// unit, and no more of the officer than that, by page and by raw SQL.
func TestAccessUnderACase(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	k := officer(t, f, d, "7H2NQ5R", customs.RoleOperator)
	caseID := uuid.New()
	su := connect(t, f.SuperuserURL)
	exec(t, su, `
		insert into assist_case (id, staff_session, officer_number, officer_unit, voen, caller, call_number, call_id, reason, reason_text,
		                         verified_by, confirmed, sensitive, until)
		values ($1, $2, 'N-7H2NQ5R', 'Çağrı Mərkəzi', '1499000151', 'Leyla Məmmədova', '050', 'c1', 'status', 'Maşın harada?', 'code', true, false, now() + interval '15 minutes')`,
		caseID, k.ID)
	e := looked(key, aysel, register.ListGoods, "/assist/7/goods", by("operator", "assist"))
	e.Session, e.Case = k.ID, caseID
	enter(t, d, e)
	a := accessLog(t, d, key, customs.AccessQuery{}, 10).Rows[0]
	if a.Unit != "Çağrı Mərkəzi" || a.Reason != "status" || a.ReasonText != "Maşın harada?" || a.Caller != "Leyla Məmmədova" || !a.Confirmed ||
		!strings.HasPrefix(a.Case, "M-2") || a.Person != "" {
		t.Errorf("%+v", a)
	}
	c := as(t, f.URL, settingOf(key))
	for _, column := range []string{"e", "e::text"} {
		if text := one[string](t, c, "select string_agg("+column+"::text, ' ') from access_entries('-infinity', 'infinity', '', 1000, 0) e"); strings.Contains(text, "Günel") || strings.Contains(text, "N-7H2NQ5R") || !strings.Contains(text, "Leyla") {
			t.Errorf("the entry says %s", text)
		}
	}
	for _, sql := range []string{"select * from assist_case", "select name from staff_session", "select number from staff", "select * from report_entry(gen_random_uuid())"} {
		if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
