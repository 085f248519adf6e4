package views

import (
	"strings"
	"testing"

	"customs.gov.az/portal/customs"
)

// mainLinks lists the addresses in the page itself, without the frame.
func mainLinks(t *testing.T, v StartView) []string {
	t.Helper()
	var out []string
	for _, a := range all(all(parse(t, Start(guestPage(t, "az"), v)), "main")[0], "a") {
		out = append(out, attribute(a, "href"))
	}
	return out
}

func TestStartOffersOnlyWhatIsOn(t *testing.T) {
	links := strings.Join(mainLinks(t, StartView{Methods: []Method{MethodCard, MethodFile}}), " ")
	for path, want := range map[string]bool{"/sign-in/card": true, "/sign-in/file": true, "/sign-in/sima": false, "/sign-in/mygov": false} {
		if strings.Contains(links, path) != want {
			t.Errorf("link to %s: want %v", path, want)
		}
	}
}

func TestStartKeepsTheReturnPath(t *testing.T) {
	links := mainLinks(t, StartView{Methods: []Method{MethodFile}, Return: "/goods/00922?lang=en&x=//evil.example"})
	want := "/sign-in/file?return=%2Fgoods%2F00922%3Flang%3Den%26x%3D%2F%2Fevil.example"
	if links[0] != want {
		t.Errorf("link %q, want %q", links[0], want)
	}
}

func TestStartNamesTheServiceInFull(t *testing.T) {
	for lang, want := range map[string][]string{
		"az": {"Mallar haqqında gömrük sərhəd buraxılış məntəqələrində qeydə alınan məlumatların verilməsi", "ödənişsiz", "195(6)", "(+99412) 404-22-00", "office@customs.gov.az"},
		"en": {"Provision of information on goods registered at customs border checkpoints", "free of charge", "195(6)"},
	} {
		shown := text(all(parse(t, Start(guestPage(t, lang), StartView{})), "main")[0])
		for _, w := range want {
			if !strings.Contains(shown, w) {
				t.Errorf("%s: %q is missing", lang, w)
			}
		}
	}
}

func TestStartNotices(t *testing.T) {
	p := guestPage(t, "en")
	for _, c := range []struct {
		view StartView
		key  string
	}{
		{StartView{SignedOut: true, Return: "/goods"}, "start.signed_out"},
		{StartView{Return: "/goods"}, "start.return_notice"},
		{StartView{}, "start.no_methods"},
	} {
		if s := text(parse(t, Start(p, c.view))); !strings.Contains(s, p.L.T(c.key)) {
			t.Errorf("%+v: %s is missing", c.view, c.key)
		}
	}
}

func TestStartDrawsOnlyPlacedCheckpoints(t *testing.T) {
	v := StartView{Checkpoints: []customs.Checkpoint{{Code: "1", X: 10, Y: 20}, {Code: "2"}}}
	if n := len(all(parse(t, Start(guestPage(t, "az"), v)), "circle")); n != 1 {
		t.Errorf("%d dots on the map, want 1", n)
	}
}
