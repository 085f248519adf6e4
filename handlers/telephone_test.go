package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var shownCode = regexp.MustCompile(`code-shown[^>]*>(\d{4})\x{a0}(\d{4})<`)

// A one-time code is shown once, large and with its end; only its hash is kept,
// and making it is an entry.
func TestOneTimeCode(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	if text := words(b.get("/access").body); !strings.Contains(text, "Make a one-time code") {
		t.Error(text)
	}
	a := b.want(b.post("/access/code"), http.StatusOK)
	code := shownCode.FindStringSubmatch(a.body)
	if code == nil || !strings.Contains(words(a.body), "(for 10 minutes)") || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
		t.Fatalf("no code: %s", words(a.body))
	}
	if text := words(a.body); !strings.Contains(text, "the call centre yourself: 195(6)") {
		t.Error(text)
	}
	digits := code[1] + code[2]
	if n := look[int](s, `select count(*) from access_code where code_hash = sha256(convert_to('1499000151 ' || $1, 'UTF8')) and used_at is null`, digits); n != 1 {
		t.Errorf("%d codes are kept", n)
	}
	for _, path := range []string{"/access/code", "/access/telephone", "/access"} {
		if page := b.want(b.get(path), http.StatusOK).body; strings.Contains(page, code[2]) {
			t.Errorf("%s shows the code again", path)
		}
	}
	if text := words(b.get("/access/code").body); !strings.Contains(text, "Valid until") || !strings.Contains(text, "cannot be shown a second time") {
		t.Error(text)
	}
	for change, want := range map[string]string{
		"used_at = now()": "was used on", "used_at = null, attempts = 5": "given wrongly five times", "attempts = 0, expires_at = now() - interval '1 second'": "was not used",
	} {
		s.sql(`update access_code set ` + change)
		if text := words(b.get("/access/telephone").body); !strings.Contains(text, want) {
			t.Errorf("%s: %s", change, text)
		}
	}
	if n := look[int](s, `select count(*) from register_entry where action = 'access.code'`); n != 1 {
		t.Errorf("%d entries of making a code", n)
	}
	if log := s.log.String(); strings.Contains(log, digits) {
		t.Error("the log knows the code")
	}
	for i := 0; ; i++ {
		if a := b.post("/access/code"); a.StatusCode == http.StatusTooManyRequests {
			break
		} else if i > 20 {
			t.Fatal("codes can be made without end")
		}
	}
	s.sql(`truncate rate_limit`)
	s.sql(`revoke insert on register_entry from portal_app`)
	if a := b.post("/access/code"); a.StatusCode != http.StatusServiceUnavailable || shownCode.MatchString(a.body) {
		t.Errorf("without an entry: %d", a.StatusCode)
	}
}

// What a trader allows is kept, told in the history in words, and another
// trader's stays as it is.
func TestTelephoneHelp(t *testing.T) {
	s := newSite(t)
	b := s.browser().english().signIn("aysel")
	for choice, want := range map[string]struct{ row, words string }{
		"code": {"true true", "Choice about help by telephone: Only with my one-time code"},
		"off":  {"false false", "Choice about help by telephone: No"},
		"on":   {"true false", "Choice about help by telephone: Yes"},
	} {
		a := b.want(b.post("/access/telephone", "help", choice), http.StatusSeeOther)
		page := b.want(b.get(a.to()), http.StatusOK).body
		if !strings.Contains(words(page), "Saved.") || attribute(page, "input", "checked", "value") != choice {
			t.Errorf("%s: %s", choice, words(page))
		}
		if got := look[string](s, `select concat_ws(' ', case when telephone_help then 'true' else 'false' end, case when code_required then 'true' else 'false' end) from trader_preference`); got != want.row {
			t.Errorf("%s: %s", choice, got)
		}
		history := words(b.get("/access").body)
		if !strings.Contains(history, want.words) || strings.Contains(history, "Make a one-time code") != (choice != "off") {
			t.Errorf("%s: %s", choice, history)
		}
	}
	for _, bad := range []string{"", "yes", "on\x00", "ON", strings.Repeat("x", 5000)} {
		a := b.want(b.post("/access/telephone", "help", bad), http.StatusUnprocessableEntity)
		if !strings.Contains(words(a.body), "Nothing was saved") {
			t.Errorf("%.10q: %s", bad, words(a.body))
		}
	}
	b.want(b.post("/access/telephone", "help", strings.Repeat("x", 20_000)), http.StatusRequestEntityTooLarge)
	if n := look[int](s, `select count(*) from trader_preference`); n != 1 {
		t.Errorf("%d preferences", n)
	}
	b.want(b.post("/access/telephone", "help", "on"), http.StatusSeeOther)
	guest := s.browser()
	guest.want(guest.post("/access/telephone", "help", "off"), http.StatusUnauthorized)
	b.want(b.post("/sign-out"), http.StatusSeeOther)
	b.want(b.post("/access/telephone", "help", "off"), http.StatusUnauthorized)
	if n := look[int](s, `select count(*) from trader_preference where telephone_help`); n != 1 {
		t.Error("somebody who is not signed in changed it")
	}
}
