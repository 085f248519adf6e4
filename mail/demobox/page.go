package demobox

import (
	"context"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Handler is the mailbox as a page: the mails, newest first, each by itself,
// and the button by which mail programs stop a subscription.
func (b *Box) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", b.list)
	m.HandleFunc("GET /{n}", b.show)
	m.HandleFunc("POST /{n}/stop", b.stop)
	return http.NewCrossOriginProtection().Handler(m)
}

func (b *Box) list(w http.ResponseWriter, _ *http.Request) {
	var s strings.Builder
	mails := b.Mails()
	if len(mails) == 0 {
		s.WriteString(`<p>No mail yet. Add an address on the portal's page /notifications: any will do, all arrive here.</p>`)
	} else {
		s.WriteString(`<table><thead><tr><th scope="col">Time</th><th scope="col">To</th><th scope="col">Subject</th></tr></thead><tbody>`)
		for _, m := range slices.Backward(mails) {
			fmt.Fprintf(&s, `<tr><td>%s</td><td>%s</td><td><a href="/%d">%s</a></td></tr>`,
				m.At.UTC().Format("15:04:05 MST"), html.EscapeString(m.To), m.N, html.EscapeString(m.Subject))
		}
		s.WriteString(`</tbody></table>`)
	}
	w.Header().Set("Refresh", "5")
	page(w, http.StatusOK, s.String())
}

func (b *Box) show(w http.ResponseWriter, r *http.Request) { b.open(w, r, http.StatusOK, "") }

// shown are the header fields that the page shows.
var shown = []string{"From", "To", "Date", "Message-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Content-Type"}

var link = regexp.MustCompile(`https?://[^\s<>"]+`)

func (b *Box) open(w http.ResponseWriter, r *http.Request, status int, said string) {
	m, ok := b.find(r.PathValue("n"))
	if !ok {
		page(w, http.StatusNotFound, `<p>There is no such mail.</p>`)
		return
	}
	var s strings.Builder
	if said != "" {
		fmt.Fprintf(&s, `<p role="status"><strong>%s</strong></p>`, html.EscapeString(said))
	}
	fmt.Fprintf(&s, `<h2>%s</h2><pre>%s</pre>`, html.EscapeString(m.Subject), linked(m.Text))
	if m.Stop != "" {
		fmt.Fprintf(&s, `<form method="post" action="/%d/stop"><button>Unsubscribe by one click, as mail programs do (RFC 8058)</button></form>`, m.N)
	}
	s.WriteString(`<h3>Header</h3><dl>`)
	for _, name := range shown {
		if v := m.Header.Get(name); v != "" {
			fmt.Fprintf(&s, `<dt>%s</dt><dd>%s</dd>`, name, html.EscapeString(v))
		}
	}
	s.WriteString(`</dl><p><a href="/">All mails</a></p>`)
	page(w, status, s.String())
}

// linked is a text with its addresses as links.
func linked(text string) string {
	var s strings.Builder
	for at := 0; ; {
		i := link.FindStringIndex(text[at:])
		if i == nil {
			s.WriteString(html.EscapeString(text[at:]))
			return s.String()
		}
		address := html.EscapeString(text[at+i[0] : at+i[1]])
		s.WriteString(html.EscapeString(text[at:at+i[0]]) + `<a href="` + address + `">` + address + `</a>`)
		at += i[1]
	}
}

func (b *Box) find(n string) (Mail, bool) {
	number, err := strconv.Atoi(n)
	for _, m := range b.Mails() {
		if err == nil && m.N == number {
			return m, true
		}
	}
	return Mail{}, false
}

// stop sends what a mail program sends, to this machine only.
func (b *Box) stop(w http.ResponseWriter, r *http.Request) {
	m, ok := b.find(r.PathValue("n"))
	if !ok || !here(m.Stop) {
		page(w, http.StatusNotFound, `<p>This mail cannot be stopped from here.</p>`)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Stop, strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		b.open(w, r, http.StatusBadGateway, "The address is none.")
		return
	}
	ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		b.open(w, r, http.StatusBadGateway, "The portal did not answer.")
		return
	}
	_ = answer.Body.Close() // only the status matters
	if answer.StatusCode != http.StatusOK {
		b.open(w, r, http.StatusBadGateway, "The portal answered "+answer.Status+".")
		return
	}
	b.open(w, r, http.StatusOK, "The portal has stopped the subscription.")
}

// here reports whether an address is one of this machine's.
func here(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func page(w http.ResponseWriter, status int, body string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><head><meta charset="utf-8">` + // the browser may be gone
		`<meta name="viewport" content="width=device-width, initial-scale=1"><title>DEMO: everybody's mailbox</title></head><body><main>` +
		`<h1>DEMO: everybody's mailbox</h1>` + body + `</main></body></html>`))
}
