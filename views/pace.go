package views

import (
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// spanWords prints how long clearance took; what took less than a minute is a
// minute.
func spanWords(l *locales.Locale, d time.Duration) string {
	return l.Span(max(d, time.Minute))
}

// paceShort says in one line how long clearance takes at a checkpoint.
func paceShort(l *locales.Locale, p customs.Pace) string {
	if !p.Known() {
		return l.T("list.pace_short_few", "n", p.Completed)
	}
	return l.N("list.pace_short", p.Completed, "median", spanWords(l, p.Median), "most", spanWords(l, p.P90))
}
