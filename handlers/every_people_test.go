package handlers_test

import (
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/handlers"
)

// aysels things, none of which anybody else may ever read. Her registrations
// stand in addresses and so on error pages.
var hersAlone = []string{"1499000151", "Bu mənim deyil.", "one@example.az", "Birinci gün", "Leyla Məmmədova"}

// Whoever is not the person for whom an address is made learns nothing from it
// and changes nothing by it: nobody, another trader, officers of other roles.
func TestEveryRouteKnowsItsPeople(t *testing.T) {
	w := newWhole(t)
	state := `select (select count(*) from report where answer is null) + (select count(*) from staff_change) + (select count(*) from api_token) + (select count(*) from mail_address)
		+ (select count(*) from access_code) + (select count(*) from assist_case where ended_at is null) + (select sum(extensions) from assist_case)
		+ (select count(*) from complaint_draft where voen = '1499000151') + (select count(*) from session where ended_at is null) + (select count(*) from mail_address where stopped_at is null)`
	before := look[int](w.site, state)
	asked := 0
	for _, r := range w.routes() {
		if r.streams() || r.method == http.MethodHead || slices.Contains(withoutSession, r.pattern) || r.whose() == "aysel" && isUnregistered(r.pattern) && r.pattern == r.address {
			continue
		}
		for name, b := range w.people {
			if name == r.whose() {
				continue
			}
			if name == "rashad" && r.method == http.MethodPost && r.pattern == r.address && r.whose() == "aysel" {
				continue // his own to change
			}
			if name == "supervisor" && r.pattern == "/assist/:case/approve" {
				continue // who may agree too: TestSensitiveAssist
			}
			var a answer
			if r.method == http.MethodPost {
				a = b.post(r.address, "reason", "payment", "reason_text", "x", "body", "x", "do", "remove", "answer", "x", "help", "off", "verdict", "withdrawn", "pin", "3G7HN2Q", "why", "x")
			} else {
				a = b.get(r.address)
			}
			asked++
			owns := name == "rashad" && r.pattern == r.address && r.whose() == "aysel" // a list of his own
			if a.StatusCode == http.StatusOK && !owns && !isUnregistered(r.pattern) {
				t.Errorf("%s %s: answered to %s", r.method, r.pattern, name)
			}
			if a.StatusCode >= http.StatusInternalServerError {
				t.Errorf("%s %s as %s: status %d", r.method, r.pattern, name, a.StatusCode)
			}
			for _, secret := range hersAlone {
				if strings.Contains(a.body, secret) && !slices.Contains([]string{"/notifications/confirm/:token", "/notifications/stop/:token"}, r.pattern) { // who has the link has the mailbox
					t.Errorf("%s %s: %s reads %q", r.method, r.pattern, name, secret)
				}
			}
			if to := a.to(); strings.Contains(to, "done") || strings.Contains(to, "sent=1") {
				t.Errorf("%s %s: %s is told that it is done: %s", r.method, r.pattern, name, to)
			}
		}
	}
	if asked < 250 {
		t.Errorf("only %d questions were asked", asked)
	}
	if after := look[int](w.site, state); after != before {
		t.Errorf("something was changed: %d, was %d", after, before)
	}
}

// Every file that is offered for saving has a name that any system can keep,
// and is of the kind that its name says.
func TestEveryFileHasItsName(t *testing.T) {
	w := newWhole(t)
	kinds := map[string]string{
		".csv": "text/csv", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".json": "application/json", ".txt": "text/plain",
		".tlog-proof": "text/plain",
	}
	saved := 0
	for _, r := range w.byMethod(http.MethodGet) {
		if r.streams() {
			continue
		}
		a := w.owner(r).get(r.address)
		disposition := a.Header.Get("Content-Disposition")
		if disposition == "" {
			if ext := path.Ext(r.address); kinds[ext] != "" && a.StatusCode == http.StatusOK && r.whose() == "aysel" && !strings.HasPrefix(r.pattern, "/feed/") {
				t.Errorf("%s: a file without a name", r.pattern)
			}
			continue
		}
		saved++
		how, parameters, err := mime.ParseMediaType(disposition)
		name := parameters["filename"]
		if err != nil || how != "attachment" || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" || len(name) > 80 {
			t.Errorf("%s: %q (%v)", r.pattern, disposition, err)
		}
		kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
		if want := kinds[path.Ext(name)]; err != nil || want == "" || kind != want {
			t.Errorf("%s: %s is said to be %q", r.pattern, name, a.Header.Get("Content-Type"))
		}
	}
	if saved < 8 {
		t.Errorf("only %d files", saved)
	}
}

// Where staff have a host of their own, nothing of theirs is at the public one
// and nothing of the traders' at theirs; the listeners for cards and for
// operations have nothing of either.
func TestEveryRouteIsAtItsHost(t *testing.T) {
	s := newSite(t, withMail, func(o *handlers.Options) { o.StaffURL = &url.URL{Scheme: "http", Host: "staff.example"} })
	s.hire()
	trader, nobody := s.browser().signIn("aysel"), s.browser()
	e, ok := s.portal.Handler().(*echo.Echo)
	if !ok {
		t.Fatal("the handler is not the router")
	}
	both := []string{"", "sign-in", "sign-out", "appeals", "help", "accessibility", "privacy", "register", "verify", "static"}
	atCards := []string{"/sign-in/card", "/feed/v1/consignments", "/feed/v1/position", "/static/*"}
	for _, r := range e.Routes() {
		if strings.HasSuffix(r.Path, "/events") || r.Method == http.MethodHead {
			continue
		}
		at := strings.NewReplacer(":case", "0192d0c4-7b5a-7cc1-8a3e-3f2b1c0d9e8f", ":code", aysels, ":id", "1", ":entry", "1", ":draft", "x", ":token", "x", "*", "x").Replace(r.Path)
		first, _, _ := strings.Cut(r.Path[1:], "/")
		staffs := slices.Contains([]string{"assist", "supervision", "staff"}, first)
		for who, b := range map[string]*browser{"a trader": trader, "nobody": nobody} {
			if r.Path == "/sign-out" {
				continue
			}
			if a := b.do(r.Method, at, nil); staffs && a.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: %s is answered %d at the public host", r.Method, r.Path, who, a.StatusCode)
			}
		}
		a := nobody.do(r.Method, at, nil, "Host", "staff.example")
		if !staffs && !slices.Contains(both, first) && a.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s: answered %d at the host of staff", r.Method, r.Path, a.StatusCode)
		}
		if staffs && a.StatusCode != http.StatusSeeOther && a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s %s: nobody is answered %d at the host of staff", r.Method, r.Path, a.StatusCode)
		}
		if card := nobody.do(r.Method, s.card.URL+at, nil); !slices.Contains(atCards, r.Path) && card.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s: answered %d at the listener for cards", r.Method, r.Path, card.StatusCode)
		}
		if ops := nobody.do(r.Method, s.ops.URL+at, nil); ops.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s: answered %d at the listener for operations", r.Method, r.Path, ops.StatusCode)
		}
	}
}
