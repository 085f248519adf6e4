package customs

import (
	"strings"
	"testing"
)

// Every heading is found, by every length of code, and what is no heading is not.
func TestHeadingText(t *testing.T) {
	last, found := "", 0
	for line := range strings.Lines(headings) {
		code, want, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || len(code) != 4 || code <= last || want == "" || strings.TrimSpace(want) != want {
			t.Fatalf("line %q", line)
		}
		last = code
		found++
		for _, c := range []string{code, code + "00", code + "999999"} {
			if got := CommodityCode(c).HeadingText(); got != want {
				t.Errorf("%s: %q, want %q", c, got, want)
			}
		}
	}
	if found != 1229 {
		t.Errorf("%d headings", found)
	}
	for _, c := range []CommodityCode{"", "010", "0000", "0199", "7777", "9998", "9998000000", "abcd", "    "} {
		if got := c.HeadingText(); got != "" {
			t.Errorf("%q: %q", c, got)
		}
	}
	if got := CommodityCode("6802910000").HeadingText(); !strings.HasPrefix(got, "Monumental or building stone") {
		t.Error(got)
	}
}

func BenchmarkHeadingText(b *testing.B) {
	for b.Loop() {
		CommodityCode("8507600009").HeadingText()
	}
}
