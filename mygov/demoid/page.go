package demoid

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// ask is the page on which one chooses who one is and how one signs in.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request) {
	if !p.known(r.URL.Query()) {
		http.Error(w, "unknown client or request", http.StatusBadRequest)
		return
	}
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1"><title>DEMO: stand-in for mygov ID</title></head><body><main>` +
		`<h1>DEMO: stand-in for mygov ID</h1><p>Nobody here exists. Choose a person and how they sign in.</p>`)
	fmt.Fprintf(&b, `<form method="post" action="/grant-permission?%s"><fieldset><legend>Person</legend>`, html.EscapeString(r.URL.RawQuery))
	for i, who := range p.People {
		checked := ""
		if i == 0 {
			checked = " checked"
		}
		fmt.Fprintf(&b, `<p><label><input type="radio" name="person" value="%s"%s> <b>%s</b> %s: %s</label></p>`,
			html.EscapeString(who.Name), checked, html.EscapeString(who.Name), html.EscapeString(who.FullName), html.EscapeString(who.Note))
	}
	b.WriteString(`</fieldset><fieldset><legend>Sign in with</legend>`)
	for i, m := range Methods() {
		checked := ""
		if i == 0 {
			checked = " checked"
		}
		fmt.Fprintf(&b, `<p><label><input type="radio" name="method" value="%s"%s> %s</label></p>`,
			html.EscapeString(m.Code), checked, html.EscapeString(m.Words))
	}
	b.WriteString(`</fieldset><p><button>Confirm</button> <button name="cancel" value="1">Cancel</button></p></form></main></body></html>`)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(b.String())) // the browser may be gone
}
