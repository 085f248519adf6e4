package handlers_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/handlers"
)

// supervised is a site on which a supervisor is signed in and a trader has
// looked at goods.
func supervised(t testing.TB, edit ...func(*handlers.Options)) (s *site, supervisor, trader *browser) {
	t.Helper()
	s = staffed(t, edit...)
	supervisor, trader = s.browser(), s.browser()
	supervisor.staffIn("supervisor", "")
	trader.signIn("aysel")
	trader.want(trader.get("/goods"), http.StatusOK)
	return s, supervisor, trader
}

// supervisorsDid counts the register's entries of an action.
func (s *site) supervisorsDid(action string) int {
	s.Helper()
	return look[int](s, `select count(*) from register_entry where action = $1 and actor = 'supervisor' and channel = 'staff' and outcome = 'answered'`, action)
}

func TestSupervision(t *testing.T) {
	s, supervisor, _ := supervised(t)
	s.must(s.db.LookAtCheckpoints(t.Context()))
	for lang, want := range map[string][]string{
		"az": {"Xidmətin icrasına nəzarət", "Portal hələ özünə sorğu göndərməyib", "Saat üzrə sorğular", "İmtina (nəzərdə tutulmayıb)", "İmzalanmış fayl"},
		"en": {"Supervision of the service", "The portal has never asked itself", "Requests per hour", "Refused (the rules know no refusal)", "Signed file"},
	} {
		page := supervisor.want(supervisor.get("/supervision?lang="+lang), http.StatusOK)
		text := words(page.body)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in %s", lang, w, text)
			}
		}
		if strings.Contains(page.body, "style=") || !strings.Contains(page.body, `<rect x=`) {
			t.Errorf("%s: the charts are not drawn by attributes alone", lang)
		}
		if !strings.Contains(page.body, `content="30;url=/supervision?renewed=1"`) || !strings.Contains(page.body, `data-events="/supervision/events"`) {
			t.Errorf("%s: the page does not renew itself", lang)
		}
	}
	if page := supervisor.want(supervisor.get("/supervision?paused=1"), http.StatusOK); strings.Contains(page.body, "http-equiv") || strings.Contains(page.body, "live.js") {
		t.Error("a paused page renews itself")
	}
	if n := s.supervisorsDid("supervision.view"); n != 3 {
		t.Errorf("%d looks are registered, want 3", n)
	}
	if text := words(supervisor.get("/supervision").body); !strings.Contains(text, "Sorğu 1 dünən bu vaxt 0") && !strings.Contains(text, "Requests 1 yesterday by this time 0") {
		t.Errorf("supervision's own looks are counted as requests: %s", text)
	}
}

// Who is no supervisor sees none of it, and a look that cannot be registered is
// not shown.
func TestSupervisionIsForSupervisors(t *testing.T) {
	s, supervisor, trader := supervised(t)
	operator := s.browser()
	operator.staffIn("operator", "")
	for _, path := range []string{
		"/supervision", "/supervision/events", "/supervision/register", "/supervision/register/1", "/supervision/register.csv", "/supervision/register.xlsx", "/supervision/month",
	} {
		operator.want(operator.get(path), http.StatusForbidden)
		if to := trader.want(trader.get(path), http.StatusSeeOther).to(); !strings.HasPrefix(to, "/?return=") {
			t.Errorf("a trader at %s is sent to %q", path, to)
		}
	}
	s.sql(`alter table register_entry add constraint no_looks check (actor <> 'supervisor') not valid`)
	for _, path := range []string{"/supervision", "/supervision/register", "/supervision/register/1", "/supervision/register.csv", "/supervision/register.xlsx", "/supervision/month"} {
		if a := supervisor.want(supervisor.get(path), http.StatusServiceUnavailable); strings.Contains(a.body, "1499000151") {
			t.Errorf("%s shows a taxpayer without an entry", path)
		}
	}
	s.sql(`alter table register_entry drop constraint no_looks`)
	s.sql(`update staff_session set ended_at = now()`)
	supervisor.want(supervisor.get("/supervision"), http.StatusUnauthorized)
}

func TestRegisterSearch(t *testing.T) {
	s, supervisor, trader := supervised(t)
	supervisor.readsEnglish()
	missing := trader.want(trader.get("/goods/NO-SUCH"), http.StatusNotFound)
	request := missing.Header.Get("X-Request-ID")
	for query, want := range map[string]string{
		"":                                   "1499000151",
		"q=1499000151&actor=trader":          "2 entries",
		"q=" + request:                       "1 entry",
		"q=1":                                "1 entry",
		"q=m-2026-000001":                    "0 entries",
		"outcome=not_found":                  "1 entry",
		"actor=operator":                     "0 entries",
		"channel=web":                        "2 entries",
		"action=goods.list":                  "1 entry",
		"from=2000-01-01":                    "entries",
		"to=2000-01-01":                      "No such entries",
		"q=hello":                            "Type a VÖEN",
		"q=%00":                              "left out: q",
		"outcome=refused":                    "left out: outcome",
		"before=x&after=1":                   "left out: after, before",
		"from=2030-02-01&to=2020":            "left out: to",
		"from=2026-03-01&to=2026-02-01":      "left out: from, to",
		"x=1&actor=A&channel=%27&action=a+b": "left out: action, actor, channel, x",
	} {
		a := supervisor.want(supervisor.get("/supervision/register?"+query), http.StatusOK)
		if text := words(a.body); !strings.Contains(text, want) {
			t.Errorf("%s: no %q in %s", query, want, text)
		}
	}
	// Who is the only one that is seen, or counted, is told so, however they were
	// found, and also where no page holds all of it.
	s.sql(`insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000151', 'goods.list', '/goods', 'answered', 7, 1500 from generate_series(1, 60)`)
	const told = `select count(*) from register_entry where action like 'supervision.%' and subject = '1499000151'`
	before := look[int](s, told)
	for _, query := range []string{"?q=1499000151", "?q=" + request, "?q=1", "?outcome=not_found", "?q=1&before=1.1&outcome=answered", ".csv?q=" + request, ".xlsx?q=1", ".csv?channel=web"} {
		supervisor.want(supervisor.get("/supervision/register"+query), http.StatusOK)
		if now := look[int](s, told); now != before+1 {
			t.Errorf("%s: %d looks at the taxpayer are in the register, want %d", query, now, before+1)
		} else {
			before = now
		}
	}
	s.sql(`insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		values (gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000152', 'goods.list', '/goods', 'answered', 7, 1500)`)
	for _, query := range []string{"", "?q=m-2026-000001", "?actor=operator", "?channel=web", "?q=hello", ".csv", ".csv?to=2000-01-01"} {
		supervisor.want(supervisor.get("/supervision/register"+query), http.StatusOK)
		if now := look[int](s, told); now != before {
			t.Errorf("%s: the register has a look at a taxpayer who was not the only one", query)
		}
	}
}

// The pages of a search lead from one to the next and back.
func TestRegisterPages(t *testing.T) {
	s, supervisor, _ := supervised(t)
	s.sql(`insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000152', 'goods.list', '/goods', 'answered', 1, 1000 from generate_series(1, 120)`)
	next := regexp.MustCompile(`href="([^"]*(before|after)=[^"]*)" rel="(next|prev)"`)
	at, seen := "/supervision/register?q=1499000152", 0
	for {
		page := supervisor.want(supervisor.get(strings.ReplaceAll(at, "&amp;", "&")), http.StatusOK).body
		seen += strings.Count(page, `class="code">1499000152`)
		at = ""
		for _, m := range next.FindAllStringSubmatch(page, -1) {
			if m[3] == "next" {
				at = m[1]
			}
		}
		if at == "" {
			back := next.FindStringSubmatch(page)
			if back == nil || back[3] != "prev" {
				t.Fatal("no way back from the last page")
			}
			if n := strings.Count(supervisor.want(supervisor.get(strings.ReplaceAll(back[1], "&amp;", "&")), http.StatusOK).body, `class="code">1499000152`); n != 50 {
				t.Errorf("%d entries on the page before the last", n)
			}
			break
		}
	}
	if seen != 120 {
		t.Errorf("%d of 120 entries on the pages", seen)
	}
}

// A file holds what the search finds, in the reader's language, and its entry
// is in the register before it.
func TestRegisterFiles(t *testing.T) {
	s, supervisor, _ := supervised(t)
	supervisor.readsEnglish()
	s.sql(`insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000152', 'goods.list', '=cmd|/goods', 'answered', 7, 1500 from generate_series(1, 3)`)
	a := supervisor.want(supervisor.get("/supervision/register.csv?q=1499000152&before=1.1"), http.StatusOK)
	if name := a.Header.Get("Content-Disposition"); !strings.Contains(name, "attachment; filename=register-") {
		t.Errorf("%s", name)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\uFEFF"))).ReadAll()
	s.must(err)
	if len(rows) != 4 || rows[1][2] != "1499000152" || rows[1][4] != "'=cmd|/goods" || rows[1][9] != "Information given" || rows[1][10] != "7" || rows[1][11] != "1.5" {
		t.Errorf("%q", rows)
	}
	a = supervisor.want(supervisor.get("/supervision/register.xlsx?outcome=answered"), http.StatusOK)
	z, err := zip.NewReader(bytes.NewReader([]byte(a.body)), int64(len(a.body)))
	s.must(err)
	f, err := z.Open("xl/worksheets/sheet1.xml")
	s.must(err)
	sheet, err := io.ReadAll(f)
	s.must(err)
	if !bytes.Contains(sheet, []byte("1499000152")) || !bytes.Contains(sheet, []byte("1499000151")) {
		t.Errorf("%s", sheet)
	}
	if n := look[int](s, `select count(*) from register_entry where action = 'supervision.download' and subject = '1499000152' and results = 3`); n != 1 {
		t.Errorf("%d downloads are registered with what they hold, want 1", n)
	}
	if n := s.supervisorsDid("supervision.download"); n != 2 {
		t.Errorf("%d downloads are registered, want 2", n)
	}
	if to := supervisor.want(supervisor.get("/supervision/register.csv?q=hello"), http.StatusSeeOther).to(); to != "/supervision/register?q=hello" {
		t.Errorf("a search that means nothing: %s", to)
	}
}

// An entry's page shows the leaf; once it is sealed, the proof; after the
// retention period, no personal data.
func TestRegisterEntryPage(t *testing.T) {
	s := newNotary(t, func(o *handlers.Options) { o.StaffURL = o.URL })
	s.hire()
	supervisor, trader := s.browser(), s.browser()
	supervisor.staffIn("supervisor", "")
	supervisor.readsEnglish()
	trader.signIn("aysel")
	trader.want(trader.get("/goods?q=tea"), http.StatusOK)
	text := words(supervisor.want(supervisor.get("/supervision/register/1"), http.StatusOK).body)
	for _, want := range []string{"Entry 1", "1499000151", "/goods?q=tea", "Not sealed yet", "customs.gov.az/portal/register/entry/v1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	s.seal()
	if text = words(supervisor.want(supervisor.get("/supervision/register/1"), http.StatusOK).body); !strings.Contains(text, "Sealed: this entry is in the tree of") {
		t.Errorf("sealed: %s", text)
	}
	_, err := db.Forget(t.Context(), s.test.OwnerURL, time.Now().Add(time.Hour))
	s.must(err)
	if text = words(supervisor.want(supervisor.get("/supervision/register/1"), http.StatusOK).body); strings.Contains(text, "1499000151") || !strings.Contains(text, "has been deleted") || !strings.Contains(text, "Sealed:") {
		t.Errorf("forgotten: %s", text)
	}
	if n := look[int](s.site, `select count(*) from register_entry where action = 'supervision.entry' and actor = 'supervisor'`); n != 3 {
		t.Errorf("%d looks at an entry, want 3", n)
	}
	for _, none := range []string{"/supervision/register/999", "/supervision/register/01", "/supervision/register/x", "/supervision/register/99999999999999999999"} {
		supervisor.want(supervisor.get(none), http.StatusNotFound)
	}
}

func TestMonthPage(t *testing.T) {
	s, supervisor, _ := supervised(t)
	now := time.Now().UTC().Add(4 * time.Hour)
	months := []string{"yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avqust", "sentyabr", "oktyabr", "noyabr", "dekabr"}
	for _, address := range []string{"/supervision/month", "/supervision/month?month=" + now.Format("2006-01"), "/supervision/month?month=x", "/supervision/month?month=2999-01"} {
		text := words(supervisor.want(supervisor.get(address), http.StatusOK).body)
		if !strings.Contains(text, "Hesabat: "+months[now.Month()-1]) || !strings.Contains(text, "Sorğu 1 Cavablandırılıb 1 (100 %)") || !strings.Contains(text, "Malların siyahısı, Sayt") {
			t.Errorf("%s: %s", address, text)
		}
	}
	if text := words(supervisor.want(supervisor.get("/supervision/month?month=2020-02&lang=en"), http.StatusOK).body); !strings.Contains(text, "Report: February 2020") || !strings.Contains(text, "01.02.2020–29.02.2020") || !strings.Contains(text, "Nothing in this month.") {
		t.Errorf("a month without requests: %s", text)
	}
	if n := s.supervisorsDid("supervision.month"); n != 5 {
		t.Errorf("%d reports are registered, want 5", n)
	}
}

// readsEnglish chooses English while somebody is signed in.
func (b *browser) readsEnglish() {
	b.Helper()
	b.want(b.get("/help?lang=en"), http.StatusOK)
}
