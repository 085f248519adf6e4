package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

func TestSessionIsWhatSignedIn(t *testing.T) {
	_, d := open(t)
	before := time.Now().Add(-time.Minute)
	key := signIn(t, d, aysel)
	s, err := d.Session(t.Context(), key)
	must(t, err)
	want := person(aysel)
	got := s.Person
	if got.VOEN != want.VOEN || got.PIN != want.PIN || got.Name != want.Name || got.Organisation != want.Organisation ||
		got.Method != want.Method || got.Issuer != want.Issuer || got.Serial != want.Serial || string(got.Fingerprint) != string(want.Fingerprint) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if s.ID != key.ID || s.Idle != limits.Idle || s.CreatedAt.Before(before) || s.ExpiresAt.Sub(s.CreatedAt) != limits.Absolute {
		t.Errorf("%+v", s)
	}
}

func TestSessionEnds(t *testing.T) {
	f, d := open(t)
	su := connect(t, f.SuperuserURL)
	for what, end := range map[string]func(db.SessionKey) db.SessionKey{
		"signed out": func(k db.SessionKey) db.SessionKey { must(t, d.EndSession(t.Context(), k)); return k },
		"signed out twice": func(k db.SessionKey) db.SessionKey {
			must(t, d.EndSession(t.Context(), k))
			must(t, d.EndSession(t.Context(), k))
			return k
		},
		"wrong secret": func(k db.SessionKey) db.SessionKey { k.Secret[31] ^= 0x80; return k },
		"idle": func(k db.SessionKey) db.SessionKey {
			exec(t, su, "update session set seen_at = now() - interval '20 minutes' where id = $1", k.ID)
			return k
		},
		"at its absolute end": func(k db.SessionKey) db.SessionKey {
			exec(t, su, "update session set expires_at = now() where id = $1", k.ID)
			return k
		},
	} {
		k := end(signIn(t, d, aysel))
		if _, err := d.Session(t.Context(), k); !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%s: Session: %v", what, err)
		}
		if _, _, err := d.Goods(t.Context(), k, customs.Query{}, 25); !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%s: Goods: %v", what, err)
		}
		if s, _, err := d.Detail(t.Context(), k, "A1"); !errors.Is(err, db.ErrNoSession) || s.Person.VOEN != "" {
			t.Errorf("%s: Detail: %v", what, err)
		}
	}
}

func TestSignInRotates(t *testing.T) {
	_, d := open(t)
	old, bystander := signIn(t, d, aysel), signIn(t, d, aysel)
	fresh, err := d.StartSession(t.Context(), person(rashad), limits, &old)
	must(t, err)
	if fresh == old || fresh.ID == old.ID || fresh.Secret == old.Secret {
		t.Error("the key did not change")
	}
	if _, err := d.Session(t.Context(), old); !errors.Is(err, db.ErrNoSession) {
		t.Errorf("the former session: %v", err)
	}
	if s, err := d.Session(t.Context(), fresh); err != nil || s.Person.VOEN != rashad {
		t.Errorf("the new session: %v", err)
	}
	if _, err := d.Session(t.Context(), bystander); err != nil {
		t.Errorf("a session of another browser: %v", err)
	}
	forged := bystander
	forged.Secret[0] ^= 1
	must(t, d.EndSession(t.Context(), forged))
	if _, err := d.Session(t.Context(), bystander); err != nil {
		t.Errorf("who knows only an id ended a session: %v", err)
	}
}

func TestSessionRefusesAnImpossibleVOEN(t *testing.T) {
	_, d := open(t)
	for _, v := range []customs.VOEN{"", "123", "149900015a", "14990001511"} {
		if _, err := d.StartSession(t.Context(), person(v), limits, nil); err == nil {
			t.Errorf("a session of %q", v)
		}
	}
}

func TestSessionKeyText(t *testing.T) {
	_, d := open(t)
	key := signIn(t, d, aysel)
	if got, err := db.ParseSessionKey(key.String()); err != nil || got != key {
		t.Errorf("%v, %v", got, err)
	}
	text := key.String()
	for _, bad := range []string{
		"", ".", text[:len(text)-1], text + "A", strings.Replace(text, ".", "", 1), " " + text, text + "\n",
		"{" + text[:36] + "}" + text[36:], "urn:uuid:" + text, strings.ReplaceAll(text[:36], "-", "") + text[36:],
		text[:37] + strings.Repeat("=", 43), text[:37] + strings.Repeat("A", 42) + "B", // bits beyond the last byte
	} {
		if _, err := db.ParseSessionKey(bad); !errors.Is(err, db.ErrNoSession) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParseSessionKey(f *testing.F) {
	f.Add("6f2c9b1e-3a47-4c1d-9a55-0f6a2d1c8b7e." + strings.Repeat("A", 43))
	f.Add("x.y")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := db.ParseSessionKey(s)
		if err != nil {
			if k != (db.SessionKey{}) {
				t.Error("a key with an error")
			}
			return
		}
		if !strings.EqualFold(k.String()[:36], s[:36]) || k.String()[36:] != s[36:] {
			t.Errorf("%q is read as %q", s, k)
		}
	})
}
