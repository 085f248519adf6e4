package locales

import "customs.gov.az/portal/customs"

// StatusThen says in a sentence what comes after a status, as far as that is
// certain: no order of steps is promised.
func (l *Locale) StatusThen(s customs.Status) string {
	if !s.Known() {
		return l.T("status_then.unknown")
	}
	return l.T("status_then." + string(s))
}
