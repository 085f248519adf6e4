package sample

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

func live(t testing.TB) *Live {
	t.Helper()
	l, err := NewLive(1, 20*time.Second, people())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A day of events: each is accepted, revisions rise one by one, codes never
// repeat, everything belongs to the people, and what begins ends.
func TestLiveDay(t *testing.T) {
	l := live(t)
	from := time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC) // over the end of a month
	var b bytes.Buffer
	at := from
	for range 24 * 60 * 3 {
		at = l.Next(at)
		if err := l.g.line(&b, l.Event(l.slot(at))); err != nil {
			t.Fatal(err)
		}
	}
	owners := map[customs.VOEN]bool{}
	for _, p := range people() {
		owners[p.VOEN] = true
	}
	revision, ended := map[string]int64{}, 0
	for _, r := range accepted(t, b.Bytes(), at) {
		c := r.Consignment
		if before, ok := revision[c.Registration]; ok && c.Revision != before+1 {
			t.Errorf("%s: revision %d after %d", c.Registration, c.Revision, before)
		}
		if !owners[c.VOEN] || len(c.Registration) != 15 || c.StatusAt.Before(c.RegisteredAt) {
			t.Errorf("%s of %s, status at %v, registered at %v", c.Registration, c.VOEN, c.StatusAt, c.RegisteredAt)
		}
		revision[c.Registration] = c.Revision
		if c.Status.Terminal() {
			ended++
		}
	}
	if born := 24 * 60 * 3 / len(lifetimes); len(revision) < born || ended < born-20 {
		t.Errorf("%d registrations and %d ends in a day, want about %d", len(revision), ended, born)
	}
}

// One that was stopped and started again says what the first would have said.
func TestLiveAfterRestart(t *testing.T) {
	at := present()
	var whole, first, second, beats bytes.Buffer
	write := func(w io.Writer, after, upTo time.Time) {
		if err := live(t).Write(w, after, upTo); err != nil {
			t.Fatal(err)
		}
	}
	write(&whole, at, at.Add(10*time.Minute))
	write(&first, at, at.Add(4*time.Minute))
	write(&second, at.Add(4*time.Minute), at.Add(10*time.Minute))
	write(&beats, at.Add(4*time.Minute), at.Add(4*time.Minute))
	joined := append(bytes.TrimSuffix(first.Bytes(), beats.Bytes()), second.Bytes()...)
	if !bytes.Equal(joined, whole.Bytes()) {
		t.Error("two runs do not join into one")
	}
	if n := bytes.Count(whole.Bytes(), []byte("\n")) - len(customs.BuiltInCheckpoints().All()); n != 30 {
		t.Errorf("%d events in ten minutes, want 30", n)
	}
}

func TestLiveCatchesUpWithinReason(t *testing.T) {
	var b bytes.Buffer
	if err := live(t).Write(&b, present().AddDate(-1, 0, 0), present()); err != nil {
		t.Fatal(err)
	}
	recs := accepted(t, b.Bytes(), present())
	if want := 200 + len(customs.BuiltInCheckpoints().All()); len(recs) != want {
		t.Errorf("%d lines after a year away, want %d", len(recs), want)
	}
}

// The codes of the stream never meet those of a generated feed.
func TestLiveCodesAreApart(t *testing.T) {
	for _, p := range customs.BuiltInCheckpoints().All() {
		a, b := liveCode(p.Code, present()), code(p.Code, present(), 345)
		if len(a) != 15 || a[1] == b[1] {
			t.Errorf("%s and %s could meet", a, b)
		}
	}
}

func TestImpossibleLive(t *testing.T) {
	for _, every := range []time.Duration{0, time.Millisecond, 2 * time.Hour} {
		if _, err := NewLive(1, every, people()); !errors.Is(err, ErrOptions) {
			t.Errorf("every %v: %v", every, err)
		}
	}
	if _, err := NewLive(1, time.Minute, nil); !errors.Is(err, ErrOptions) {
		t.Errorf("nobody: %v", err)
	}
}
