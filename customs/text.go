package customs

import (
	"strings"
	"unicode"
)

// Hidden reports whether a character of a text from outside is left out: it has
// no shape, and could only turn the direction in which a page is read (U+202A
// to U+202E, U+2066 to U+2069 and the like), end a line, or make two names look
// the same. The joiners U+200C and U+200D stay, because Persian is written with
// them, and so do the few format characters that are seen.
func Hidden(r rune) bool {
	switch {
	case r < 0xad, r == 0x200c, r == 0x200d:
		return false
	case r == 0x2028, r == 0x2029:
		return true
	}
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// Visible is a text without its hidden characters.
func Visible(s string) string {
	if !mayHide(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if Hidden(r) {
			return -1
		}
		return r
	}, s)
}

// mayHide reports whether a byte begins one of the characters that Hidden knows.
// Letters of Azerbaijani begin with none of them.
func mayHide(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case 0xc2, 0xd8, 0xdb, 0xdc, 0xe0, 0xe1, 0xe2, 0xef, 0xf0, 0xf3:
			return true
		}
	}
	return false
}
