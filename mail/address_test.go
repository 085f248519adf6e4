package mail_test

import (
	"errors"
	netmail "net/mail"
	"strings"
	"testing"

	"customs.gov.az/portal/mail"
)

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"aysel@example.az":                          "aysel@example.az",
		" \taysel@example.az\r\n":                   "aysel@example.az",
		"Aysel.M+gomruk@Example.AZ":                 "Aysel.M+gomruk@example.az",
		"o'neil@example.com":                        "o'neil@example.com",
		"satış@example.az":                          "",
		"info@gömrük.az":                            "info@xn--gmrk-5qa2b.az",
		"info@GÖMRÜK.az":                            "info@xn--gmrk-5qa2b.az",
		"a@b.example.az.":                           "a@b.example.az",
		strings.Repeat("a", 64) + "@b.az":           strings.Repeat("a", 64) + "@b.az",
		strings.Repeat("a", 65) + "@b.az":           "",
		"a@" + strings.Repeat("b.", 124) + "azz":    "a@" + strings.Repeat("b.", 124) + "azz",
		"a@" + strings.Repeat("b.", 125) + "azz":    "",
		strings.Repeat("a", 10<<10) + "@example.az": "",
		"a@" + strings.Repeat("ə", 10<<10):          "",
		"":                                          "",
		"@":                                         "",
		"aysel":                                     "",
		"aysel@":                                    "",
		"@example.az":                               "",
		"aysel@localhost":                           "",
		"aysel@127.0.0.1":                           "",
		"aysel@[127.0.0.1]":                         "",
		"aysel@exa_mple.az":                         "",
		"aysel@-example.az":                         "",
		"aysel@example-.az":                         "",
		"aysel@example..az":                         "",
		".aysel@example.az":                         "",
		"ay..sel@example.az":                        "",
		"aysel.@example.az":                         "",
		"ay sel@example.az":                         "",
		`"ay sel"@example.az`:                       "",
		"Aysel <aysel@example.az>":                  "",
		"<aysel@example.az>":                        "",
		"a@example.az,b@example.az":                 "",
		"a@example.az;b@example.az":                 "",
		"a@b@example.az":                            "",
		"aysel@example.az\r\nBcc: x@y.az":           "",
		"aysel\r\nBcc: x@y.az@example.az":           "",
		"aysel@example.az%0d%0aBcc:x":               "",
		"aysel@exam\x00ple.az":                      "",
		"ay\x00sel@example.az":                      "",
		"aysel@example.az\u2028":                    "",
		"ays\u0456l@example.az":                     "", // a Cyrillic letter that looks like another
		"aysel@\xff.az":                             "",
		"aysel@example.az> SIZE=1":                  "",
	} {
		got, err := mail.ParseAddress(in)
		if got != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, mail.ErrAddress) {
			t.Errorf("%.60q: %.60q, %v; want %.60q", in, got, err, want)
		}
	}
}

// Whatever comes out is one plain address by Go's own reader too, stays as it
// is when read again, and can end no line.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"aysel@example.az", "info@gömrük.az", "a@b.az\r\nBcc: c@d.az", "x'&%@y-z.az"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := mail.ParseAddress(s)
		if err != nil {
			return
		}
		again, err := mail.ParseAddress(got)
		if err != nil || again != got {
			t.Errorf("%q gives %q, and that %q, %v", s, got, again, err)
		}
		a, err := netmail.ParseAddress(got)
		if err != nil || a.Address != got || a.Name != "" {
			t.Errorf("%q gives %q, which is %+v, %v", s, got, a, err)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>,;:"\()[]`, r) }) || len(got) > 254 {
			t.Errorf("%q gives %q", s, got)
		}
	})
}
