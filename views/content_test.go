package views

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
)

func TestAppealsNamesTheLaw(t *testing.T) {
	for lang, want := range map[string][]string{
		"az": {"51-ci", "74-cü", "78-ci", "27.1-ci", "Gömrük Məcəlləsi", "yuxarı səlahiyyətli orqana", "məhkəmə", "Azərbaycan dilində"},
		"en": {"Article 51", "Article 74", "Article 78", "Article 27.1", "Customs Code", "higher competent authority", "court", "in Azerbaijani"},
	} {
		doc := parse(t, Appeals(samplePage(t, lang), AppealsView{}))
		shown := text(all(doc, "main")[0])
		for _, w := range want {
			if !strings.Contains(shown, w) {
				t.Errorf("%s: %q is missing", lang, w)
			}
		}
		if n := len(all(all(doc, "ol")[0], "li")); n != 6 {
			t.Errorf("%s: %d items of a complaint, article 74 has 6", lang, n)
		}
		if m := regexp.MustCompile(`\d+[- ]?(gün|iş günü|day|working day|ay\b|month)`).FindString(shown); m != "" {
			t.Errorf("%s: the page promises a period: %q", lang, m)
		}
	}
}

func TestAppealsBuilderOnlyWhenOffered(t *testing.T) {
	p := samplePage(t, "az")
	if s := render(t, Appeals(p, AppealsView{})); strings.Contains(s, "/appeals/complaint") {
		t.Error("a builder that is not offered is linked")
	}
	if s := render(t, Appeals(p, AppealsView{Builder: "/appeals/complaint"})); !strings.Contains(s, `href="/appeals/complaint"`) {
		t.Error("the builder is not linked")
	}
}

func TestHelpExplainsEveryStatus(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		shown := text(all(parse(t, Help(p)), "table")[0])
		for _, s := range append(slices.Clone(customs.PendingStatuses), "never_heard_of") {
			if !strings.Contains(shown, p.L.Status(s)) {
				t.Errorf("%s: status %q is not explained", lang, p.L.Status(s))
			}
		}
	}
}

func TestHelpLeavesTheListOfStatusesAlone(t *testing.T) {
	before := slices.Clone(customs.PendingStatuses)
	_ = append(helpStatuses(), "x")
	if !slices.Equal(before, customs.PendingStatuses) || slices.Contains(customs.PendingStatuses[:cap(customs.PendingStatuses)], "unknown") {
		t.Error("the shared list was written to")
	}
}

func TestPrivacySaysWhatThisInstallationDoes(t *testing.T) {
	p := samplePage(t, "en")
	v := PrivacyView{SessionCookie: "sess", LanguageCookie: "lang", LanguageKept: 48 * time.Hour, Idle: 20 * time.Minute, Absolute: 8 * time.Hour, Drafts: 180 * 24 * time.Hour}
	shown := text(all(parse(t, Privacy(p, v)), "main")[0])
	for _, want := range []string{"sess", "lang", "2 days", "20 minutes without use", "8 hours at most", "kept for 180 days", "The Committee decides"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing", want)
		}
	}
	v.Retention = 30 * 24 * time.Hour
	shown = text(all(parse(t, Privacy(p, v)), "main")[0])
	if !strings.Contains(shown, "kept for 30 days") || strings.Contains(shown, "The Committee decides how long") {
		t.Error("the configured retention is not said")
	}
}

func TestContactsAreConfiguration(t *testing.T) {
	p := samplePage(t, "az")
	p.Contacts = &Contacts{CallCentre: "123(4)", Phone: "(+99412) 000-11-22", Email: "a@example.az", Sites: []string{"www.example.az"}, DepartmentAZ: "Yeni İdarə"}
	doc := parse(t, Accessibility(p))
	var links []string
	for _, a := range all(all(doc, "main")[0], "a") {
		links = append(links, attribute(a, "href"))
	}
	for _, want := range []string{"tel:123", "tel:+994120001122", "mailto:a@example.az", "https://www.example.az/"} {
		if !slices.Contains(links, want) {
			t.Errorf("no link %s in %v", want, links)
		}
	}
	if !strings.Contains(text(doc), "Yeni İdarə") {
		t.Error("the department is not named")
	}
}

func TestPieces(t *testing.T) {
	for _, c := range []struct {
		text string
		kept []string
	}{
		{"", nil},
		{"sadə mətn", nil},
		{"VÖEN-iniz üzrə qeydə alınmış", []string{"VÖEN-iniz"}},
		{"Qanunun 74-cü və 78-ci maddələri", []string{"74-cü", "78-ci"}},
		{"sonunda 195-ə", []string{"195-ə"}},
		{"çox-çox-uzun-birləşmiş-söz burada", nil},
		{"-binary parametri", []string{"-binary"}},
		{"ikiqat  boşluq VÖEN-ə  qalır", []string{"VÖEN-ə"}},
	} {
		var kept []string
		var whole strings.Builder
		for _, s := range pieces(c.text) {
			whole.WriteString(s.text)
			if s.kept {
				kept = append(kept, s.text)
			}
		}
		if !slices.Equal(kept, c.kept) {
			t.Errorf("%q keeps %q together, want %q", c.text, kept, c.kept)
		}
		if whole.String() != c.text {
			t.Errorf("%q became %q", c.text, whole.String())
		}
	}
}

func FuzzPieces(f *testing.F) {
	for _, s := range []string{"", " ", "-", "a - b", "VÖEN-iniz üzrə", "x-\n-y  z-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var whole strings.Builder
		for _, s := range pieces(text) {
			whole.WriteString(s.text)
			if s.kept && strings.Contains(s.text, " ") {
				t.Fatalf("%q holds a space and may not break", s.text)
			}
		}
		if whole.String() != text {
			t.Fatalf("%q became %q", text, whole.String())
		}
	})
}
