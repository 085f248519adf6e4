package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// unregistered are the addresses whose answer holds nothing of anybody's goods
// and nothing that the register tells of people, by what they are instead.
var unregistered = map[string][]string{
	"the same for everybody": {
		"/", "/help", "/privacy", "/accessibility", "/appeals", "/verify", "/static/*", "/feed/v1/schema.json", "/feed/v1/openapi.yaml",
		"/api/v1/openapi.yaml", "/api/*", "/register/checkpoint", "/register/tile/*",
	},
	"a way to sign in": {
		"/sign-in/file", "/sign-in/file/challenge", "/sign-in/sima", "/sign-in/sima/qr.png", "/sign-in/sima/events", "/sign-in/mygov",
		"/sign-in/mygov/start", "/sign-in/mygov/done", "/sign-in/card", "/sign-in/card/start", "/sign-in/card/done", "/sign-in/company",
		"/sign-in/capacity", "/sima/Home/GetFile/", "/sima/Home/GetFileByOperationId/", "/session", "/session-timeout",
	},
	"the person's own choices": {
		"/company", "/api-access", "/notifications", "/notifications/confirm/:token", "/notifications/stop/:token", "/appeals/complaint",
		"/appeals/complaint/:draft/delete",
	},
	"a code of a receipt's page": {"/receipts/:id/qr.png"},
	"a case, no goods":           {"/assist", "/assist/:case"},
	"a sender's":                 {"/feed/v1/position"},
}

func isUnregistered(pattern string) bool {
	for _, list := range unregistered {
		if slices.Contains(list, pattern) {
			return true
		}
	}
	return false
}

// ask asks for a route as its owner does: with a token where programs read.
func (w *whole) ask(r route, method, token string) answer {
	w.Helper()
	address := r.address
	if r.pattern == "/access/not-mine" {
		address += "?registration=" + aysels
	}
	if strings.HasPrefix(r.pattern, "/api/") {
		return w.people[""].do(method, address, nil, "Authorization", "Bearer "+token)
	}
	return w.owner(r).do(method, address, nil)
}

// Every answer that holds something of a trader's has exactly one entry in the
// register, under the request's own number: also one without a body.
func TestEveryLookIsRegistered(t *testing.T) {
	w := newWhole(t)
	token := w.people["aysel"].token("1C")
	told := 0
	for _, r := range w.routes() {
		if r.method != http.MethodGet && r.method != http.MethodHead || r.streams() {
			continue
		}
		a := w.ask(r, r.method, token)
		want := 1
		if isUnregistered(r.pattern) {
			want = 0
		}
		if want == 1 && a.StatusCode != http.StatusOK {
			t.Errorf("%s %s: status %d to %q", r.method, r.pattern, a.StatusCode, a.to())
			continue
		}
		id := a.Header.Get("X-Request-ID")
		if n := w.registered(`request_id = $1::text::uuid`, id); n != want {
			t.Errorf("%s %s: %d entries, want %d", r.method, r.pattern, n, want)
			continue
		}
		if want == 0 {
			for _, secret := range []string{"Qara çay", consignor, "TT-417-KO"} {
				if strings.Contains(a.body, secret) && r.pattern != "/feed/v1/schema.json" { // which has examples
					t.Errorf("%s %s: %q without an entry", r.method, r.pattern, secret)
				}
			}
			continue
		}
		told++
		actor, subject := "trader", "1499000151"
		if who := r.whose(); who != "aysel" {
			if actor = who; who != "operator" {
				subject = look[string](w.site, `select coalesce(subject, '') from register_entry where request_id = $1::text::uuid`, id) // of many, or of nobody
			}
		}
		if n := w.registered(`request_id = $1::text::uuid and actor = $2 and coalesce(subject, '') = $3 and session_id is not null and outcome = 'answered'`, id, actor, subject); n != 1 {
			t.Errorf("%s %s: the entry is not one of %s about %q", r.method, r.pattern, actor, subject)
		}
	}
	if told < 40 {
		t.Errorf("only %d answers have an entry", told)
	}
}

// While the register takes nothing, no address shows anything that needs it:
// neither a byte of the goods nor what staff would read.
func TestEveryLookNeedsTheRegister(t *testing.T) {
	w := newWhole(t)
	token := w.people["aysel"].token("1C")
	w.sql(`revoke insert on register_entry from portal_app, portal_api, portal_assist, portal_supervision`)
	for _, r := range w.byMethod(http.MethodGet) {
		if r.streams() || isUnregistered(r.pattern) {
			continue
		}
		a := w.ask(r, http.MethodGet, token)
		if a.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d", r.pattern, a.StatusCode)
		}
		for _, secret := range []string{"Qara çay", consignor, "TT-417-KO", "1499000151;", "Leyla Məmmədova"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s: %q without an entry", r.pattern, secret)
			}
		}
		if a.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: a file without an entry: %s", r.pattern, a.Header.Get("Content-Disposition"))
		}
		if a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: nobody is told when to try again", r.pattern)
		}
	}
}
