package db_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

// lived are rows that each version left behind, by the number of the migration
// that first could hold them. Every later migration meets them.
var lived = map[int32]string{
	2: `insert into session (id, secret_hash, voen, pin, person, method, issuer, serial, fingerprint, idle, expires_at)
	    select id::uuid, sha256(decode(repeat('00', 32), 'hex')), '1499000151', pin, 'Aysel', 'file', 'business', '0a', '\x01', '20 minutes', now() + '8 hours'
	      from (values ('00000000-0000-4000-8000-000000000001', '5A7KM2L'), ('00000000-0000-4000-8000-000000000002', '')) v (id, pin);
	    insert into session (id, secret_hash, voen, method, issuer, serial, fingerprint, idle, expires_at) -- longer than 016 allows
	    values ('00000000-0000-4000-8000-000000000003', sha256(decode(repeat('00', 32), 'hex')), '1499000152', 'file', 'business', '0b', '\x02', '3 days', now() + '30 days'),
	           ('00000000-0000-4000-8000-000000000004', sha256('x'), '1499000152', 'file', 'business', '0b', '\x02', '-1 second', now() + '1 hour');
	    insert into challenge (id, browser_hash, content, sha256, sha384, sha512, expires_at)
	    values (gen_random_uuid(), sha256(''), 'x', sha256('x'), sha384('x'), sha512('x'), now() + '5 minutes');
	    insert into handover (id, browser_hash, home, expires_at) values (gen_random_uuid(), sha256(''), 'http://x', now() + '5 minutes')`,
	3: `insert into checkpoint values ('00911', now() - interval '1 hour', now());
	    insert into consignment (registration, revision, digest, checkpoint, voen, status, status_at, registered_at, document)
	    select r, 2, '\x00', '00911', '1499000151', s, now() - a::interval, now() - a::interval,
	           jsonb_build_object('registration', r, 'revision', 2, 'checkpoint', '00911', 'voen', '1499000151', 'status', s, 'status_at', now(), 'registered_at', now(),
	             'consignee', '{"name":"X"}'::jsonb, 'transport', '{"mode":3}'::jsonb, 'goods', '[{"item":1,"description":"Şəkər","commodity_code":"1701"}]'::jsonb)
	      from (values ('OPEN', 'registered', '1 day'), ('DONE', 'released', '2 days'), ('LONG', 'released', '500 days')) v (r, s, a);
	    insert into consignment_event (registration, revision, status, status_at)
	    select registration, n, case n when 1 then 'registered' else status end, status_at from consignment, generate_series(1, 2) n;
	    insert into pending (registration, voen, checkpoint, status, status_at, registered_at, mode, vehicle, document_type, document_number, goods_description,
	           commodity_code, goods_count, next_code, next_who, next_agency, next_note, search)
	    select registration, voen, checkpoint, status, status_at, registered_at, 3, '', '', '', 'Şəkər', '1701', 1, '', '', '', '', 'open seker' from consignment where pending`,
	4: `insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us, at)
	    select gen_random_uuid(), 'web', 'trader', '00000000-0000-4000-8000-000000000001', '1499000151', 'goods.list', '/goods', 'answered', 1, 1500, now() - n * interval '40 days'
	      from generate_series(0, 2) n`,
	5: `insert into representative values ('1499000151', '5A7KM2L', 'Xəzər', 'direktor', '2020-01-01', null, true, false);
	    insert into session_company (session_id, voen, source) values ('00000000-0000-4000-8000-000000000001', '1499000151', 'certificate');
	    insert into sign_in_attempt (method, issuer, serial, voen, outcome) values ('file', 'business', '0a', '1499000151', 'signed_in')`,
	8: `insert into staff (pin, number, name, unit, role, valid_until) values ('3G7HN2Q', 'OP-1', 'Günel', 'Mərkəz', 'operator', 'infinity');
	    insert into trader_preference (voen, code_required, changed_by) values ('1499000151', true, '00000000-0000-4000-8000-000000000001')`,
	9:  `insert into report (voen, kind, registration, body, contact, lang, person, organisation, session_id) values ('1499000151', 'not_mine', 'OPEN', 'x', '', 'az', 'Aysel', 'Xəzər', gen_random_uuid())`,
	11: `insert into checkpoint_time (checkpoint, completed) values ('00911', 2)`,
	13: `insert into mail_address (voen, by_representation, address, lang, events, confirmed_at) values ('1499000151', false, 'a@example.org', 'az', '{status}', now())`,
	14: `insert into complaint_draft (id, voen, owner, content) values (gen_random_uuid(), '1499000151', sha256('x'), '{}')`,
}

// A database that has served every version in turn, with what each left in it:
// nothing is lost, nothing stops the next, and today's program works with it.
func TestMigrationsMeetRows(t *testing.T) {
	f := dbtest.NewEmpty(t)
	owner := connect(t, f.OwnerURL)
	m, err := migrate.NewMigrator(t.Context(), owner, "public.schema_version")
	must(t, err)
	must(t, m.LoadMigrations(os.DirFS("migrations")))
	rows := map[string]int{}
	for version := int32(1); version <= db.Version(); version++ {
		if err := m.MigrateTo(t.Context(), version); err != nil {
			t.Fatalf("from version %d: %v", version-1, err)
		}
		if sql := lived[version]; sql != "" {
			if _, err := owner.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatalf("version %d: %v", version, err)
			}
		}
		for table, n := range rows {
			if got := one[int](t, owner, "select count(*) from "+table); got < n {
				t.Errorf("version %d has %d rows of %s left of %d", version, got, table, n)
			}
		}
		for _, sql := range lived {
			for _, part := range strings.Split(sql, "insert into ")[1:] {
				table := strings.FieldsFunc(part, func(r rune) bool { return r == ' ' || r == '(' })[0]
				if one[bool](t, owner, "select to_regclass($1) is not null", table) {
					rows[table] = one[int](t, owner, "select count(*) from "+table)
				}
			}
		}
	}
	if rows["register_entry"] != 3 || rows["session"] != 4 {
		t.Fatalf("rows: %v", rows)
	}
	must(t, db.Migrate(t.Context(), f.OwnerURL, "portal"))
	inherited(t, f)
}

// inherited works with what the versions before left.
func inherited(t *testing.T, f *dbtest.DB) {
	t.Helper()
	d, err := db.Open(t.Context(), f.URL, db.Options{})
	must(t, err)
	defer d.Close()
	k := db.SessionKey{ID: uuid.MustParse("00000000-0000-4000-8000-000000000001")} // and a secret of zeros
	l := list(t, d, k, customs.Query{Text: "şəkər"}, 10)
	if len(l.Rows) != 1 || l.Rows[0].Registration != "OPEN" || l.AllTotal != 1 {
		t.Errorf("the list: %+v", l)
	}
	if _, detail, err := d.Detail(t.Context(), k, "DONE"); err != nil || len(detail.Events) == 0 || detail.Consignment.Goods[0].Description != "Şəkər" {
		t.Errorf("the details: %+v, %v", detail, err)
	}
	if n := archived(t, d); n != 1 {
		t.Errorf("%d archived, want the one of 500 days ago", n)
	}
	for i, s := range store(t, d, goodsOf(aysel, "OPEN", 3, with(customs.Held)), goodsOf(aysel, "DONE", 2), goodsOf(aysel, "LONG", 1)) {
		if want := []db.Fate{db.Stored, db.Conflict, db.Older}[i]; s != want {
			t.Errorf("line %d: %s, want %s", i, s, want)
		}
	}
	if _, list, err := d.Drafts(t.Context(), k); err != nil || len(list) != 0 {
		t.Errorf("drafts of another person: %v, %v", list, err)
	}
	if log := accessLog(t, d, k, customs.AccessQuery{}, 10); len(log.Rows) != 3 || log.Rows[0].Viewer == "" {
		t.Errorf("the access log: %+v", log)
	}
	su := connect(t, f.SuperuserURL)
	exec(t, su, "update session set seen_at = now() - interval '10 minutes'")
	long := k
	long.ID = uuid.MustParse("00000000-0000-4000-8000-000000000003")
	if s, err := d.KeepSession(t.Context(), long); err != nil || s.Idle != 24*time.Hour || s.ExpiresAt.Sub(s.CreatedAt) != 7*24*time.Hour {
		t.Errorf("a session of before the bounds: %+v, %v", s, err)
	}
	r := db.NewRegister(d)
	must(t, r.Submit(context.WithoutCancel(t.Context()), entryOf(k, aysel)).Wait(t.Context()))
	r.Close()
	if idle := one[time.Duration](t, su, "select now() - seen_at from session where id = $1", k.ID); idle > 5*time.Minute {
		t.Errorf("to look did not keep the session: %s", idle)
	}
	count(t, d)
	sealed := sealedOn(t, f)
	if n := sealed.seal(t); n != 4 {
		t.Errorf("%d entries are sealed, want 4", n)
	}
	if r := sealed.verify(t, db.VerifyOptions{}); !r.OK() || r.Size != 4 {
		t.Errorf("verified: %+v", r)
	}
	if n := one[int64](t, su, "select sum(n)::bigint from register_hour"); n != 4 {
		t.Errorf("%d entries are counted, want 4", n)
	}
	if n := one[int](t, su, miscounted); n != 0 {
		t.Errorf("%d counts are wrong", n)
	}
}
