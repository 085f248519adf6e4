package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func lineForm(more ...string) []string {
	f := []string{"pin", "1a2b3c4", "number", "OP-9", "name", "Yeni Əməkdaş", "unit", "Çağrı Mərkəzi", "role", "operator", "until", time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}
	for i := 0; i+1 < len(more); i += 2 {
		for j := 0; j < len(f); j += 2 {
			if f[j] == more[i] {
				f[j+1] = more[i+1]
			}
		}
	}
	return f
}

// change is the id of the only open proposal.
func (s *site) change() string {
	s.Helper()
	return look[string](s, `select id::text from staff_change where decision is null`)
}

func TestStaffList(t *testing.T) {
	s := staffed(t)
	first, second := s.officer("administrator"), s.officer("administrator2")
	page := words(first.want(first.get("/staff"), http.StatusOK).body)
	for _, want := range []string{"Günel Həsənova", "N-3G7HN2Q", "3G7HN2Q", "Administrator", "by command"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list does not show %q", want)
		}
	}
	for field, wrong := range map[string]string{"pin": "?", "number": "op 9", "name": " ", "unit": "", "role": "owner", "until": "soon"} {
		a := first.want(first.post("/staff", lineForm(field, wrong)...), http.StatusUnprocessableEntity)
		if !strings.Contains(a.body, `href="#`+field) || field != "name" && !strings.Contains(a.body, `value="Yeni Əməkdaş"`) {
			t.Errorf("%s: no way to it, or what was written is lost", field)
		}
	}
	first.want(first.post("/staff", lineForm("number", "N-3G7HN2Q")...), http.StatusUnprocessableEntity)
	first.want(first.post("/staff", lineForm("until", time.Now().AddDate(6, 0, 0).Format(time.DateOnly))...), http.StatusUnprocessableEntity)

	if to := first.want(first.post("/staff", lineForm()...), http.StatusSeeOther).to(); to != "/staff?done=proposed" {
		t.Errorf("sent to %q", to)
	}
	id := s.change()
	if a := first.want(first.get("/staff?done=proposed"), http.StatusOK); strings.Contains(a.body, `value="approved"`) || !strings.Contains(a.body, `value="withdrawn"`) {
		t.Error("the proposer may approve, or not withdraw")
	}
	if page := words(first.want(first.post("/staff/decide", "change", id, "verdict", "approved"), http.StatusUnprocessableEntity).body); !strings.Contains(page, "cannot approve your own") {
		t.Error(page)
	}
	for _, wrong := range [][]string{{"change", id}, {"change", id, "verdict", "command"}, {"change", "x", "verdict", "approved"}} {
		second.want(second.post("/staff/decide", wrong...), http.StatusUnprocessableEntity)
	}
	if n := look[int](s, `select count(*) from staff where pin = '1A2B3C4'`); n != 0 {
		t.Error("the line is there before it was approved")
	}
	second.want(second.post("/staff/decide", "change", id, "verdict", "approved"), http.StatusSeeOther)
	if n := look[int](s, `select count(*) from staff where pin = '1A2B3C4'`); n != 1 {
		t.Error("the line is not there after it was approved")
	}
	second.want(second.post("/staff/decide", "change", id, "verdict", "rejected"), http.StatusUnprocessableEntity)

	// A removal takes effect at once.
	operator := s.officer("operator")
	second.want(second.post("/staff/remove", "pin", "3G7HN2Q"), http.StatusSeeOther)
	second.want(second.post("/staff/remove", "pin", "3G7HN2Q"), http.StatusUnprocessableEntity)
	second.want(second.post("/staff/remove", "pin", "nobody"), http.StatusUnprocessableEntity)
	operator.want(operator.get("/assist"), http.StatusOK)
	first.want(first.post("/staff/decide", "change", s.change(), "verdict", "approved"), http.StatusSeeOther)
	operator.want(operator.get("/assist"), http.StatusUnauthorized)

	for _, action := range []string{"staff.list", "staff.propose", "staff.approve"} {
		if n := s.registered(`actor = 'administrator' and channel = 'staff' and subject is null and action = $1`, action); n == 0 {
			t.Errorf("%s is not registered", action)
		}
	}
	if a := first.want(first.get("/staff?change=N-6N2VL9E"), http.StatusOK); !strings.Contains(a.body, `value="6N2VL9E"`) {
		t.Error("the form does not begin with the line")
	}
	for _, name := range []string{"operator2", "supervisor"} {
		b := s.officer(name)
		b.want(b.get("/staff"), http.StatusForbidden)
		b.want(b.post("/staff", lineForm("pin", "5x6y7z8")...), http.StatusForbidden)
		b.want(b.post("/staff/decide", "change", id, "verdict", "approved"), http.StatusForbidden)
	}
}

// A change that the register cannot hold does not happen.
func TestStaffListNeedsTheRegister(t *testing.T) {
	s := staffed(t)
	b := s.officer("administrator")
	s.sql(`revoke insert on register_entry from portal_app`)
	b.want(b.get("/staff"), http.StatusServiceUnavailable)
	b.want(b.post("/staff", lineForm()...), http.StatusServiceUnavailable)
	b.want(b.post("/staff/remove", "pin", "3G7HN2Q"), http.StatusServiceUnavailable)
	if n := look[int](s, `select count(*) from staff_change where decision is null`); n != 0 {
		t.Errorf("%d proposals were made", n)
	}
}
