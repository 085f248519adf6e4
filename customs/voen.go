package customs

import (
	"errors"
	"log/slog"
	"strings"
)

// VOEN is a taxpayer identification number (vergi ödəyicisinin eyniləşdirmə
// nömrəsi): ten digits, kept as text. Digits 1–2 are the territory, 3–8 the
// serial, 9 the check digit, 10 the legal status (1 legal person, 2 natural).
type VOEN string

// NoTaxpayer is a number that no taxpayer has. The portal asks itself under it
// whether it answers.
const NoTaxpayer = VOEN("0000000000")

// ErrVOEN says that a text is not a taxpayer number: not ten digits, or ten
// zeros.
var ErrVOEN = errors.New("customs: a VÖEN has ten digits")

// ParseVOEN reads exactly ten ASCII digits. A wrong check digit is no error:
// a number from a certificate is never banned for it; ask CheckDigitOK.
func ParseVOEN(s string) (VOEN, error) {
	if len(s) != 10 || !digits(s) || VOEN(s) == NoTaxpayer {
		return "", ErrVOEN
	}
	return VOEN(s), nil
}

// TypedVOEN reads a number that somebody typed: in groups, if they like.
func TypedVOEN(s string) (VOEN, error) { return ParseVOEN(typedDigits.Replace(s)) }

// typedDigits leaves out what people put between the digits of a number.
var typedDigits = strings.NewReplacer(" ", "", "-", "", " ", "")

// CheckDigitOK reports whether digit 9 is the weighted sum of digits 1–8
// modulo 11. The weights are common knowledge, not published by the tax
// service, so a mismatch may only warn.
func (v VOEN) CheckDigitOK() bool {
	if len(v) != 10 || !digits(string(v)) {
		return false
	}
	weights := [8]int{4, 1, 8, 6, 2, 7, 5, 3}
	sum := 0
	for i, w := range weights {
		sum += w * int(v[i]-'0')
	}
	return sum%11 == int(v[8]-'0')
}

// Natural reports whether the number is a natural person's: the last digit is 2.
func (v VOEN) Natural() bool { return len(v) == 10 && v[9] == '2' }

// LogValue keeps all but the territory and the legal status out of logs.
func (v VOEN) LogValue() slog.Value {
	if len(v) != 10 {
		return slog.StringValue("invalid")
	}
	return slog.StringValue(string(v[:2]) + strings.Repeat("*", 7) + string(v[9:]))
}

// PIN is a personal identification number (FİN), or the identifier that an
// issuer uses in its place; at most 20 letters and digits.
type PIN string

// ErrPIN says that a text cannot be a personal identification number.
var ErrPIN = errors.New("customs: a PIN has 5 to 20 letters and digits")

// ParsePIN reads 5 to 20 ASCII letters and digits and upper-cases them.
// Identifiers of non-residents do not follow the seven-character form.
func ParsePIN(s string) (PIN, error) {
	if len(s) < 5 || len(s) > 20 {
		return "", ErrPIN
	}
	for _, r := range []byte(s) {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
		default:
			return "", ErrPIN
		}
	}
	return PIN(strings.ToUpper(s)), nil
}

// LogValue keeps the number out of logs.
func (PIN) LogValue() slog.Value { return slog.StringValue("*") }

func digits(s string) bool {
	for _, r := range []byte(s) {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
