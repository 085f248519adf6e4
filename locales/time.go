package locales

import "time"

// Zone is Azerbaijan's time zone, in which all times are shown.
func (l *Locale) Zone() *time.Location { return l.zone }

// Date prints the day in Baku, 20.11.2026, in both languages.
func (l *Locale) Date(t time.Time) string { return t.In(l.zone).Format("02.01.2006") }

// DateTime prints day and minute in Baku, 20.11.2026 14:28.
func (l *Locale) DateTime(t time.Time) string { return t.In(l.zone).Format("02.01.2006 15:04") }

// AppendDateTime is DateTime at the end of a text that grows.
func (l *Locale) AppendDateTime(b []byte, t time.Time) []byte {
	return t.In(l.zone).AppendFormat(b, "02.01.2006 15:04")
}

// Clock prints the time of day in Baku to the second, 14:32:07.
func (l *Locale) Clock(t time.Time) string { return t.In(l.zone).Format("15:04:05") }

// Minute prints the time of day in Baku to the minute, 14:32.
func (l *Locale) Minute(t time.Time) string { return t.In(l.zone).Format("15:04") }

// Machine prints the instant for a datetime attribute (RFC 3339, Baku time).
func (l *Locale) Machine(t time.Time) string { return t.In(l.zone).Format(time.RFC3339) }

// AppendMachine is Machine at the end of a text that grows.
func (l *Locale) AppendMachine(b []byte, t time.Time) []byte {
	return t.In(l.zone).AppendFormat(b, time.RFC3339)
}

// Day prints a calendar day given as YYYY-MM-DD, the form of documents and
// filters, as Date does. Text that is no such day comes back unchanged.
func (l *Locale) Day(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return t.Format("02.01.2006")
}

// ISODay is the day in Baku as filters have it, 2026-11-20.
func (l *Locale) ISODay(t time.Time) string { return t.In(l.zone).Format(time.DateOnly) }

// Stamp prints day and second in Baku so that texts sort by time and every
// spreadsheet reads them, 2026-11-20 14:31:52.
func (l *Locale) Stamp(t time.Time) string { return t.In(l.zone).Format(time.DateTime) }

// SameDay reports whether both instants fall on one day in Baku.
func (l *Locale) SameDay(a, b time.Time) bool {
	a, b = a.In(l.zone), b.In(l.zone)
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// Span prints a length of time in at most two units, such as “3 days 3 hours”:
// hours go without minutes from twelve on, days without hours from thirty on.
// Less than a minute, or a negative length, is "".
func (l *Locale) Span(d time.Duration) string {
	var room [usualText]byte
	return string(l.AppendSpan(room[:0], d))
}

// AppendSpan is Span at the end of a text that grows.
func (l *Locale) AppendSpan(b []byte, d time.Duration) []byte {
	minutes := int(d / time.Minute)
	hours, days := minutes/60, minutes/60/24
	switch {
	case minutes < 1:
		return b
	case hours < 1:
		return l.appendCount(b, &l.minutes, minutes)
	case hours < 12 && minutes%60 > 0:
		return l.appendCount(append(l.appendCount(b, &l.hours, hours), ' '), &l.minutes, minutes%60)
	case days < 1:
		return l.appendCount(b, &l.hours, hours)
	case days < 30 && hours%24 > 0:
		return l.appendCount(append(l.appendCount(b, &l.days, days), ' '), &l.hours, hours%24)
	default:
		return l.appendCount(b, &l.days, days)
	}
}

// appendCount prints a message in the plural form for n.
func (l *Locale) appendCount(b []byte, m *message, n int) []byte {
	return m.form(n).appendTo(b, l, []any{"n", n}, asItIs)
}

// Ago prints how long ago something was, such as “3 days 3 hours ago”. What
// lies less than a minute back, or ahead because clocks differ, is “just now”.
func (l *Locale) Ago(d time.Duration) string {
	var room [usualText]byte
	return string(l.AppendAgo(room[:0], d))
}

// AppendAgo is Ago at the end of a text that grows.
func (l *Locale) AppendAgo(b []byte, d time.Duration) []byte {
	if d < time.Minute {
		return append(b, l.now...)
	}
	var room [usualText]byte
	return l.ago.more.appendTo(b, l, []any{"span", string(l.AppendSpan(room[:0], d))}, asItIs)
}
