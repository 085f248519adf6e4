package db_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/db"
)

// Two browsers, by the hash of their secrets.
var (
	firefox = sha256.Sum256([]byte("firefox"))
	chrome  = sha256.Sum256([]byte("chrome"))
)

// challenge makes a text to sign and finds it.
func challenge(t *testing.T, d *db.DB, text string) db.Challenge {
	t.Helper()
	must(t, d.CreateChallenge(t.Context(), firefox, []byte(text), 10*time.Minute))
	digest := sha256.Sum256([]byte(text))
	c, err := d.FindChallenge(t.Context(), firefox, digest[:])
	must(t, err)
	return c
}

func TestChallengeIsFoundByDigest(t *testing.T) {
	_, d := open(t)
	text := []byte("Sorğu № 1\n")
	c := challenge(t, d, string(text))
	if string(c.Content) != string(text) || c.Expired || c.Used || !c.SameOwner || time.Until(c.ExpiresAt) > 10*time.Minute {
		t.Errorf("%+v", c)
	}
	s256, s384, s512 := sha256.Sum256(text), sha512.Sum384(text), sha512.Sum512(text)
	for _, digest := range [][]byte{s256[:], s384[:], s512[:]} {
		got, err := d.FindChallenge(t.Context(), firefox, digest)
		if err != nil || got.ID != c.ID {
			t.Errorf("digest of %d bytes: %v", len(digest), err)
		}
	}
	if got, err := d.FindChallenge(t.Context(), chrome, s256[:]); err != nil || got.SameOwner {
		t.Errorf("to another browser it is its own, or unknown: %v", err)
	}
	other := sha256.Sum256([]byte("something else"))
	for _, digest := range [][]byte{other[:], nil, {}, s256[:31]} {
		if _, err := d.FindChallenge(t.Context(), firefox, digest); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%x: %v", digest, err)
		}
	}
	if err := d.CreateChallenge(t.Context(), chrome, text, time.Minute); err == nil {
		t.Error("the same text twice")
	}
}

func TestChallengeIsUsedOnceByItsBrowser(t *testing.T) {
	f, d := open(t)
	c := challenge(t, d, "one")
	if err := d.UseChallenge(t.Context(), chrome, c.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another browser: %v", err)
	}
	if err := d.UseChallenge(t.Context(), firefox, uuid.New()); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	must(t, d.UseChallenge(t.Context(), firefox, c.ID))
	if err := d.UseChallenge(t.Context(), firefox, c.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a second time: %v", err)
	}
	digest := sha256.Sum256([]byte("one"))
	if again, err := d.FindChallenge(t.Context(), firefox, digest[:]); err != nil || !again.Used {
		t.Errorf("it does not say that it was used: %v", err)
	}

	late := challenge(t, d, "late")
	exec(t, connect(t, f.SuperuserURL), "update challenge set expires_at = now() where id = $1", late.ID)
	if err := d.UseChallenge(t.Context(), firefox, late.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("expired: %v", err)
	}
	digest = sha256.Sum256([]byte("late"))
	if again, err := d.FindChallenge(t.Context(), firefox, digest[:]); err != nil || !again.Expired {
		t.Errorf("it does not say that it expired: %v", err)
	}
}

// A challenge serves five attempts and one sign-in, however many come at once,
// and the serving role cannot make that unhappened.
func TestChallengeAttempts(t *testing.T) {
	f, d := open(t)
	c := challenge(t, d, "tried")
	if err := d.TryChallenge(t.Context(), chrome, c.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another browser: %v", err)
	}
	if n := race(t, func() error { return d.TryChallenge(t.Context(), firefox, c.ID) }); n != 5 {
		t.Errorf("%d attempts", n)
	}
	digest := sha256.Sum256([]byte("tried"))
	if again, err := d.FindChallenge(t.Context(), firefox, digest[:]); err != nil || !again.Spent || again.Used {
		t.Errorf("it does not say that it was used up: %v", err)
	}
	used := challenge(t, d, "used")
	must(t, d.TryChallenge(t.Context(), firefox, used.ID))
	must(t, d.UseChallenge(t.Context(), firefox, used.ID))
	if err := d.TryChallenge(t.Context(), firefox, used.ID); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("after its use: %v", err)
	}
	serving := connect(t, f.URL)
	exec(t, serving, "set role portal_app")
	for _, sql := range []string{
		"update challenge set attempts = attempts - 1", "update challenge set attempts = 0", "update challenge set used_at = null where used_at is not null",
		"update challenge set attempts = 6",
	} {
		if _, err := serving.Exec(t.Context(), sql); sqlState(err) != "23514" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// race runs f in many goroutines at once and counts who succeeded; whoever
// fails must fail with ErrNotFound.
func race(t *testing.T, f func() error) int {
	t.Helper()
	var won atomic.Int32
	var start, end sync.WaitGroup
	start.Add(1)
	for range 8 {
		end.Go(func() {
			start.Wait()
			switch err := f(); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, db.ErrNotFound):
				t.Error(err)
			}
		})
	}
	start.Done()
	end.Wait()
	return int(won.Load())
}

func TestOnlyOneWins(t *testing.T) {
	_, d := open(t)
	for range 5 {
		c := challenge(t, d, uuid.NewString())
		if n := race(t, func() error { return d.UseChallenge(t.Context(), firefox, c.ID) }); n != 1 {
			t.Errorf("a challenge was used %d times", n)
		}
		id, err := d.StartHandover(t.Context(), firefox, "https://portal", time.Minute)
		must(t, err)
		codes := make(chan string, 8)
		if n := race(t, func() error {
			code, err := d.VerifyHandover(t.Context(), id, []db.Person{person(aysel)})
			if err == nil {
				codes <- code
			}
			return err
		}); n != 1 {
			t.Errorf("a sign-in was verified %d times", n)
		}
		code := <-codes
		if n := race(t, func() error { _, err := d.FinishHandover(t.Context(), firefox, code); return err }); n != 1 {
			t.Errorf("a code was used %d times", n)
		}
	}
}

func TestHandover(t *testing.T) {
	f, d := open(t)
	ctx := t.Context()
	id, err := d.StartHandover(ctx, firefox, "https://portal", time.Minute)
	must(t, err)
	if home, err := d.HandoverHome(ctx, id); err != nil || home != "https://portal" {
		t.Errorf("home %q, %v", home, err)
	}
	people := []db.Person{person(aysel), person(rashad)}
	code, err := d.VerifyHandover(ctx, id, people)
	must(t, err)
	if _, err := d.HandoverHome(ctx, id); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("home of a verified one: %v", err)
	}
	if _, err := d.VerifyHandover(ctx, id, people); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("verified twice: %v", err)
	}
	if n := one[int](t, connect(t, f.SuperuserURL), "select count(*) from handover h where to_jsonb(h)::text like '%' || $1 || '%'", code); n != 0 {
		t.Error("the code itself is stored")
	}
	for what, try := range map[string]func() ([]db.Person, error){
		"peek in another browser":   func() ([]db.Person, error) { return d.PeekHandover(ctx, chrome, code) },
		"finish in another browser": func() ([]db.Person, error) { return d.FinishHandover(ctx, chrome, code) },
		"another code":              func() ([]db.Person, error) { return d.FinishHandover(ctx, firefox, code+"A") },
		"no code":                   func() ([]db.Person, error) { return d.FinishHandover(ctx, firefox, "") },
	} {
		if got, err := try(); !errors.Is(err, db.ErrNotFound) || got != nil {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	for _, read := range []func() ([]db.Person, error){
		func() ([]db.Person, error) { return d.PeekHandover(ctx, firefox, code) },
		func() ([]db.Person, error) { return d.PeekHandover(ctx, firefox, code) }, // looking does not consume
		func() ([]db.Person, error) { return d.FinishHandover(ctx, firefox, code) },
	} {
		if got, err := read(); err != nil || len(got) != 2 || got[1].VOEN != rashad || got[0].Name != people[0].Name {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if _, err := d.FinishHandover(ctx, firefox, code); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("finished twice: %v", err)
	}
	if _, err := d.PeekHandover(ctx, firefox, code); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("looked at after the end: %v", err)
	}
}

func TestHandoverExpires(t *testing.T) {
	f, d := open(t)
	ctx, su := t.Context(), connect(t, f.SuperuserURL)
	id, err := d.StartHandover(ctx, firefox, "https://portal", time.Minute)
	must(t, err)
	verified, err := d.StartHandover(ctx, firefox, "https://portal", time.Minute)
	must(t, err)
	code, err := d.VerifyHandover(ctx, verified, []db.Person{person(aysel)})
	must(t, err)
	exec(t, su, "update handover set expires_at = now()")
	for what, err := range map[string]error{
		"home":   second(d.HandoverHome(ctx, id)),
		"verify": second(d.VerifyHandover(ctx, id, nil)),
		"finish": second(d.FinishHandover(ctx, firefox, code)),
		"peek":   second(d.PeekHandover(ctx, firefox, code)),
	} {
		if !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSweep(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	for _, age := range []string{"-10 minutes", "23 hours", "25 hours"} { // since the end
		c := challenge(t, d, age)
		exec(t, su, "update challenge set expires_at = now() - $2::text::interval where id = $1", c.ID, age)
		k := signIn(t, d, aysel)
		exec(t, su, "update session set expires_at = now() - $2::text::interval where id = $1", k.ID, age)
		id, err := d.StartHandover(t.Context(), firefox, "https://portal", time.Minute)
		must(t, err)
		exec(t, su, "update handover set expires_at = now() - $2::text::interval where id = $1", id, age)
	}
	for range 2 {
		must(t, d.Sweep(t.Context()))
		for _, table := range []string{"challenge", "session", "handover"} {
			if n := one[int](t, su, "select count(*) from "+table); n != 2 {
				t.Errorf("%s: %d rows stay, want 2", table, n)
			}
		}
	}
}
