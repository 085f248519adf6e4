package locales

import (
	"testing"
	"time"
)

// both returns the two locales of the shipped messages.
func both(t *testing.T) (az, en *Locale) {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.For("az"), c.For("en")
}

func TestAgo(t *testing.T) {
	az, en := both(t)
	for _, c := range []struct {
		d      time.Duration
		az, en string
	}{
		{-time.Hour, "indicə", "just now"},
		{59 * time.Second, "indicə", "just now"},
		{time.Minute, "1 dəqiqə əvvəl", "1 minute ago"},
		{3 * time.Minute, "3 dəqiqə əvvəl", "3 minutes ago"},
		{4*time.Hour + 51*time.Minute, "4 saat 51 dəqiqə əvvəl", "4 hours 51 minutes ago"},
		{time.Hour, "1 saat əvvəl", "1 hour ago"},
		{16*time.Hour + 17*time.Minute, "16 saat əvvəl", "16 hours ago"},
		{75 * time.Hour, "3 gün 3 saat əvvəl", "3 days 3 hours ago"},
		{48 * time.Hour, "2 gün əvvəl", "2 days ago"},
		{1500 * 24 * time.Hour, "1.500 gün əvvəl", "1,500 days ago"},
	} {
		if got := az.Ago(c.d); got != c.az {
			t.Errorf("az %v: %q, want %q", c.d, got, c.az)
		}
		if got := en.Ago(c.d); got != c.en {
			t.Errorf("en %v: %q, want %q", c.d, got, c.en)
		}
		if got := string(en.AppendAgo([]byte("x"), c.d)); got != "x"+c.en {
			t.Errorf("%v appended: %q", c.d, got)
		}
		if got := string(en.AppendSpan([]byte("x"), c.d)); got != "x"+en.Span(c.d) {
			t.Errorf("%v appended: %q", c.d, got)
		}
	}
}

func TestDates(t *testing.T) {
	az, _ := both(t)
	at := time.Date(2026, 11, 19, 22, 5, 7, 0, time.UTC) // after midnight in Baku
	for got, want := range map[string]string{
		az.Date(at):          "20.11.2026",
		az.DateTime(at):      "20.11.2026 02:05",
		az.Clock(at):         "02:05:07",
		az.Minute(at):        "02:05",
		az.Machine(at):       "2026-11-20T02:05:07+04:00",
		az.Day("2026-11-18"): "18.11.2026",
		az.Day("18 noyabr"):  "18 noyabr",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if !az.SameDay(at, at.Add(21*time.Hour)) || az.SameDay(at, at.Add(22*time.Hour)) {
		t.Error("a day must end at midnight in Baku")
	}
}
