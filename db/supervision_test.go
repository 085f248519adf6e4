package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/register"
)

// made is an entry as a test wants it to be there.
type made struct {
	at      time.Time
	actor   string
	subject customs.VOEN
	outcome register.Outcome
	elapsed time.Duration
}

// enterRows writes entries at times of the test's choosing, as a superuser.
func enterRows(t testing.TB, c *pgx.Conn, list ...made) {
	t.Helper()
	for _, m := range list {
		channel, subject := "web", &m.subject
		if m.actor == "operator" || m.actor == "supervisor" {
			channel = "staff"
		}
		if m.subject == "" {
			subject = nil
		}
		exec(t, c, `set session_replication_role = replica`)
		exec(t, c, `
			insert into register_entry (at, request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
			values ($1, gen_random_uuid(), $2, $3, gen_random_uuid(), $4, 'goods.list', '/goods', $5, 3, $6)`,
			m.at, channel, m.actor, subject, m.outcome, m.elapsed.Microseconds())
		exec(t, c, `reset session_replication_role`)
	}
}

// count counts everything there is.
func count(t testing.TB, d *db.DB) {
	t.Helper()
	for {
		more, err := d.CountRegister(t.Context())
		must(t, err)
		if !more {
			return
		}
	}
}

func supervisor(t testing.TB, f *dbtest.DB, d *db.DB) db.StaffKey {
	t.Helper()
	return officer(t, f, d, "SUP0001", customs.RoleSupervisor)
}

func TestOverview(t *testing.T) {
	f, d := open(t)
	su, key := connect(t, f.SuperuserURL), supervisor(t, f, d)
	now := one[time.Time](t, su, `select now()`)
	day := one[time.Time](t, su, `select date_trunc('day', now() at time zone 'Asia/Baku') at time zone 'Asia/Baku'`)
	ms := time.Millisecond
	enterRows(t, su,
		made{now, "trader", aysel, register.Answered, 10 * ms},
		made{now, "trader", aysel, register.NothingPending, 20 * ms},
		made{now, "operator", aysel, register.Answered, 30 * ms},
		made{now, "trader", aysel, register.NotFound, 40 * ms},
		made{now, "trader", aysel, register.Failed, 8000 * ms},
		made{now, "supervisor", aysel, register.Answered, 50 * ms},
		made{now, "system", "", register.NothingPending, 60 * ms},
		made{now.Add(-24*time.Hour - time.Second), "trader", aysel, register.Answered, ms},
		made{day.Add(-time.Second), "trader", aysel, register.Answered, ms}, // yesterday, later than this time
	)
	store(t, d, goodsOf(aysel, "R1", 1, at("00911")), goodsOf(aysel, "R2", 1, at("00911")), goodsOf(rashad, "R3", 1, at("00915")))
	must(t, d.LookAtCheckpoints(t.Context()))
	must(t, d.LookAtCheckpoints(t.Context())) // within the minute it does nothing
	count(t, d)
	count(t, d) // counts nothing twice
	o, err := d.Overview(t.Context(), key, 3)
	must(t, err)
	c := o.Today
	if c.Requests != 5 || c.Found != 2 || c.NothingPending != 1 || c.NotFound != 1 || c.Failed != 1 || c.OnBehalf != 1 || c.Answered() != 4 {
		t.Errorf("today: %+v", c)
	}
	if near(c.Median, 30*ms) || near(c.P95, 8000*ms) {
		t.Errorf("median %s, 95th percentile %s", c.Median, c.P95)
	}
	if want := int64(1); o.Yesterday != want && now.Sub(day) > time.Minute {
		t.Errorf("%d requests yesterday by this time, want %d", o.Yesterday, want)
	}
	if h := o.Hours[now.In(time.FixedZone("", 4*3600)).Hour()]; h != (register.HourCount{Requests: 5, Failed: 1}) {
		t.Errorf("this hour: %+v", h)
	}
	if len(o.Failures) != 1 || o.Failures[0].Count != 1 {
		t.Errorf("failures: %+v", o.Failures)
	}
	if len(o.Latest) != 3 || o.Latest[0].Actor == "supervisor" || o.Latest[0].Actor == "system" {
		t.Errorf("latest: %+v", o.Latest)
	}
	if len(o.Checkpoints) != 2 || o.Checkpoints[0].Checkpoint != "00911" || o.Checkpoints[0].Pending != 2 || !o.Checkpoints[0].Oldest.Equal(noon) || o.CheckpointsAt == nil {
		t.Errorf("checkpoints: %+v", o.Checkpoints)
	}
	if o.Head.Tree.N != 0 || o.Unsealed != 9 || o.UnsealedSince == nil {
		t.Errorf("seal: %+v, %d unsealed", o.Head, o.Unsealed)
	}
	if o.Probe.At == nil || !o.Probe.OK || o.Probe.Silent(now) || !o.Probe.Silent(now.Add(4*time.Minute)) {
		t.Errorf("probe: %+v", o.Probe)
	}
}

// near reports that a processing time is not what it should be, within the
// width of a bucket.
func near(got, want time.Duration) bool {
	return float64(got) < 0.97*float64(want) || float64(got) > 1.03*float64(want)
}

// An entry whose transaction is late is not left out: what is counted waits
// for it.
func TestCountingWaitsForLateWriters(t *testing.T) {
	f, d := open(t)
	su, late, key := connect(t, f.SuperuserURL), connect(t, f.SuperuserURL), supervisor(t, f, d)
	tx, err := late.Begin(t.Context())
	must(t, err)
	const insert = `insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		values (gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000151', 'goods.list', '/', 'answered', 1, 1000)`
	_, err = tx.Exec(t.Context(), insert)
	must(t, err)
	exec(t, su, insert) // a later id, there earlier
	count(t, d)
	if n := one[int64](t, su, `select upto from register_counted`); n != 0 {
		t.Fatalf("counted up to %d beside a write of an earlier id", n)
	}
	must(t, tx.Commit(t.Context()))
	count(t, d)
	o, err := d.Overview(t.Context(), key, 1)
	must(t, err)
	if o.Today.Requests != 2 {
		t.Errorf("%d requests counted, want both", o.Today.Requests)
	}
}

// Several processes that count at once count every entry once.
func TestCountingTogether(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	exec(t, su, `
		insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us)
		select gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000151', 'goods.list', '/', 'answered', 1, i from generate_series(1, 5000) i`)
	done := make(chan error)
	for range 6 {
		go func() {
			_, err := d.CountRegister(t.Context())
			done <- err
		}()
	}
	for range 6 {
		must(t, <-done)
	}
	count(t, d)
	if n := one[int64](t, su, `select sum(n)::bigint from register_hour`); n != 5000 {
		t.Errorf("%d of 5000 entries counted", n)
	}
}

// Only a supervisor's live session sees anything: asked by SQL, in the role
// itself, so that no program decides it.
func TestSupervisionIsDecidedByTheDatabase(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	enterRows(t, su, made{time.Now(), "trader", aysel, register.Answered, time.Millisecond})
	count(t, d)
	must(t, d.LookAtCheckpoints(t.Context()))
	ended := officer(t, f, d, "SUP0002", customs.RoleSupervisor)
	must(t, d.EndStaffSession(t.Context(), ended))
	keys := map[string]db.StaffKey{
		"operator": officer(t, f, d, "OPE0001", customs.RoleOperator), "administrator": officer(t, f, d, "ADM0001", customs.RoleAdministrator),
		"ended": ended, "nobody": {ID: uuid.New()}, "supervisor": supervisor(t, f, d),
	}
	for who, key := range keys {
		want := 0
		if who == "supervisor" {
			want = 1
		}
		c := connect(t, f.URL)
		exec(t, c, `set role portal_supervision`)
		exec(t, c, `select set_config('portal.staff', $1, false)`, staffSetting(key))
		for _, table := range []string{"register_entry", "register_hour", "register_counted"} {
			if n := one[int](t, c, `select count(*) from `+table); n != want {
				t.Errorf("%s sees %d rows of %s, want %d", who, n, table, want)
			}
		}
		for _, write := range []string{
			`update register_entry set results = 0`, `delete from register_entry`, `insert into register_hour values (now(), 'a', 'b', 'c', 'd', 1, 1)`,
			`delete from register_hour`, `update register_counted set upto = 0`, `select count_register()`, `select look_at_checkpoints()`,
			`select * from pending`, `select * from consignment`, `select * from session`, `select * from sign_in_attempt`, `update staff_session set role = 'supervisor'`,
			`select secret_hash from staff_session`,
		} {
			if _, err := c.Exec(t.Context(), write); sqlState(err) != "42501" {
				t.Errorf("%s: %s: %v", who, write, err)
			}
		}
		if _, err := d.Overview(t.Context(), key, 1); (err == nil) != (who == "supervisor") || err != nil && !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%s: %v", who, err)
		}
		if _, err := d.FindEntries(t.Context(), key, register.Search{}, 10); (err == nil) != (who == "supervisor") {
			t.Errorf("%s searches: %v", who, err)
		}
		if _, err := d.FindEntry(t.Context(), key, 1); (err == nil) != (who == "supervisor") {
			t.Errorf("%s opens an entry: %v", who, err)
		}
		if _, err := d.SupervisedMonth(t.Context(), key, time.Now(), time.Now()); (err == nil) != (who == "supervisor") {
			t.Errorf("%s reads a month: %v", who, err)
		}
		err := d.ExportEntries(t.Context(), key, register.Search{}, func(int64, customs.VOEN, time.Time) (bool, error) { return true, nil }, func(*register.Row) error { return nil })
		if (err == nil) != (who == "supervisor") {
			t.Errorf("%s exports: %v", who, err)
		}
	}
	// Without any setting it fails closed, and the serving role sees nothing of it.
	c := connect(t, f.URL)
	exec(t, c, `set role portal_supervision`)
	if _, err := c.Exec(t.Context(), `select count(*) from register_entry`); sqlState(err) == "" {
		t.Error("the role sees the register without a session")
	}
	exec(t, c, `set role portal_app`)
	for _, table := range []string{"register_hour", "register_counted", "checkpoint_hour"} {
		if _, err := c.Exec(t.Context(), `select count(*) from `+table); sqlState(err) != "42501" {
			t.Errorf("the serving role reads %s: %v", table, err)
		}
	}
	if _, err := c.Exec(t.Context(), `select count(*) from supervised_sign_ins(now())`); sqlState(err) != "42501" {
		t.Errorf("the serving role counts sign-ins: %v", err)
	}
}

// staffSetting is what portal.staff holds for a key.
func staffSetting(k db.StaffKey) string { return settingOf(db.SessionKey(k)) }

// The portal's own session sees nothing and leaves no trace of a trader; nobody
// else can come in its name, nor it in anybody's.
func TestSystemSession(t *testing.T) {
	_, d := open(t)
	key, err := d.StartSystemSession(t.Context(), limits)
	must(t, err)
	store(t, d, goodsOf(customs.NoTaxpayer, "R1", 1)) // as no feed could bring it
	s, l, err := d.Goods(t.Context(), key, customs.Query{}, 10)
	must(t, err)
	if s.Person.VOEN != customs.NoTaxpayer || l.AllTotal != 0 || len(l.Rows) != 0 {
		t.Errorf("the portal's own session sees %d registrations", l.AllTotal)
	}
	if _, err := d.StartSession(t.Context(), person(customs.NoTaxpayer), limits, nil); sqlState(err) != "23514" {
		t.Errorf("a certificate with ten zeros: %v", err)
	}
	p := person(aysel)
	p.Method = db.MethodSystem
	if _, err := d.StartSession(t.Context(), p, limits, nil); sqlState(err) != "23514" {
		t.Errorf("a trader in the name of the system: %v", err)
	}
	r := newRegister(t, d)
	trader := signIn(t, d, aysel)
	for name, c := range map[string]struct {
		session uuid.UUID
		ok      bool
	}{"its own": {key.ID, true}, "a trader's": {trader.ID, false}, "made up": {uuid.New(), false}} {
		e := entryOf(db.SessionKey{ID: c.session}, "")
		e.Actor = "system"
		if err := r.Submit(t.Context(), e).Wait(t.Context()); (err == nil) != c.ok {
			t.Errorf("an entry in the name of the system, session %s: %v", name, err)
		}
	}
	probe, err := d.Probe(t.Context())
	must(t, err)
	if !probe.OK || probe.GoodAt == nil || time.Since(*probe.At) > time.Minute {
		t.Errorf("%+v", probe)
	}
}

// One process at a time asks, and not twice within a minute.
func TestAloneForProbe(t *testing.T) {
	_, d := open(t)
	key, err := d.StartSystemSession(t.Context(), limits)
	must(t, err)
	r := newRegister(t, d)
	ran, err := d.AloneForProbe(t.Context(), time.Minute, func(ctx context.Context) error {
		again, err := d.AloneForProbe(ctx, time.Minute, func(context.Context) error { return errors.New("two at once") })
		if err != nil || again {
			return fmt.Errorf("a second process: %v, %w", again, err)
		}
		e := entryOf(key, "")
		e.Actor = "system"
		return r.Submit(ctx, e).Wait(ctx)
	})
	if err != nil || !ran {
		t.Fatalf("%v, %v", ran, err)
	}
	if ran, err = d.AloneForProbe(t.Context(), time.Minute, func(context.Context) error { return errors.New("again") }); err != nil || ran {
		t.Errorf("within the minute: %v, %v", ran, err)
	}
	if ran, err = d.AloneForProbe(t.Context(), 0, func(context.Context) error { return nil }); err != nil || !ran {
		t.Errorf("when it is due: %v, %v", ran, err)
	}
}
