package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// reported is a staffed site with a question and a report of aysel's, and where
// aysel reads them.
func reported(t *testing.T) (s *site, trader *browser, question, notMine string) {
	t.Helper()
	s = staffed(t)
	trader = s.browser().english().signIn("aysel")
	trader.get("/goods/" + aysels)
	question, _, _ = strings.Cut(trader.want(trader.post(askLink(trader), "body", "Who was it?"), http.StatusSeeOther).to(), "?")
	notMine, _, _ = strings.Cut(trader.want(trader.post("/access/not-mine", "registration", slashed, "body", "Not <mine>."), http.StatusSeeOther).to(), "?")
	return s, trader, question, notMine
}

func toAnswer(report string) string { return strings.Replace(report, "/access/", "/supervision/", 1) }

// A supervisor finds the oldest open report first, answers it once, and the
// trader reads the answer but not whose it is; every step is in the register
// and in the trader's history.
func TestSupervisorAnswers(t *testing.T) {
	s, trader, question, notMine := reported(t)
	b := s.browser().english()
	b.staffIn("supervisor", "")
	list := b.want(b.get("/supervision/reports"), http.StatusOK).body
	text := words(list)
	if !strings.Contains(text, "2 reports wait for an answer") || strings.Index(text, "No. 1") > strings.Index(text, "No. 2") || !strings.Contains(text, "1499000151") {
		t.Error(text)
	}
	if current := attribute(list, "a", "aria-current", "href"); current != "/supervision/reports" {
		t.Errorf("the section %q is current", current)
	}
	one := words(b.want(b.get(toAnswer(question)), http.StatusOK).body)
	for _, want := range []string{"Who was it?", "Aysel Məmmədova", "Registration " + aysels, "Your answer"} {
		if !strings.Contains(one, want) {
			t.Errorf("no %q: %s", want, one)
		}
	}
	if text := words(b.get(toAnswer(notMine)).body); !strings.Contains(text, "Not <mine>.") || !strings.Contains(text, slashed) {
		t.Error(text)
	}
	a := b.want(b.post(toAnswer(question), "answer", "It was you,\r\nat noon. <b>"), http.StatusSeeOther)
	if text := words(b.want(b.get(a.to()), http.StatusOK).body); !strings.Contains(text, "The answer was sent") || !strings.Contains(text, "It was you, at noon. <b>") || !strings.Contains(text, person(t, "supervisor").FullName()) {
		t.Error(text)
	}
	late := b.want(b.post(toAnswer(question), "answer", "Another answer"), http.StatusConflict)
	if text := words(late.body); !strings.Contains(text, "Another supervisor has answered meanwhile") || !strings.Contains(text, "Another answer") || !strings.Contains(text, "It was you") {
		t.Error(text)
	}
	read := trader.want(trader.get(question), http.StatusOK).body
	officer := person(t, "supervisor")
	if text := words(read); !strings.Contains(text, "It was you, at noon.") || strings.Contains(read, officer.Surname) || strings.Contains(read, "N-"+string(officer.PIN)) {
		t.Error(text)
	}
	history := trader.get("/access").body
	if text := words(history); !strings.Contains(text, "Your report, answered by supervision") || !strings.Contains(text, "Supervision Çağrı Mərkəzi") ||
		strings.Contains(history, officer.Surname) || strings.Contains(history, string(officer.PIN)) {
		t.Error(text)
	}
	got := look[string](s, `select string_agg(action || ' ' || coalesce(subject, '-') || ' ' || outcome, '; ' order by id) from register_entry where actor = 'supervisor'`)
	want := "supervision.reports - answered; supervision.report 1499000151 answered; supervision.report 1499000151 answered; supervision.answer 1499000151 answered; " +
		"supervision.report 1499000151 answered; supervision.report 1499000151 answered"
	if got != want {
		t.Errorf("the register has %s", got)
	}
}

func TestAnswerInput(t *testing.T) {
	s, _, question, _ := reported(t)
	b := s.browser().english()
	b.staffIn("supervisor", "")
	for answer, want := range map[string]string{
		"": "Write what you want to say", strings.Repeat(" \n", 3): "Write what you want to say", "a\x00b": "characters that cannot be read",
		strings.Repeat("ə", 4001): "at most 4,000 characters",
	} {
		a := b.want(b.post(toAnswer(question), "answer", answer), http.StatusUnprocessableEntity)
		if !strings.Contains(words(a.body), want) || !strings.HasPrefix(title(a.body), "Error: ") {
			t.Errorf("%.10q: %s", answer, words(a.body))
		}
		if len(answer) > 1000 && !strings.Contains(a.body, answer) {
			t.Error("what was typed is lost")
		}
	}
	b.want(b.post(toAnswer(question), "answer", strings.Repeat("x", 200_000)), http.StatusRequestEntityTooLarge)
	for _, path := range []string{"/supervision/reports/x", "/supervision/reports/00000000-0000-0000-0000-000000000000", "/supervision/reports/%00"} {
		b.want(b.get(path), http.StatusNotFound)
		b.want(b.post(path, "answer", "x"), http.StatusNotFound)
	}
	for _, query := range []string{"page=0", "page=-5", "page=9999999999", "page=x"} {
		b.want(b.get("/supervision/reports?"+query), http.StatusOK)
	}
	b.want(b.post(toAnswer(question), "answer", strings.Repeat("ə", 4000)), http.StatusSeeOther)
	if n := look[int](s, `select count(*) from report where answer is not null`); n != 1 {
		t.Errorf("%d answers", n)
	}
}

// Only supervisors get there, and only through the host of staff.
func TestReportsAreSupervisions(t *testing.T) {
	s, trader, question, _ := reported(t)
	for _, name := range []string{"operator", "administrator"} {
		b := s.browser()
		b.staffIn(name, "")
		for _, path := range []string{"/supervision/reports", toAnswer(question)} {
			if a := b.want(b.get(path), http.StatusForbidden); strings.Contains(a.body, "Who was it?") {
				t.Errorf("%s reads a report", name)
			}
		}
		b.want(b.post(toAnswer(question), "answer", "x"), http.StatusForbidden)
	}
	for _, path := range []string{"/supervision/reports", toAnswer(question)} {
		if to := trader.want(trader.get(path), http.StatusSeeOther).to(); !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "/supervision") {
			t.Errorf("a trader at %s: %s", path, to)
		}
	}
	trader.want(trader.post(toAnswer(question), "answer", "x"), http.StatusUnauthorized)
	if n := look[int](s, `select count(*) from report where answer is not null`); n != 0 {
		t.Errorf("%d answers", n)
	}
	b := s.browser()
	b.staffIn("supervisor", "")
	s.sql(`revoke insert on register_entry from portal_app`)
	for _, path := range []string{"/supervision/reports", toAnswer(question)} {
		if a := b.get(path); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "1499000151") {
			t.Errorf("%s without an entry: %d", path, a.StatusCode)
		}
	}
}
