package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/handlers"
)

// askLink is the address behind the newest “Ask about this” of the page.
func askLink(b *browser) string {
	b.Helper()
	page := b.want(b.get("/access"), http.StatusOK).body
	for _, n := range elements(page, "a") {
		for _, a := range n.Attr {
			if a.Key == "href" && strings.HasPrefix(a.Val, "/access/ask/") {
				return a.Val
			}
		}
	}
	b.Fatalf("nothing can be asked about: %s", words(page))
	return ""
}

func TestAskAboutAView(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	b.get("/goods/" + aysels)
	link := askLink(b)
	if text := words(b.want(b.get(link), http.StatusOK).body); !strings.Contains(text, "Registration "+aysels) || !strings.Contains(text, "Question about a view") {
		t.Error(text)
	}
	a := b.want(b.post(link, "body", "Who was it?\r\nI was away.", "contact", " 050 123 45 67 "), http.StatusSeeOther)
	report, query, _ := strings.Cut(a.to(), "?")
	if query != "sent=1" {
		t.Errorf("leads to %s", a.to())
	}
	page := words(b.want(b.get(a.to()), http.StatusOK).body)
	for _, want := range []string{"has reached supervision", "Who was it? I was away.", "050 123 45 67", "Waiting for an answer", "Registration " + aysels, "No. 1, sent"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q: %s", want, page)
		}
	}
	// Sent twice, there is one report, and the person is told.
	again := b.want(b.post(link, "body", "Who was it?"), http.StatusSeeOther)
	if again.to() != report+"?open=1" || !strings.Contains(words(b.get(again.to()).body), "no second one was made") {
		t.Errorf("the second leads to %s", again.to())
	}
	if text := words(b.want(b.get("/access/reports"), http.StatusOK).body); !strings.Contains(text, "No. 1") || strings.Contains(text, "No. 2") {
		t.Error(text)
	}
	if text := words(b.get("/access").body); !strings.Contains(text, "Your question") || !strings.Contains(text, "Report sent to supervision") {
		t.Error(text)
	}
	s.sql(`update report set answer = 'It was you.' || chr(10) || '<script>', answered_at = now(), answered_by = gen_random_uuid(), answered_number = 'S-9'`)
	for _, lang := range []string{"az", "en"} {
		answered := b.want(b.get(report+"?lang="+lang), http.StatusOK).body
		if text := words(answered); !strings.Contains(text, "It was you. <script>") || strings.Contains(answered, "S-9") || strings.Contains(answered, "<script>") {
			t.Errorf("%s: %s", lang, text)
		}
	}
	if text := words(b.get("/access").body); !strings.Contains(text, "Answer to your question") {
		t.Error(text)
	}
	if n := look[int](s, `select count(*) from register_entry where action = 'report.make' and asked = $1`, report); n != 2 {
		t.Errorf("%d entries of the reports", n)
	}
}

func TestNotMine(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	link := ""
	for _, n := range elements(b.get("/goods/"+url.PathEscape(slashed)).body, "a") {
		for _, a := range n.Attr {
			if a.Key == "href" && strings.HasPrefix(a.Val, "/access/not-mine") {
				link = a.Val
			}
		}
	}
	if text := words(b.want(b.get(link), http.StatusOK).body); !strings.Contains(text, slashed) || !strings.Contains(text, "This registration is not mine") {
		t.Fatalf("%s: %s", link, text)
	}
	a := b.want(b.post("/access/not-mine", "registration", slashed, "body", "I know nothing of it."), http.StatusSeeOther)
	if text := words(b.want(b.get(a.to()), http.StatusOK).body); !strings.Contains(text, slashed) || !strings.Contains(text, "I know nothing of it.") {
		t.Error(text)
	}
	if text := words(b.get(link).body); !strings.Contains(text, "You have reported this before") {
		t.Error(text)
	}
	other := s.browser().english().signIn("kamran")
	report, _, _ := strings.Cut(a.to(), "?")
	other.want(other.get(report), http.StatusNotFound)
	if text := words(other.get("/access/reports").body); strings.Contains(text, slashed) {
		t.Error("another trader sees the report")
	}
}

// What is another's is not there, for reading and for writing alike.
func TestReportsOfOthersThings(t *testing.T) {
	s := newSite(t)
	s.browser().signIn("aysel").get("/goods/" + aysels)
	theirs := look[string](s, `select max(id)::text from register_entry where subject = '1499000151'`)
	b := s.browser().english().signIn("rashad")
	for _, path := range []string{
		"/access/ask/" + theirs, "/access/ask/0", "/access/ask/-1", "/access/ask/99999999999999999999999", "/access/ask/x", "/access/ask/%00", "/access/ask/1e3",
		"/access/not-mine?registration=" + aysels, "/access/not-mine", "/access/not-mine?registration=%00", "/access/not-mine?registration=" + strings.Repeat("A", 5000),
		"/access/not-mine?registration=%ff", "/access/reports/x", "/access/reports/00000000-0000-0000-0000-000000000000", "/access/reports/%00",
	} {
		if a := b.get(path); a.StatusCode != http.StatusNotFound || strings.Contains(a.body, consignor) {
			t.Errorf("%.60s: status %d", path, a.StatusCode)
		}
		address, query, _ := strings.Cut(path, "?registration=")
		code, _ := url.QueryUnescape(query)
		if strings.HasPrefix(path, "/access/reports") {
			continue
		}
		if a := b.post(address, "registration", code, "body", "x"); a.StatusCode != http.StatusNotFound {
			t.Errorf("sent to %.60s: status %d", path, a.StatusCode)
		}
	}
	if n := look[int](s, `select count(*) from report`); n != 0 {
		t.Errorf("%d reports were made", n)
	}
	guest := s.browser()
	guest.want(guest.post("/access/not-mine", "registration", aysels, "body", "x"), http.StatusUnauthorized)
	if a := b.do(http.MethodPost, "/access/not-mine", strings.NewReader("registration="+rashads+"&body=x"),
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site"); a.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", a.StatusCode)
	}
	if log := s.log.String(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log tells of faults:\n%s", log)
	}
}

// Bad input gets a clear message, loses nothing that can be read, and makes no
// report.
func TestReportInput(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	for _, c := range []struct {
		name, body, contact string
		status              int
		want                string
	}{
		{"nothing", "", "", 422, "Write what you want to say"},
		{"blanks", " \r\n\t ", "", 422, "Write what you want to say"},
		{"too long", strings.Repeat("ə", 2001), "", 422, "at most 2,000 characters"},
		{"control characters", "a\x00b\x1b[31mc", "", 422, "characters that cannot be read"},
		{"hidden order", "abc\u202edef", "", 422, "characters that cannot be read"},
		{"no UTF-8", "a\xff\xfe", "", 422, "characters that cannot be read"},
		{"long contact", "Fine", strings.Repeat("1", 201), 422, "Shorten how to reach you"},
		{"contact of lines", "Fine", "a\nb", 422, "Shorten how to reach you"},
		{"far too long", strings.Repeat("x", 200_000), "", 413, ""},
		{"markup", `</textarea><script>alert(1)</script>` + strings.Repeat("ə", 2001), "", 422, "at most"},
	} {
		a := b.post("/access/not-mine", "registration", aysels, "body", c.body, "contact", c.contact)
		text := words(a.body)
		if a.StatusCode != c.status || !strings.Contains(text, c.want) || strings.Contains(a.body, "<script>") {
			t.Errorf("%s: %d %s", c.name, a.StatusCode, text)
		}
		if a.StatusCode == 422 && (!strings.Contains(a.body, "aria-invalid") || !strings.HasPrefix(title(a.body), "Error: ")) {
			t.Errorf("%s: the field or the title does not say so", c.name)
		}
		if c.name == "too long" && !strings.Contains(a.body, c.body) {
			t.Error("what was typed is lost")
		}
	}
	b.want(b.do(http.MethodPost, "/access/not-mine", strings.NewReader("%zz"), "Content-Type", "application/x-www-form-urlencoded"), http.StatusBadRequest)
	b.want(b.post("/access/not-mine", "registration", aysels, "body", strings.Repeat("ə", 2000), "contact", strings.Repeat("ə", 200)), http.StatusSeeOther)
	if n := look[int](s, `select count(*) from report`); n != 1 {
		t.Errorf("%d reports", n)
	}
}

func title(page string) string {
	for _, n := range elements(page, "title") {
		return n.FirstChild.Data
	}
	return ""
}

// Too many reports within a short time are told so, with the text kept, and the
// rate is the trader's, not the browser's.
func TestReportRate(t *testing.T) {
	s := newSite(t, func(o *handlers.Options) { o.Rates.Report = db.Rate{Every: time.Hour, Burst: 2} })
	b := s.browser().english().signIn("aysel")
	for _, code := range []string{aysels, aysels2} {
		b.want(b.post("/access/not-mine", "registration", code, "body", "x"), http.StatusSeeOther)
	}
	second := s.browser().english().signIn("aysel")
	a := second.want(second.post("/access/not-mine", "registration", slashed, "body", "Keep this text"), http.StatusTooManyRequests)
	if !strings.Contains(a.body, "Keep this text") || a.Header.Get("Retry-After") == "" || look[int](s, `select count(*) from report`) != 2 {
		t.Errorf("%s", words(a.body))
	}
	other := s.browser().signIn("rashad")
	other.want(other.post("/access/not-mine", "registration", rashads, "body", "x"), http.StatusSeeOther)
}

// Without an entry in the register nothing of a report is shown.
func TestReportsWithoutRegister(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	a := b.want(b.post("/access/not-mine", "registration", aysels, "body", "Sirr"), http.StatusSeeOther)
	s.sql(`revoke insert on register_entry from portal_app`)
	for _, path := range []string{a.to(), "/access/reports", "/access/not-mine?registration=" + aysels2} {
		if a := b.get(path); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.body, "Sirr") {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}
