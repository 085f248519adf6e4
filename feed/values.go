package feed

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"customs.gov.az/portal/customs"
)

// The methods here read one scalar into dst and report whether the member is
// there at all: false for null and for empty text, true for a wrong value,
// whose problem has been noted.

// str reads a string as it stands.
func (l *line) str() (s string, present bool) {
	if ok, present := l.is('"', WantText); !ok {
		return "", present
	}
	v, err := l.dec.ReadValue()
	if err != nil {
		l.fail(err)
		return "", true
	}
	if raw := v[1 : len(v)-1]; bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), len(raw) > 0
	}
	b, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		l.fail(err)
	}
	return string(b), true
}

// text reads free text of at most most characters; tabs and line ends may
// stand in it, other control characters may not. What cannot be seen is left
// out: a name must not turn the page around it.
func (l *line) text(dst *string, most int) bool {
	return l.chars(dst, most, true)
}

// label reads text of one line.
func (l *line) label(dst *string, most int) bool {
	return l.chars(dst, most, false)
}

func (l *line) chars(dst *string, most int, breaks bool) bool {
	s, present := l.str()
	switch {
	case s == "":
	case len(s) > most && utf8.RuneCountInString(s) > most:
		l.problem(TooLong)
	case control(s, breaks):
		l.problem(ControlChar)
	default:
		*dst = customs.Visible(s)
		if len(*dst) < len(s) {
			l.warn(HiddenChar)
			if *dst == "" {
				*dst = "\uFFFD" // something was sent
			}
		}
	}
	return present
}

// control reports whether s holds a control character (Unicode category Cc)
// that may not stand there.
func control(s string, breaks bool) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= ' ' && c < 0x7f, c > 0xc2:
		case breaks && (c == '\t' || c == '\n' || c == '\r'):
		case c < ' ', c == 0x7f:
			return true
		case c == 0xc2 && s[i+1] < 0xa0: // U+0080 to U+009F
			return true
		}
	}
	return false
}

// token reads text of a given form.
func (l *line) token(dst *string, form func(string) bool) bool {
	s, present := l.str()
	switch {
	case s == "":
	case !form(s):
		l.problem(BadForm)
	default:
		*dst = s
	}
	return present
}

// number reads an unsigned number of at most whole integer digits and scales
// it by 10^decimals.
func (l *line) number(dst *int64, whole, decimals int) bool {
	if ok, present := l.is('0', WantNumber); !ok {
		return present
	}
	v, err := l.dec.ReadValue()
	if err != nil {
		l.fail(err)
		return true
	}
	n, code := decimal(v, whole, decimals)
	if code != "" {
		l.problem(code)
	}
	*dst = n
	return true
}

// decimal reads a JSON number exactly. An exponent is allowed, since common
// serialisers write 12000000 as 1.2E7.
func decimal(v []byte, whole, decimals int) (int64, Code) {
	v, negative := bytes.CutPrefix(v, []byte("-"))
	exp := 0
	if i := bytes.IndexAny(v, "eE"); i >= 0 {
		exp = exponent(string(v[i+1:]))
		v = v[:i]
	}
	w, f, _ := bytes.Cut(v, []byte("."))
	digits := append(append(make([]byte, 0, 40), w...), f...)
	digits = bytes.TrimLeft(digits, "0")
	significant := bytes.TrimRight(digits, "0")
	exp += len(digits) - len(significant) - len(f)
	switch {
	case len(significant) == 0:
		return 0, ""
	case negative:
		return 0, Negative
	case len(significant)+exp > whole:
		return 0, TooLarge
	case exp < -decimals && decimals == 0:
		return 0, NotInteger
	case exp < -decimals:
		return 0, TooPrecise
	}
	var n int64
	for _, d := range significant {
		n = n*10 + int64(d-'0')
	}
	for range exp + decimals {
		n *= 10
	}
	return n, ""
}

// exponent reads an exponent; one beyond all measure is cut to a value that
// is still too large or too small for any line.
func exponent(s string) int {
	const beyond = 4 * MaxLine
	n, err := strconv.Atoi(s)
	switch {
	case err == nil && n <= beyond && n >= -beyond:
		return n
	case strings.HasPrefix(s, "-"):
		return -beyond
	}
	return beyond
}

// integer reads a whole number from least to most.
func (l *line) integer(dst *int64, least, most int64) bool {
	before := len(l.rec.Problems)
	present := l.number(dst, 18, 0)
	if !present || l.err != nil || len(l.rec.Problems) > before {
		return present
	}
	if *dst < least {
		l.problem(TooSmall)
	} else if *dst > most {
		l.problem(TooLarge)
	}
	return present
}

const clockSkew = 5 * time.Minute

// tooEarly reports whether a time lies before 2000, as it is written or in UTC,
// as which it is kept. East of Greenwich the year begins on its second day: so
// a pattern can say it too.
func tooEarly(t time.Time) bool {
	_, east := t.Zone()
	return t.Year() < 2000 || t.Year() == 2000 && t.YearDay() == 1 && east > 0
}

// past reads a time that has been: from 2000 to five minutes from now.
func (l *line) past(dst *time.Time) bool {
	return l.time(dst, l.now.Add(clockSkew), InFuture)
}

// time reads an RFC 3339 time and keeps it in UTC to the microsecond, which is
// what the database keeps.
func (l *line) time(dst *time.Time, latest time.Time, late Code) bool {
	s, present := l.str()
	if s == "" {
		return present
	}
	t, err := time.Parse(time.RFC3339, s)
	switch {
	case err != nil || !timeForm(s):
		l.problem(BadTime)
	case tooEarly(t):
		l.problem(TooEarly)
	case t.After(latest):
		l.problem(late)
	default:
		*dst = t.UTC().Truncate(time.Microsecond)
	}
	return present
}

// date reads a date, YYYY-MM-DD, of the years 1900 to 2199.
func (l *line) date(dst *string) bool {
	s, present := l.str()
	if s == "" {
		return present
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil || s < "1900" || s >= "2200" {
		l.problem(BadDate)
		return present
	}
	*dst = s
	return present
}

// voen reads a taxpayer number. Nine digits are one that lost its leading zero
// in a spreadsheet.
func (l *line) voen(dst *customs.VOEN) bool {
	s, present := l.str()
	if s == "" {
		return present
	}
	short := len(s) == 9
	if short {
		s = "0" + s
	}
	v, err := customs.ParseVOEN(s)
	if err != nil {
		l.problem(BadVOEN)
		return present
	}
	if short {
		l.warn(NineDigitVOEN)
	}
	if !v.CheckDigitOK() {
		l.warn(VOENCheckDigit)
	}
	*dst = v
	return present
}

// country reads a country code of ISO 3166-1.
func (l *line) country(dst *string) {
	l.iso(dst, 2, customs.Country, UnknownCountry)
}

// currency reads a currency code of ISO 4217, "000" for none.
func (l *line) currency(dst *string) bool {
	return l.iso(dst, 3, customs.Currency, UnknownCurrency)
}

// iso reads a code of letters capital letters or three digits. Letters that
// are not assigned are kept with a warning; a number that is not assigned could
// not be shown, so it is a problem.
func (l *line) iso(dst *string, letters int, assigned func(string) (string, bool), odd Code) bool {
	s, present := l.str()
	if s == "" {
		return present
	}
	alphabetic, ok := assigned(s)
	switch {
	case ok:
		*dst = alphabetic
	case len(s) == letters && every(s, upper):
		l.warn(odd)
		*dst = s
	case len(s) == 3 && every(s, digit):
		l.problem(UnknownNumber)
	default:
		l.problem(BadForm)
	}
	return present
}
