package db_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// november is a day in the middle of a month, in Baku.
var november = time.Date(2026, 11, 10, 8, 0, 0, 0, time.UTC)

func TestFindEntries(t *testing.T) {
	f, d := open(t)
	su, key := connect(t, f.SuperuserURL), supervisor(t, f, d)
	for i := range 7 {
		enterRows(t, su, made{november.Add(time.Duration(i) * time.Hour), "trader", aysel, register.Answered, time.Millisecond})
	}
	enterRows(t, su,
		made{november.Add(24 * time.Hour), "operator", rashad, register.Failed, time.Millisecond},
		made{time.Date(2026, 11, 10, 19, 59, 59, 0, time.UTC), "trader", rashad, register.NothingPending, time.Millisecond}, // still the 10th in Baku
		made{time.Date(2026, 11, 10, 20, 0, 0, 0, time.UTC), "trader", rashad, register.NothingPending, time.Millisecond},   // already the 11th
	)
	request := one[uuid.UUID](t, su, `select request_id from register_entry where id = 3`)
	for name, c := range map[string]struct {
		search register.Search
		want   []int64
	}{
		"all":             {register.Search{}, []int64{8, 10, 9, 7, 6, 5, 4, 3, 2, 1}},
		"a taxpayer":      {register.Search{VOEN: rashad}, []int64{8, 10, 9}},
		"a request":       {register.Search{Request: request}, []int64{3}},
		"an entry":        {register.Search{Entry: 5}, []int64{5}},
		"failed":          {register.Search{Outcome: register.Failed}, []int64{8}},
		"nothing":         {register.Search{Outcome: register.NothingPending}, []int64{10, 9}},
		"operators":       {register.Search{Actor: "operator"}, []int64{8}},
		"traders":         {register.Search{Actor: "trader", VOEN: rashad}, []int64{10, 9}},
		"a channel":       {register.Search{Channel: "staff"}, []int64{8}},
		"an action":       {register.Search{Action: register.ShowGoods}, nil},
		"a case":          {register.Search{CaseNo: "M-2026-000001"}, nil},
		"to a day":        {register.Search{To: "2026-11-10", VOEN: rashad}, []int64{9}},
		"from a day":      {register.Search{From: "2026-11-11"}, []int64{8, 10}},
		"an odd text":     {register.Search{Action: "\x00%'"}, nil},
		"a day without":   {register.Search{From: "2026-11-12", To: "2026-11-12"}, nil},
		"all of them and": {register.Search{VOEN: aysel, Outcome: register.Answered, Actor: "trader", Channel: "web", From: "2026-11-10", To: "2026-11-10", Entry: 1}, []int64{1}},
	} {
		found, err := d.FindEntries(t.Context(), key, c.search, 20)
		must(t, err)
		if got := ids(found); !slices.Equal(got, c.want) || found.Total != int64(len(c.want)) {
			t.Errorf("%s: %v of %d, want %v", name, got, found.Total, c.want)
		}
		// The one whom all of them are about, also if no page shows them.
		var only customs.VOEN
		switch {
		case len(c.want) > 0 && slices.Max(c.want) < 8:
			only = aysel
		case len(c.want) > 0 && slices.Min(c.want) >= 8:
			only = rashad
		}
		if beyond, err := d.FindEntries(t.Context(), key, before(c.search, register.Cursor{At: november.Add(-time.Hour), ID: 1}), 20); err != nil || found.Only != only || beyond.Only != only || len(beyond.Rows) != 0 {
			t.Errorf("%s: about %q, beyond the last about %q with %d rows, want %q: %v", name, found.Only, beyond.Only, len(beyond.Rows), only, err)
		}
		var exported []int64
		must(t, d.ExportEntries(t.Context(), key, c.search, func(total int64, about customs.VOEN, asOf time.Time) (bool, error) {
			if about != only {
				t.Errorf("%s: exports about %q, want %q", name, about, only)
			}
			if total != int64(len(c.want)) || time.Since(asOf) > time.Minute {
				t.Errorf("%s: exports %d as of %s", name, total, asOf)
			}
			return true, nil
		}, func(r *register.Row) error { exported = append(exported, r.ID); return nil }))
		if !slices.Equal(exported, c.want) {
			t.Errorf("%s: exported %v, want %v", name, exported, c.want)
		}
	}
}

func before(s register.Search, c register.Cursor) register.Search {
	s.Before = c
	return s
}

func ids(f register.Found) (list []int64) {
	for _, r := range f.Rows {
		list = append(list, r.ID)
	}
	return list
}

// Pages follow each other without a gap or a repetition, also among entries of
// one moment and while new ones come.
func TestEntriesPageByPage(t *testing.T) {
	f, d := open(t)
	su, key := connect(t, f.SuperuserURL), supervisor(t, f, d)
	for range 10 {
		enterRows(t, su, made{november, "trader", aysel, register.Answered, time.Millisecond})
	}
	var all []int64
	var pages []register.Found
	s := register.Search{}
	for {
		found, err := d.FindEntries(t.Context(), key, s, 4)
		must(t, err)
		if found.Newer != (len(pages) > 0) {
			t.Errorf("page %d: newer ones %v", len(pages)+1, found.Newer)
		}
		pages = append(pages, found)
		all = append(all, ids(found)...)
		enterRows(t, su, made{november.Add(time.Hour), "trader", aysel, register.Answered, time.Millisecond})
		if !found.Older {
			break
		}
		last := found.Rows[len(found.Rows)-1]
		s.Before = register.Cursor{At: last.At, ID: last.ID}
	}
	if !slices.Equal(all, []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}) || len(pages) != 3 {
		t.Errorf("%d pages of %v", len(pages), all)
	}
	first := pages[1].Rows[0]
	back, err := d.FindEntries(t.Context(), key, register.Search{After: register.Cursor{At: first.At, ID: first.ID}}, 4)
	must(t, err)
	if !slices.Equal(ids(back), []int64{10, 9, 8, 7}) || !back.Newer || !back.Older {
		t.Errorf("back: %v, newer %v, older %v", ids(back), back.Newer, back.Older)
	}
}

// An entry's page shows what its leaf says, whether its personal data is there
// or deleted.
func TestFindEntry(t *testing.T) {
	s := newSealed(t)
	s.fill(t, 3)
	s.seal(t)
	key := supervisor(t, s.DB, s.db)
	salt := one[[]byte](t, s.super, `select substr(salts, 1, 16) from register_entry where id = 2`)
	for _, deleted := range []bool{false, true} {
		r, err := s.db.FindEntry(t.Context(), key, 2)
		must(t, err)
		leaf, open, err := s.db.Leaf(t.Context(), 2, salt)
		must(t, err)
		if open == deleted {
			t.Errorf("deleted %v: the leaf says that its salt is there", deleted)
		}
		want, err := leaf.Append(nil)
		must(t, err)
		got, err := r.Append(nil)
		must(t, err)
		if string(got) != string(want) || r.Deleted != deleted || (r.Subject == "") != deleted || (len(r.Salts) == 0) != deleted {
			t.Errorf("deleted %v: %+v\n%s\nwant\n%s", deleted, r, got, want)
		}
		s.exec(t, `update register_entry set commitments = register_commitments(salts, subject, session_id, asked), salts = null, subject = null, session_id = null, asked = null where salts is not null`)
	}
	if _, err := s.db.FindEntry(t.Context(), key, 99); err != db.ErrNotFound { //nolint:errorlint // it is this one
		t.Errorf("no such entry: %v", err)
	}
}

func TestMonth(t *testing.T) {
	f, d := open(t)
	su, key := connect(t, f.SuperuserURL), supervisor(t, f, d)
	first := time.Date(2026, 10, 31, 20, 0, 0, 0, time.UTC) // 1 November in Baku
	next := time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC)
	ms := time.Millisecond
	enterRows(t, su,
		made{first.Add(-time.Second), "trader", aysel, register.Answered, ms}, // October
		made{first, "trader", aysel, register.Answered, 10 * ms},
		made{first.Add(time.Hour), "operator", aysel, register.NothingPending, 20 * ms},
		made{november, "trader", aysel, register.Failed, 8000 * ms},
		made{november.Add(4 * time.Minute), "trader", aysel, register.Failed, 8000 * ms},
		made{november.Add(10 * time.Minute), "trader", aysel, register.Failed, 8000 * ms},
		made{november, "supervisor", "", register.Answered, ms},
		made{november, "system", "", register.NothingPending, ms},
		made{november, "system", "", register.Failed, ms},
		made{next, "trader", aysel, register.Answered, ms}, // December
	)
	count(t, d)
	exec(t, su, `
		insert into checkpoint_hour (hour, checkpoint, at, pending, most, silent) values
		('2026-11-10 08:00Z', '00911', now(), 5, 9, '2 minutes'), ('2026-11-10 09:00Z', '00911', now(), 3, 4, '90 minutes'),
		('2026-12-10 09:00Z', '00911', now(), 77, 77, '0')`)
	exec(t, su, `
		insert into register_checkpoint (size, root, note, sealed_at) values
		(1, sha256('a'), '', '2026-10-30 00:00Z'), (7, sha256('b'), '', '2026-11-29 00:00Z'), (9, sha256('c'), '', '2026-12-01 00:00Z')`)
	m, err := d.SupervisedMonth(t.Context(), key, first, next)
	must(t, err)
	if m.Requests != 5 || m.Found != 1 || m.NothingPending != 1 || m.Failed != 3 || m.OnBehalf != 1 || near(m.P95, 8000*ms) {
		t.Errorf("%+v", m.Counts)
	}
	if len(m.Days) != 2 || !m.Days[0].Day.Equal(first) || m.Days[0].Requests != 2 || near(m.Days[0].Median, 10*ms) || near(m.Days[0].P95, 20*ms) || m.Days[1].Failed != 3 {
		t.Errorf("days: %+v", m.Days)
	}
	if len(m.Failures) != 2 || m.Failures[0].Count != 2 || !m.Failures[0].From.Equal(november) || !m.Failures[0].To.Equal(november.Add(4*time.Minute)) {
		t.Errorf("failures: %+v", m.Failures)
	}
	if got := fmt.Sprint(m.Checkpoints); got != "[{00911 3 9 4 1h30m0s}]" {
		t.Errorf("checkpoints: %s", got)
	}
	if len(m.Actions) != 2 || m.Actions[0].Channel != "web" || m.Actions[0].Requests != 4 || m.Probes != 1 {
		t.Errorf("kinds: %+v, %d probes", m.Actions, m.Probes)
	}
	if m.Size != 7 || m.SealedAt == nil {
		t.Errorf("sealed to %d", m.Size)
	}
}
