package customs

import (
	"testing"

	"golang.org/x/text/currency"
)

func TestCurrency(t *testing.T) {
	for code, want := range map[string]string{
		"AZN": "AZN", "944": "AZN", "949": "TRY", "643": "RUB", "981": "GEL", "978": "EUR",
		"840": "USD", "156": "CNY", "000": "", "008": "ALL", "AED": "AED", "ZWL": "ZWL",
		"ANG": "ANG", "XCG": "XCG", "532": "XCG",
	} {
		if got, ok := Currency(code); !ok || got != want {
			t.Errorf("Currency(%q) = %q, %v; want %q", code, got, ok, want)
		}
	}
	for _, code := range []string{"", "azn", "AZ", "AZNN", "001", "ABC", "9", "94", "9440", "A44", "ƏN"} {
		if got, ok := Currency(code); ok {
			t.Errorf("Currency(%q) = %q, want none", code, got)
		}
	}
}

// Every alphabetic code is known to CLDR too, save those younger than its
// table, and no two current currencies share a number.
func TestCurrencyTable(t *testing.T) {
	younger := map[string]bool{"XCG": true, "ZWG": true, "SLE": true, "VED": true, "UYW": true, "MRU": true, "VES": true}
	numbers, last := map[string]string{}, ""
	for i := 0; i < len(currencies); i += 6 {
		alpha, numeric := currencies[i:i+3], currencies[i+3:i+6]
		if alpha <= last {
			t.Errorf("%s after %s: not in order", alpha, last)
		}
		last = alpha
		if _, err := currency.ParseISO(alpha); err != nil && !younger[alpha] {
			t.Errorf("%s: %v", alpha, err)
		}
		if twice, ok := numbers[numeric]; ok && twice != "ANG" {
			t.Errorf("%s is both %s and %s", numeric, twice, alpha)
		}
		numbers[numeric] = alpha
	}
}
