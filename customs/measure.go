package customs

import (
	"errors"
	"strconv"
	"strings"
)

// Mass is a mass in grams: kilograms with three decimals, exactly.
type Mass int64

// Quantity is a count in a supplementary unit, in thousandths.
type Quantity int64

// Amount is money in hundredths of a currency unit.
type Amount int64

// ErrDecimal says that a text is no decimal number of the allowed size.
var ErrDecimal = errors.New("customs: not a decimal number of the allowed size")

// ParseDecimal reads an unsigned decimal of at most intDigits integer digits
// and decimals fraction digits, without exponent, and returns it scaled by
// 10^decimals. More fraction digits are allowed only if they are zeros.
func ParseDecimal(s string, intDigits, decimals int) (int64, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if !digits(whole) || (strings.Contains(s, ".") && !digits(frac)) {
		return 0, ErrDecimal
	}
	whole = strings.TrimLeft(whole, "0")
	if len(frac) > decimals {
		if strings.Trim(frac[decimals:], "0") != "" {
			return 0, ErrDecimal
		}
		frac = frac[:decimals]
	}
	if len(whole) > intDigits {
		return 0, ErrDecimal
	}
	frac += strings.Repeat("0", decimals-len(frac))
	n, err := strconv.ParseInt("0"+whole+frac, 10, 64)
	if err != nil {
		return 0, ErrDecimal
	}
	return n, nil
}

// FormatDecimal prints n / 10^decimals with a point and without trailing
// zeros: 1500 with three decimals is "1.5".
func FormatDecimal(n int64, decimals int) string {
	var room [32]byte
	return string(AppendDecimal(room[:0], n, decimals))
}

// AppendDecimal is FormatDecimal at the end of a text that grows.
func AppendDecimal(b []byte, n int64, decimals int) []byte {
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	var room [20]byte
	digits := strconv.AppendUint(room[:0], uint64(n), 10)
	if whole := len(digits) - decimals; whole > 0 {
		b, digits = append(b, digits[:whole]...), digits[whole:]
	} else {
		b = append(b, '0')
	}
	frac := len(b)
	b = append(b, '.')
	for range decimals - len(digits) {
		b = append(b, '0')
	}
	b = append(b, digits...)
	for len(b) > frac && (b[len(b)-1] == '0' || b[len(b)-1] == '.') {
		b = b[:len(b)-1]
	}
	return b
}

// MarshalJSON writes kilograms as a JSON number.
func (m Mass) MarshalJSON() ([]byte, error) { return []byte(FormatDecimal(int64(m), 3)), nil }

// UnmarshalJSON reads kilograms from a JSON number.
func (m *Mass) UnmarshalJSON(b []byte) error {
	n, err := ParseDecimal(string(b), 12, 3)
	*m = Mass(n)
	return err
}

// MarshalJSON writes the quantity as a JSON number.
func (q Quantity) MarshalJSON() ([]byte, error) { return []byte(FormatDecimal(int64(q), 3)), nil }

// UnmarshalJSON reads the quantity from a JSON number.
func (q *Quantity) UnmarshalJSON(b []byte) error {
	n, err := ParseDecimal(string(b), 12, 3)
	*q = Quantity(n)
	return err
}

// MarshalJSON writes the amount as a JSON number.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(FormatDecimal(int64(a), 2)), nil }

// UnmarshalJSON reads the amount from a JSON number.
func (a *Amount) UnmarshalJSON(b []byte) error {
	n, err := ParseDecimal(string(b), 16, 2)
	*a = Amount(n)
	return err
}
