// Package mail tells traders by e-mail that something is new for them: it
// writes the mails, and a mailer sends what waits in the database's outbox over
// SMTP. It is the only room that knows the mail library.
package mail

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// ErrAddress says that a text is no e-mail address that the portal writes to.
var ErrAddress = errors.New("mail: no e-mail address")

// Longest parts of an address (RFC 5321 §4.5.3.1); a path has two brackets.
const (
	maxLocal   = 64
	maxAddress = 254
)

// ParseAddress reads one bare address such as name@example.az: a dot-atom
// (RFC 5322 §3.2.3) at a domain name of at least two labels. Blanks around it
// are passed over. A domain in letters of a language becomes its A-labels
// (RFC 5890). Quoted local parts, names, comments, several addresses and IP
// literals are ErrAddress, and so is everything that could end a header's line.
func ParseAddress(s string) (string, error) {
	s = strings.Trim(s, " \t\r\n")
	if len(s) > 4*maxAddress || !utf8.ValidString(s) { // letters take up to four bytes
		return "", ErrAddress
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > maxLocal || !dotAtom(s[:at]) {
		return "", ErrAddress
	}
	domain, err := idna.Lookup.ToASCII(strings.TrimSuffix(s[at+1:], "."))
	if err != nil || !hostName(domain) || at+1+len(domain) > maxAddress {
		return "", ErrAddress
	}
	return s[:at+1] + domain, nil
}

func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !atomText(r) }) {
			return false
		}
	}
	return true
}

// atomText is what an atom is made of, but for signs that shells and spam
// filters trip over and no mailbox has: ` { | } ~ and the quotation mark's kin.
func atomText(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_", r)
}

// hostName reports whether s is a name of two labels or more that is no number.
func hostName(s string) bool {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.ContainsFunc(l, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(labels) > 1 && strings.ContainsFunc(last, func(r rune) bool { return r >= 'a' && r <= 'z' })
}
