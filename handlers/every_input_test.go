package handlers_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// nonsense is what no person types and every attacker tries.
var nonsense = []string{
	"\x00", "\xff\xfe", "\xed\xa0\x80", "a\x00b", "\u202egnp.\u2066", "' or '1'='1' --", `"><script>alert(1)</script>`, "x\r\nSet-Cookie: evil=1",
	"-1", "99999999999999999999", "1e9", "NaN", "0x10", "../../etc/passwd", "{{.}}", "%s%n", strings.Repeat("ə", 1500),
}

// pageForm is a form as a page has it: where it goes, and what it sends if
// nothing is changed.
type pageForm struct {
	action, method string
	fields         url.Values
}

// formsOf are the forms of a page, the one that signs out excepted.
func formsOf(page string) []pageForm {
	var list []pageForm
	for _, n := range elements(page, "form") {
		f := pageForm{attributeOf(n, "action"), strings.ToUpper(attributeOf(n, "method")), url.Values{}}
		for d := range n.Descendants() {
			name := ""
			if d.Type == html.ElementNode && slices.Contains([]string{"input", "select", "textarea", "button"}, d.Data) {
				name = attributeOf(d, "name")
			}
			if name != "" {
				f.fields.Set(name, attributeOf(d, "value"))
			}
		}
		if len(f.fields) > 0 && f.action != "/sign-out" {
			list = append(list, f)
		}
	}
	return list
}

// Whatever is put into whichever field of whichever form, the portal answers,
// finds no fault in itself, and gives none of it back as anything but text.
func TestEveryFieldTakesNonsense(t *testing.T) {
	w := newWhole(t)
	seen := map[string]bool{}
	sent := 0
	for _, r := range w.byMethod(http.MethodGet) {
		if r.streams() || strings.HasPrefix(r.pattern, "/static/") {
			continue
		}
		for _, b := range []*browser{w.owner(r), w.people[""]} {
			for _, f := range formsOf(b.get(r.address).body) {
				if f.action == "" {
					f.action = r.address
				}
				for name := range f.fields {
					key := fmt.Sprint(f.method, strings.Split(f.action, "?")[0], name, b == w.people[""])
					if seen[key] {
						continue
					}
					seen[key] = true
					for _, value := range nonsense {
						w.takes(b, f, name, value)
						sent++
					}
				}
			}
		}
	}
	if len(seen) < 60 || sent < 1000 {
		t.Errorf("only %d fields, %d forms sent", len(seen), sent)
	}
	if log := w.log.String(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "panic") {
		t.Errorf("the log tells of faults: %s", firstError(log))
	}
}

// takes sends one form with one value of it replaced.
func (w *whole) takes(b *browser, f pageForm, name, value string) {
	w.Helper()
	fields := maps.Clone(f.fields)
	fields.Set(name, value)
	var a answer
	if f.method == http.MethodPost {
		a = b.do(http.MethodPost, f.action, strings.NewReader(fields.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	} else {
		a = b.get(strings.Split(f.action, "?")[0] + "?" + fields.Encode())
	}
	w.harmless(fmt.Sprintf("%s %s with %s=%.30q", f.method, f.action, name, value), a)
}

// harmless fails for an answer that is a fault, or that holds what was sent as
// anything but text.
func (w *whole) harmless(what string, a answer) {
	w.Helper()
	if a.StatusCode >= http.StatusInternalServerError {
		w.Errorf("%s: status %d", what, a.StatusCode)
	}
	if strings.Contains(a.body, "<script>alert") {
		w.Errorf("%s: a script of the sender's", what)
	}
	for _, c := range a.Cookies() {
		if c.Name == "evil" {
			w.Errorf("%s: a cookie of the sender's", what)
		}
	}
	if to := a.to(); to != "" && !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, w.options.CardURL.String()) && !strings.Contains(to, "127.0.0.1") {
		w.Errorf("%s: leads to %s", what, to)
	}
	if strings.Contains(a.body, `class="errors"`) {
		w.mistakesLead(what, a.body)
	}
	if strings.Contains(a.body, "\x00") && strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		w.Errorf("%s: a NUL in the page", what)
	}
}

// mistakesLead fails for a summary of mistakes that leads to a field which is
// not there.
func (w *whole) mistakesLead(what, page string) {
	w.Helper()
	for _, n := range elements(page, "a") {
		in, href := n.Parent, attributeOf(n, "href")
		for in != nil && attributeOf(in, "class") != "errors" {
			in = in.Parent
		}
		if id, local := strings.CutPrefix(href, "#"); in != nil && local && !strings.Contains(page, ` id="`+id+`"`) {
			w.Errorf("%s: a mistake leads to #%s, which is not there", what, id)
		}
	}
}

// The same for what an address may name, and for every parameter that some
// page understands.
func TestEveryAddressTakesNonsense(t *testing.T) {
	w := newWhole(t)
	parameters := []string{
		"q", "page", "sort", "status", "checkpoint", "mode", "waiting", "from", "to", "lang", "return", "items", "registration", "who", "action", "entry", "until", "since",
		"done", "sent", "saved", "change", "month", "i", "h", "k", "voen", "state", "code", "error", "days", "renewed", "paused", "withdrawn", "tsquery", "before", "after",
		"subject", "case", "officer", "outcome", "channel", "number", "limit", "cursor",
	}
	for _, r := range w.routes() {
		if r.streams() || r.method == http.MethodHead {
			continue
		}
		b := w.owner(r)
		if at := strings.LastIndexAny(r.pattern, ":*"); at >= 0 && r.method != http.MethodHead {
			for _, value := range nonsense {
				if strings.Count(r.pattern, ":") > 1 && len(value) > 1000 {
					continue // too long for an address
				}
				pattern := strings.Split(r.pattern, "/")
				for i, part := range pattern {
					if strings.HasPrefix(part, ":") || part == "*" {
						pattern[i] = url.PathEscape(value)
					}
				}
				w.harmless(fmt.Sprintf("%s %s of %.30q", r.method, r.pattern, value), b.do(r.method, strings.Join(pattern, "/"), nil))
			}
		}
		if r.method != http.MethodGet {
			continue
		}
		for _, value := range nonsense {
			query := url.Values{}
			for _, name := range parameters {
				query.Set(name, value)
			}
			if len(value) > 1000 { // all of them would be too long for an address
				query = url.Values{"q": {value[:3000]}, "return": {"/goods?q=" + value[:500]}}
			}
			w.harmless(fmt.Sprintf("GET %s?…=%.30q", r.pattern, value), b.get(strings.Split(r.address, "?")[0]+"?"+query.Encode()))
		}
	}
	if log := w.log.String(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "panic") {
		t.Errorf("the log tells of faults: %s", firstError(log))
	}
}

// firstError is the first line of a log that tells of a fault.
func firstError(log string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"level":"ERROR"`) {
			return line
		}
	}
	return ""
}
