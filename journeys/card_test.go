package journeys_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"customs.gov.az/portal/esign/democa"
)

// signInWithCard signs people in by the certificate that their browser shows
// when the card listener asks. A certificate in the browser's own store stands
// in for the card: the browser treats both alike.
func signInWithCard(t *testing.T, w *world) {
	for _, c := range []struct{ person, heading, message string }{
		{"kamran", "goods.heading", ""},
		{"leyla", "goods.heading_none", ""},
		{"novoen", "", "signin.problem.no_voen.title"},
		{"expired", "", "signin.problem.no_certificate.title"}, // browsers do not offer what has expired
		{"", "", "signin.problem.no_certificate.title"},        // no card in the reader
	} {
		name := c.person
		if name == "" {
			name = "nobody"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{portal: w.portal, words: w.words, browser: newBrowser(t, cardReader(t, w.portal, c.person)...)}
			v := w.visitHere(t)
			v.open("/")
			v.speak("en")
			v.follow(`.methods a[href^="/sign-in/card"]`)
			v.follow(`a[href^="/sign-in/card/start"]`)
			if c.message != "" {
				v.wantText(v.words.T(c.message))
				return
			}
			v.wantAt("/goods")
			v.wantText(v.words.T("nav.sign_out"))
		})
	}
}

// cardReader prepares a home folder whose certificate store holds a person's
// certificate and trusts the demo's server, and a profile that takes the
// certificate without asking the person, whom a test does not have. Chromium
// keeps that choice where it keeps other choices for sites, so no policy for
// the whole machine is needed.
func cardReader(t *testing.T, p *program, person string) []chromedp.ExecAllocatorOption {
	t.Helper()
	home, profile := t.TempDir(), t.TempDir()
	store := filepath.Join(home, ".pki", "nssdb")
	must(t, os.MkdirAll(store, 0o700))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	db := "sql:" + store
	run(t, ctx, nil, "certutil", "-d", db, "-N", "--empty-password")
	run(t, ctx, nil, "certutil", "-d", db, "-A", "-n", "demo server", "-t", "CT,C,C", "-i", filepath.Join(p.data, "tls", "ca.pem"))
	if person != "" {
		run(t, ctx, nil, "pk12util", "-d", db, "-K", "", "-W", democa.Password, "-i", filepath.Join(p.data, "people", person+".p12"))
	}
	preferences, err := json.Marshal(map[string]any{"profile": map[string]any{"content_settings": map[string]any{"exceptions": map[string]any{
		"auto_select_certificate": map[string]any{
			"https://" + p.card + ",*": map[string]any{"setting": map[string]any{"filters": []any{map[string]any{}}}},
		},
	}}}})
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(profile, "Default"), 0o700))
	must(t, os.WriteFile(filepath.Join(profile, "Default", "Preferences"), preferences, 0o600))
	return []chromedp.ExecAllocatorOption{chromedp.Env("HOME=" + home), chromedp.UserDataDir(profile)}
}
