package views

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// errorSamples are the errors that have words of their own, and two that have
// not.
func errorSamples() map[string]ErrorView {
	return map[string]ErrorView{
		"bad request":    {Status: http.StatusBadRequest},
		"forbidden":      {Status: http.StatusForbidden},
		"not found":      {Status: http.StatusNotFound},
		"method":         {Status: http.StatusMethodNotAllowed},
		"too large":      {Status: http.StatusRequestEntityTooLarge},
		"wrong host":     {Status: http.StatusMisdirectedRequest, Home: "https://portal.example/"},
		"too many":       {Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Minute, Retry: "/goods"},
		"internal":       {Status: http.StatusInternalServerError, Retry: "/goods"},
		"unavailable":    {Status: http.StatusServiceUnavailable, Retry: "/goods"},
		"no data":        {Status: http.StatusServiceUnavailable, Fault: FaultData, Retry: "/goods"},
		"no register":    {Status: http.StatusServiceUnavailable, Fault: FaultRegister, RetryAfter: time.Minute, Retry: "/goods"},
		"a teapot":       {Status: http.StatusTeapot},
		"gateway":        {Status: http.StatusBadGateway},
		"nothing at all": {},
	}
}

func TestErrorsHaveWordsOfTheirOwn(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		seen := map[string]string{}
		for name, v := range errorSamples() {
			h1 := text(all(parse(t, Error(p, v)), "h1")[0])
			want := p.L.T(v.key() + ".title")
			if h1 != want || !p.L.Has(v.key()+".title") || !p.L.Has(v.key()+".text") {
				t.Errorf("%s, %s: heading %q, want %q", lang, name, h1, want)
			}
			if other, twice := seen[h1]; twice && other != v.key() {
				t.Errorf("%s: %s and %s have one heading %q", lang, other, v.key(), h1)
			}
			seen[h1] = v.key()
		}
	}
}

func TestErrorsWithoutWords(t *testing.T) {
	for status, want := range map[int]string{
		418: "error.400", 422: "error.400", 502: "error.500", 504: "error.500", 0: "error.500", 200: "error.500",
	} {
		if got := (ErrorView{Status: status}).key(); got != want {
			t.Errorf("%d is shown as %s, want %s", status, got, want)
		}
	}
}

func TestErrorPageGivesItsReference(t *testing.T) {
	p := samplePage(t, "en")
	p.RequestID = `a1b2<"c3`
	s := render(t, Error(p, ErrorView{Status: 500}))
	if !strings.Contains(s, "a1b2&lt;&#34;c3") {
		t.Error("the request code is missing or not escaped")
	}
	for _, want := range []string{"20.11.2026", "14:32:07", `datetime="2026-11-20T14:32:07+04:00"`, "<title>Error: Something went wrong", "noindex"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestErrorSaysWhenToTryAgain(t *testing.T) {
	p := samplePage(t, "en")
	for _, c := range []struct {
		view ErrorView
		want string
	}{
		{ErrorView{Status: 503, Fault: FaultData, RetryAfter: 2 * time.Minute}, "Try again in 2 minutes."},
		{ErrorView{Status: 503, RetryAfter: 5 * time.Second}, "Try again in a few minutes."},
		{ErrorView{Status: 500}, "Try again in a few minutes."},
		{ErrorView{Status: 429}, "Try again in a few minutes."},
		{ErrorView{Status: 404, RetryAfter: time.Hour}, ""},
	} {
		shown := text(parse(t, Error(p, c.view)))
		if c.want == "" && strings.Contains(shown, "Try again in") || !strings.Contains(shown, c.want) {
			t.Errorf("%+v: %q is missing or out of place", c.view, c.want)
		}
	}
}

func TestErrorWays(t *testing.T) {
	trader := samplePage(t, "az")
	guest := trader
	guest.Person = nil
	for _, c := range []struct {
		name  string
		page  Page
		view  ErrorView
		links string
	}{
		{"trader", trader, ErrorView{Status: 404}, "/goods /help"},
		{"guest", guest, ErrorView{Status: 404}, "/ /help"},
		{"again", trader, ErrorView{Status: 503, Retry: "/goods?page=2"}, "/goods?page=2 /goods /help"},
		{"wrong host", guest, ErrorView{Status: 421, Home: "https://portal.example/"}, "https://portal.example/"},
		{"hostile address", trader, ErrorView{Status: 500, Retry: "javascript:alert(1)"}, "about:invalid#TemplFailedSanitizationURL /goods /help"},
	} {
		var links []string
		for _, a := range all(all(parse(t, Error(c.page, c.view)), "main")[0], "a") {
			if !strings.HasPrefix(attribute(a, "href"), "tel:") {
				links = append(links, attribute(a, "href"))
			}
		}
		if got := strings.Join(links, " "); got != c.links {
			t.Errorf("%s: links %s, want %s", c.name, got, c.links)
		}
	}
}

func TestSessionExpiredLeadsBack(t *testing.T) {
	doc := parse(t, SessionExpired(samplePage(t, "az"), ExpiredView{Return: "/goods?q=a&page=2"}))
	main := all(doc, "main")[0]
	if got, want := attribute(all(main, "a")[0], "href"), "/?return=%2Fgoods%3Fq%3Da%26page%3D2"; got != want {
		t.Errorf("sign-in link %q, want %q", got, want)
	}
	if len(all(doc, "form")) != 0 {
		t.Error("a page without a session offers to sign out")
	}
	if got := text(all(doc, "h1")[0]); got != "Sessiyanızın vaxtı bitib" {
		t.Errorf("heading %q", got)
	}
}

// What somebody had written when the session ended can be read and taken along,
// whatever it holds, and cannot be sent from here.
func TestSessionExpiredGivesBack(t *testing.T) {
	for lang, label := range map[string]string{"az": "Niyə sizin deyil?", "en": "Why is it not yours?"} {
		p := samplePage(t, lang)
		long := strings.Repeat("Azərbaycan ", 200)
		doc := parse(t, SessionExpired(p, ExpiredView{Return: "/access/not-mine?registration=1", Sent: true, Typed: []Typed{
			{Label: "report.body_not_mine", Text: "\n" + hostile + "\n" + long}, {Label: "report.contact", Text: "050"},
		}}))
		checkPage(t, doc, lang)
		fields := all(doc, "textarea")
		if len(fields) != 2 || !strings.Contains(fields[0].FirstChild.Data, hostile+"\n"+long) || fields[1].FirstChild.Data != "050" {
			t.Fatalf("%s: %d fields", lang, len(fields))
		}
		for i, rows := range []string{"12", "1"} {
			_, only := attr(fields[i], "readonly")
			if got, _ := attr(fields[i], "rows"); got != rows || !only {
				t.Errorf("%s: field %d has %s rows, want %s; read only: %v", lang, i, got, rows, only)
			}
		}
		if got := text(all(doc, "label")[0]); got != label {
			t.Errorf("%s: the first is called %q", lang, got)
		}
		if len(all(doc, "form")) != 0 || strings.Contains(text(doc), p.L.T("expired.text")) || !strings.Contains(text(doc), p.L.T("expired.not_taken")) {
			t.Errorf("%s: %s", lang, text(doc))
		}
	}
}
