package locales

import (
	"bytes"
	"strconv"
	"strings"

	"customs.gov.az/portal/customs"
)

// usualNumber is the room, in bytes, that a printed number seldom exceeds.
const usualNumber = 32

// Int prints a whole number with the language's grouping (CLDR): 1.234 in
// Azerbaijani, 1,234 in English.
func (l *Locale) Int(n int) string { return l.Int64(int64(n)) }

// Int64 is Int for sums of packages.
func (l *Locale) Int64(n int64) string {
	var room [usualNumber]byte
	return string(l.AppendInt(room[:0], n))
}

// AppendInt is Int64 at the end of a text that grows.
func (l *Locale) AppendInt(b []byte, n int64) []byte {
	var room [usualNumber]byte
	return l.appendGrouped(b, strconv.AppendInt(room[:0], n, 10))
}

// Decimal prints n / 10^decimals exactly, without trailing zeros: 1.234,5. The
// printer of x/text takes floats, which cannot hold every mass.
func (l *Locale) Decimal(n int64, decimals int) string {
	var room [usualNumber]byte
	return string(l.appendDecimal(room[:0], n, decimals))
}

func (l *Locale) appendDecimal(b []byte, n int64, decimals int) []byte {
	var number [usualNumber]byte
	whole, frac, has := bytes.Cut(customs.AppendDecimal(number[:0], n, decimals), []byte("."))
	b = l.appendGrouped(b, whole)
	if has {
		b = append(b, l.decimal...)
		b = append(b, frac...)
	}
	return b
}

// Mass prints kilograms without the unit.
func (l *Locale) Mass(m customs.Mass) string { return l.Decimal(int64(m), 3) }

// AppendMass is Mass at the end of a text that grows.
func (l *Locale) AppendMass(b []byte, m customs.Mass) []byte { return l.appendDecimal(b, int64(m), 3) }

// Quantity prints a quantity without its unit.
func (l *Locale) Quantity(q customs.Quantity) string { return l.Decimal(int64(q), 3) }

// Amount prints money with two decimals and its ISO 4217 code, which may be
// empty: 16.462,05 EUR.
func (l *Locale) Amount(a customs.Amount, currency string) string {
	whole, frac, _ := strings.Cut(customs.FormatDecimal(int64(a), 2), ".")
	var room [usualNumber]byte
	s := string(l.appendGrouped(room[:0], []byte(whole))) + l.decimal + frac + "00"[len(frac):]
	if currency == "" {
		return s
	}
	return s + "\u00a0" + currency
}

// appendGrouped puts the group separator between thousands.
func (l *Locale) appendGrouped(b, digits []byte) []byte {
	if len(digits) > 0 && digits[0] == '-' {
		b, digits = append(b, '-'), digits[1:]
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, l.group...)
		}
		b = append(b, d)
	}
	return b
}
