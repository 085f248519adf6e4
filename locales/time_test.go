package locales

import (
	"slices"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

// All forms of one instant agree with each other, in both languages, at every
// hour of a day, at the ends of months and years.
func TestFormsOfAnInstantAgree(t *testing.T) {
	az, en := both(t)
	for _, day := range []time.Time{
		time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(2015, 10, 24, 0, 0, 0, 0, time.UTC), // the last summer time of Azerbaijan ends
	} {
		for hour := range 30 {
			at := day.Add(time.Duration(hour)*time.Hour + 29*time.Minute + 59*time.Second)
			for name, l := range map[string]*Locale{"az": az, "en": en} {
				back, err := time.Parse(time.RFC3339, l.Machine(at))
				if err != nil || !back.Equal(at) {
					t.Errorf("%s: %s is %s for machines", name, at, l.Machine(at))
				}
				if got := string(l.AppendMachine([]byte("x"), at)); got != "x"+l.Machine(at) {
					t.Errorf("%s: appended %q", name, got)
				}
				if got := string(l.AppendDateTime([]byte("x"), at)); got != "x"+l.DateTime(at) || l.DateTime(at) != l.Date(at)+" "+l.Minute(at) {
					t.Errorf("%s: appended %q", name, got)
				}
				if l.Day(l.ISODay(at)) != l.Date(at) || l.Stamp(at) != l.ISODay(at)+" "+l.Clock(at) {
					t.Errorf("%s: %s, %s, %s", name, l.ISODay(at), l.Date(at), l.Stamp(at))
				}
				if in, err := time.ParseInLocation(time.DateTime, l.Stamp(at), l.Zone()); err != nil || !in.Equal(at) && at.Year() > 2015 {
					t.Errorf("%s: the stamp %s is read as %s", name, l.Stamp(at), in)
				}
			}
		}
	}
}

// Each status says in both languages what comes then, and one that the portal
// does not know has words too.
func TestWhatComesThen(t *testing.T) {
	az, en := both(t)
	seen := map[string]customs.Status{}
	for _, s := range slices.Concat(customs.PendingStatuses, customs.TerminalStatuses) {
		for _, text := range []string{az.StatusThen(s), en.StatusThen(s)} {
			if text == "" || text == "status_then."+string(s) {
				t.Errorf("%s: %q", s, text)
			}
		}
		if before, ok := seen[az.StatusThen(s)]; ok && before.Terminal() != s.Terminal() {
			t.Errorf("%s and %s end alike, but one has ended", before, s)
		}
		seen[az.StatusThen(s)] = s
	}
	for _, s := range []customs.Status{"", "sniffed", "unknown", "status_then.held"} {
		if az.StatusThen(s) != az.StatusThen("nothing known") || az.StatusThen(s) == en.StatusThen(s) {
			t.Errorf("%q: %q", s, az.StatusThen(s))
		}
	}
}
