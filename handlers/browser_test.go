package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// browser keeps cookies and stays where it is when it is sent elsewhere, so
// that tests see every step.
type browser struct {
	*site
	client *http.Client
	base   string // address of the main listener under the name used
}

// browser opens a fresh one, with no certificate.
func (s *site) browser() *browser { return s.browserWith("") }

// browserWith opens a browser that holds a person's certificate.
func (s *site) browserWith(name string) *browser {
	s.Helper()
	jar, err := cookiejar.New(nil)
	s.must(err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.roots()}, DisableCompression: true, ForceAttemptHTTP2: true}
	if name != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(s.demo, "people", name+".pem"), filepath.Join(s.demo, "people", name+".key"))
		s.must(err)
		// Given unasked for, as a careless program does: the server named no issuers.
		transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	s.Cleanup(transport.CloseIdleConnections)
	return &browser{site: s, base: s.options.URL.String(), client: &http.Client{
		Jar: jar, Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
}

// to is where the answer sends the browser.
func (a answer) to() string { return a.Header.Get("Location") }

// do sends a request. An address without a host is one of the main listener;
// headers come in pairs.
func (b *browser) do(method, address string, body io.Reader, headers ...string) answer {
	b.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.base + address
	}
	r, err := http.NewRequestWithContext(b.Context(), method, address, body)
	b.must(err)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(r)
	b.must(err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	b.must(err)
	return answer{response, string(content)}
}

func (b *browser) get(address string, headers ...string) answer {
	b.Helper()
	return b.do(http.MethodGet, address, nil, headers...)
}

// post sends a form of names and values in pairs.
func (b *browser) post(address string, fields ...string) answer {
	b.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, address, strings.NewReader(v.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// want fails unless the answer has this status.
func (b *browser) want(a answer, status int) answer {
	b.Helper()
	if a.StatusCode != status {
		b.Fatalf("%s %s: status %d, want %d (to %q)\n%s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.to(), words(a.body))
	}
	return a
}

// english switches this browser to English.
func (b *browser) english() *browser {
	b.Helper()
	b.want(b.get("/?lang=en"), http.StatusOK)
	return b
}

// cookies are the browser's cookies for the main listener, by name.
func (b *browser) cookies() map[string]string {
	m := map[string]string{}
	for _, c := range b.client.Jar.Cookies(mustURL(b.base)) {
		m[c.Name] = c.Value
	}
	return m
}

// withCookie opens another browser that holds a copy of a session cookie.
func (b *browser) withCookie(value string) *browser {
	b.Helper()
	other := b.browser()
	other.client.Jar.SetCookies(mustURL(b.base), []*http.Cookie{{Name: b.sessionCookie(), Value: value, Path: "/"}})
	return other
}

func (s *site) sessionCookie() string {
	if s.options.URL.Scheme == "https" {
		return "__Host-portal"
	}
	return "portal"
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err) // an address that the test made
	}
	return u
}

// challenge does what the page says: it opens the sign-in page and downloads
// the text behind the one link that is a download.
func (b *browser) challenge(page string) []byte {
	b.Helper()
	a := b.want(b.get(page), http.StatusOK)
	link := attribute(a.body, "a", "download", "href")
	if link == "" {
		b.Fatal("the page offers nothing to download")
	}
	text := b.want(b.get(link), http.StatusOK)
	if d := text.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") {
		b.Errorf("the text is not saved as a file: %q", d)
	}
	return []byte(text.body)
}

// upload sends a signature as the page's form does.
func (b *browser) upload(file []byte) answer {
	b.Helper()
	return b.uploadTo("/sign-in/file", file)
}

func (b *browser) uploadTo(address string, file []byte) answer {
	b.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if file != nil {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="signature"; filename="sorgu.txt.p7s"`}, "Content-Type": {"application/pkcs7-signature"},
		})
		b.must(err)
		_, err = part.Write(file)
		b.must(err)
	}
	b.must(w.Close())
	return b.do(http.MethodPost, address, &body, "Content-Type", w.FormDataContentType())
}

// signIn signs a person in by file and returns the browser.
func (b *browser) signIn(name string) *browser {
	b.Helper()
	a := b.want(b.upload(b.sign(name, b.challenge("/sign-in/file"))), http.StatusSeeOther)
	if to := a.to(); to != "/goods" && !strings.HasPrefix(to, "/sign-in/company") {
		b.Fatalf("after signing in: %q", to)
	}
	return b
}

// sign signs with openssl, as a person at a desk would.
func (s *site) sign(name string, content []byte, options ...string) []byte {
	s.Helper()
	if len(options) == 0 {
		options = []string{"-binary", "-outform", "DER"}
	}
	args := append([]string{
		"cms", "-sign", "-signer", filepath.Join(s.demo, "people", name+".pem"),
		"-inkey", filepath.Join(s.demo, "people", name+".key"),
	}, options...)
	cmd := exec.CommandContext(s.Context(), "openssl", args...)
	cmd.Stdin = bytes.NewReader(content)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		s.Fatalf("openssl: %v\n%s", err, complaint.String())
	}
	return out
}

// attribute is an attribute of the first element that has another one.
func attribute(page, element, having, wanted string) string {
	for _, n := range elements(page, element) {
		has, value := false, ""
		for _, a := range n.Attr {
			has = has || a.Key == having
			if a.Key == wanted {
				value = a.Val
			}
		}
		if has {
			return value
		}
	}
	return ""
}

// elements are all elements of a name.
func elements(page, name string) []*html.Node {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		panic(err) // only reading can fail, and a string cannot
	}
	var list []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			list = append(list, n)
		}
	}
	return list
}

// words are what a page says, in one line.
func words(page string) string {
	var b strings.Builder
	for _, n := range elements(page, "body") {
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				b.WriteString(d.Data + " ")
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// raw sends bytes that no client library would, and reads one answer.
func (s *site) raw(request string) answer {
	s.Helper()
	var d net.Dialer
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	c, err := d.DialContext(ctx, "tcp", s.main.Listener.Addr().String())
	s.must(err)
	defer c.Close()
	s.must(c.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(c, strings.ReplaceAll(request, "HOST", s.options.URL.Host))
	s.must(err)
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	s.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	s.must(err)
	response.Request = &http.Request{Method: method, URL: &url.URL{}}
	return answer{response, string(body)}
}

func TestSampleIsWhatTestsThink(t *testing.T) {
	s := newSite(t)
	for name, want := range map[string]int{"aysel": 3, "rashad": 1, "kamran": 60, "leyla": 0} {
		voen := string(person(t, name).VOENs[0])
		if n := look[int](s, `select count(*) from pending where voen = $1`, voen); n != want {
			t.Errorf("%s has %d registrations, want %d", name, n, want)
		}
	}
	if _, err := os.Stat(filepath.Join(s.demo, "people", "aysel.key")); err != nil {
		t.Error(err)
	}
}
