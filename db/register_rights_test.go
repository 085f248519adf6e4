package db_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// What must never happen to the register is forbidden by the database: to each
// serving role by its grants, and to the owner, who could lift them, by
// triggers that stop a slip.
func TestRegisterRights(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 300)
	s.seal(t)
	const denied, insufficient = "42501", "42501"
	columns := `request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us`
	row := `gen_random_uuid(), 'web', 'trader', gen_random_uuid(), '1499000151', 'goods.list', '/goods', 'answered', 1, 1`
	for _, c := range []struct{ role, sql, state string }{
		{"portal_app", `insert into register_entry (` + columns + `) values (` + row + `)`, ""},
		{"portal_app", `insert into register_entry (id, ` + columns + `) overriding system value values (7, ` + row + `)`, denied},
		{"portal_app", `insert into register_entry (at, ` + columns + `) values (now() - interval '1 day', ` + row + `)`, denied},
		{"portal_app", `insert into register_entry (salts, ` + columns + `) values ('\x00', ` + row + `)`, denied},
		{"portal_app", `insert into register_entry (commitments, ` + columns + `) values ('\x00', ` + row + `)`, denied},
		{"portal_app", `update register_tile set hashes = ''`, denied},
		{"portal_app", `insert into register_checkpoint values (1000, sha256(''), '')`, denied},
		{"portal_app", `select forget_register(now(), 0, 10)`, denied},
		{"portal_app", `select * from register_tile`, ""},
		{"portal_app", `select * from register_checkpoint`, ""},
		{"portal_sealer", `select * from register_entry`, denied},
		{"portal_sealer", `select subject from register_entry`, denied},
		{"portal_sealer", `insert into register_entry (` + columns + `) values (` + row + `)`, denied},
		{"portal_sealer", `select * from pending`, denied},
		{"portal_sealer", `select * from session`, denied},
		{"portal_sealer", `delete from register_tile`, denied},
		{"portal_sealer", `truncate register_tile`, denied},
		{"portal_sealer", `update register_tile set n = 5`, denied},
		{"portal_sealer", `update register_tile set hashes = set_byte(hashes, 0, 1)`, insufficient},
		{"portal_sealer", `update register_tile set hashes = substr(hashes, 1, 32)`, insufficient},
		{"portal_sealer", `update register_checkpoint set note = ''`, denied},
		{"portal_sealer", `delete from register_checkpoint`, denied},
		{"portal_sealer", `insert into register_checkpoint (size, root, note, sealed_at) values (1000, sha256(''), '', now())`, denied},
		{"portal_sealer", `select forget_register(now(), 0, 10)`, denied},
		{"portal_sealer", `select * from register_leaves(1, 10)`, ""},
		{"portal_app", `select * from register_leaves(1, 10)`, denied},
		{"portal_sealer", `select * from register_leaf(1, '')`, denied},
		{"portal_owner", `update register_entry set results = 0 where id = 1`, insufficient},
		{"portal_owner", `update register_entry set subject = null, session_id = null, asked = null, salts = null,
			commitments = decode(repeat('00', 96), 'hex') where id = 1`, insufficient},
		{"portal_owner", `delete from register_entry`, insufficient},
		{"portal_owner", `truncate register_entry`, insufficient},
		{"portal_owner", `delete from register_tile`, insufficient},
		{"portal_owner", `truncate register_checkpoint`, insufficient},
		{"portal_owner", `update register_checkpoint set root = sha256('x')`, insufficient},
	} {
		conn := connect(t, s.SuperuserURL)
		exec(t, conn, `set role `+c.role)
		_, err := conn.Exec(t.Context(), c.sql)
		if got := sqlState(err); got != c.state || c.state == "" && err != nil {
			t.Errorf("%s: %s: %v, want %q", c.role, c.sql, err, c.state)
		}
	}
	if r := s.verify(t, db.VerifyOptions{}); !r.OK() {
		t.Errorf("%+v", r)
	}
}

// A role that row-level security shows a part must not call that part whole.
func TestVerifyNeedsToSeeEverything(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 3)
	s.seal(t)
	url := s.URL + "&role=portal_app"
	if _, err := db.Verify(t.Context(), url, db.VerifyOptions{Verifiers: s.verifiers}); sqlState(err) != "42501" {
		t.Errorf("verify: %v", err)
	}
	if err := db.Export(t.Context(), url, 1, 0, func([]byte) error { return nil }); sqlState(err) != "42501" {
		t.Errorf("export: %v", err)
	}
	if _, err := db.Forget(t.Context(), url, time.Now()); sqlState(err) != "42501" {
		t.Errorf("forget: %v", err)
	}
}

// What serves the log shows nothing of a person.
func TestLeavesHoldNothingPersonal(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 20)
	s.seal(t)
	rows, err := s.super.Query(t.Context(), `select row_to_json(l)::text from register_leaves(1, 100) l`)
	must(t, err)
	for rows.Next() {
		var text string
		must(t, rows.Scan(&text))
		var v map[string]any
		must(t, json.Unmarshal([]byte(text), &v))
		names := slices.Sorted(maps.Keys(v))
		// In these any number may stand by chance.
		for name, form := range map[string]string{"commitments": `^\\x[0-9a-f]{192}$`, "request_id": `^[0-9a-f-]{36}$`, "at": `^[0-9]{4}-[0-9T:.+-]{10,30}$`} {
			if got := fmt.Sprint(v[name]); !regexp.MustCompile(form).MatchString(got) {
				t.Errorf("%s: %s", name, got)
			}
			delete(v, name)
		}
		rest, err := json.Marshal(v)
		must(t, err)
		if text := string(rest); len(names) != 11 || strings.Contains(text, "14000") || strings.Contains(text, "pomidor") || strings.Contains(text, "00000000-0000-4000-8000-000000000001") {
			t.Error(text)
		}
	}
	must(t, rows.Err())
}

// The database and the program compute the same leaf, also for values that are
// awkward, and forgetting the personal values does not change it.
func TestRetention(t *testing.T) {
	s := newSealed(t)
	key := signIn(t, s.db, aysel)
	w := db.NewRegister(s.db)
	for _, asked := range []string{"/goods", "", "/goods?q=" + strings.Repeat("ə", 1500), "/goods?q=\\'\";--", "/goods?q=\u202e\u0007"} {
		e := entryOf(key, aysel)
		e.Asked = asked
		must(t, w.Submit(t.Context(), e).Wait(t.Context()))
	}
	kept := entryOf(key, aysel)
	must(t, w.Submit(t.Context(), kept).Wait(t.Context()))
	w.Close()
	s.seal(t)
	receipt := s.receipt(t, key, kept)
	var before []string
	must(t, db.Export(t.Context(), s.OwnerURL, 1, 0, func(leaf []byte) error { before = append(before, string(leaf)); return nil }))
	s.fill(t, 2) // not sealed: they stay as they are

	if n, err := db.Forget(t.Context(), s.OwnerURL, time.Now().Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("young entries: %d %v", n, err)
	}
	if n, err := db.Forget(t.Context(), s.OwnerURL, time.Now().Add(time.Hour)); err != nil || n != 6 {
		t.Errorf("old entries: %d %v", n, err)
	}
	if n, err := db.Forget(t.Context(), s.OwnerURL, time.Now().Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("a second time: %d %v", n, err)
	}
	left := one[int](t, s.super, `select count(*) from register_entry where subject is not null or session_id is not null or asked is not null or salts is not null`)
	if left != 2 {
		t.Errorf("%d entries hold personal data, want the two that are not sealed", left)
	}
	if r := s.verify(t, db.VerifyOptions{}); !r.OK() || r.Forgotten != 6 || r.Unsealed != 2 {
		t.Errorf("%+v", r)
	}
	var after []string
	must(t, db.Export(t.Context(), s.OwnerURL, 0, 0, func(leaf []byte) error { after = append(after, string(leaf)); return nil }))
	if strings.Join(before, "") != strings.Join(after, "") {
		t.Error("a leaf has changed")
	}
	s.seal(t)
	if _, err := s.verifiers.Check(receipt); err != nil {
		t.Errorf("the receipt from before: %v", err)
	}
	if r := s.verify(t, db.VerifyOptions{}); !r.OK() || r.Size != 8 {
		t.Errorf("%+v", r)
	}
}

// receipt is the receipt of an entry.
func (s *sealed) receipt(t *testing.T, key db.SessionKey, e register.Entry) register.Receipt {
	t.Helper()
	_, a, err := s.db.Answer(t.Context(), key, e.RequestID)
	must(t, err)
	in, err := s.db.Include(t.Context(), a.ID)
	must(t, err)
	r, err := register.NewReceipt(a.Record, a.Values, a.Salts, in.Proof, in.Head.Note)
	must(t, err)
	return r
}
