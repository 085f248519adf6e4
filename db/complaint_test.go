package db_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// colleague signs another person in for the same company.
func colleague(t *testing.T, d *db.DB, change func(*db.Person)) db.SessionKey {
	t.Helper()
	p := person(aysel)
	change(&p)
	k, err := d.StartSession(t.Context(), p, limits, nil)
	must(t, err)
	return k
}

func draftOf(facts string) customs.Complaint {
	return customs.Complaint{Name: "«Xəzər Aqro Ticarət» MMC", Kind: customs.OnInaction, Registration: "A1", Facts: facts}
}

func TestDraftComesBackAsItWasSaved(t *testing.T) {
	_, d := open(t)
	k := signIn(t, d, aysel)
	want := draftOf("Birinci sətir\nİkinci sətir “dırnaqda” \\ 'tək' <b>")
	id, err := d.SaveDraft(t.Context(), k, uuid.Nil, want)
	must(t, err)
	again, err := d.SaveDraft(t.Context(), k, id, want)
	must(t, err)
	if again != id {
		t.Error("saving a draft again made another one")
	}
	// It is there after signing out and in, with another certificate of the same person too.
	must(t, d.EndSession(t.Context(), k))
	k = colleague(t, d, func(p *db.Person) { p.Serial, p.Fingerprint, p.Method = "0b", []byte{9}, "card" })
	s, got, err := d.Draft(t.Context(), k, id)
	must(t, err)
	if got.Content != want || got.DrawnAt != nil || s.Person.VOEN != aysel {
		t.Errorf("%+v", got)
	}
	_, list, err := d.Drafts(t.Context(), k)
	must(t, err)
	if len(list) != 1 || list[0].ID != id || list[0].Registration != "A1" || list[0].Kind != customs.OnInaction || list[0].Drawn {
		t.Errorf("%+v", list)
	}
}

// A document that was drawn up counts until something else is written.
func TestDrawnUpUntilChanged(t *testing.T) {
	_, d := open(t)
	k := signIn(t, d, aysel)
	id, err := d.SaveDraft(t.Context(), k, uuid.Nil, draftOf("a"))
	must(t, err)
	request := uuid.New()
	must(t, d.DrawUp(t.Context(), k, id, request, []byte(`{"format":"x"}`)))
	look := func() db.Draft {
		_, r, err := d.Draft(t.Context(), k, id)
		must(t, err)
		return r
	}
	_, err = d.SaveDraft(t.Context(), k, id, draftOf("a"))
	must(t, err)
	if r := look(); r.DrawnAt == nil || r.RequestID != request || string(r.Evidence) != `{"format":"x"}` {
		t.Errorf("saving what is there took the document away: %+v", r)
	}
	_, err = d.SaveDraft(t.Context(), k, id, draftOf("b"))
	must(t, err)
	if r := look(); r.DrawnAt != nil || r.RequestID != uuid.Nil || r.Evidence != nil {
		t.Errorf("the document of another text is still there: %+v", r)
	}
	must(t, d.DrawUp(t.Context(), k, id, request, nil)) // about no registration
	if r := look(); r.DrawnAt == nil || r.RequestID != uuid.Nil || r.Evidence != nil {
		t.Errorf("without evidence: %+v", r)
	}
	if err := d.DrawUp(t.Context(), k, uuid.New(), request, nil); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("an unknown draft: %v", err)
	}
}

// strangers are all who must not see what aysel's person wrote for her company.
func strangers(t *testing.T, d *db.DB) map[string]db.SessionKey {
	return map[string]db.SessionKey{
		"another trader":                   signIn(t, d, rashad), // even the same person there
		"a colleague":                      colleague(t, d, func(p *db.Person) { p.PIN = "7ZZZZZZ" }),
		"a colleague without PIN":          colleague(t, d, func(p *db.Person) { p.PIN = "" }),
		"another colleague without PIN":    colleague(t, d, func(p *db.Person) { p.PIN, p.Fingerprint = "", []byte{8} }),
		"one whose PIN is a fingerprint's": colleague(t, d, func(p *db.Person) { p.PIN = "010203" }),
	}
}

// Nobody else reads, changes or deletes a draft, by whatever statement.
func TestDraftsAreThePersonsOwn(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	key := signIn(t, d, aysel)
	id, err := d.SaveDraft(t.Context(), key, uuid.Nil, draftOf("only mine"))
	must(t, err)
	if n := one[int](t, as(t, f.URL, settingOf(key)), "select count(*) from complaint_draft"); n != 1 {
		t.Fatalf("the owner sees %d", n)
	}
	for who, k := range strangers(t, d) {
		c := as(t, f.URL, settingOf(k))
		if n := one[int](t, c, "select count(*) from complaint_draft where id = $1 or true", id); n != 0 {
			t.Errorf("%s sees %d drafts", who, n)
		}
		for _, sql := range []string{"update complaint_draft set content = '{}'", "delete from complaint_draft"} {
			tag, err := c.Exec(t.Context(), sql)
			if err != nil || tag.RowsAffected() != 0 {
				t.Errorf("%s: %s: %v, %v", who, sql, tag, err)
			}
		}
		if _, err := c.Exec(t.Context(), `insert into complaint_draft (id, voen, owner, content) values (gen_random_uuid(), $1, 'pin 5A7KM2L', '{}')`, string(aysel)); sqlState(err) != "42501" {
			t.Errorf("%s writes into another's drafts: %v", who, err)
		}
		if _, _, err := d.Draft(t.Context(), k, id); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", who, err)
		}
		if err := d.DrawUp(t.Context(), k, id, uuid.New(), []byte("x")); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s draws up another's document: %v", who, err)
		}
		must(t, d.DeleteDraft(t.Context(), k, id)) // deletes nothing
		other, err := d.SaveDraft(t.Context(), k, id, draftOf("theirs"))
		must(t, err)
		if other == id {
			t.Errorf("%s wrote over another's draft", who)
		}
	}
	if got := one[string](t, su, "select content->>'facts' from complaint_draft where id = $1", id); got != "only mine" {
		t.Errorf("the draft says %q", got)
	}
}

func TestDraftsForbidden(t *testing.T) {
	f, d := open(t)
	key := signIn(t, d, aysel)
	id, err := d.SaveDraft(t.Context(), key, uuid.Nil, draftOf("x"))
	must(t, err)
	for _, role := range []string{"portal_app", "portal_feed", "portal_sealer"} {
		c := connect(t, f.SuperuserURL)
		exec(t, c, "set role "+role)
		exec(t, c, "select set_config('portal.session', $1, false)", settingOf(key))
		statements := []string{
			"update complaint_draft set voen = '1499000152'", "update complaint_draft set owner = 'pin X'", "update complaint_draft set id = gen_random_uuid()",
			"update complaint_draft set created_at = now()", "truncate complaint_draft", "select limit_complaint_drafts()",
		}
		if role != "portal_app" {
			statements = append(statements, "select id from complaint_draft", "delete from complaint_draft", "select session_person()", "select sweep_complaint_drafts()")
		}
		for _, sql := range statements {
			if _, err := c.Exec(t.Context(), sql); sqlState(err) != "42501" {
				t.Errorf("%s: %s: %v", role, sql, err)
			}
		}
	}
	c := as(t, f.URL, settingOf(key))
	for what, sql := range map[string]string{
		"huge":                      `update complaint_draft set content = jsonb_build_object('facts', repeat('x', 140000))`,
		"no object":                 `update complaint_draft set content = '[]'`,
		"evidence without document": `update complaint_draft set evidence = 'x', request_id = gen_random_uuid()`,
		"evidence without entry":    `update complaint_draft set evidence = 'x', drawn_at = now()`,
	} {
		if _, err := c.Exec(t.Context(), sql); sqlState(err) != "23514" {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, r, err := d.Draft(t.Context(), key, id)
	must(t, err)
	if r.Content.Facts != "x" {
		t.Errorf("%+v", r)
	}
}

// Without a session there are no drafts; the errors say so.
func TestDraftsWithoutSession(t *testing.T) {
	_, d := open(t)
	k := signIn(t, d, aysel)
	id, err := d.SaveDraft(t.Context(), k, uuid.Nil, draftOf("x"))
	must(t, err)
	must(t, d.EndSession(t.Context(), k))
	_, _, listErr := d.Drafts(t.Context(), k)
	_, _, readErr := d.Draft(t.Context(), k, id)
	_, saveErr := d.SaveDraft(t.Context(), k, id, draftOf("y"))
	for what, err := range map[string]error{
		"list": listErr, "read": readErr, "save": saveErr, "draw up": d.DrawUp(t.Context(), k, id, uuid.New(), nil), "delete": d.DeleteDraft(t.Context(), k, id),
	} {
		if !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSoManyDrafts(t *testing.T) {
	_, d := open(t)
	k := signIn(t, d, aysel)
	var last uuid.UUID
	for n := range 50 {
		id, err := d.SaveDraft(t.Context(), k, uuid.Nil, draftOf(strings.Repeat("ə", 100+n)))
		must(t, err)
		last = id
	}
	if _, err := d.SaveDraft(t.Context(), k, uuid.Nil, draftOf("one more")); !errors.Is(err, db.ErrTooManyDrafts) {
		t.Errorf("the 51st: %v", err)
	}
	if _, err := d.SaveDraft(t.Context(), k, last, draftOf("a change")); err != nil {
		t.Errorf("a change to the 50th: %v", err)
	}
	other := colleague(t, d, func(p *db.Person) { p.PIN = "7ZZZZZZ" })
	if _, err := d.SaveDraft(t.Context(), other, uuid.Nil, draftOf("theirs")); err != nil {
		t.Errorf("a colleague: %v", err)
	}
	must(t, d.DeleteDraft(t.Context(), k, last))
	if _, err := d.SaveDraft(t.Context(), k, uuid.Nil, draftOf("one more")); err != nil {
		t.Errorf("after one was deleted: %v", err)
	}
}

// A form that is sent twice, even at once, makes one draft; another person's of
// the same words stays theirs.
func TestTheSameDraftIsOne(t *testing.T) {
	_, d := open(t)
	k := signIn(t, d, aysel)
	ids := make(chan uuid.UUID)
	for range 4 {
		go func() {
			id, err := d.SaveDraft(t.Context(), k, uuid.Nil, draftOf("twice"))
			if err != nil {
				t.Error(err)
			}
			ids <- id
		}()
	}
	first := <-ids
	for range 3 {
		if id := <-ids; id != first {
			t.Errorf("%s and %s say the same", first, id)
		}
	}
	other, err := d.SaveDraft(t.Context(), k, uuid.Nil, draftOf("twice."))
	must(t, err)
	theirs, err := d.SaveDraft(t.Context(), colleague(t, d, func(p *db.Person) { p.PIN = "7ZZZZZZ" }), uuid.Nil, draftOf("twice"))
	must(t, err)
	if first == uuid.Nil || other == first || theirs == first {
		t.Errorf("%s, %s, %s", first, other, theirs)
	}
}

func TestDraftsAreSweptByTheirLastChange(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	k := signIn(t, d, aysel)
	for _, days := range []int{0, 179, 181, 400} {
		id, err := d.SaveDraft(t.Context(), k, uuid.Nil, draftOf(strings.Repeat("x", days+1)))
		must(t, err)
		exec(t, su, "update complaint_draft set created_at = now() - interval '500 days', changed_at = now() - make_interval(days => $2) where id = $1", id, days)
	}
	must(t, d.Sweep(t.Context()))
	if n := one[int](t, su, "select count(*) from complaint_draft"); n != 2 {
		t.Errorf("%d drafts stay, want 2", n)
	}
	if days := db.DraftKept.Hours() / 24; days != 180 {
		t.Errorf("the page would say %v days", days)
	}
}
