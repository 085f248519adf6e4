package handlers_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/handlers"
)

func withMail(o *handlers.Options) { o.Notifications = true }

// wish is a form for an address; more fields come in pairs.
func wish(address string, more ...string) []string {
	return append([]string{"address", address, "event", "action", "event", "completed", "when", "now", "lang", "en"}, more...)
}

// claimed is the mail that is due first, as the mailer takes it.
func (s *site) claimed() db.Mail {
	s.Helper()
	m, err := s.db.ClaimMail(s.Context(), time.Minute)
	s.must(err)
	s.must(s.db.BeginMail(s.Context(), m))
	s.must(s.db.EndMail(s.Context(), m))
	return m
}

func addressID(s *site, address string) string {
	return look[string](s, `select id::text from mail_address where address = $1`, address)
}

// The whole way: an address is added, confirmed, changed, stopped by its link
// and removed, each with an entry that does not tell the address.
func TestNotifications(t *testing.T) {
	s := newSite(t, withMail)
	b := s.browser().english().signIn("aysel")
	if page := b.want(b.get("/goods"), http.StatusOK).body; !strings.Contains(page, `href="/notifications"`) {
		t.Error("the list does not lead there")
	}
	if page := b.want(b.get("/help"), http.StatusOK).body; !strings.Contains(page, `href="/notifications"`) {
		t.Error("the help does not lead there")
	}
	if page := words(b.want(b.get("/notifications"), http.StatusOK).body); !strings.Contains(page, "Another address") {
		t.Error(page)
	}
	a := b.want(b.post("/notifications", wish(" Sales@Example.az ")...), http.StatusSeeOther)
	page := words(b.want(b.get(a.to()), http.StatusOK).body)
	for _, part := range []string{"Sales@example.az", "The address has been added", "Waiting for confirmation", "Action needed from you Clearance complete", "At once, in English"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q: %s", part, page)
		}
	}
	m := s.claimed()
	stranger := s.browser() // signed out, as on a telephone
	link := "/notifications/confirm/" + m.Confirm + "?lang=en"
	for range 3 { // a scanner opens it, again and again
		page := stranger.want(stranger.get(link), http.StatusOK)
		if !strings.Contains(words(page.body), "be sent to Sales@example.az?") || strings.Contains(page.body, string(m.VOEN)) {
			t.Error(words(page.body))
		}
		stranger.want(stranger.do(http.MethodHead, link, nil), http.StatusOK)
	}
	if look[bool](s, `select confirmed_at is not null from mail_address`) {
		t.Fatal("opening the link confirmed it")
	}
	if page := words(stranger.want(stranger.post(link), http.StatusOK).body); !strings.Contains(page, "From now on notifications will be sent to Sales@example.az") {
		t.Error(page)
	}
	stranger.want(stranger.post(link), http.StatusNotFound) // once
	stranger.want(stranger.get(link), http.StatusNotFound)

	id := addressID(s, "Sales@example.az")
	a = b.want(b.post("/notifications/"+id, "do", "change", "event", "status", "when", "9", "lang", "az"), http.StatusSeeOther)
	if page := words(b.get(a.to()).body); !strings.Contains(page, "Once a day, at 09:00, in Azerbaijani") || !strings.Contains(page, "Your choice has been saved") || !strings.Contains(page, "Active") {
		t.Error(page)
	}
	stop := "/notifications/stop/" + m.Stop
	for range 2 {
		if page := words(stranger.want(stranger.get(stop), http.StatusOK).body); !strings.Contains(page, "Should no more mails of this subscription be sent to Sales@example.az?") {
			t.Error(page)
		}
	}
	// A mail program's own request: another site's by any measure, without cookies.
	one := s.browser()
	for range 3 {
		one.want(one.do(http.MethodPost, stop, strings.NewReader("List-Unsubscribe=One-Click"), "Content-Type", "application/x-www-form-urlencoded"), http.StatusOK)
	}
	if page := words(stranger.want(stranger.get(stop), http.StatusOK).body); !strings.Contains(page, "The notifications are stopped") {
		t.Error(page)
	}
	if page := words(b.get("/notifications").body); !strings.Contains(page, "by the link in a mail") {
		t.Error(page)
	}
	b.want(b.post("/notifications/"+id, "do", "again"), http.StatusSeeOther)
	if m := s.claimed(); m.Confirm == "" || m.Address != "Sales@example.az" {
		t.Errorf("%+v", m)
	}
	b.want(b.post("/notifications/"+id, "do", "remove"), http.StatusSeeOther)
	stranger.want(stranger.post(stop), http.StatusNotFound)
	if n := look[int](s, `select count(*) from mail_address`) + look[int](s, `select count(*) from mail_outbox`); n != 0 {
		t.Errorf("%d rows are left", n)
	}

	got := look[[]string](s, `select array_agg(concat_ws(' ', channel, actor, subject, asked, outcome) order by id) from register_entry where action = 'notifications.change'`)
	voen := string(person(t, "aysel").VOENs[0])
	if want := []string{
		"web trader " + voen + " /notifications add answered", "mail trader " + voen + " /notifications " + id + " confirm answered",
		"web trader " + voen + " /notifications " + id + " change answered", "mail trader " + voen + " /notifications " + id + " stop answered",
		"web trader " + voen + " /notifications " + id + " again answered", "web trader " + voen + " /notifications " + id + " remove answered",
	}; !slices.Equal(got, want) {
		t.Errorf("the register:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if log := s.log.String(); strings.Contains(strings.ToLower(log), "sales") || strings.Contains(log, m.Stop) || strings.Contains(log, m.Confirm) {
		t.Error("the log tells an address or a token")
	}
}

// Whatever is typed as an address is refused with a word about it, comes back
// as text, and leaves nothing behind.
func TestHostileAddresses(t *testing.T) {
	s := newSite(t, withMail)
	b := s.browser().english().signIn("aysel")
	for what, test := range map[string]struct{ address, says string }{
		"nothing":           {"", "Enter an email address"},
		"blanks":            {" \t ", "Enter an email address"},
		"no address":        {"aysel", "Enter the address like"},
		"a header":          {"a@example.az\r\nBcc: b@example.az", "Enter the address like"},
		"a header before":   {"x\r\nSubject: y\r\n\r\n@example.az", "Enter the address like"},
		"a line feed":       {"a@exam\nple.az", "Enter the address like"},
		"two":               {"a@example.az,b@example.az", "Enter the address like"},
		"with a name":       {"Aysel <a@example.az>", "Enter the address like"},
		"ten kilobytes":     {strings.Repeat("a", 10<<10) + "@example.az", "Enter the address like"},
		"markup":            {`"><script>alert(1)</script>@example.az`, "Enter the address like"},
		"NUL":               {"a\x00b@example.az", "Enter the address like"},
		"not UTF-8":         {"a\xff@example.az", "Enter the address like"},
		"letters":           {"satış@example.az", "Enter the address like"},
		"a machine":         {"root@localhost", "Enter the address like"},
		"a number":          {"a@[127.0.0.1]", "Enter the address like"},
		"an SMTP parameter": {"a@example.az> NOTIFY=NEVER", "Enter the address like"},
	} {
		a := b.want(b.post("/notifications", wish(test.address)...), http.StatusUnprocessableEntity)
		if page := words(a.body); !strings.Contains(page, test.says) || !strings.Contains(page, "Something needs to be put right") {
			t.Errorf("%s: %s", what, page)
		}
		if strings.Contains(a.body, "<script>alert") {
			t.Errorf("%s: markup comes back", what)
		}
		if len(test.address) < 100 && strings.TrimSpace(test.address) != "" && utf8.ValidString(test.address) && !strings.ContainsAny(test.address, "\x00\r\n") && value(a.body, "address") != test.address {
			t.Errorf("%s: %q comes back", what, value(a.body, "address"))
		}
	}
	b.want(b.post("/notifications", wish(strings.Repeat("a", 20<<10))...), http.StatusRequestEntityTooLarge)
	b.want(b.do(http.MethodPost, "/notifications", strings.NewReader("%zz"), "Content-Type", "application/x-www-form-urlencoded"), http.StatusBadRequest)
	if a := b.want(b.post("/notifications", "address", "a@example.az"), http.StatusUnprocessableEntity); !strings.Contains(words(a.body), "Choose at least one") || value(a.body, "address") != "a@example.az" {
		t.Error(words(a.body))
	}
	if n := look[int](s, `select count(*) from mail_address`) + look[int](s, `select count(*) from mail_outbox`); n != 0 {
		t.Errorf("%d rows", n)
	}
	// Nonsense in the choices is passed over; a domain in letters is taken.
	b.want(b.post("/notifications", "address", "a@gömrük.az", "event", "status", "event", "status", "event", "x", "when", "24", "lang", "de"), http.StatusSeeOther)
	if got := look[string](s, `select concat_ws(' ', address, lang, events::text, coalesce(digest, -1)) from mail_address`); got != "a@xn--gmrk-5qa2b.az az {status} -1" {
		t.Error(got)
	}
	b.want(b.post("/notifications", wish("A@GÖMRÜK.az")...), http.StatusUnprocessableEntity)
}

func TestForgedLinks(t *testing.T) {
	s := newSite(t, withMail)
	b := s.browser().signIn("aysel")
	b.want(b.post("/notifications", wish("a@example.az")...), http.StatusSeeOther)
	m := s.claimed()
	for _, token := range []string{"x", "0", strings.Repeat("0", 32), strings.Repeat("A", 32), strings.Repeat("a", 5000), "%00", "%ff", "..%2f", m.Confirm[1:], m.Stop[1:]} {
		for _, path := range []string{"/notifications/confirm/", "/notifications/stop/"} {
			s.browser().want(s.browser().get(path+token), http.StatusNotFound)
			s.browser().want(s.browser().post(path+token), http.StatusNotFound)
		}
	}
	// One link's token is nothing to the other.
	s.browser().want(s.browser().post("/notifications/confirm/"+m.Stop), http.StatusNotFound)
	s.browser().want(s.browser().post("/notifications/stop/"+m.Confirm), http.StatusNotFound)
	// Another site's page cannot press the button in somebody's browser.
	b.want(b.do(http.MethodPost, "/notifications/confirm/"+m.Confirm, nil, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden)
	if look[int](s, `select count(*) from mail_address where confirmed_at is null and stopped_at is null`) != 1 {
		t.Error("a forged link did something")
	}
	if n := look[int](s, `select count(*) from register_entry where action = 'notifications.change'`); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// Another trader's addresses are not there, and the limits hold.
func TestNotificationLimits(t *testing.T) {
	s := newSite(t, withMail, func(o *handlers.Options) { o.Rates.Mail = db.Rate{Every: time.Hour, Burst: 11} })
	a, r := s.browser().english().signIn("aysel"), s.browser().english().signIn("rashad")
	a.want(a.post("/notifications", wish("a@example.az")...), http.StatusSeeOther)
	id := addressID(s, "a@example.az")
	if page := r.get("/notifications").body; strings.Contains(page, "a@example.az") {
		t.Error("another trader sees it")
	}
	for _, do := range []string{"change", "remove", "again"} {
		r.want(r.post("/notifications/"+id, "do", do, "event", "action", "lang", "az"), http.StatusNotFound)
	}
	for _, path := range []string{"/notifications/x", "/notifications/" + strings.ToUpper(id) + "0", "/notifications/%00"} {
		a.want(a.post(path, "do", "remove"), http.StatusNotFound)
	}
	a.want(a.post("/notifications/"+id, "do", "nonsense"), http.StatusBadRequest)
	if page := words(a.want(a.post("/notifications/"+id, "do", "change", "lang", "az"), http.StatusUnprocessableEntity).body); !strings.Contains(page, "Choose at least one") {
		t.Error(page)
	}
	for _, n := range "bcdefghij" {
		a.want(a.post("/notifications", wish(string(n)+"@example.az")...), http.StatusSeeOther)
	}
	if page := words(a.get("/notifications").body); !strings.Contains(page, "at most 10 addresses") || strings.Contains(page, "Another address") {
		t.Error(page)
	}
	if page := words(a.want(a.post("/notifications", wish("k@example.az")...), http.StatusUnprocessableEntity).body); !strings.Contains(page, "There can be no more addresses") {
		t.Error(page)
	}
	if page := words(a.want(a.post("/notifications/"+id, "do", "again"), http.StatusTooManyRequests).body); !strings.Contains(page, "Too many confirmation mails") {
		t.Error(page)
	}
	// One mailbox, whoever asks.
	for i := range 4 {
		status := http.StatusSeeOther
		if i == 3 { // one was a's
			status = http.StatusTooManyRequests
		}
		r.want(r.post("/notifications", wish("A@example.az")...), status)
		if status == http.StatusSeeOther {
			r.want(r.post("/notifications/"+look[string](s, `select id::text from mail_address where address = 'A@example.az'`), "do", "remove"), http.StatusSeeOther)
		}
	}
	s.sql(`update session set ended_at = now()`)
	a.want(a.post("/notifications", wish("z@example.az")...), http.StatusUnauthorized)
	s.browser().want(s.browser().post("/notifications", wish("z@example.az")...), http.StatusUnauthorized)
	if n := look[int](s, `select count(*) from mail_address where address = 'z@example.az'`); n != 0 {
		t.Error("somebody who is not signed in added an address")
	}
}

// Where no mail is sent there is no such page, and nothing leads to it.
func TestNoMailNoNotifications(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	for _, path := range []string{"/notifications", "/notifications/confirm/x", "/notifications/stop/x"} {
		b.want(b.get(path), http.StatusNotFound)
		b.want(b.post(path), http.StatusNotFound)
	}
	for _, path := range []string{"/goods", "/help", "/privacy"} {
		if strings.Contains(b.get(path).body, "/notifications") {
			t.Errorf("%s leads there", path)
		}
	}
}

// Nothing changes without a durable entry.
func TestNotificationsNeedTheRegister(t *testing.T) {
	s := newSite(t, withMail)
	b := s.browser().english().signIn("aysel")
	b.want(b.post("/notifications", wish("a@example.az")...), http.StatusSeeOther)
	m, id := s.claimed(), addressID(s, "a@example.az")
	s.sql(`create function broken() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$`)
	s.sql(`create trigger broken before insert on register_entry for each row execute function broken()`)
	b.want(b.post("/notifications", wish("b@example.az")...), http.StatusServiceUnavailable)
	b.want(b.post("/notifications/"+id, "do", "remove"), http.StatusServiceUnavailable)
	b.want(b.post("/notifications/confirm/"+m.Confirm), http.StatusServiceUnavailable)
	b.want(b.post("/notifications/stop/"+m.Stop), http.StatusServiceUnavailable)
	if n := look[int](s, `select count(*) from mail_address where confirmed_at is null and stopped_at is null`); n != 1 {
		t.Error("something changed without an entry")
	}
}

// Operations see how the outbox stands, and nothing about anybody.
func TestMailFigures(t *testing.T) {
	s := newSite(t, withMail)
	b := s.browser().signIn("aysel")
	b.want(b.post("/notifications", wish("a@example.az")...), http.StatusSeeOther)
	b.want(b.post("/notifications", wish("b@example.az")...), http.StatusSeeOther)
	s.claimed()
	s.sql(`update mail_address set failing_at = now() where address = 'a@example.az'`)
	before := time.Now()
	s.sql(`update mail_outbox set due_at = now() - interval '90 seconds' where state = 'waiting'`)
	figures := b.get(s.ops.URL + "/metrics").body
	_, oldest, _ := strings.Cut(figures, "\nportal_mail_oldest_seconds ")
	oldest, _, _ = strings.Cut(oldest, "\n")
	if age, err := strconv.ParseFloat(oldest, 64); err != nil || age < 90 || age > 91+time.Since(before).Seconds() {
		t.Errorf("the oldest is %q seconds old", oldest)
	}
	for _, line := range []string{"portal_mail_due 1\n", "portal_mail_failing_addresses 1\n", "portal_mail_ended{outcome=\"sent\"} 1\n", "portal_mail_ended{outcome=\"unknown\"} 0\n"} {
		if !strings.Contains(figures, line) {
			t.Errorf("no %q", line)
		}
	}
	if strings.Contains(figures, "example.az") {
		t.Error("the figures tell an address")
	}
}
