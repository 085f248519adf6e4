package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// A VÖEN whose check digit does not fit is asked about once, not refused; how it
// is grouped does not matter.
func TestAssistWarnsOfTheCheckDigit(t *testing.T) {
	s := staffed(t)
	b := s.officer("operator")
	odd := caseForm("149 900 01-61")
	page := b.want(b.post("/assist", odd...), http.StatusUnprocessableEntity).body
	if text := words(page); !strings.Contains(text, "check digit of this VÖEN does not fit") || !strings.Contains(page, `name="voen_odd" value="1499000161"`) {
		t.Error(text)
	}
	if page := words(b.want(b.post("/assist", append(caseForm("1499000171"), "voen_odd", "1499000161")...), http.StatusUnprocessableEntity).body); !strings.Contains(page, "check digit") {
		t.Error("another number is taken for the one that was asked about")
	}
	withCode := b.want(b.post("/assist", append(caseForm("1499000161"), "code", "12")...), http.StatusUnprocessableEntity).body
	if strings.Contains(withCode, "voen_odd") {
		t.Error("what was not said counts as said")
	}
	b.want(b.post("/assist", append(odd, "voen_odd", "1499000161")...), http.StatusSeeOther)
	if n := look[int](s, `select count(*) from assist_case where voen = '1499000161'`); n != 1 {
		t.Errorf("%d cases", n)
	}
	b = s.officer("operator2")
	b.openCase("149 900 0151")
}
