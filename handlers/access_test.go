package handlers_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// accessRows are the rows of the table in words.
func accessRows(page string) []string {
	var rows []string
	for _, tr := range elements(page, "tr") {
		text := ""
		for d := range tr.Descendants() {
			if d.Data != "" && d.FirstChild == nil && d.Type == 1 {
				text += d.Data + " "
			}
		}
		rows = append(rows, strings.Join(strings.Fields(text), " "))
	}
	return rows[min(1, len(rows)):]
}

// Every view is told in words: what was opened, filters included, and by whom;
// the look at the history is itself a view.
func TestAccessTellsInWords(t *testing.T) {
	n := newNotary(t)
	b := n.browser().english().signIn("aysel")
	receipt := receiptOf(b, "/goods?checkpoint=00901&waiting=you&q=%C3%A7ay")
	b.get("/goods/" + aysels)
	b.get("/goods/" + url.PathEscape(slashed) + "?items=2")
	b.get("/goods/no-such-code")
	n.seal()
	b.want(b.get(receipt), http.StatusOK)
	b.want(b.get(receipt+"/qr.png"), http.StatusOK)
	b.want(b.get(receipt+"/receipt.json"), http.StatusOK)
	b.want(b.get("/access"), http.StatusOK)
	page := b.want(b.get("/access"), http.StatusOK).body
	rows := accessRows(page)
	want := []string{
		"Who viewed the data", "Receipt of an answer, file", "Receipt of an answer", "Registration no-such-code not found",
		"Registration " + slashed, "Registration " + aysels, "List of goods, filtered: “çay”; ",
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d: %q", len(rows), len(want), rows)
	}
	for i, part := range want {
		if !strings.Contains(rows[i], part) || !strings.Contains(rows[i], "You Aysel Məmmədova, Signed file") {
			t.Errorf("row %d: %q, want %q", i, rows[i], part)
		}
	}
	if text := words(page); strings.Contains(text, "/goods?") || strings.Contains(text, "%C3") || !strings.Contains(text, "Last 30 days: 7 views") {
		t.Error(text)
	}
	if current := attribute(page, "a", "aria-current", "href"); current != "/access" {
		t.Errorf("the section %q is current", current)
	}
	if n := look[int](n.site, `select count(*) from register_entry where action = 'access.list' and results > 5 and asked = '/access'`); n != 2 {
		t.Errorf("%d entries of the looks at the history", n)
	}
}

func TestAccessIsTheTradersOwn(t *testing.T) {
	s := newSite(t)
	s.browser().signIn("aysel").get("/goods/" + aysels)
	b := s.browser().signIn("kamran")
	for _, path := range []string{"/access", "/access.csv", "/access?from=2020-01-01"} {
		if a := b.want(b.get(path), http.StatusOK); strings.Contains(a.body, aysels) || strings.Contains(a.body, "Məmmədova") {
			t.Errorf("%s shows another trader's view", path)
		}
	}
	guest := s.browser()
	if a := guest.want(guest.get("/access?who=own"), http.StatusSeeOther); a.to() != "/?return=%2Faccess%3Fwho%3Down" {
		t.Error(a.to())
	}
	b.want(b.post("/sign-out"), http.StatusSeeOther)
	for _, path := range []string{"/access", "/access.csv"} {
		guest.want(guest.get(path), http.StatusSeeOther)
	}
}

// No query value is an error: what cannot be understood is named and left out.
func TestAccessQueryIsNeverAnError(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	for _, query := range []string{
		"page=0", "page=-1", "page=99999999999999999999", "page=1000000", "page=1&page=2", "who=nobody", "who=%00", "who='+or+1=1--", "who=own&who=token",
		"from=2026-02-30", "from=0000-00-00&to=9999-99-99", "from=2026-02-02&to=2026-02-01", "to=2026-13-01", "%zz", "a=1&b=2&c=3&d=4&e=5&f=6&g=7",
		"who=" + strings.Repeat("x", 9000), "%3Cscript%3E=1", "lang=xx", "who=", "from=&to=&who=&page=",
	} {
		a := b.get("/access?" + query)
		if a.StatusCode != http.StatusOK || strings.Contains(a.body, "<script>") {
			t.Errorf("%.40s: status %d", query, a.StatusCode)
		}
		if a := b.get("/access.csv?" + query); a.StatusCode != http.StatusOK {
			t.Errorf("the file, %.40s: status %d", query, a.StatusCode)
		}
	}
	if text := words(b.get("/access?who=nobody&from=x&colour=red").body); !strings.Contains(text, "left out: “colour”, From, Who viewed") && !strings.Contains(text, "Who viewed.") {
		t.Error(text)
	}
	if text := words(b.get("/access?from=2019-01-01&to=2019-01-02").body); !strings.Contains(text, "01.01.2019 – 02.01.2019: 0 views") && !strings.Contains(text, "No views") {
		t.Error(text)
	}
	if strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Errorf("the log tells of faults:\n%s", s.log)
	}
}

func TestAccessPagesAndViewers(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	s.sql(`insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select gen_random_uuid(), c, a, gen_random_uuid(), '1499000151', 'goods.list', '/assist/1/goods?waiting=you', 'answered', 3, 1
		  from (values ('assist', 'operator'), ('staff', 'supervisor'), ('api', 'trader'), ('mail', 'system')) v (c, a), generate_series(1, 30)`)
	page := b.want(b.get("/access?page=2"), http.StatusOK).body
	if rows := accessRows(page); len(rows) != 50 {
		t.Errorf("%d rows on the second page", len(rows))
	}
	if text := words(page); !strings.Contains(text, "Showing 51–100 of 120 views") || !strings.Contains(text, "Call centre: 30 Supervision: 30") {
		t.Error(text)
	}
	for who, title := range map[string]string{"operator": "Call centre", "supervision": "Supervision", "token": "Your programs (API)", "system": "The portal itself"} {
		body := b.want(b.get("/access?who="+who), http.StatusOK).body
		for _, row := range accessRows(body) {
			if !strings.Contains(row, title) {
				t.Errorf("%s: %q", who, row)
			}
		}
		if n := len(accessRows(body)); n != 30 {
			t.Errorf("%s: %d rows", who, n)
		}
	}
}

// The file holds what the page would show on all its pages, and opens as text.
func TestAccessFile(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	b.get("/goods?q=" + url.QueryEscape(`=HYPERLINK("http://evil")`))
	b.get("/goods/" + url.PathEscape("=1+1"))
	s.sql(`insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000151', 'goods.list', '/goods', 'answered', 3, 1 from generate_series(1, 300)`)
	a := b.want(b.get("/access.csv?who=own"), http.StatusOK)
	if d := a.Header.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename=access-1499000151-2`) || !strings.HasSuffix(d, ".csv") {
		t.Errorf("the file is called %s", d)
	}
	text, marked := strings.CutPrefix(a.body, "\uFEFF")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(rows) != 303 {
		t.Fatalf("%d rows, marked %v, %v", len(rows), marked, err)
	}
	if fmt.Sprint(rows[0]) != "[Time Who Person, unit or token What was viewed Result Case Reason Caller Confirmed by code Channel Request code]" {
		t.Errorf("%q", rows[0])
	}
	if last := rows[302]; last[1] != "You" || !strings.Contains(last[3], `=HYPERLINK`) || !strings.HasPrefix(last[3], "List of goods") {
		t.Errorf("%q", last)
	}
	if n := look[int](s, `select count(*) from register_entry where action = 'access.download' and results = 302`); n != 1 {
		t.Errorf("%d entries of the download", n)
	}
	head := b.do(http.MethodHead, "/access.csv", nil)
	if head.StatusCode != http.StatusOK || head.body != "" || look[int](s, `select count(*) from register_entry where action = 'access.download'`) != 2 {
		t.Errorf("HEAD: %d", head.StatusCode)
	}
	// Nothing is sent of what the register cannot take.
	s.sql(`revoke insert on register_entry from portal_app`)
	for _, path := range []string{"/access", "/access.csv"} {
		if a := b.get(path); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "HYPERLINK") || a.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s without an entry: %d", path, a.StatusCode)
		}
	}
}
