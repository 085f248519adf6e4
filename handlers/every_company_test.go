package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// ofCompany are the forms that do something for a company; to choose another
// and what needs no session are not among them.
func (w *whole) ofCompany() []route {
	w.Helper()
	return slices.DeleteFunc(w.byMethod(http.MethodPost), func(r route) bool {
		return r.whose() != "aysel" || r.pattern == "/company" || slices.Contains(withoutSession, r.pattern) && !strings.HasPrefix(r.pattern, "/appeals")
	})
}

// Every form of a company says whose it is.
func TestEveryFormNamesItsCompany(t *testing.T) {
	w := newWhole(t)
	var actions []string
	for _, r := range w.ofCompany() {
		actions = append(actions, r.address)
	}
	w.people["aysel"].post("/api-access", "form", "3f0c9ed6-3c4c-4ba1-a3a8-2c0e3f0c9ed6", "name", "1C", "days", "30") // which there can be withdrawn
	seen := map[string]bool{}
	for _, r := range w.byMethod(http.MethodGet) {
		if r.whose() != "aysel" || r.streams() {
			continue
		}
		address := r.address
		if r.pattern == "/access/not-mine" {
			address += "?registration=" + aysels
		}
		page := w.people["aysel"].get(address)
		if !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, form := range elements(page.body, "form") {
			action := attributeOf(form, "action")
			if attributeOf(form, "method") != "post" || slices.Contains([]string{"/sign-out", "/company", "/verify"}, action) || strings.HasPrefix(action, "/sign-in/") || strings.Contains(action, "/notifications/confirm/") || strings.Contains(action, "/notifications/stop/") {
				continue
			}
			seen[action] = true
			company := ""
			for n := range form.Descendants() {
				if n.Data == "input" && attributeOf(n, "name") == "company" {
					company = attributeOf(n, "value")
				}
			}
			if company != "1499000151" {
				t.Errorf("%s: the form for %s is of company %q", r.pattern, action, company)
			}
		}
	}
	for _, action := range actions {
		if !seen[action] {
			t.Errorf("no page has a form for %s", action)
		}
	}
}

// A form that was opened for another company than its sender is signed in for
// now does nothing, and gives back what was written in it.
func TestEveryFormIsOfItsCompany(t *testing.T) {
	w := newWhole(t)
	b := w.people["aysel"]
	b.get("/goods?lang=en")
	const wrote = `Waiting for three days: "<b>" & 'ə'`
	for _, company := range []string{"1499000152", "1499000151 ", "no company", "' or 1=1", "\x00"} {
		for _, r := range w.ofCompany() {
			if strings.HasPrefix(r.pattern, "/appeals/complaint") && !strings.HasSuffix(r.pattern, "/delete") {
				continue // is given back as the form that it is, below
			}
			before := w.done()
			a := b.post(r.address, "company", company, "registration", aysels, "form", "3f0c9ed6-3c4c-4ba1-a3a8-2c0e3f0c9ed6", "help", "off", "do", "remove",
				"body", wrote, "contact", "", "name", wrote, "address", wrote)
			if a.StatusCode != http.StatusConflict {
				t.Errorf("%s of %q: status %d to %q", r.pattern, company, a.StatusCode, a.to())
				continue
			}
			if after := w.done(); after != before {
				t.Errorf("%s of %q: something was done", r.pattern, company)
			}
			text := words(a.body)
			if !strings.Contains(text, "This form was opened for another company") || !strings.Contains(text, "1499000151") || company != "1499000151 " && strings.Contains(text, company) {
				t.Errorf("%s of %q: %s", r.pattern, company, text)
			}
			if slices.Contains([]string{"/access/not-mine", "/access/ask/:entry", "/notifications", "/api-access"}, r.pattern) && !strings.Contains(text, wrote) {
				t.Errorf("%s of %q: what was written is lost: %s", r.pattern, company, text)
			}
		}
	}
	before := w.done()
	for _, do := range []string{"save", "look", "make"} {
		a := b.post("/appeals/complaint", "company", "1499000152", "do", do, "facts", wrote, "registration", aysels)
		if a.StatusCode != http.StatusConflict || !strings.Contains(words(a.body), "this form was opened for another company") || !strings.Contains(words(a.body), wrote) {
			t.Errorf("%s: status %d: %s", do, a.StatusCode, words(a.body))
		}
	}
	if after := w.done(); after != before {
		t.Error("a complaint was kept for another company")
	}
	// Of the company itself it is taken.
	b.want(b.post("/appeals/complaint", "company", "1499000151", "do", "save", "facts", wrote), http.StatusSeeOther)
	b.want(b.post("/access/telephone", "company", "1499000151", "help", "off"), http.StatusSeeOther)
	if after := w.done(); after == before {
		t.Error("nothing was kept")
	}
}
