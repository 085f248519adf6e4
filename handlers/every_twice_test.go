package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// twiceSent is a form as its page has it, and what sending it must have done once.
type twiceSent struct {
	pattern string
	fields  []string
	effect  string // a count in the database
}

func twice() []twiceSent {
	return []twiceSent{
		{pattern: "/appeals/complaint", fields: filled("do", "save", "facts", "Bir dəfə."), effect: `select count(*) from complaint_draft`},
		{pattern: "/appeals/complaint/:draft", fields: filled("do", "save", "facts", "Dəyişdi."), effect: `select count(*) from complaint_draft where content->>'facts' = 'Dəyişdi.'`},
		{pattern: "/access/not-mine", fields: []string{"registration", aysels2, "body", "Mənim deyil."}, effect: `select count(*) from report`},
		{pattern: "/access/ask/:entry", fields: []string{"body", "Kim baxıb?"}, effect: `select count(*) from report`},
		{pattern: "/access/code", effect: `select count(*) from access_code where made_at = (select max(made_at) from access_code) -- the newest counts, no other`},
		{pattern: "/access/telephone", fields: []string{"help", "code"}, effect: `select count(*) from trader_preference where code_required`},
		{pattern: "/api-access", fields: []string{"form", "3f0c9ed6-3c4c-4ba1-a3a8-2c0e3f0c9ed6", "name", "1C", "days", "90"}, effect: `select count(*) from api_token`},
		{pattern: "/api-access/withdraw", fields: []string{"token", "3f0c9ed6-3c4c-4ba1-a3a8-2c0e3f0c9ed6"}, effect: `select count(*) from api_token where withdrawn_at is not null`},
		{pattern: "/notifications", fields: wish("two@example.az"), effect: `select count(*) from mail_address, mail_outbox`},
		{pattern: "/notifications/confirm/:token", effect: `select count(*) from mail_address where confirmed_at is not null`},
		{pattern: "/notifications/:id", fields: []string{"do", "change", "event", "status", "when", "9", "lang", "az"}, effect: `select count(*) from mail_address where digest = 9`},
		{pattern: "/notifications/stop/:token", effect: `select count(*) from mail_address where stopped_at is not null`},
		{pattern: "/assist/:case/extend", fields: []string{"reason", "payment", "reason_text", "", "extensions", "0"}, effect: `select sum(extensions) from assist_case`},
		{pattern: "/supervision/reports/:id", fields: []string{"answer", "Baxılır."}, effect: `select count(*) from report where answer = 'Baxılır.'`},
		{pattern: "/assist/:case/end", effect: `select count(*) from assist_case where ended_at is not null`},
		{pattern: "/assist", fields: caseForm("1499000152"), effect: `select count(*) from assist_case where ended_at is null`},
		{pattern: "/supervision/assist/end", fields: []string{"case", "CASE", "why", "məşq"}, effect: `select count(*) from assist_case where ended_by = 'supervisor'`},
		{pattern: "/staff", fields: lineForm(), effect: `select count(*) from staff_change where decision is null`},
		{pattern: "/staff/decide", fields: []string{"change", "CHANGE", "verdict", "withdrawn"}, effect: `select count(*) from staff_change where decision = 'withdrawn'`},
		{pattern: "/staff/remove", fields: []string{"pin", "3G7HN2Q"}, effect: `select count(*) from staff_change where decision is null`},
		{pattern: "/session", effect: `select count(*) from session where ended_at is null`},
		{pattern: "/session-timeout", fields: []string{"body", "Yarımçıq"}, effect: `select count(*) from session where ended_at is null`},
		{pattern: "/verify", fields: []string{"text", "no receipt"}, effect: `select count(*) from session where ended_at is null`},
		{pattern: "/appeals/complaint/:draft/delete", effect: `select count(*) from complaint_draft`},
	}
}

// elsewhereTwice are the forms whose second sending is proved by other tests.
var elsewhereTwice = map[string]string{
	"/sign-in/file": "TestSignInTwiceWithOneFile", "/sign-in/sima": "TestSIMASignIn", "/sima/Home/Callback": "TestSIMARace", "/sign-in/company": "TestCompanies",
	"/sign-in/capacity": "TestOneCapacityAtATime", "/company": "TestSwitchedTwice", "/sign-out": "TestSignOutEndsTheSession",
	"/feed/v1/consignments": "TestFeedIsAnsweredLineByLine", "/api/*": "TestProgramMistakes", "/assist/:case/approve": "TestSensitiveAssist",
}

// A form that is sent twice, by a double click or a browser that repeats it,
// has done one thing, and the person is not shown a fault.
func TestEveryFormSentTwice(t *testing.T) {
	w := newWhole(t)
	posts := map[string]route{}
	for _, r := range w.byMethod(http.MethodPost) {
		posts[r.pattern] = r
		if elsewhereTwice[r.pattern] == "" {
			known := false
			for _, form := range twice() {
				known = known || form.pattern == r.pattern
			}
			if !known {
				t.Errorf("%s: nothing says what sending it twice does", r.pattern)
			}
		}
	}
	for _, form := range twice() {
		r, known := posts[form.pattern]
		if !known {
			t.Errorf("%s is no route", form.pattern)
			continue
		}
		fields := form.fields
		for i, value := range fields {
			switch value {
			case "CASE":
				fields[i] = look[string](w.site, `select id::text from assist_case where ended_at is null`)
			case "CHANGE":
				fields[i] = w.change()
			}
		}
		b := w.owner(r)
		before := look[int](w.site, form.effect)
		first := b.post(r.address, fields...)
		once := look[int](w.site, form.effect)
		second := b.post(r.address, fields...)
		if first.StatusCode >= 400 && form.pattern != "/verify" {
			t.Errorf("%s: status %d: %s", r.pattern, first.StatusCode, words(first.body))
		}
		if second.StatusCode >= http.StatusInternalServerError || second.StatusCode == http.StatusBadRequest {
			t.Errorf("%s, again: status %d", r.pattern, second.StatusCode)
		}
		after := look[int](w.site, form.effect)
		idle := strings.HasPrefix(form.pattern, "/session") || form.pattern == "/verify"
		if once == before && !idle || after != once {
			t.Errorf("%s: the count is %d, after sending it %d, after sending it again %d", r.pattern, before, once, after)
		}
		// Where the second is led on as the first was, it is to the same place.
		if a, b := strings.Split(first.to(), "?")[0], strings.Split(second.to(), "?")[0]; b != "" && a != b && form.pattern != "/assist/:case/end" { // which leads to how the case stands
			t.Errorf("%s: first to %q, then to %q", r.pattern, first.to(), second.to())
		}
	}
	if log := w.log.String(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log tells of faults: %s", log)
	}
}

// Two windows switch to another company, or one does twice: the second is told
// that its session is over, as it is; nobody lands in a company unasked.
func TestSwitchedTwice(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("several")
	b.want(b.post("/sign-in/company", "voen", "1699000171"), http.StatusSeeOther)
	other := b.withCookie(b.cookies()["portal"])
	b.want(b.post("/company", "voen", "1799000181"), http.StatusSeeOther)
	page := other.want(other.post("/company", "voen", "1799000181"), http.StatusUnauthorized)
	if !strings.Contains(words(page.body), s.options.Catalogue.For("az").T("expired.title")) {
		t.Error(words(page.body))
	}
	if text := words(b.want(b.get("/goods"), http.StatusOK).body); !strings.Contains(text, "S2") || strings.Contains(text, "S1 ") {
		t.Error(text)
	}
	if n := look[int](s, `select count(*) from session where ended_at is null`); n != 1 {
		t.Errorf("%d sessions are open", n)
	}
	if n := s.registered(`action = 'company.switch'`); n != 1 {
		t.Errorf("%d entries of the switch", n)
	}
}
