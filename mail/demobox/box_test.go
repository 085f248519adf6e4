package demobox_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/mail/demobox"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open starts a box and returns a way to hand it mail, by Go's own client.
func open(t *testing.T) (*demobox.Box, func(to, text string) error) {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	box := demobox.New(&tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}, time.Now)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ended := make(chan error, 1)
	go func() { ended <- box.Serve(l) }()
	t.Cleanup(func() {
		must(t, box.Close())
		must(t, <-ended)
	})
	return box, func(to, text string) error {
		c, err := smtp.Dial(l.Addr().String())
		must(t, err)
		defer c.Close()
		if err := c.Mail("early@demo"); err == nil || !strings.HasPrefix(err.Error(), "530") {
			t.Errorf("mail without TLS: %v", err)
		}
		must(t, c.StartTLS(&tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}))
		must(t, c.Mail("portal@demo"))
		if err := c.Rcpt(to); err != nil {
			return err
		}
		w, err := c.Data()
		must(t, err)
		_, err = io.WriteString(w, text)
		must(t, err)
		return w.Close()
	}
}

func get(t *testing.T, h http.Handler, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Code, w.Body.String()
}

func TestBox(t *testing.T) {
	box, send := open(t)
	if status, body := get(t, box.Handler(), "GET", "/"); status != http.StatusOK || !strings.Contains(body, "No mail yet") {
		t.Errorf("%d %s", status, body)
	}
	stopped := make(chan url.Values, 2)
	status := http.StatusOK
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		must(t, r.ParseForm())
		stopped <- r.PostForm
		w.WriteHeader(status)
	}))
	defer portal.Close()
	must(t, send("a@example.az", "Subject: =?UTF-8?q?Yenilik_=C9=99?=\r\nTo: <a@example.az>\r\nContent-Transfer-Encoding: quoted-printable\r\n"+
		"List-Unsubscribe: <"+portal.URL+"/stop>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nBax: http://127.0.0.1/goods?a=3D1&b=3D<script>=C9=99\r\n"))
	must(t, send("b@example.az", "Subject: <b>\r\nList-Unsubscribe: <https://example.com/>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nplain\r\n"))
	if err := send("refuse@example.az", ""); err == nil || !strings.HasPrefix(err.Error(), "550") {
		t.Errorf("refused: %v", err)
	}
	if err := send("c@example.az", "no mail at all"); err == nil || !strings.HasPrefix(err.Error(), "554") {
		t.Errorf("no mail: %v", err)
	}
	for path, parts := range map[string][]string{
		"/":  {"a@example.az", `<a href="/1">Yenilik ə</a>`, `<a href="/2">&lt;b&gt;</a>`},
		"/1": {`<a href="http://127.0.0.1/goods?a=1&amp;b=">http://127.0.0.1/goods?a=1&amp;b=</a>&lt;script&gt;ə`, "one click"},
	} {
		_, body := get(t, box.Handler(), "GET", path)
		for _, part := range parts {
			if !strings.Contains(body, part) {
				t.Errorf("%s: no %q in %s", path, part, body)
			}
		}
	}
	if code, body := get(t, box.Handler(), "POST", "/1/stop"); code != http.StatusOK || !strings.Contains(body, "has stopped") || (<-stopped).Get("List-Unsubscribe") != "One-Click" {
		t.Errorf("%d %s", code, body)
	}
	status = http.StatusNotFound
	if code, body := get(t, box.Handler(), "POST", "/1/stop"); code != http.StatusBadGateway || !strings.Contains(body, "404") {
		t.Errorf("%d %s", code, body)
	}
	for _, path := range []string{"/2/stop", "/3/stop", "/x/stop"} { // another machine's address, and no mail
		if code, _ := get(t, box.Handler(), "POST", path); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
	if code, _ := get(t, box.Handler(), "GET", "/3"); code != http.StatusNotFound {
		t.Errorf("no mail: %d", code)
	}
}

// The box forgets the oldest.
func TestBoxIsBounded(t *testing.T) {
	box, send := open(t)
	for range 203 {
		must(t, send("a@example.az", "Subject: x\r\n\r\n"))
	}
	if mails := box.Mails(); len(mails) != 200 || mails[0].N != 4 {
		t.Errorf("%d mails, first %d", len(mails), mails[0].N)
	}
}

// Closing before serving has begun ends it all the same: Ctrl-C during a start.
func TestClosedBeforeItServes(t *testing.T) {
	for range 50 {
		b := demobox.New(&tls.Config{MinVersion: tls.VersionTLS12}, time.Now)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- b.Serve(l) }()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it serves on")
		}
		if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
			c.Close()
			t.Error("the listener is open")
		}
	}
}
