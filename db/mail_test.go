package db_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// everything is a wish for every kind of news at once.
var everything = customs.Wish{Lang: "az", Events: customs.NewsKinds}

// calm is a flood guard that lets everything through in these tests.
var calm = db.Rate{Every: time.Second, Burst: 1000}

const lease = time.Minute

// subscribe adds an address and confirms it by the mail that asks for it.
func subscribe(t testing.TB, d *db.DB, k db.SessionKey, address string, w customs.Wish) string {
	t.Helper()
	id, err := d.AddMailAddress(t.Context(), k, address, w)
	must(t, err)
	m := claim(t, d)
	if m.Confirm == "" || m.Address != address || m.Lang != w.Lang {
		t.Fatalf("the mail to confirm %s: %+v", address, m)
	}
	deliver(t, d, m)
	_, err = d.ConfirmMailAddress(t.Context(), m.Confirm)
	must(t, err)
	return id
}

// standsOnList lets aysel's session stand on a line of the list of representatives,
// which act writes, now and again.
func standsOnList(t testing.TB, su *pgx.Conn, k db.SessionKey) (act func()) {
	t.Helper()
	exec(t, su, `alter table session_company disable trigger user`) // its sign-in was long ago
	exec(t, su, `insert into session_company (session_id, voen, source) values ($1, $2, 'representative')`, k.ID, string(aysel))
	act = func() {
		t.Helper()
		exec(t, su, `insert into representative (voen, pin, organisation, position, from_day, access, liquidated) values ($1, '5A7KM2L', 'x', 'y', '2020-01-01', true, false)`, string(aysel))
	}
	act()
	return act
}

func claim(t testing.TB, d *db.DB) db.Mail {
	t.Helper()
	m, err := d.ClaimMail(t.Context(), lease)
	must(t, err)
	return m
}

func deliver(t testing.TB, d *db.DB, m db.Mail) {
	t.Helper()
	must(t, d.BeginMail(t.Context(), m))
	must(t, d.EndMail(t.Context(), m))
}

func gather(t testing.TB, d *db.DB) int {
	t.Helper()
	n, err := d.GatherMail(t.Context(), 0, calm)
	must(t, err)
	return n
}

// news gathers and claims one mail and says what it tells, in one line.
func news(t testing.TB, d *db.DB) (db.Mail, string) {
	t.Helper()
	gather(t, d)
	m, err := d.ClaimMail(t.Context(), lease)
	if errors.Is(err, db.ErrNotFound) {
		return m, ""
	}
	must(t, err)
	return m, told(m)
}

func told(m db.Mail) string {
	var lines []string
	for _, n := range m.News {
		kinds := []string{}
		for _, k := range n.Kinds {
			kinds = append(kinds, string(k))
		}
		slices.Sort(kinds)
		line := n.Registration + " " + strings.Join(kinds, "+") + " " + string(n.Status)
		if n.Repeated {
			line += " again"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func asks(who customs.Actor, code string) func(*customs.Consignment) {
	return func(c *customs.Consignment) {
		c.Requires = append(c.Requires, customs.Requirement{Code: code, Who: who, Since: noon})
	}
}

func TestWhatIsNews(t *testing.T) {
	_, d := open(t)
	a := signIn(t, d, aysel)
	store(t, d, goodsOf(aysel, "OLD", 1), goodsOf(rashad, "MOVES", 1))
	subscribe(t, d, a, "aysel@example.az", everything)
	for _, test := range []struct {
		what  string
		batch []db.Snapshot
		want  string
	}{
		{"new", []db.Snapshot{goodsOf(aysel, "R1", 1)}, "R1 registered registered"},
		{"the same again", []db.Snapshot{goodsOf(aysel, "R1", 1)}, ""},
		{"another trader's", []db.Snapshot{goodsOf(rashad, "X1", 1)}, ""},
		{"status", []db.Snapshot{goodsOf(aysel, "R1", 2, with(customs.Inspection))}, "R1 status inspection"},
		{"late line", []db.Snapshot{goodsOf(aysel, "R1", 1, with(customs.Held))}, ""},
		{"nothing of interest", []db.Snapshot{goodsOf(aysel, "R1", 3, with(customs.Inspection), at("00911"))}, ""},
		{"another body must act", []db.Snapshot{goodsOf(aysel, "R1", 4, with(customs.Inspection), asks(customs.Agency, "veterinary_certificate"))}, ""},
		{"the trader must act", []db.Snapshot{goodsOf(aysel, "R1", 5, with(customs.Inspection), asks(customs.You, "payment"))}, "R1 action inspection"},
		{"still", []db.Snapshot{goodsOf(aysel, "R1", 6, with(customs.Inspection), asks(customs.You, "payment"))}, ""},
		{"something else now", []db.Snapshot{goodsOf(aysel, "R1", 7, with(customs.Inspection), asks(customs.You, "invoice"))}, "R1 action inspection"},
		{"complete", []db.Snapshot{goodsOf(aysel, "R1", 8, with(customs.Released))}, "R1 completed released"},
		{"still complete", []db.Snapshot{goodsOf(aysel, "R1", 9, with(customs.Completed))}, ""},
		{"back to life", []db.Snapshot{goodsOf(aysel, "R1", 10, with(customs.Held))}, "R1 status held"},
		{"new, and the trader must act", []db.Snapshot{goodsOf(aysel, "R2", 1, asks(customs.You, "payment"))}, "R2 action+registered registered"},
		{"comes over by a correction", []db.Snapshot{goodsOf(aysel, "MOVES", 2)}, "MOVES registered registered"},
		{"goes over by a correction", []db.Snapshot{goodsOf(rashad, "MOVES", 3)}, ""},
		{"two in one batch", []db.Snapshot{goodsOf(aysel, "R3", 1), goodsOf(aysel, "R3", 2, with(customs.Held)), goodsOf(aysel, "R4", 1)}, "R3 registered held; R4 registered registered"},
		{"known before the address was", []db.Snapshot{goodsOf(aysel, "OLD", 2, with(customs.Held))}, "OLD status held"},
	} {
		store(t, d, test.batch...)
		m, got := news(t, d)
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.what, got, test.want)
		}
		if got != "" {
			deliver(t, d, m)
		}
	}
}

// Only what was chosen is told, and only to whom it was chosen for.
func TestWishes(t *testing.T) {
	f, d := open(t)
	a, b := signIn(t, d, aysel), signIn(t, d, rashad)
	only := func(kinds ...customs.NewsKind) customs.Wish { return customs.Wish{Lang: "en", Events: kinds} }
	id := subscribe(t, d, a, "payments@example.az", only(customs.NewsAction))
	subscribe(t, d, a, "all@example.az", everything)
	subscribe(t, d, b, "payments@example.az", only(customs.NewsCompleted)) // the same mailbox, of another trader
	store(t, d, goodsOf(aysel, "A1", 1), goodsOf(rashad, "B1", 1), goodsOf(rashad, "B2", 1, with(customs.Released)))
	got := map[string]string{}
	gather(t, d)
	for {
		m, err := d.ClaimMail(t.Context(), lease)
		if errors.Is(err, db.ErrNotFound) {
			break
		}
		must(t, err)
		got[m.Address+" "+string(m.VOEN)] = told(m)
		deliver(t, d, m)
	}
	if want := map[string]string{"all@example.az " + string(aysel): "A1 registered registered", "payments@example.az " + string(rashad): "B2 completed released"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}

	// A change counts for what comes, and for what waits.
	u := uuid.MustParse(id)
	hour := 9
	must(t, d.ChangeMailAddress(t.Context(), a, u, customs.Wish{Lang: "az", Events: customs.NewsKinds, Digest: &hour}))
	store(t, d, goodsOf(aysel, "A2", 1))
	su := connect(t, f.SuperuserURL)
	due := one[string](t, su, `select to_char(due_at at time zone 'Asia/Baku', 'HH24:MI') from mail_item where address = $1 and mail is null and due_at between now() and now() + interval '24 hours'`, u)
	if due != "09:00" {
		t.Errorf("the digest is due at %q", due)
	}
	if err := d.ChangeMailAddress(t.Context(), b, u, everything); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another trader changed it: %v", err)
	}
	must(t, d.ChangeMailAddress(t.Context(), a, u, everything))
	gather(t, d)
	if n := one[int](t, su, `select count(*) from mail_item where address = $1 and mail is null`, u); n != 0 {
		t.Error("what waited for the digest still waits")
	}
}

func TestAddresses(t *testing.T) {
	_, d := open(t)
	a, b := signIn(t, d, aysel), signIn(t, d, rashad)
	first, err := d.AddMailAddress(t.Context(), a, "Sales@example.az", everything)
	must(t, err)
	if _, err := d.AddMailAddress(t.Context(), a, "sales@example.az", everything); !errors.Is(err, db.ErrAddressThere) {
		t.Errorf("twice: %v", err)
	}
	for i := range customs.MailAddresses - 1 {
		_, err := d.AddMailAddress(t.Context(), a, fmt.Sprintf("n%d@example.az", i), everything)
		must(t, err)
	}
	if _, err := d.AddMailAddress(t.Context(), a, "more@example.az", everything); !errors.Is(err, db.ErrManyAddresses) {
		t.Errorf("more than may be: %v", err)
	}
	_, list, err := d.MailAddresses(t.Context(), a)
	must(t, err)
	if len(list) != customs.MailAddresses || list[0].ID != first || list[0].State() != customs.MailWaiting {
		t.Errorf("%d addresses, first %+v", len(list), list[0])
	}
	if _, list, err = d.MailAddresses(t.Context(), b); err != nil || len(list) != 0 {
		t.Errorf("another trader sees %v, %v", list, err)
	}
	if err := d.RemoveMailAddress(t.Context(), b, uuid.MustParse(first)); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another trader removes it: %v", err)
	}
	must(t, d.RemoveMailAddress(t.Context(), a, uuid.MustParse(first)))
	must(t, d.EndSession(t.Context(), a))
	if _, err := d.AddMailAddress(t.Context(), a, "late@example.az", everything); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("without a session: %v", err)
	}
	if _, _, err := d.MailAddresses(t.Context(), a); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("without a session: %v", err)
	}
}

// Nothing but the confirmation is sent to an address before it is confirmed,
// and its token is good once, for its time, for this address.
func TestConfirmation(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	a := signIn(t, d, aysel)
	id, err := d.AddMailAddress(t.Context(), a, "new@example.az", everything)
	must(t, err)
	store(t, d, goodsOf(aysel, "R1", 1))
	if n := one[int](t, su, "select count(*) from mail_item"); n != 0 {
		t.Errorf("%d news for an address that nobody confirmed", n)
	}
	m := claim(t, d)
	deliver(t, d, m)
	for _, forged := range []string{"", "x", m.Stop, strings.ToUpper(m.Confirm), m.Confirm + "A", strings.Repeat("A", 10_000), "a\x00b", "\xff"} {
		if _, err := d.ConfirmMailAddress(t.Context(), forged); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("token %.20q: %v", forged, err)
		}
	}
	l, err := d.MailLink(t.Context(), m.Confirm) // looking does nothing
	if err != nil || l.Address != "new@example.az" || l.VOEN != aysel || l.Stopped {
		t.Errorf("%+v, %v", l, err)
	}
	// Asked for again: the former link is nothing any more.
	must(t, d.AskMailAddressAgain(t.Context(), a, uuid.MustParse(id)))
	again := claim(t, d)
	if _, err := d.ConfirmMailAddress(t.Context(), m.Confirm); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("the former token: %v", err)
	}
	deliver(t, d, again)
	exec(t, su, "update mail_confirmation set expires_at = now()")
	if _, err := d.ConfirmMailAddress(t.Context(), again.Confirm); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("an expired token: %v", err)
	}
	must(t, d.AskMailAddressAgain(t.Context(), a, uuid.MustParse(id)))
	again = claim(t, d)
	deliver(t, d, again)
	l, err = d.ConfirmMailAddress(t.Context(), again.Confirm)
	if err != nil || l.VOEN != aysel || l.Subscription.String() != id {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := d.ConfirmMailAddress(t.Context(), again.Confirm); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	if err := d.AskMailAddressAgain(t.Context(), a, uuid.MustParse(id)); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a confirmed address is asked again: %v", err)
	}
	if hashes := one[int](t, su, "select count(*) from mail_confirmation"); hashes != 0 {
		t.Errorf("%d tokens are left", hashes)
	}
}

// The link stops at once and for ever: also what waits, and what a mailer is
// about to send.
func TestStop(t *testing.T) {
	_, d := open(t)
	a := signIn(t, d, aysel)
	subscribe(t, d, a, "s@example.az", everything)
	store(t, d, goodsOf(aysel, "R1", 1))
	m, _ := news(t, d)
	store(t, d, goodsOf(aysel, "R2", 1))
	for range 3 {
		l, err := d.StopMailAddress(t.Context(), m.Stop)
		if err != nil || l.VOEN != aysel {
			t.Errorf("%+v, %v", l, err)
		}
	}
	if err := d.BeginMail(t.Context(), m); !errors.Is(err, db.ErrMailLost) {
		t.Errorf("a stopped mail begins: %v", err)
	}
	store(t, d, goodsOf(aysel, "R3", 1))
	if _, got := news(t, d); got != "" {
		t.Errorf("after the stop: %s", got)
	}
	l, err := d.MailLink(t.Context(), m.Stop)
	if err != nil || !l.Stopped {
		t.Errorf("%+v, %v", l, err)
	}
	_, list, err := d.MailAddresses(t.Context(), a)
	must(t, err)
	if list[0].State() != customs.MailStopped || list[0].StoppedFor != customs.StoppedByLink {
		t.Errorf("%+v", list[0])
	}
	if _, err := d.StopMailAddress(t.Context(), strings.Repeat("0", 32)); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a forged token: %v", err)
	}
}
