package views

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// guestPage is a page for somebody who has not signed in.
func guestPage(t *testing.T, lang string) Page {
	t.Helper()
	p := samplePage(t, lang)
	p.Person = nil
	return p
}

func fileView(problem SignInProblem) SignInFileView {
	return SignInFileView{
		Methods: []Method{MethodCard, MethodFile}, ChallengeURL: "/sign-in/file/challenge/7f3c", ChallengeName: "sorgu-7f3c.txt",
		Valid: 15 * time.Minute, MaxBytes: 64 << 10, Problem: problem,
	}
}

// TestFilePageForPrograms proves what other programs rely on: one link with the
// attribute download and one multipart form with the file field “signature”.
func TestFilePageForPrograms(t *testing.T) {
	for _, problem := range append(signInProblems(), "", "never_heard_of") {
		doc := parse(t, SignInFile(guestPage(t, "az"), fileView(problem)))
		var downloads []*html.Node
		for _, a := range all(doc, "a") {
			if slices.ContainsFunc(a.Attr, func(at html.Attribute) bool { return at.Key == "download" }) {
				downloads = append(downloads, a)
			}
		}
		if len(downloads) != 1 || attribute(downloads[0], "href") != "/sign-in/file/challenge/7f3c" || attribute(downloads[0], "download") != "sorgu-7f3c.txt" {
			t.Fatalf("%s: %d links with download", problem, len(downloads))
		}
		forms := all(doc, "form")
		if len(forms) != 1 {
			t.Fatalf("%s: %d forms", problem, len(forms))
		}
		f := forms[0]
		if attribute(f, "method") != "post" || attribute(f, "enctype") != "multipart/form-data" || attribute(f, "action") != "/sign-in/file" {
			t.Errorf("%s: the form is %v", problem, f.Attr)
		}
		inputs := all(f, "input")
		if len(inputs) != 1 || attribute(inputs[0], "name") != "signature" || attribute(inputs[0], "type") != "file" || attribute(inputs[0], "accept") != "" {
			t.Errorf("%s: the fields are %d", problem, len(inputs))
		}
	}
}

func TestFilePageKeepsTheReturnPath(t *testing.T) {
	v := fileView("")
	v.Return = `/goods?q="x"&page=2`
	form := all(parse(t, SignInFile(guestPage(t, "en"), v)), "form")[0]
	if got, want := attribute(form, "action"), "/sign-in/file?return=%2Fgoods%3Fq%3D%22x%22%26page%3D2"; got != want {
		t.Errorf("the form goes to %q, want %q", got, want)
	}
}

func TestFilePageSaysLimits(t *testing.T) {
	shown := text(parse(t, SignInFile(guestPage(t, "en"), fileView(""))))
	for _, want := range []string{"15 minutes", "64 KB", ".p7s", ".p7m", ".pem", ".der", "openssl cms -sign -binary -in sorgu-7f3c.txt"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// TestEveryProblemIsExplained proves that each reason has its own words in both
// languages, and that none of them speaks of a refusal.
func TestEveryProblemIsExplained(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := guestPage(t, lang)
		titles := map[string]SignInProblem{}
		for _, s := range signInProblems() {
			for _, part := range []string{"title", "text", "next"} {
				if !p.L.Has("signin.problem." + string(s) + "." + part) {
					t.Errorf("%s: %s has no %s", lang, s, part)
				}
			}
			if other, twice := titles[s.words(p.L, "title")]; twice {
				t.Errorf("%s: %s and %s have one title", lang, s, other)
			}
			titles[s.words(p.L, "title")] = s
			for _, c := range []string{
				render(t, SignInFile(p, fileView(s))),
				render(t, SignInCard(p, SignInCardView{Start: "https://card.example/", Problem: s})),
				render(t, CardProblem(p, CardProblemView{Problem: s, Home: "https://p.example/"})),
				render(t, SignInProblemPage(p, s, nil, "")),
			} {
				if !strings.Contains(text(parseText(t, c)), s.words(p.L, "next")) || !strings.Contains(c, p.RequestID) {
					t.Errorf("%s: %s is not explained", lang, s)
				}
				if !strings.Contains(c, "<title>"+p.L.T("site.error", "title", "")[:4]) {
					t.Errorf("%s: %s: the title does not begin with the word for error", lang, s)
				}
				if strings.Contains(strings.ToLower(c), "imtina") || strings.Contains(strings.ToLower(c), "refus") {
					t.Errorf("%s: %s speaks of a refusal", lang, s)
				}
			}
		}
	}
}

// TestNoProblemWithoutUse proves that the message files hold no reason that
// nothing can give.
func TestNoProblemWithoutUse(t *testing.T) {
	b, err := os.ReadFile("../locales/signin.az.toml")
	if err != nil {
		t.Fatal(err)
	}
	known := signInProblems()
	for _, m := range regexp.MustCompile(`(?m)^\[signin\.problem\.(\w+)\]$`).FindAllStringSubmatch(string(b), -1) {
		if !slices.Contains(known, SignInProblem(m[1])) {
			t.Errorf("%s is explained but not listed", m[1])
		}
	}
	slices.Sort(known)
	if len(slices.Compact(known)) != len(signInProblems()) {
		t.Error("a problem is listed twice")
	}
}

func TestUnknownProblemIsSaidPlainly(t *testing.T) {
	p := guestPage(t, "en")
	if got, want := SignInProblem("<script>").words(p.L, "title"), ProblemUnknown.words(p.L, "title"); got != want {
		t.Errorf("an unknown reason says %q, want %q", got, want)
	}
}

func TestFileProblemLeadsToTheField(t *testing.T) {
	p := guestPage(t, "az")
	for problem, want := range map[SignInProblem]bool{"file_missing": true, "not_a_signature": true, "expired": false, "no_voen": false} {
		s := render(t, SignInFile(p, fileView(problem)))
		if strings.Contains(s, `href="#signature"`) != want || strings.Contains(s, `aria-invalid="true"`) != want {
			t.Errorf("%s: link to the field should be %v", problem, want)
		}
	}
}

// TestCardListenerPageLeadsAway proves that the card listener's only page has
// no link to a page of its own host.
func TestCardListenerPageLeadsAway(t *testing.T) {
	v := CardProblemView{Problem: "no_certificate", Home: "https://p.example/", Retry: "https://p.example/sign-in/card", Other: "https://p.example/"}
	for _, a := range all(parse(t, CardProblem(guestPage(t, "az"), v)), "a") {
		href := attribute(a, "href")
		if !strings.HasPrefix(href, "https://p.example/") && !strings.HasPrefix(href, "tel:") && !strings.HasPrefix(href, "#") {
			t.Errorf("link %q stays on the card listener", href)
		}
	}
}

func TestCompanyChoice(t *testing.T) {
	p := guestPage(t, "az")
	doc := parse(t, SignInCompany(p, CompanyView{Companies: []Company{{VOEN: "1499000151", Name: "A <b>"}, {VOEN: "1599000161", Name: ""}}, Return: "/goods"}))
	form := all(doc, "form")[0]
	if attribute(form, "action") != "/sign-in/company?return=%2Fgoods" || attribute(form, "method") != "post" {
		t.Errorf("the form is %v", form.Attr)
	}
	var values []string
	for _, in := range all(form, "input") {
		if attribute(in, "type") == "radio" && attribute(in, "name") == "voen" {
			values = append(values, attribute(in, "value"))
		}
	}
	if !slices.Equal(values, []string{"1499000151", "1599000161"}) {
		t.Errorf("choices are %v", values)
	}
	if !strings.Contains(text(form), "A <b>") {
		t.Error("a name is not shown as the text it is")
	}
}

// parseText reads a page that has been rendered already.
func parseText(t *testing.T, s string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// signInProblems lists every code that has words of its own.
func signInProblems() []SignInProblem {
	return slices.Concat([]SignInProblem{
		ProblemUnknown, ProblemChallengeUsed, ProblemChallengeSpent, ProblemChallengeExpired, ProblemChallengeOtherClient,
		ProblemChallengeUnknown, ProblemFileMissing, ProblemSeveralFiles, ProblemTooLarge, ProblemNoCertificate, ProblemBrowserMismatch,
		ProblemHandoverExpired, ProblemTooManyAttempts, ProblemCompanyMissing, ProblemCompanyUnknown,
		ProblemCompanyExcluded, ProblemOperationExpired, ProblemOperationCancelled, ProblemWrongPerson,
		ProblemMyGovNoSignature, ProblemMyGovCancelled, ProblemMyGovUnavailable, ProblemMyGovAnswer,
		ProblemStaffUnknown, ProblemStaffExpired,
	}, signatureProblems())
}

// signatureProblems are the reasons of the signature and certificate checks.
func signatureProblems() []SignInProblem {
	return []SignInProblem{
		"not_a_signature", "trailing_data", "no_signer", "several_signers", "weak_algorithm", "content_unknown",
		"no_signed_attributes", "content_type", "message_digest", "content_mismatch", "signature_invalid",
		"certificate_missing", "certificate_ambiguous", "certificate_malformed", "signing_certificate_mismatch",
		"signing_certificate_required", "ca_certificate", "issuer_not_trusted", "not_yet_valid", "expired",
		"wrong_purpose", "revoked", "suspended", "revocation_unavailable", "no_voen", "no_pin", "attribute_twice",
		"malformed_identity",
	}
}
