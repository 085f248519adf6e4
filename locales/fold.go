package locales

import (
	"strings"
	"unicode"
)

// Fold reduces text to the form in which search compares: lower case by the
// Azerbaijani rules and then without the letters that people leave out when
// they type in a hurry or on a foreign keyboard: ə→e, ı→i, ö→o, ü→u, ş→s, ç→c,
// ğ→g. Two texts match when their folded forms do.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'I', 'İ', 'ı':
			return 'i'
		case 'Ə', 'ə':
			return 'e'
		case 'Ö', 'ö':
			return 'o'
		case 'Ü', 'ü':
			return 'u'
		case 'Ş', 'ş':
			return 's'
		case 'Ç', 'ç':
			return 'c'
		case 'Ğ', 'ğ':
			return 'g'
		case '\u0307': // what other rules leave of İ
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}
