package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/handlers"
)

// caseForm is a form for a case about a trader, filled in well; more are names
// and values that replace or add to it.
func caseForm(voen string, more ...string) []string {
	v := url.Values{
		"voen": {voen}, "caller": {"Leyla Məmmədova"}, "call_number": {"+994 50 000 00 00"}, "call_id": {"118204"},
		"verified": {"questions"}, "reason": {"status"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	var fields []string
	for name := range v {
		fields = append(fields, name, v.Get(name))
	}
	return fields
}

// officer is an English browser in which an officer has signed in.
func (s *site) officer(name string) *browser {
	s.Helper()
	b := s.browser().english()
	b.staffIn(name, "")
	return b
}

// openCase opens a case and returns its address.
func (b *browser) openCase(voen string, more ...string) string {
	b.Helper()
	to := b.want(b.post("/assist", caseForm(voen, more...)...), http.StatusSeeOther).to()
	return strings.TrimSuffix(to, "/goods")
}

// registered counts entries of the register by a condition.
func (s *site) registered(condition string, args ...any) int {
	s.Helper()
	return look[int](s, `select count(*) from register_entry e where `+condition, args...)
}

func TestAssist(t *testing.T) {
	s := staffed(t)
	b := s.officer("operator")
	at := b.openCase("1499000151", "reason_text", "asks for R1")
	list := b.want(b.get(at+"/goods"), http.StatusOK)
	page := words(list.body)
	for _, want := range []string{aysels, aysels2, "Qara çay", "1499000151", "Leyla Məmmədova", "N-3G7HN2Q", "Not confirmed by code", "is not printed"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list does not show %q", want)
		}
	}
	if strings.Contains(page, rashads) || strings.Contains(list.body, `href="/goods`) || strings.Contains(list.body, ".csv") || strings.Contains(list.body, "/receipts/") {
		t.Error("the list shows another trader's goods, leads to the trader's own pages, or offers a file or a receipt")
	}
	if !strings.Contains(list.body, `http-equiv="refresh"`) || list.Header.Get("Cache-Control") != "no-store" {
		t.Error("the page does not end by itself, or may be kept")
	}
	detail := words(b.want(b.get(at+"/goods/"+aysels), http.StatusOK).body)
	if !strings.Contains(detail, aysels) || !strings.Contains(detail, "N-3G7HN2Q") || strings.Contains(detail, "Disagree") {
		t.Error(detail)
	}
	b.want(b.get(at+"/goods/"+url.PathEscape(slashed)), http.StatusOK)
	missing := words(b.want(b.get(at+"/goods/"+rashads), http.StatusNotFound).body)
	if !strings.Contains(missing, "no such registration") {
		t.Error(missing)
	}
	filtered := words(b.want(b.get(at+"/goods?q=nothing-like-it"), http.StatusOK).body)
	if strings.Contains(filtered, aysels) {
		t.Error("the filter does not filter")
	}
	const mine = `e.actor = 'operator' and e.channel = 'assist' and e.subject = '1499000151'
		and e.case_id = (select id from assist_case) and e.session_id = (select staff_session from assist_case) and `
	for action, want := range map[string]int{
		"action = 'case.open'": 1, "action = 'goods.list' and outcome = 'answered' and results = 3": 2,
		"action = 'goods.detail' and outcome = 'answered'": 2, "action = 'goods.detail' and outcome = 'not_found'": 1,
	} {
		if n := s.registered(mine + action); n != want {
			t.Errorf("%d entries of %s, want %d", n, action, want)
		}
	}
	if to := b.want(b.post(at+"/end"), http.StatusSeeOther).to(); to != "/assist?ended=1" {
		t.Errorf("sent to %q", to)
	}
	if page := words(b.want(b.get(at+"/goods"), http.StatusGone).body); strings.Contains(page, aysels) || !strings.Contains(page, "Ended by the officer") {
		t.Error(page)
	}
	if n := s.registered(mine + "action = 'case.end'"); n != 1 {
		t.Errorf("%d entries of the end", n)
	}
}

// Nothing under a case can be taken along, and nothing of another trader asked
// for by any address.
func TestAssistHasNoFiles(t *testing.T) {
	s := staffed(t)
	b := s.officer("operator")
	at := b.openCase("1499000151")
	for _, path := range []string{at + "/goods.csv", at + "/goods.xlsx", at + "/goods/" + aysels + "/receipt", at + "/receipts/x", "/assist/goods", "/assist/x/goods", at + "x/goods", strings.ToUpper(at)} {
		if a := b.get(path); a.StatusCode < 400 || strings.Contains(a.body, "Qara") {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	for _, path := range []string{"/goods.csv", "/goods.xlsx", "/goods", "/goods/" + aysels, "/access"} {
		if a := b.get(path); a.StatusCode == http.StatusOK || strings.Contains(a.body, "Qara") {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	for _, query := range []string{"?voen=1499000152", "?voen=1499000152&q=" + rashads, "?case=x"} {
		if strings.Contains(words(b.get(at+"/goods"+query).body), rashads+" ") {
			t.Errorf("%s shows another trader's goods", query)
		}
	}
	other := s.officer("operator2")
	other.want(other.get(at+"/goods"), http.StatusNotFound)
	other.want(other.get(at), http.StatusNotFound)
	supervisor := s.officer("supervisor")
	supervisor.want(supervisor.get(at+"/goods"), http.StatusForbidden)
	trader := s.browser().signIn("aysel")
	trader.want(trader.get(at+"/goods"), http.StatusSeeOther)
}

func TestAssistForm(t *testing.T) {
	s := staffed(t)
	b := s.officer("operator")
	for name, c := range map[string]struct {
		more []string
		want string
	}{
		"no VÖEN":          {[]string{"voen", "149"}, "#voen"},
		"a code too short": {[]string{"code", "1234"}, "#code"},
		"no caller":        {[]string{"caller", " "}, "#caller"},
		"no number":        {[]string{"call_number", ""}, "#call_number"},
		"no call":          {[]string{"call_id", strings.Repeat("1", 61)}, "#call_id"},
		"not verified":     {[]string{"verified", "trusted"}, "#verified-0"},
		"code unsaid":      {[]string{"verified", "code"}, "#verified-0"},
		"no reason":        {[]string{"reason", "curiosity"}, "#reason-0"},
		"other, unsaid":    {[]string{"reason", "another"}, "#reason_text"},
		"a long text":      {[]string{"reason_text", strings.Repeat("ə", 1001)}, "#reason_text"},
		"a wrong code":     {[]string{"code", "1234 5678"}, "#code"},
	} {
		a := b.want(b.post("/assist", caseForm("1499000151", c.more...)...), http.StatusUnprocessableEntity)
		if !strings.Contains(a.body, `href="`+c.want+`"`) || !strings.Contains(a.body, `id="`+c.want[1:]+`"`) {
			t.Errorf("%s: no way to %s", name, c.want)
		}
		if name == "no caller" && !strings.Contains(a.body, `value="118204"`) {
			t.Error("what was written is lost")
		}
	}
	if n := look[int](s, `select count(*) from assist_case`); n != 0 {
		t.Errorf("%d cases were opened", n)
	}
	if n := s.registered(`action = 'case.refuse' and outcome = 'answered' and subject = '1499000151' and case_id is null`); n != 1 {
		t.Errorf("%d refusals are registered", n)
	}
	b.want(b.do(http.MethodPost, "/assist", strings.NewReader("voen="+strings.Repeat("1", 20<<10)), "Content-Type", "application/x-www-form-urlencoded"), http.StatusRequestEntityTooLarge)
	b.want(b.do(http.MethodPost, "/assist", strings.NewReader("voen=1"), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site"), http.StatusForbidden)
}

// A trader's code confirms the case; what the trader allows counts.
func TestAssistWithCode(t *testing.T) {
	s := staffed(t)
	trader := s.traderKey("1499000151")
	code, err := s.db.MakeAccessCode(t.Context(), trader)
	s.must(err)
	s.must(s.db.SetTraderPreference(t.Context(), trader, db.Preference{TelephoneHelp: true, CodeRequired: true}))
	b := s.officer("operator")
	if page := words(b.want(b.post("/assist", caseForm("1499000151")...), http.StatusUnprocessableEntity).body); !strings.Contains(page, "always requires a one-time code") {
		t.Error(page)
	}
	at := b.openCase("1499000151", "code", code.Code[:4]+"\u00a0"+code.Code[4:], "verified", "")
	if page := words(b.want(b.get(at+"/goods"), http.StatusOK).body); strings.Contains(page, "Not confirmed by code") {
		t.Error("a confirmed case is marked as not confirmed")
	}
	s.must(s.db.SetTraderPreference(t.Context(), trader, db.Preference{}))
	if page := words(b.want(b.get(at+"/goods"), http.StatusGone).body); !strings.Contains(page, "switched telephone help off") {
		t.Error(page)
	}
	if page := words(b.want(b.post("/assist", caseForm("1499000151")...), http.StatusUnprocessableEntity).body); !strings.Contains(page, "switched telephone help off") {
		t.Error(page)
	}
}

// traderKey is a live session of a trader.
func (s *site) traderKey(voen customs.VOEN) db.SessionKey {
	s.Helper()
	k, err := s.db.StartSession(s.Context(), db.Person{VOEN: voen, Method: "file", Issuer: "business", Serial: "0a", Fingerprint: []byte{1}},
		db.Limits{Idle: time.Hour, Absolute: time.Hour}, nil)
	s.must(err)
	return k
}

// A page ends with its case whatever ends that, and says why.
func TestAssistEnds(t *testing.T) {
	for what, c := range map[string]struct{ sql, want string }{
		"time": {`update assist_case set until = now()`, "time was over"}, "idle": {`update assist_case set seen_at = now() - interval '5 minutes'`, "without use"},
	} {
		s := staffed(t)
		b := s.officer("operator")
		at := b.openCase("1499000151")
		b.want(b.get(at+"/goods"), http.StatusOK)
		s.sql(c.sql)
		for _, path := range []string{"/goods", "/goods/" + aysels} {
			if page := words(b.want(b.get(at+path), http.StatusGone).body); strings.Contains(page, aysels) || !strings.Contains(page, c.want) {
				t.Errorf("%s: %s", what, page)
			}
		}
		b.want(b.get(at+"/events"), http.StatusNoContent)
		b.want(b.post(at+"/extend", "reason", "payment"), http.StatusGone)
		b.openCase("1499000152")
	}
}

// What lapsed has ended then: an officer who signs out later, or a trader who
// switches the help off, does not end it again.
func TestACaseEndsOnce(t *testing.T) {
	s := staffed(t)
	for what, lapsed := range map[string]string{
		"time": `update assist_case set until = now() - interval '7 minutes', seen_at = now() - interval '9 minutes' where ended_at is null`,
		"idle": `update assist_case set until = now() + interval '1 minute', seen_at = now() - interval '12 minutes' where ended_at is null`,
	} {
		for by, end := range map[string]func(*browser){
			"signed out": func(b *browser) { b.want(b.post("/sign-out"), http.StatusSeeOther) },
			"switched off": func(*browser) {
				s.must(s.db.SetTraderPreference(s.Context(), s.traderKey("1499000151"), db.Preference{}))
				s.must(s.db.SetTraderPreference(s.Context(), s.traderKey("1499000151"), db.Preference{TelephoneHelp: true}))
			},
		} {
			b := s.officer("operator")
			b.openCase("1499000151")
			s.sql(lapsed)
			end(b)
			if got := look[string](s, `select concat_ws(' ', ended_by, round(extract(epoch from now() - ended_at) / 60)) from assist_case order by opened_at desc limit 1`); got != what+" 7" {
				t.Errorf("%s, then %s: ended %s minutes ago", what, by, got)
			}
			b.post("/sign-out")
		}
	}
}

// An open page's stream ends at the stop itself, not when it next has something
// to say.
func TestAssistStreamEndsAtTheStop(t *testing.T) {
	s := staffed(t)
	b := s.officer("operator")
	at := b.openCase("1499000151")
	began := time.Now()
	s.sql(`update assist_case set until = now() + interval '3 seconds'`)
	e := b.listenAt(at + "/events")
	e.next("end")
	if took := time.Since(began); took < 3*time.Second || took > patience/4 {
		t.Errorf("it ended after %s", took)
	}
}

func TestAssistExtension(t *testing.T) {
	s := staffed(t)
	b := s.officer("operator")
	at := b.openCase("1499000151")
	b.want(b.post(at+"/extend"), http.StatusUnprocessableEntity)
	b.want(b.post(at+"/extend", "reason", "another"), http.StatusUnprocessableEntity)
	for range 3 {
		s.sql(`update assist_case set until = now() + interval '1 minute'`)
		if to := b.want(b.post(at+"/extend", "reason", "payment", "reason_text", "a fee"), http.StatusSeeOther).to(); to != at {
			t.Errorf("sent to %q", to)
		}
	}
	if page := words(b.want(b.post(at+"/extend", "reason", "payment"), http.StatusUnprocessableEntity).body); !strings.Contains(page, "limit is reached") {
		t.Error(page)
	}
	if n := s.registered(`action = 'case.extend'`); n != 3 || look[int](s, `select count(*) from assist_extension`) != 3 {
		t.Errorf("%d extensions are registered", n)
	}
}

// If the register cannot hold the look, nothing is shown; if it cannot hold the
// opening, there is no case.
func TestAssistNeedsTheRegister(t *testing.T) {
	s := staffed(t)
	b := s.officer("operator")
	at := b.openCase("1499000151")
	s.sql(`revoke insert on register_entry from portal_app`)
	for _, path := range []string{"/goods", "/goods/" + aysels} {
		if a := b.want(b.get(at+path), http.StatusServiceUnavailable); strings.Contains(a.body, "Qara") {
			t.Error("it is shown all the same")
		}
	}
	s.sql(`update assist_case set ended_at = now(), ended_by = 'operator'`)
	b.want(b.post("/assist", caseForm("1499000151")...), http.StatusServiceUnavailable)
	if n := look[int](s, `select count(*) from assist_case where ended_at is null`); n != 0 {
		t.Errorf("%d cases are open of which the register knows nothing", n)
	}
}

func TestSensitiveAssist(t *testing.T) {
	s := staffed(t)
	s.must(db.AddSensitive(t.Context(), s.test.OwnerURL, "1499000151", ""))
	b, second := s.officer("operator"), s.officer("operator2")
	at := b.want(b.post("/assist", caseForm("1499000151")...), http.StatusSeeOther).to()
	if page := words(b.want(b.get(at), http.StatusOK).body); !strings.Contains(page, "Another officer must agree") {
		t.Error(page)
	}
	b.want(b.get(at+"/goods"), http.StatusGone)
	b.want(b.post(at+"/approve"), http.StatusUnprocessableEntity)
	if a := second.want(second.get("/assist"), http.StatusOK); !strings.Contains(a.body, at+"/approve") {
		t.Error("the second officer is not asked")
	}
	second.want(second.post(at+"/approve"), http.StatusSeeOther)
	second.want(second.post(at+"/approve"), http.StatusUnprocessableEntity)
	b.want(b.get(at+"/goods"), http.StatusOK)
	second.want(second.get(at+"/goods"), http.StatusNotFound)
	if n := s.registered(`action = 'case.approve' and session_id <> (select staff_session from assist_case)`); n != 1 {
		t.Errorf("%d agreements are registered", n)
	}
}

func TestAssistLimit(t *testing.T) {
	s := staffed(t, func(o *handlers.Options) { o.CasesPerHour = 1 })
	b := s.officer("operator")
	at := b.openCase("1499000151")
	if a := b.want(b.post("/assist", caseForm("1499000152")...), http.StatusUnprocessableEntity); !strings.Contains(words(a.body), "end it first") || !strings.Contains(a.body, at) {
		t.Error("the open case is not named")
	}
	b.want(b.post(at+"/end"), http.StatusSeeOther)
	if page := words(b.want(b.post("/assist", caseForm("1499000152")...), http.StatusUnprocessableEntity).body); !strings.Contains(page, "limit is reached") {
		t.Error(page)
	}
}

func TestSupervisionAssist(t *testing.T) {
	s := staffed(t)
	b, supervisor := s.officer("operator"), s.officer("supervisor")
	if page := words(supervisor.want(supervisor.get("/supervision/assist"), http.StatusOK).body); !strings.Contains(page, "No case is open") {
		t.Error(page)
	}
	b.want(b.post("/assist", caseForm("1499000152", "code", "00000000")...), http.StatusUnprocessableEntity)
	at := b.openCase("1499000151")
	a := supervisor.want(supervisor.get("/supervision/assist"), http.StatusOK)
	for _, want := range []string{"Günel Həsənova", "N-3G7HN2Q", "Leyla Məmmədova", "1499000151", "Wrong code", "1499000152"} {
		if !strings.Contains(words(a.body), want) {
			t.Errorf("supervision does not see %q", want)
		}
	}
	if strings.Contains(a.body, aysels) {
		t.Error("supervision sees goods")
	}
	id := strings.TrimPrefix(at, "/assist/")
	for _, wrong := range [][]string{{"case", id}, {"case", id, "why", " "}, {"case", "x", "why", "y"}, {"why", "y"}} {
		supervisor.want(supervisor.post("/supervision/assist/end", wrong...), http.StatusUnprocessableEntity)
	}
	b.want(b.get(at+"/goods"), http.StatusOK)
	supervisor.want(supervisor.post("/supervision/assist/end", "case", id, "why", "strange questions"), http.StatusSeeOther)
	supervisor.want(supervisor.post("/supervision/assist/end", "case", id, "why", "again"), http.StatusUnprocessableEntity)
	if page := words(b.want(b.get(at+"/goods"), http.StatusGone).body); strings.Contains(page, aysels) || !strings.Contains(page, "strange questions") || strings.Contains(page, "Vəliyeva") {
		t.Error(page)
	}
	if page := words(supervisor.want(supervisor.get("/supervision/assist"), http.StatusOK).body); !strings.Contains(page, "Ended by a supervisor") {
		t.Error(page)
	}
	if n := s.registered(`actor = 'supervisor' and channel = 'staff' and action = 'cases.list'`); n < 3 {
		t.Errorf("%d looks of supervision are registered", n)
	}
	if n := s.registered(`actor = 'supervisor' and action = 'case.end' and subject = '1499000151'`); n != 1 {
		t.Errorf("%d ends are registered", n)
	}
}
