package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"customs.gov.az/portal/esign/democa"
)

// Everything that people do leaves traces in the log, and none of it says who
// they are, whose goods they saw or what they looked for.
func TestNothingPersonalInTheLog(t *testing.T) {
	s := newSite(t)
	const searched = "Gizlisorgu"
	journeys := map[string]func(){
		"by file": func() {
			b := s.browser().signIn("aysel")
			for _, path := range []string{"/goods", "/goods?q=" + searched, "/goods/" + aysels, "/goods/" + url.PathEscape(slashed), "/goods/" + rashads, "/" + searched, "/goods?" + searched + "=1", "/goods/%00" + searched} {
				b.get(path)
			}
			b.post("/sign-out")
		},
		"by card": func() {
			b := s.browserWith("several")
			home := b.get(b.toCard("/goods/" + aysels)).to()
			at := b.get(home).to()
			b.post(at, "voen", "1499000151")
			b.post(at, "voen", "1699000171")
			b.get("/goods")
		},
		"refused": func() {
			for _, p := range democa.People() {
				b := s.browser()
				b.upload(b.sign(p.Name, b.challenge("/sign-in/file")))
				c := s.browserWith(p.Name)
				c.get(c.toCard(""))
			}
			for _, f := range failures() {
				f.try(s.browser())
			}
		},
		"hostile": func() {
			b := s.browser()
			b.get("/goods?q="+searched, "Host", searched+".example", "Cookie", "portal="+searched, "Referer", "http://x/"+searched, "User-Agent", searched)
			b.do(searched, "/"+searched, nil)
			b.get("/sign-in/card/done?code=" + searched)
			s.raw("GET http://" + searched + "/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")
		},
		"broken": func() {
			b := s.browser().signIn("kamran")
			s.sql(`revoke insert on register_entry from portal_app`)
			b.get("/goods?q=" + searched)
			s.sql(`revoke select on pending from portal_app`)
			b.get("/goods?q=" + searched)
			s.sql(`revoke insert on session from portal_app`)
			c := s.browser()
			c.upload(c.sign("aysel", c.challenge("/sign-in/file")))
			s.stopDatabase()
			b.get("/goods/K0001?q=" + searched)
			b.get(s.ops.URL + "/readyz")
			s.startDatabase()
		},
	}
	for _, name := range []string{"by file", "by card", "refused", "hostile", "broken"} {
		journeys[name]()
	}
	log := s.log.String()
	for _, secret := range append(personal(t), searched, strings.ToLower(searched)) {
		if i := strings.Index(log, secret); i >= 0 {
			t.Errorf("the log holds %q: %s", secret, log[max(0, i-300):min(len(log), i+100)])
		}
	}
	checkLog(t, log)
}

// personal is everything that must not be in a log.
func personal(t *testing.T) []string {
	t.Helper()
	list := []string{aysels, aysels2, rashads, slashed, url.PathEscape(slashed), "K0001", consignor, "TT-417-KO", "Qara", "127.0.0.1"}
	for _, p := range democa.People() {
		list = append(list, p.GivenName+" ", p.Surname, string(p.PIN))
		for _, v := range p.VOENs {
			list = append(list, string(v))
		}
		if p.Organisation != "" {
			list = append(list, p.Organisation)
		}
	}
	return list
}

// checkLog makes sure that the log says what operations need: each line is
// JSON, each request has its number, route and status, each failure its error.
func checkLog(t *testing.T, log string) {
	t.Helper()
	statuses := map[int]int{}
	refusals := map[string]bool{}
	for line := range strings.Lines(log) {
		var entry struct {
			Level, Msg, Request, Route, Reason, Error string
			Status                                    int
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch entry.Msg {
		case "request":
			statuses[entry.Status]++
			if len(entry.Request) != 36 || entry.Status == 0 || entry.Status >= 500 && (entry.Level != "ERROR" || entry.Error == "") {
				t.Errorf("a line without what is needed: %s", line)
			}
		case "sign-in refused":
			refusals[entry.Reason] = true
		}
	}
	for _, status := range []int{http.StatusOK, http.StatusSeeOther, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusMisdirectedRequest, http.StatusServiceUnavailable} {
		if statuses[status] == 0 {
			t.Errorf("no line with status %d: the journeys did not go there", status)
		}
	}
	for _, reason := range []string{"expired", "issuer_not_trusted", "no_voen", "challenge_used", "not_a_signature"} {
		if !refusals[reason] {
			t.Errorf("no line tells of a refusal for %s", reason)
		}
	}
}
