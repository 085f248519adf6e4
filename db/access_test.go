package db_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// enter writes entries of the register, one after the other.
func enter(t testing.TB, d *db.DB, entries ...register.Entry) {
	t.Helper()
	r := db.NewRegister(d)
	defer r.Close()
	for _, e := range entries {
		must(t, r.Submit(t.Context(), e).Wait(t.Context()))
	}
}

func looked(k db.SessionKey, v customs.VOEN, action register.Action, asked string, change ...func(*register.Entry)) register.Entry {
	e := entryOf(k, v)
	e.Action, e.Asked = action, asked
	for _, f := range change {
		f(&e)
	}
	return e
}

func by(actor, channel string) func(*register.Entry) {
	return func(e *register.Entry) { e.Actor, e.Channel, e.Session = actor, channel, uuid.New() }
}

func accessLog(t testing.TB, d *db.DB, k db.SessionKey, q customs.AccessQuery, size int) customs.AccessLog {
	t.Helper()
	_, l, err := d.Access(t.Context(), k, q, size)
	must(t, err)
	return l
}

// Each viewer is told as what they are: own people by name, the very reader as
// such, and nobody else by name.
func TestAccessTellsWhoLooked(t *testing.T) {
	_, d := open(t)
	key := signIn(t, d, aysel)
	colleague := person(aysel)
	colleague.PIN, colleague.Name, colleague.Method = "8N1CP4G", "Nigar Cəfərova", "sima"
	other, err := d.StartSession(t.Context(), colleague, limits, nil)
	must(t, err)
	stranger := signIn(t, d, rashad)
	enter(t, d,
		looked(key, aysel, register.ListGoods, "/goods?q=x"),
		looked(other, aysel, register.ShowGoods, "/goods/A1"),
		looked(stranger, rashad, register.ListGoods, "/goods?q=secret"),
		looked(key, aysel, register.ListGoods, "/assist/7/goods", by("operator", "assist")),
		looked(key, aysel, "supervision.search", "/supervision/register?voen=1499000151", by("supervisor", "staff")),
		looked(key, aysel, register.ListGoods, "/api/v1/goods", by("trader", "api")),
		looked(key, aysel, "mail.sent", "", by("system", "mail")),
	)
	l := accessLog(t, d, key, customs.AccessQuery{}, 10)
	type row struct {
		viewer              customs.Viewer
		person, method, ask string
		self                bool
	}
	var got []row
	for _, a := range l.Rows {
		got = append(got, row{a.Viewer, a.Person, a.Method, a.Asked, a.Self})
	}
	want := []row{
		{viewer: customs.ViewerSystem},
		{viewer: customs.ViewerToken, ask: "/api/v1/goods"},
		{viewer: customs.ViewerSupervision},
		{viewer: customs.ViewerOperator, ask: "/assist/7/goods"},
		{customs.ViewerOwn, "Nigar Cəfərova", "sima", "/goods/A1", false},
		{customs.ViewerOwn, "Aysel Məmmədova", "file", "/goods?q=x", true},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
	if l.Total != 6 || l.Counts[customs.ViewerOwn] != 2 || l.Counts[customs.ViewerOperator] != 1 || l.Since.IsZero() || !l.Forgotten.IsZero() {
		t.Errorf("%+v", l)
	}
}

// A program is called by the name of its token, another trader's by none.
func TestAccessNamesTokens(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	own, others := looked(key, aysel, register.ListGoods, "/api/v1/goods", by("trader", "api")), looked(key, aysel, register.ListGoods, "/api/v1/goods", by("trader", "api"))
	for id, voen := range map[uuid.UUID]customs.VOEN{own.Session: aysel, others.Session: rashad} {
		exec(t, connect(t, f.SuperuserURL), `
			insert into api_token (id, secret_hash, voen, pin, person, source, name, expires_at)
			values ($1, sha256(''), $2, '5A7KM2L', 'Aysel', 'certificate', '1C', now() + interval '1 day')`, id, string(voen))
	}
	enter(t, d, own, others)
	rows := accessLog(t, d, key, customs.AccessQuery{Viewer: customs.ViewerToken}, 10).Rows
	if len(rows) != 2 || rows[0].Person != "" || rows[1].Person != "1C" {
		t.Errorf("%+v", rows)
	}
	if _, err := as(t, f.URL, settingOf(key)).Exec(t.Context(), "select token_name($1, '1499000152')", others.Session); sqlState(err) != "42501" {
		t.Errorf("the serving role asks for names: %v", err)
	}
}

// A person is still named when the session's own row was swept away.
func TestAccessOutlivesSessions(t *testing.T) {
	f, d := open(t)
	old, key := signIn(t, d, aysel), signIn(t, d, aysel)
	enter(t, d, looked(old, aysel, register.ListGoods, "/goods"))
	exec(t, connect(t, f.SuperuserURL), "delete from session where id = $1", old.ID)
	l := accessLog(t, d, key, customs.AccessQuery{}, 10)
	if len(l.Rows) != 1 || l.Rows[0].Person != "Aysel Məmmədova" || !l.Rows[0].Self {
		t.Errorf("%+v", l.Rows)
	}
}

func TestAccessFiltersAndPages(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	var entries []register.Entry
	for i := range 7 {
		entries = append(entries, looked(key, aysel, register.ListGoods, fmt.Sprint("/goods?page=", i+1)))
	}
	entries = append(entries, looked(key, aysel, register.ListGoods, "/assist/7/goods", by("operator", "assist")))
	enter(t, d, entries...)
	// Entries of before, as time would bring them about: midnight in Baku is 20:00 UTC.
	exec(t, connect(t, f.SuperuserURL), `
		insert into register_entry (at, request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select at::timestamptz, gen_random_uuid(), 'web', 'trader', $1, '1499000151', 'goods.list', '/old', 'answered', 1, 1
		  from unnest(array['2026-01-09T19:59:59Z', '2026-01-09T20:00:00Z', '2026-01-10T19:59:59Z', '2026-01-10T20:00:00Z']) at`, key.ID)
	for _, test := range []struct {
		q                  customs.AccessQuery
		total, page, shown int
	}{
		{customs.AccessQuery{}, 12, 1, 5},
		{customs.AccessQuery{Page: 3}, 12, 3, 2},
		{customs.AccessQuery{Page: 99}, 12, 3, 2},
		{customs.AccessQuery{Page: 1 << 40}, 12, 3, 2},
		{customs.AccessQuery{Viewer: customs.ViewerOperator}, 1, 1, 1},
		{customs.AccessQuery{Viewer: customs.ViewerToken}, 0, 1, 0},
		{customs.AccessQuery{Viewer: "'; drop table report; --\x00"}, 0, 1, 0},
		{customs.AccessQuery{From: "2026-01-10", To: "2026-01-10"}, 2, 1, 2},
		{customs.AccessQuery{To: "2026-01-09"}, 1, 1, 1},
		{customs.AccessQuery{From: "2026-01-11", Viewer: customs.ViewerOwn}, 8, 1, 5},
	} {
		l := accessLog(t, d, key, test.q, 5)
		if l.Total != test.total || l.Page != test.page || len(l.Rows) != test.shown {
			t.Errorf("%+v: total %d, page %d, %d rows", test.q, l.Total, l.Page, len(l.Rows))
		}
	}
	seen := map[int64]bool{}
	for page := 1; page <= 3; page++ {
		for _, a := range accessLog(t, d, key, customs.AccessQuery{Page: page}, 5).Rows {
			seen[a.ID] = true
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d of 12 entries are on the pages", len(seen))
	}
}

func TestAccessAll(t *testing.T) {
	_, d := open(t)
	key, _ := twoTraders(t, d)
	enter(t, d, looked(key, aysel, register.ShowGoods, "/goods/A1"))
	total, rows := 0, 0
	visit := func(k db.SessionKey, q customs.AccessQuery, stop error) error {
		total, rows = 0, 0
		return d.AccessAll(t.Context(), k, q, func(s db.Session, n int) (bool, error) { total = n; return true, nil }, func(customs.Access) error {
			rows++
			return stop
		})
	}
	must(t, visit(key, customs.AccessQuery{Page: 9}, nil))
	if total != 2 || rows != 2 {
		t.Errorf("%d of %d", rows, total)
	}
	if err := visit(key, customs.AccessQuery{}, errStop); !errors.Is(err, errStop) || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if err := visit(db.SessionKey{ID: uuid.New()}, customs.AccessQuery{}, nil); !errors.Is(err, db.ErrNoSession) || rows+total != 0 {
		t.Errorf("nobody: %d rows, %v", rows, err)
	}
}

var errStop = errors.New("enough")

// Whatever the serving role asks by raw SQL, it learns of its own session's
// taxpayer only, and no officer's name or number, since no session of staff is
// among the people it can see.
func TestAccessKeepsToItself(t *testing.T) {
	f, d := open(t)
	a, b := twoTraders(t, d)
	enter(t, d, looked(a, aysel, register.ListGoods, "/assist/7/goods", by("operator", "assist")))
	c := as(t, f.URL, settingOf(b))
	for _, sql := range []string{
		"select count(*) from access_entries('-infinity', 'infinity', '', 1000, 0) where asked ~ 'assist' or person ~ 'Aysel' and not self",
		"select count(*) from access_counts('-infinity', 'infinity') where n <> 1",
		"select count(*) from report",
	} {
		if n := one[int](t, c, sql); n != 0 {
			t.Errorf("%s: %d", sql, n)
		}
	}
	for _, sql := range []string{
		"select * from session_person", "delete from session_person", "update session_person set voen = '1499000152'",
		"insert into session_person select * from session_person", "select * from register_retention", "delete from register_retention",
		"insert into report (voen) values ('1499000152')", "update report set answer = 'x'", "delete from report",
		"select answered_by from report", "select answered_number from report", "select session_id from report", "select * from report",
		"select remember_session()",
	} {
		if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" && sqlState(err) != "0A000" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	ended := as(t, f.URL, settingOf(a))
	must(t, d.EndSession(t.Context(), a))
	for _, call := range []string{"access_entries('-infinity', 'infinity', '', 1000, 0)", "access_counts('-infinity', 'infinity')", "access_reach() where first_at is not null or forgotten_before is not null"} {
		if n := one[int](t, ended, "select count(*) from "+call); n != 0 {
			t.Errorf("after the end of the session %s shows %d rows", call, n)
		}
		if _, err := as(t, f.URL, "").Exec(t.Context(), "select count(*) from "+call); sqlState(err) == "" {
			t.Errorf("without any session %s answers: %v", call, err)
		}
	}
	for role, want := range map[string]string{"portal_feed": "42501", "portal_sealer": "42501"} {
		c := connect(t, f.URL)
		exec(t, c, "set role "+role)
		if _, err := c.Exec(t.Context(), "select count(*) from access_counts('-infinity', 'infinity')"); sqlState(err) != want {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// What retention has deleted is not listed, the page learns since when, and the
// people of those entries are forgotten with them.
func TestAccessAfterRetention(t *testing.T) {
	f, d := open(t)
	key, gone := signIn(t, d, aysel), signIn(t, d, aysel)
	enter(t, d, looked(gone, aysel, register.ListGoods, "/old"))
	su := connect(t, f.SuperuserURL)
	exec(t, su, `alter table register_entry disable trigger all`)
	exec(t, su, `update register_entry set at = now() - interval '3 years' where asked = '/old'`)
	exec(t, su, `alter table register_entry enable trigger all`)
	exec(t, su, `update session_person set expires_at = now() - interval '3 years' where session_id = $1`, gone.ID)
	enter(t, d, looked(key, aysel, register.ListGoods, "/new"))
	before := time.Now().Add(-365 * 24 * time.Hour).Truncate(time.Microsecond)
	people := func() int { return one[int](t, su, "select count(*) from session_person") }

	forget := func() int64 {
		n, err := db.Forget(t.Context(), f.OwnerURL, before)
		must(t, err)
		return n
	}
	if n := forget(); n != 0 || people() != 2 || !accessLog(t, d, key, customs.AccessQuery{}, 10).Forgotten.IsZero() {
		t.Errorf("nothing is sealed, and %d were forgotten, %d people are left", n, people())
	}
	exec(t, su, `insert into register_checkpoint (size, root, note) select max(id), sha256(''), 'x' from register_entry`)
	if n := forget(); n != 1 || people() != 1 {
		t.Errorf("%d forgotten, %d people left", n, people())
	}
	l := accessLog(t, d, key, customs.AccessQuery{}, 10)
	if l.Total != 1 || l.Rows[0].Asked != "/new" || !l.Forgotten.Equal(before) || !l.Since.Equal(l.Rows[0].At) {
		t.Errorf("%+v", l)
	}
	// An earlier bound afterwards does not make the page promise more.
	before = before.Add(-365 * 24 * time.Hour)
	forget()
	if again := accessLog(t, d, key, customs.AccessQuery{}, 10); !again.Forgotten.Equal(l.Forgotten) {
		t.Errorf("forgotten before %s, then before %s", l.Forgotten, again.Forgotten)
	}
}

// A page costs one round trip and goes by the index.
func TestAccessPlan(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	su := connect(t, f.SuperuserURL)
	exec(t, su, `
		insert into register_entry (at, request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select now() - n * interval '1 minute', gen_random_uuid(), 'web', 'trader', $1, (1499000151 + n % 40)::text, 'goods.list', '/goods', 'answered', 1, 1
		  from generate_series(1, 20000) n`, key.ID)
	exec(t, su, "analyze register_entry")
	var plan []string
	rows, err := su.Query(t.Context(), `
		explain select r.id from register_entry r where r.subject = '1499000151' and r.at >= now() - interval '30 days' and r.at < now()
		 order by r.at desc, r.id desc limit 50`)
	must(t, err)
	plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "subject") || strings.Contains(text, "Seq Scan on register_entry_2") {
		t.Error(text)
	}
	if l := accessLog(t, d, key, customs.AccessQuery{}, 50); l.Total != 500 || len(l.Rows) != 50 {
		t.Errorf("%d, %d", l.Total, len(l.Rows))
	}
}
