package main

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"customs.gov.az/portal/esign/democa"
)

// phonePage is the demo's telephone: a page that takes a code, lets one choose
// whose telephone it is, and then does what the SİMA application does.
type phonePage struct {
	data string
	key  []byte
}

func newPhonePage(data string, key []byte) http.Handler {
	p := phonePage{data, key}
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", p.show)
	m.HandleFunc("POST /{$}", p.confirm)
	return http.NewCrossOriginProtection().Handler(m)
}

// show reads the code's text from the address: everything after "data=", as it
// stands, because the code's own address is not escaped.
func (p phonePage) show(w http.ResponseWriter, r *http.Request) {
	text, _ := strings.CutPrefix(r.URL.RawQuery, "data=")
	p.page(w, http.StatusOK, text, "")
}

func (p phonePage) confirm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	text, name := strings.TrimSpace(r.PostFormValue("code")), r.PostFormValue("person")
	pair, err := democa.Load(p.data, name)
	if err != nil || !demoPerson(name) {
		p.page(w, http.StatusBadRequest, text, "Choose a person.")
		return
	}
	phone := &democa.Phone{Pair: *pair, MasterKey: p.key}
	code, err := phone.Scan(text)
	if err == nil {
		phone.Client, err = p.client()
	}
	if err == nil {
		if !local(code.Contract.Client.Callback) || !local(code.Address) {
			err = democa.ErrCode
		} else {
			err = phone.Confirm(r.Context(), code)
		}
	}
	if err != nil {
		p.page(w, http.StatusUnprocessableEntity, text, "It did not work: "+reason(err))
		return
	}
	p.page(w, http.StatusOK, "", "Confirmed as "+name+". The page that showed the code goes on by itself.")
}

// client trusts the demo's own authority, which the demo's portal uses where it
// speaks TLS itself.
func (p phonePage) client() (*http.Client, error) {
	roots, err := authorities(filepath.Join(p.data, "tls", "ca.pem"))
	if err != nil {
		return nil, err
	}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: roots, DisableKeepAlives: true}}, nil
}

// local keeps the demo's telephone from calling anybody but this machine.
func local(address string) bool {
	u, err := url.Parse(address)
	return err == nil && loopback(u)
}

func reason(err error) string {
	switch {
	case errors.Is(err, democa.ErrCode):
		return "this is no code of this demo."
	case errors.Is(err, democa.ErrAssignee):
		return "the code is for the person whose FİN was typed. A careless application would go on; the portal would find out."
	case errors.Is(err, democa.ErrKey):
		return "this person has an RSA key, and SİMA signs with ECDSA. Choose another person."
	case errors.Is(err, democa.ErrTime):
		return "the code has expired."
	case errors.Is(err, democa.ErrAnswered):
		return "the portal said no, and told the telephone nothing more. The page that showed the code says why."
	}
	return "the telephone does not reach the portal, or does not trust its certificate."
}

func demoPerson(name string) bool {
	for _, p := range democa.People() {
		if p.Name == name {
			return true
		}
	}
	return false
}

func (p phonePage) page(w http.ResponseWriter, status int, text, said string) {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1"><title>DEMO: a telephone with SİMA</title></head><body><main>` +
		`<h1>DEMO: a telephone with SİMA</h1><p>Nobody here exists. Choose whose telephone this is and confirm.</p>`)
	if said != "" {
		fmt.Fprintf(&b, `<p role="status"><strong>%s</strong></p>`, html.EscapeString(said))
	}
	if code, err := (&democa.Phone{MasterKey: p.key}).Scan(text); err == nil {
		c := code.Contract
		fmt.Fprintf(&b, `<p>%s asks to sign in, until %s.`, html.EscapeString(c.Client.Name), c.Expires.Format("15:04:05"))
		if len(c.Assignee) > 0 {
			fmt.Fprintf(&b, ` Only for FİN %s.`, html.EscapeString(string(c.Assignee[0])))
		}
		b.WriteString(`</p>`)
	}
	fmt.Fprintf(&b, `<form method="post" action="/"><p><label>What the code says, or the address of “open on this device”<br>`+
		`<textarea name="code" rows="5" cols="60">%s</textarea></label></p><fieldset><legend>Whose telephone</legend>`, html.EscapeString(text))
	for i, who := range democa.People() {
		checked := ""
		if i == 0 {
			checked = " checked"
		}
		fmt.Fprintf(&b, `<p><label><input type="radio" name="person" value="%s"%s> <b>%s</b> %s: %s</label></p>`,
			html.EscapeString(who.Name), checked, html.EscapeString(who.Name), html.EscapeString(who.FullName()), html.EscapeString(who.Note))
	}
	b.WriteString(`</fieldset><p><button>Confirm with the signature</button></p></form></main></body></html>`)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String())) // the browser may be gone
}
