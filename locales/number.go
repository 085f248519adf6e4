package locales

import (
	"strconv"
	"strings"

	"customs.gov.az/portal/customs"
)

// Int prints a whole number with the language's grouping (CLDR): 1.234 in
// Azerbaijani, 1,234 in English.
func (l *Locale) Int(n int) string { return l.grouped(strconv.Itoa(n)) }

// Int64 is Int for sums of packages.
func (l *Locale) Int64(n int64) string { return l.grouped(strconv.FormatInt(n, 10)) }

// Decimal prints n / 10^decimals exactly, without trailing zeros: 1.234,5. The
// printer of x/text takes floats, which cannot hold every mass.
func (l *Locale) Decimal(n int64, decimals int) string {
	return l.localise(customs.FormatDecimal(n, decimals))
}

// Mass prints kilograms without the unit.
func (l *Locale) Mass(m customs.Mass) string { return l.Decimal(int64(m), 3) }

// Quantity prints a quantity without its unit.
func (l *Locale) Quantity(q customs.Quantity) string { return l.Decimal(int64(q), 3) }

// Amount prints money with two decimals and its ISO 4217 code, which may be
// empty: 16.462,05 EUR.
func (l *Locale) Amount(a customs.Amount, currency string) string {
	whole, frac, _ := strings.Cut(customs.FormatDecimal(int64(a), 2), ".")
	s := l.grouped(whole) + l.decimal + frac + "00"[len(frac):]
	if currency == "" {
		return s
	}
	return s + "\u00a0" + currency
}

// localise turns a number printed with a point into the language's form.
func (l *Locale) localise(s string) string {
	whole, frac, has := strings.Cut(s, ".")
	if !has {
		return l.grouped(whole)
	}
	return l.grouped(whole) + l.decimal + frac
}

// grouped puts the group separator between thousands.
func (l *Locale) grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= 3 {
		return sign + digits
	}
	var b strings.Builder
	b.Grow(len(sign) + len(digits) + len(digits)/3*len(l.group))
	b.WriteString(sign)
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.group)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}
