package customs_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
)

// Every character of Unicode that turns the direction of writing, and every
// other without a shape, is hidden; nothing that is seen is.
func TestHidden(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := "a" + string(r) + "b"
		hidden := customs.Hidden(r)
		if gone := customs.Visible(s) == "ab"; gone != hidden && utf8.ValidRune(r) {
			t.Fatalf("%U: hidden %v, left out %v", r, hidden, gone)
		}
		if unicode.Is(unicode.Bidi_Control, r) && !hidden {
			t.Errorf("%U turns the direction of writing", r)
		}
		if hidden && unicode.IsPrint(r) {
			t.Errorf("%U can be seen", r)
		}
	}
	for _, s := range []string{"", "Təzə pomidor “ən yaxşı”", "میوه\u200cجات", "شرکت حمل و نقل", "日本", "👩\u200d🚀", "№ 1 ½ € ₼"} {
		if customs.Visible(s) != s {
			t.Errorf("%q became %q", s, customs.Visible(s))
		}
	}
	for in, want := range map[string]string{
		"\u202eCMR-0001\u202c": "CMR-0001", "Xəzər\u2066 MMC\u2069": "Xəzər MMC", "a\u200bb\ufeffc\u00add\u2060e\u061cf": "abcdef", "\U000e0041x": "x", "a\u2028b": "ab",
	} {
		if got := customs.Visible(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func BenchmarkVisible(b *testing.B) {
	s := strings.Repeat("Təzə pomidor, istixana; ", 20)
	for b.Loop() {
		customs.Visible(s)
	}
}
