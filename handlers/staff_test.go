package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/handlers"
)

// staffed is a site at which staff and traders sign in at one host, with the
// demo's officers on its list.
func staffed(t testing.TB, edit ...func(*handlers.Options)) *site {
	t.Helper()
	s := newSite(t, append([]func(*handlers.Options){func(o *handlers.Options) { o.StaffURL = o.URL }}, edit...)...)
	s.hire()
	return s
}

// hire puts the demo's officers on the staff list.
func (s *site) hire() {
	s.Helper()
	for _, p := range democa.People() {
		if p.Staff != "" {
			s.must(db.PutStaff(s.Context(), s.test.OwnerURL, memberOf(p, p.Staff)))
		}
	}
}

func memberOf(p democa.Person, role customs.StaffRole) db.StaffMember {
	return db.StaffMember{
		PIN: p.PIN, Number: "N-" + string(p.PIN), Name: p.FullName(), Unit: "Çağrı Mərkəzi", Role: role, Until: time.Now().AddDate(1, 0, 0),
	}
}

// staffIn signs an officer in by file and returns where they are sent.
func (b *browser) staffIn(name, back string) string {
	b.Helper()
	path := "/sign-in/file"
	if back != "" {
		path += "?return=" + url.QueryEscape(back)
	}
	return b.want(b.uploadTo(path, b.sign(name, b.challenge(path))), http.StatusSeeOther).to()
}

func TestStaffSignIn(t *testing.T) {
	s := staffed(t)
	for name, home := range map[string]string{"operator": "/assist", "supervisor": "/supervision", "administrator": "/staff"} {
		b := s.browser()
		if to := b.staffIn(name, ""); to != home {
			t.Errorf("%s is sent to %q", name, to)
		}
		page := words(b.want(b.get(home), http.StatusOK).body)
		if !strings.Contains(page, person(t, name).FullName()) || !strings.Contains(page, "N-"+string(person(t, name).PIN)) {
			t.Errorf("%s: %s", name, page)
		}
		if to := b.want(b.get("/"), http.StatusSeeOther).to(); to != home {
			t.Errorf("%s at the start page: %q", name, to)
		}
		for _, other := range []string{"/assist", "/supervision", "/staff"} {
			if other != home {
				if page := words(b.want(b.get(other), http.StatusForbidden).body); !strings.Contains(page, "vəzifəniz") {
					t.Errorf("%s at %s: %s", name, other, page)
				}
			}
		}
		if to := b.want(b.get("/goods"), http.StatusSeeOther).to(); to != "/?return=%2Fgoods" {
			t.Errorf("%s sees goods: %q", name, to)
		}
		kept := b.cookies()[s.sessionCookie()]
		b.want(b.post("/sign-out"), http.StatusSeeOther)
		b.want(b.withCookie(kept).get(home), http.StatusUnauthorized)
	}
	if n := look[int](s, `select count(*) from session`); n != 0 {
		t.Errorf("%d sessions of traders began", n)
	}
}

// Nobody gets in who is not on the list, and each reason has its own words.
func TestStaffRefused(t *testing.T) {
	s := staffed(t)
	s.sql(`update staff set valid_until = current_date - 2 where pin = $1`, string(person(t, "operator2").PIN))
	for name, want := range map[string]string{"aysel": "siyahısında deyilsiniz", "novoen": "siyahısında deyilsiniz", "operator2": "müddətiniz bitib"} {
		b := s.browser()
		path := "/sign-in/file?return=%2Fassist"
		page := words(b.want(b.uploadTo(path, b.sign(name, b.challenge(path))), http.StatusUnprocessableEntity).body)
		if !strings.Contains(page, want) {
			t.Errorf("%s: %s", name, page)
		}
		if to := b.want(b.get("/assist"), http.StatusSeeOther).to(); to != "/?return=%2Fassist" {
			t.Errorf("%s at /assist: %q", name, to)
		}
	}
	if n := look[int](s, `select count(*) from sign_in_attempt where outcome in ('staff_unknown', 'staff_expired')`); n != 3 {
		t.Errorf("%d attempts were recorded", n)
	}
	b := s.browser()
	b.staffIn("operator", "")
	s.must(db.RemoveStaff(t.Context(), s.test.OwnerURL, person(t, "operator").PIN))
	b.want(b.get("/assist"), http.StatusUnauthorized)
	b.want(b.get("/assist"), http.StatusSeeOther) // the browser has forgotten it
}

func TestStaffByCard(t *testing.T) {
	s := staffed(t)
	for _, back := range []string{"", "/assist"} {
		b := s.browserWith("operator")
		home := b.want(b.get(b.toCard(back)), http.StatusSeeOther).to()
		if to := b.want(b.get(home), http.StatusSeeOther).to(); to != "/assist" {
			t.Errorf("asked for %q, sent to %q", back, to)
		}
		b.want(b.get("/assist"), http.StatusOK)
	}
	b := s.browserWith("novoen") // neither an officer nor a trader: told on the card listener
	b.want(b.get(b.toCard("")), http.StatusUnprocessableEntity)
	home := b.want(b.get(b.toCard("/assist")), http.StatusSeeOther).to()
	if page := words(b.want(b.get(home), http.StatusUnprocessableEntity).body); !strings.Contains(page, "siyahısında deyilsiniz") {
		t.Error(page)
	}
}

// Somebody who is both is asked; with a page of staff in mind they are not.
func TestOfficerAndTrader(t *testing.T) {
	s := staffed(t)
	s.must(db.PutStaff(t.Context(), s.test.OwnerURL, memberOf(person(t, "aysel"), customs.RoleOperator)))
	b := s.browser()
	if to := b.staffIn("aysel", "/assist"); to != "/assist" {
		t.Errorf("sent to %q", to)
	}
	for as, home := range map[string]string{"staff": "/assist", "trader": "/goods"} {
		b := s.browser()
		choice := b.staffIn("aysel", "")
		b.want(b.get(choice), http.StatusOK)
		b.want(b.post(choice), http.StatusUnprocessableEntity)
		b.want(b.post(choice, "as", "owner"), http.StatusUnprocessableEntity)
		if to := b.want(b.post(choice, "as", as), http.StatusSeeOther).to(); to != home {
			t.Errorf("as %s: sent to %q", as, to)
		}
		b.want(b.get(home), http.StatusOK)
		b.want(b.post(choice, "as", as), http.StatusUnprocessableEntity) // works once
	}
	b = s.browser()
	if to := b.staffIn("aysel", "/goods?q=x"); to != "/sign-in/capacity?return=%2Fgoods%3Fq%3Dx" {
		t.Errorf("sent to %q", to)
	}
}

// One browser is one person in one capacity: the other session has ended.
func TestOneCapacityAtATime(t *testing.T) {
	s := staffed(t)
	b := s.browser()
	b.staffIn("aysel", "")
	b.want(b.get("/goods"), http.StatusOK)
	b.staffIn("operator", "/assist")
	b.want(b.get("/goods"), http.StatusSeeOther)
	if n := look[int](s, `select count(*) from session where ended_at is null`); n != 0 {
		t.Errorf("%d sessions of traders are alive", n)
	}
	b.signIn("rashad")
	b.want(b.get("/assist"), http.StatusSeeOther)
	if n := look[int](s, `select count(*) from staff_session where ended_at is null`); n != 0 {
		t.Errorf("%d staff sessions are alive", n)
	}
}

// Where staff have a host of their own, neither site knows the other's pages.
func TestStaffHost(t *testing.T) {
	staff := httptest.NewUnstartedServer(nil)
	s := newSite(t, func(o *handlers.Options) {
		o.StaffURL, o.StaffListener = &url.URL{Scheme: "http", Host: staff.Listener.Addr().String()}, true
	})
	s.hire()
	staff.Config.Handler = s.portal.StaffHandler()
	staff.Start()
	t.Cleanup(staff.Close)

	public := s.browser()
	for _, path := range []string{"/assist", "/assist/x/goods", "/supervision/assist", "/staff", "/%61ssist", "//assist"} {
		public.want(public.get(path), http.StatusNotFound)
	}
	public.want(public.post("/assist"), http.StatusNotFound)
	public.want(public.get("/", "Host", s.options.StaffURL.Host), http.StatusMisdirectedRequest)
	public.want(public.get("/sign-in/file?return=%2Fassist"), http.StatusOK)
	path := "/sign-in/file?return=%2Fassist"
	public.want(public.uploadTo(path, public.sign("operator", public.challenge(path))), http.StatusUnprocessableEntity) // no VÖEN, no trader

	b := s.browser()
	b.base = s.options.StaffURL.String()
	for _, path := range []string{"/goods", "/goods.csv", "/access", "/company", "/sign-in/sima", "/sign-in/mygov", "/feed/v1/schema.json", "/receipts/x"} {
		b.want(b.get(path), http.StatusNotFound)
	}
	b.want(b.get("/", "Host", s.options.URL.Host), http.StatusMisdirectedRequest)
	if page := words(b.want(b.get("/"), http.StatusOK).body); !strings.Contains(page, "əməkdaşlarının") {
		t.Errorf("the start page is not that of staff: %s", page)
	}
	if text := string(b.challenge("/sign-in/file")); !strings.Contains(text, s.options.StaffURL.Host) || strings.Contains(text, s.options.URL.Host) {
		t.Errorf("what is signed names another site: %s", text)
	}
	if to := b.staffIn("operator", ""); to != "/assist" {
		t.Errorf("sent to %q", to)
	}
	b.want(b.get("/assist"), http.StatusOK)
	b.want(b.get("/help"), http.StatusOK)
	trader := s.browser()
	trader.base = b.base
	trader.want(trader.upload(trader.sign("aysel", trader.challenge("/sign-in/file"))), http.StatusUnprocessableEntity)

	card := s.browserWith("operator")
	card.base = b.base
	home := card.want(card.get(card.toCard("")), http.StatusSeeOther).to()
	if !strings.HasPrefix(home, b.base+"/") {
		t.Errorf("by card: sent to %q", home)
	}
	if to := card.want(card.get(home), http.StatusSeeOther).to(); to != "/assist" {
		t.Errorf("by card: sent to %q", to)
	}
}

// Without a site for staff there are no pages for them.
func TestNoStaffSite(t *testing.T) {
	s := newSite(t)
	s.hire()
	b := s.browser()
	b.want(b.get("/assist"), http.StatusNotFound)
	b.want(b.upload(b.sign("operator", b.challenge("/sign-in/file"))), http.StatusUnprocessableEntity)
}
