package mail_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/mail"
)

// TestMailUntilKilled is the mailer of TestKilledMailer, in a process of its
// own; without its settings it has nothing to do.
func TestMailUntilKilled(t *testing.T) {
	url, port, root := os.Getenv("MAIL_URL"), os.Getenv("MAIL_PORT"), os.Getenv("MAIL_ROOT")
	if url == "" {
		return
	}
	d, err := db.Open(t.Context(), url, db.Options{MaxConns: 2})
	must(t, err)
	p, err := strconv.Atoi(port)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(root))
	o := options(t, d, db.NewRegister(d), mail.Server{
		Host: "127.0.0.1", Port: p, Security: mail.STARTTLS, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, User: user, Password: pass,
	})
	o.Poll = 20 * time.Millisecond
	mail.New(o).Run(t.Context())
}

// A mailer is killed at each point of a mail, the worst of them between the
// server's having the mail and the mailer's noting it. Another one takes over:
// no mail is taken over twice, and no news is lost.
func TestKilledMailer(t *testing.T) {
	for what, test := range map[string]struct {
		at    func(s *server, kill func())
		taken int    // by the server from the killed mailer
		state string // of that mail in the end
	}{
		"at the sender":    {func(s *server, kill func()) { s.mail = func() error { kill(); return nil } }, 0, "sent 1"},
		"at the recipient": {func(s *server, kill func()) { s.rcpt = func(string) error { kill(); return nil } }, 0, "sent 1"},
		"after the text": {func(s *server, kill func()) {
			s.end = func(*smtp.Conn, string) error { kill(); return nil }
		}, 1, "sent 1, unknown 1"},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, mail.STARTTLS)
			w.subscribe("aysel@example.az", "en")
			w.feed("R1", 1, customs.Registered)
			cmd := exec.Command(os.Args[0], "-test.run=^TestMailUntilKilled$")
			cmd.Env = append(os.Environ(), "MAIL_URL="+w.test.URL, "MAIL_PORT="+strconv.Itoa(w.server.addr.Port), "MAIL_ROOT="+string(w.server.root))
			killed := make(chan error, 1)
			w.server.behave(func(s *server) {
				test.at(s, func() { err := cmd.Process.Kill(); _ = cmd.Wait(); killed <- err })
			})
			must(t, cmd.Start())
			select {
			case err := <-killed:
				must(t, err)
			case <-time.After(time.Minute):
				t.Fatal("the mailer never came")
			}
			w.server.behave(nil)
			for began := time.Now(); len(w.server.all()) < test.taken && time.Since(began) < time.Minute; { // it takes the mail after the kill
				time.Sleep(time.Millisecond)
			}
			if got := w.states(); !strings.HasSuffix(got, "ing 1") && !strings.HasSuffix(got, "claimed 1") {
				t.Fatalf("after the kill: %s", got)
			}
			must(t, w.mailer().Pass(t.Context())) // the lease holds
			if n := len(w.server.all()); n != test.taken {
				t.Fatalf("%d mails while the lease holds", n)
			}
			w.sql(`update mail_outbox set lease = now() where ended_at is null`)
			must(t, w.mailer().Pass(t.Context()))
			w.sql(`update mail_item set due_at = now() where mail is null`)
			for range 2 {
				must(t, w.mailer().Pass(t.Context()))
			}
			got := w.server.all()
			if w.states() != test.state || len(got) != test.taken+1 {
				t.Fatalf("%s; %d mails", w.states(), len(got))
			}
			if test.taken == 1 && got[0].id() == got[1].id() {
				t.Error("the same mail was sent twice")
			}
			if last := text(t, got[len(got)-1]); !strings.Contains(last, "- R1: ") || strings.Contains(last, "(repeated)") != (test.taken == 1) {
				t.Errorf("the last mail:\n%s", last)
			}
		})
	}
}
