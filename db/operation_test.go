package db_test

import (
	"context"
	"encoding/base64"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
)

// signInWorld is a database with a serving connection, and ways behind it.
type signInWorld struct {
	testing.TB
	*db.DB
	test *dbtest.DB
}

func newSignInWorld(t testing.TB) signInWorld {
	t.Helper()
	test := dbtest.New(t)
	d, err := db.Open(t.Context(), test.URL, db.Options{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return signInWorld{t, d, test}
}

func (w signInWorld) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// as runs SQL at an address and returns the code of what PostgreSQL refuses.
func (w signInWorld) as(address, sql string, args ...any) string {
	w.Helper()
	c, err := pgx.Connect(w.Context(), address)
	w.must(err)
	defer c.Close(context.WithoutCancel(w.Context()))
	if address == w.test.URL {
		_, err = c.Exec(w.Context(), `set role portal_app`)
		w.must(err)
	}
	_, err = c.Exec(w.Context(), sql, args...)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	w.must(err)
	return ""
}

var ownBrowser, strangeBrowser = [32]byte{1}, [32]byte{2}

func (w signInWorld) operation() db.Operation {
	w.Helper()
	o := db.Operation{
		ID: uuid.New(), Challenge: make([]byte, 32), Query: base64.StdEncoding.EncodeToString([]byte(uuid.NewString())),
		ExpiresAt: time.Now().Add(3 * time.Minute),
	}
	w.must(w.CreateOperation(w.Context(), ownBrowser, o))
	return o
}

var signer, otherSigner = [32]byte{7}, [32]byte{8}

func TestOperationGoesOneWay(t *testing.T) {
	w := newSignInWorld(t)
	ctx, o := t.Context(), w.operation()
	people := []db.Person{{VOEN: "1499000151", Method: "sima", Issuer: "business", Serial: "1", Fingerprint: []byte{1}}}
	found, err := w.IssuedOperation(ctx, o.Query)
	w.must(err)
	if found.ID != o.ID || !found.Open() || found.Fetched {
		t.Errorf("%+v", found)
	}
	for name, step := range map[string]func() error{
		"answer before reading":   func() error { return w.AnswerOperation(ctx, o.ID, signer, db.Confirmed, people) },
		"finish before answering": func() error { _, err := w.FinishOperation(ctx, ownBrowser, o.ID); return err },
		"another text":            func() error { _, err := w.IssuedOperation(ctx, o.Query+"="); return err },
		"another browser":         func() error { _, err := w.BrowserOperation(ctx, strangeBrowser, o.ID); return err },
		"unknown":                 func() error { _, err := w.FindOperation(ctx, uuid.New()); return err },
	} {
		if err := step(); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.must(w.FetchOperation(ctx, o.ID, signer))
	w.must(w.FetchOperation(ctx, o.ID, signer)) // a telephone that asks twice
	if err := w.FetchOperation(ctx, o.ID, otherSigner); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a second certificate reads: %v", err)
	}
	if err := w.AnswerOperation(ctx, o.ID, otherSigner, db.Confirmed, people); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a second certificate answers: %v", err)
	}
	w.must(w.AnswerOperation(ctx, o.ID, signer, db.Confirmed, people))
	if err := w.AnswerOperation(ctx, o.ID, signer, "expired", nil); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a second answer: %v", err)
	}
	if _, err := w.FinishOperation(ctx, strangeBrowser, o.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another browser finishes: %v", err)
	}
	got, err := w.FinishOperation(ctx, ownBrowser, o.ID)
	w.must(err)
	if len(got) != 1 || got[0].VOEN != "1499000151" {
		t.Errorf("%+v", got)
	}
	if _, err := w.FinishOperation(ctx, ownBrowser, o.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("finished twice: %v", err)
	}
}

// TestOperationRace: of many answers at once one is stored, of many browsers'
// tabs one begins the session.
func TestOperationRace(t *testing.T) {
	w := newSignInWorld(t)
	o := w.operation()
	w.must(w.FetchOperation(t.Context(), o.ID, signer))
	count := func(step func() error) int {
		var g sync.WaitGroup
		var mu sync.Mutex
		n := 0
		for range 12 {
			g.Go(func() {
				if step() == nil {
					mu.Lock()
					n++
					mu.Unlock()
				}
			})
		}
		g.Wait()
		return n
	}
	people := []db.Person{{VOEN: "1499000151"}}
	if n := count(func() error { return w.AnswerOperation(t.Context(), o.ID, signer, db.Confirmed, people) }); n != 1 {
		t.Errorf("%d answers were stored", n)
	}
	if n := count(func() error { _, err := w.FinishOperation(t.Context(), ownBrowser, o.ID); return err }); n != 1 {
		t.Errorf("finished %d times", n)
	}
}

func TestOperationEnds(t *testing.T) {
	w := newSignInWorld(t)
	ctx := t.Context()
	late, cancelled := w.operation(), w.operation()
	for _, o := range []db.Operation{late, cancelled} {
		w.must(w.FetchOperation(ctx, o.ID, signer))
	}
	if code := w.as(w.test.SuperuserURL, `update sima_operation set created_at = now() - interval '4 minutes', expires_at = now() where id = $1`, late.ID); code != "" {
		t.Fatal(code)
	}
	w.must(w.CancelOperation(ctx, strangeBrowser, cancelled.ID)) // changes nothing
	if o, err := w.FindOperation(ctx, cancelled.ID); err != nil || o.Cancelled {
		t.Errorf("another browser cancelled: %v", err)
	}
	w.must(w.CancelOperation(ctx, ownBrowser, cancelled.ID))
	w.must(w.CancelOperation(ctx, ownBrowser, cancelled.ID))
	for name, o := range map[string]db.Operation{"late": late, "cancelled": cancelled} {
		if err := w.AnswerOperation(ctx, o.ID, signer, db.Confirmed, []db.Person{{VOEN: "1499000151"}}); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if err := w.FetchOperation(ctx, o.ID, signer); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOperationCannotBeRewritten tries as the serving role, past the program.
func TestOperationCannotBeRewritten(t *testing.T) {
	w := newSignInWorld(t)
	o := w.operation()
	w.must(w.FetchOperation(t.Context(), o.ID, signer))
	w.must(w.AnswerOperation(t.Context(), o.ID, signer, "expired", nil))
	for sql, want := range map[string]string{
		`update sima_operation set challenge = '\x00'`:                                                  "42501",
		`update sima_operation set expires_at = now() + interval '1 year'`:                              "42501",
		`update sima_operation set assignee = ''`:                                                       "42501",
		`update sima_operation set browser_hash = decode(repeat('00', 32), 'hex')`:                      "42501",
		`update sima_operation set certificate = decode(repeat('08', 32), 'hex')`:                       "23514",
		`update sima_operation set outcome = 'confirmed', identity = '[]'`:                              "23514",
		`update sima_operation set outcome = null, answered_at = null`:                                  "23514",
		`update sima_operation set finished_at = now()`:                                                 "23514",
		`truncate sima_operation`:                                                                       "42501",
		`update sign_in_attempt set outcome = 'signed_in'`:                                              "42501",
		`delete from sign_in_attempt`:                                                                   "42501",
		`select * from sign_in_attempt`:                                                                 "42501",
		`select * from representative`:                                                                  "42501",
		`insert into representative values ('1499000151', 'AAAAAAA', '', '', now(), null, true, false)`: "42501",
		`select * from session_company`:                                                                 "42501",
		`select end_lost_representations()`:                                                             "42501",
	} {
		if got := w.as(w.test.URL, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

func TestAuthorizationWorksOnce(t *testing.T) {
	w := newSignInWorld(t)
	ctx := t.Context()
	a := db.Authorization{Nonce: "n", Verifier: "v", Back: "/goods"}
	w.must(w.StartAuthorization(ctx, ownBrowser, "state", a, time.Minute))
	for _, c := range []struct {
		browser [32]byte
		state   string
	}{{strangeBrowser, "state"}, {ownBrowser, "other"}, {ownBrowser, ""}} {
		if _, err := w.FinishAuthorization(ctx, c.browser, c.state); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%q: %v", c.state, err)
		}
	}
	got, err := w.FinishAuthorization(ctx, ownBrowser, "state")
	w.must(err)
	if got != a {
		t.Errorf("%+v", got)
	}
	if _, err := w.FinishAuthorization(ctx, ownBrowser, "state"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	w.must(w.StartAuthorization(ctx, ownBrowser, "late", a, -time.Second))
	if _, err := w.FinishAuthorization(ctx, ownBrowser, "late"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("late: %v", err)
	}
}
