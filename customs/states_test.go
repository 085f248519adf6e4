package customs_test

import (
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

func TestWishes(t *testing.T) {
	hour := func(n int) *int { return &n }
	all := customs.NewsKinds
	for what, c := range map[string]struct {
		wish customs.Wish
		want bool
	}{
		"everything at once": {customs.Wish{Lang: "az", Events: all}, true},
		"one kind":           {customs.Wish{Lang: "en", Events: all[2:3]}, true},
		"nothing":            {customs.Wish{Lang: "az"}, false},
		"a kind twice":       {customs.Wish{Lang: "az", Events: []customs.NewsKind{all[0], all[1], all[0]}}, false},
		"an unknown kind":    {customs.Wish{Lang: "az", Events: []customs.NewsKind{"gossip"}}, false},
		"another language":   {customs.Wish{Lang: "ru", Events: all}, false},
		"no language":        {customs.Wish{Events: all}, false},
		"at midnight":        {customs.Wish{Lang: "az", Events: all, Digest: hour(0)}, true},
		"at eleven at night": {customs.Wish{Lang: "az", Events: all, Digest: hour(23)}, true},
		"at twenty-four":     {customs.Wish{Lang: "az", Events: all, Digest: hour(24)}, false},
		"before midnight":    {customs.Wish{Lang: "az", Events: all, Digest: hour(-1)}, false},
	} {
		if got := c.wish.Valid(); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// A subscription stands as the strongest of what happened to it: stopped before
// failing, failing before never confirmed.
func TestSubscriptionsStand(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for bits := range 8 {
		var a customs.MailAddress
		want := customs.MailWaiting
		if bits&1 != 0 {
			a.ConfirmedAt, want = &at, customs.MailActive
		}
		if bits&2 != 0 {
			a.FailingAt, want = &at, customs.MailFailing
		}
		if bits&4 != 0 {
			a.StoppedAt, want = &at, customs.MailStopped
		}
		if got := a.State(); got != want {
			t.Errorf("%03b: %s, want %s", bits, got, want)
		}
	}
}

func TestTelephoneHelp(t *testing.T) {
	for _, c := range []struct {
		allowed, code bool
		want          customs.TelephoneHelp
	}{
		{true, false, customs.HelpOn},
		{true, true, customs.HelpCode},
		{false, false, customs.HelpOff},
		{false, true, customs.HelpOff}, // no code opens what is closed
	} {
		if got := customs.HelpOf(c.allowed, c.code); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestTooFewTellNothing(t *testing.T) {
	for n, want := range map[int]bool{0: false, customs.PaceLeast - 1: false, customs.PaceLeast: true, 1000: true} {
		if got := (customs.Pace{Completed: n}).Known(); got != want {
			t.Errorf("%d: %v", n, got)
		}
	}
}

func TestReportsWaitForAnAnswer(t *testing.T) {
	if r := (customs.Report{}); !r.Open() {
		t.Error("without an answer it is closed")
	}
	if r := (customs.Report{Answer: "x"}); r.Open() {
		t.Error("with an answer it is open")
	}
}
