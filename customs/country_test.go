package customs

import (
	"testing"

	"golang.org/x/text/language"
)

func TestCountry(t *testing.T) {
	for code, want := range map[string]string{
		"AZ": "AZ", "031": "AZ", "792": "TR", "643": "RU", "268": "GE", "364": "IR",
		"156": "CN", "276": "DE", "004": "AF", "ZW": "ZW", "716": "ZW", "AD": "AD",
	} {
		if got, ok := Country(code); !ok || got != want {
			t.Errorf("Country(%q) = %q, %v; want %q", code, got, ok, want)
		}
	}
	for _, code := range []string{"", "az", "AZE", "31", "000", "999", "XX", "ZZ", "A", "0310", "A\x00", "ƏZ"} {
		if got, ok := Country(code); ok {
			t.Errorf("Country(%q) = %q, want none", code, got)
		}
	}
}

// The table agrees with another one, that of CLDR, in every pair.
func TestCountryTable(t *testing.T) {
	if len(countries) != 249*5 {
		t.Fatalf("%d bytes, want 249 records of 5", len(countries))
	}
	last := ""
	for i := 0; i < len(countries); i += 5 {
		alpha, numeric := countries[i:i+2], countries[i+2:i+5]
		if alpha <= last {
			t.Errorf("%s after %s: not in order", alpha, last)
		}
		last = alpha
		r, err := language.ParseRegion(numeric)
		if err != nil || r.String() != alpha {
			t.Errorf("%s is %s here, %v in CLDR (%v)", numeric, alpha, r, err)
		}
		if got, ok := Country(numeric); !ok || got != alpha {
			t.Errorf("Country(%q) = %q, %v", numeric, got, ok)
		}
	}
}
