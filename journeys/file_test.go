package journeys_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// signInWithFile is the whole way of a trader with a signed file, in both
// languages, with and without JavaScript, and with each form that a signature
// may have.
func signInWithFile(t *testing.T, w *world) {
	for _, c := range []struct {
		lang, person string
		scripts      bool
		form         []string // how openssl writes the signature
	}{
		{"az", "aysel", true, []string{"-outform", "DER"}},
		{"en", "aysel", false, []string{"-outform", "DER", "-nodetach"}},
		{"az", "rashad", false, []string{"-outform", "PEM", "-nodetach"}},
		{"en", "rashad", true, []string{"-outform", "PEM", "-cades"}},
	} {
		t.Run(c.lang+" scripts "+strconv.FormatBool(c.scripts), func(t *testing.T) {
			t.Parallel()
			v := w.visit(t)
			if !c.scripts {
				v.withoutScripts()
			}
			v.open("/")
			v.speak(c.lang)
			v.follow(`.methods a[href^="/sign-in/file"]`)
			v.enter(c.person, c.form...)
			v.wantAt("/goods")
			v.browse()
		})
	}
}

// browse goes from the list through a filter to details and back, switches the
// language, leaves, and comes back by the address of one registration.
func (v *visitor) browse() {
	v.Helper()
	lang := v.words.Lang()
	all := v.count("tr .reg")
	if all == 0 {
		v.Fatal("no registrations on the list")
	}
	v.wantText(v.words.N("goods.heading", all), v.words.T("nav.sign_out"))

	// One checkpoint, by the list beside the map.
	name := strings.TrimSpace(strings.Split(v.text(".cplist li:last-child .cplist__name"), "\n")[0])
	v.follow(".cplist li:last-child a")
	filtered := v.at()
	some := v.count("tr .reg")
	if some == 0 || some > all || v.count(".group") != 1 || !strings.HasPrefix(v.text(".group h2"), name) {
		v.Fatalf("filtered by %q: %d of %d registrations, %d groups, first %q", name, some, all, v.count(".group"), v.text(".group h2"))
	}

	// Details, and back to the filtered list.
	code := v.text("tr .reg")
	v.follow("tr .reg")
	v.wantAt("/goods/" + code)
	if heading := v.text("h1"); !strings.Contains(heading, code) {
		v.Errorf("the heading of the details is %q", heading)
	}
	v.back()
	v.wantAt(filtered)
	if v.count("tr .reg") != some {
		v.Errorf("after going back there are %d registrations, before %d", v.count("tr .reg"), some)
	}
	v.open(filtered) // the driver cannot click in a page that was brought back

	// The other language keeps the place.
	other := map[string]string{"az": "en", "en": "az"}[lang]
	v.speak(other)
	if v.count("tr .reg") != some || !strings.Contains(v.at(), "checkpoint=") {
		v.Errorf("after the language switch: %s", v.at())
	}
	v.speak(lang)

	// Out: what was there is gone, also for who goes back.
	v.follow(".masthead form button")
	v.wantText(v.words.T("start.signed_out"))
	if v.back(); v.count("tr .reg") != 0 {
		v.Error("after signing out, going back shows the goods")
	}
	v.open("/goods/" + code)
	v.wantAt("/?return=%2Fgoods%2F" + code)
	v.wantText(v.words.T("start.return_notice"))
	v.follow(`.methods a[href^="/sign-in/file"]`)
	v.enter(map[string]string{"az": "aysel", "en": "rashad"}[lang])
	// Only the owner sees it: to anybody else it does not exist.
	if status, own := v.arrive(chromedp.Reload()), strings.Contains(v.text("h1"), code); own != (status == http.StatusOK) {
		v.Errorf("back at %s with status %d, heading %q", v.at(), status, v.text("h1"))
	}
	v.wantAt("/goods/" + code)
}

// refusedFiles shows that each way of failing is told in its own words, that the
// form stays, and that the way out works: the same visitor then signs in.
func refusedFiles(t *testing.T, w *world) {
	for _, lang := range []string{"az", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			v := w.visit(t)
			v.open("/sign-in/file?return=%2Fappeals&lang=" + lang)
			v.words = w.words.For(lang)

			for _, person := range []string{"expired", "notyet", "novoen", "stranger", "purpose", "twice"} {
				status := v.upload(v.sign(person, v.download("a[download]"), "-outform", "DER"))
				v.refused(person, status)
			}
			words := filepath.Join(t.TempDir(), "words.txt")
			must(t, os.WriteFile(words, []byte("not a signature"), 0o600))
			v.refused("not a signature", v.upload(words))
			v.refused("signature of something else", v.upload(v.sign("aysel", words, "-outform", "DER", "-nodetach")))
			v.refused("no file", v.follow(`form[enctype] button`))

			once := v.sign("aysel", v.download("a[download]"), "-outform", "DER")
			v.upload(once)
			v.wantAt("/appeals") // where the visitor wanted to go
			v.open("/sign-in/file")
			v.refused("challenge used", v.upload(once))
			if told := v.seen.told; len(told) != 10 {
				t.Errorf("10 ways of failing were told in %d ways: %q", len(told), told)
			}
		})
	}
}

// refused checks what somebody sees who was not let in.
func (v *visitor) refused(how string, status int) {
	v.Helper()
	if status != http.StatusUnprocessableEntity {
		v.Errorf("%s: status %d", how, status)
	}
	title := v.text(".errors")
	if title == "" || v.count(`input[name="signature"]`) != 1 || v.count("a[download]") != 1 {
		v.Errorf("%s: message %q, the form is still there: %d", how, title, v.count(`input[name="signature"]`))
	}
	if !strings.HasPrefix(ask[string](v, "document.title"), v.words.T("site.error", "title", "")) {
		v.Errorf("%s: the title is %q", how, ask[string](v, "document.title"))
	}
	v.seen.told[title] = how
}

// chooseCompany signs in with a certificate that names two companies and sees
// that each has goods of its own.
func chooseCompany(t *testing.T, w *world) {
	t.Parallel()
	v := w.visit(t).withoutScripts()
	seen := map[string]string{}
	for _, company := range []string{"voen-0", "voen-1"} {
		v.open("/sign-in/file?return=%2Fgoods%3Fsort%3Dnewest")
		v.enter("several")
		if at := v.at(); !strings.HasPrefix(at, "/sign-in/company") {
			t.Fatalf("at %s, want the choice of a company", at)
		}
		if v.follow("form.stack button"); v.count(".errors") != 1 {
			t.Error("no message after no choice")
		}
		v.do(chromedp.Click(chromedp.ID(company)))
		v.follow("form.stack button")
		if !strings.HasPrefix(v.at(), "/goods") {
			t.Fatalf("at %s after the choice", v.at())
		}
		seen[v.text(".who .num")] = v.text("tr .reg")
		v.follow(".masthead form button")
	}
	if len(seen) != 2 {
		t.Errorf("two companies, seen: %v", seen)
	}
}
