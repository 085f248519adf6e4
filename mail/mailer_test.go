package mail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/mail"
)

var quiet = slog.New(slog.DiscardHandler)

var mailServer = mail.Server{Host: "127.0.0.1", Port: 25, Security: mail.STARTTLS}

// A mail arrives over TLS, once, with its entry in the register.
func TestDelivery(t *testing.T) {
	for _, security := range []mail.Security{mail.STARTTLS, mail.TLS} {
		w := newWorld(t, security)
		m := w.mailer(func(o *mail.Options) { o.Server.Security = security })
		_, err := w.db.AddMailAddress(t.Context(), w.key, "aysel@example.az", customs.Wish{Lang: "az", Events: customs.NewsKinds})
		must(t, err)
		must(t, m.Pass(t.Context()))
		_, err = w.db.ConfirmMailAddress(t.Context(), confirmLink.FindStringSubmatch(text(t, w.server.all()[0]))[1])
		must(t, err)
		w.feed("R1", 1, customs.Registered)
		w.feed("R2", 1, customs.Registered)
		w.feed("R1", 2, customs.Inspection)
		for range 3 {
			must(t, m.Pass(t.Context()))
		}
		got := w.server.all()
		if len(got) != 2 || got[1].to != "aysel@example.az" || got[1].from != "no-reply@customs.example.az" || !got[1].secure || w.states() != "sent 1" {
			t.Fatalf("%s: %+v, outbox: %s", security, got, w.states())
		}
		if said := text(t, got[1]); !strings.Contains(said, "- R1: Gömrük baxışı keçirilir\r\n- R2: Sərhəddə qeydə alınıb\r\n") {
			t.Errorf("%s", said)
		}
		entry := look[string](w, `select concat_ws('|', channel, actor, subject, action, asked, outcome, results) from register_entry`)
		if entry != "mail|system|1499000151|notifications.mail|R1 R2|answered|2" {
			t.Errorf("the register: %s", entry)
		}
		if got[1].id() != "<"+look[string](w, `select request_id::text from register_entry`)+"@mallarim.example.az>" {
			t.Errorf("the entry is not that of the mail %s", got[1].id())
		}
		if log := w.log.String(); strings.Contains(log, "aysel") || strings.Contains(log, string(aysel)) || strings.Contains(log, "R1") || !strings.Contains(log, "outcome=sent") {
			t.Errorf("the log: %s", log)
		}
	}
}

// Without what protects the way nothing is sent, and nothing is used up.
func TestNoSessionNoMail(t *testing.T) {
	for what, test := range map[string]struct {
		security mail.Security
		edit     func(*mail.Options)
	}{
		"no STARTTLS":            {mail.None, func(*mail.Options) {}},
		"unknown authority":      {mail.STARTTLS, func(o *mail.Options) { o.Server.TLS = nil }},
		"another name":           {mail.STARTTLS, func(o *mail.Options) { o.Server.Host = "localhost" }},
		"TLS where none is":      {mail.STARTTLS, func(o *mail.Options) { o.Server.Security = mail.TLS; o.Timeout = 2 * time.Second }},
		"wrong password":         {mail.STARTTLS, func(o *mail.Options) { o.Server.Password = "x" }},
		"no password":            {mail.STARTTLS, func(o *mail.Options) { o.Server.User = "" }},
		"nobody listens":         {mail.STARTTLS, func(o *mail.Options) { o.Server.Port = 1 }},
		"password over no TLS":   {mail.None, func(o *mail.Options) { o.Server.Security = mail.None; o.Server.Host = "localhost" }},
		"old TLS":                {mail.STARTTLS, func(o *mail.Options) { o.Server.TLS = &tls.Config{MaxVersion: tls.VersionTLS11} }},
		"the server is too busy": {mail.STARTTLS, func(o *mail.Options) {}},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, test.security)
			_, err := w.db.AddMailAddress(t.Context(), w.key, "aysel@example.az", customs.Wish{Lang: "az", Events: customs.NewsKinds})
			must(t, err)
			if what == "the server is too busy" {
				w.server.behave(func(s *server) { s.mail = func() error { return reply(451) } })
			}
			err = w.mailer(test.edit).Pass(t.Context())
			attempts, later := look[int](w, `select attempts from mail_outbox`), what == "no password" || what == "the server is too busy"
			if len(w.server.all()) != 0 || (err == nil) != later || (attempts > 0) != later {
				t.Errorf("%d mails, %d attempts, error %v", len(w.server.all()), attempts, err)
			}
			if err != nil && strings.Contains(err.Error(), "aysel") {
				t.Errorf("the error tells the address: %v", err)
			}
			// Once it is mended the mail goes.
			w.server.behave(nil)
			if test.security == mail.STARTTLS {
				w.sql(`update mail_outbox set due_at = now()`)
				must(t, w.mailer().Pass(t.Context()))
				if len(w.server.all()) != 1 {
					t.Errorf("%d mails", len(w.server.all()))
				}
			}
		})
	}
}

// What a server refuses for now is tried again, later and later; what it
// refuses for good is not, and a mailbox that is refused is not written to.
func TestRefusals(t *testing.T) {
	for what, test := range map[string]struct {
		change  func(*server)
		state   string
		failing bool
	}{
		"mailbox for now":      {func(s *server) { s.rcpt = func(string) error { return reply(450, 2, 1) } }, "waiting 1", false},
		"mailbox for good":     {func(s *server) { s.rcpt = func(string) error { return reply(550, 1, 1) } }, "failed 1", true},
		"relaying":             {func(s *server) { s.rcpt = func(string) error { return reply(550, 7, 1) } }, "waiting 1", false},
		"sender for now":       {func(s *server) { s.mail = func() error { return reply(451) } }, "waiting 1", false},
		"sender for good":      {func(s *server) { s.mail = func() error { return reply(550) } }, "waiting 1", false},
		"closing":              {func(s *server) { s.rcpt = func(string) error { return reply(421) } }, "waiting 1", false},
		"text before, for now": {func(s *server) { s.data = func(*smtp.Conn) error { return reply(451) } }, "waiting 1", false},
		"text after, for now":  {func(s *server) { s.end = func(*smtp.Conn, string) error { return reply(452) } }, "waiting 1", false},
		"text for good":        {func(s *server) { s.end = func(*smtp.Conn, string) error { return reply(554, 6, 0) } }, "failed 1", false},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, mail.STARTTLS)
			w.subscribe("aysel@example.az", "en")
			w.feed("R1", 1, customs.Registered)
			w.server.behave(test.change)
			must(t, w.mailer().Pass(t.Context()))
			if got := w.states(); got != test.state || len(w.server.all()) != 0 {
				t.Fatalf("%s, %d mails", got, len(w.server.all()))
			}
			if failing := look[bool](w, `select failing_at is not null from mail_address`); failing != test.failing {
				t.Errorf("failing: %v", failing)
			}
			if test.state == "waiting 1" {
				if due := look[float64](w, `select extract(epoch from due_at - now())::float8 from mail_outbox where kind = 'news'`); due < 40 || due > 76 {
					t.Errorf("tried again in %v s", due)
				}
			}
			w.server.behave(nil)
			w.feed("R2", 1, customs.Registered)
			w.sql(`update mail_outbox set due_at = now() where state = 'waiting'`)
			must(t, w.mailer().Pass(t.Context()))
			said := ""
			for _, r := range w.server.all() {
				said += text(t, r)
			}
			if told1, told2 := strings.Contains(said, "- R1:"), strings.Contains(said, "- R2:"); told1 != (test.state == "waiting 1") || told2 == test.failing || len(w.server.all()) > 1 {
				t.Errorf("after that: %d mails\n%s", len(w.server.all()), said)
			}
		})
	}
}

// errCut is a server's answer that never comes: it closes the connection.
var errCut = errors.New("cut")

// Connections break at every point. What was certainly not taken over is sent
// again; what may have been is never sent again, and told once more.
func TestBrokenConnections(t *testing.T) {
	broken := func(c *smtp.Conn) error { _ = c.Conn().Close(); return errCut }
	for what, test := range map[string]struct {
		change func(*server)
		state  string
		taken  int
		silent bool
	}{
		"before the text":         {func(s *server) { s.rcpt = func(string) error { return errCut } }, "waiting 1", 0, false},
		"within the text":         {func(s *server) { s.data = broken }, "unknown 1", 0, false},
		"after the text":          {func(s *server) { s.end = func(c *smtp.Conn, _ string) error { return broken(c) } }, "unknown 1", 1, false},
		"after the text, no mail": {func(s *server) { s.end = func(c *smtp.Conn, _ string) error { _ = broken(c); return reply(451) } }, "unknown 1", 0, false},
		"no word after the text": {func(s *server) {
			s.end = func(c *smtp.Conn, _ string) error { _, _ = c.Conn().Read(make([]byte, 1)); return nil }
		}, "unknown 1", 1, true},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, mail.STARTTLS)
			w.subscribe("aysel@example.az", "en")
			w.feed("R1", 1, customs.Registered)
			w.server.behave(test.change)
			must(t, w.mailer(func(o *mail.Options) {
				if test.silent {
					o.Timeout = 2 * time.Second
				}
			}).Pass(t.Context()))
			if got := w.states(); got != test.state {
				t.Fatalf("outbox: %s, want %s", got, test.state)
			}
			w.server.behave(nil)
			w.sql(`update mail_outbox set due_at = now() where state = 'waiting'`)
			w.sql(`update mail_item set due_at = now() where mail is null`)
			for range 2 {
				must(t, w.mailer().Pass(t.Context()))
			}
			w.settle()
			got := w.server.all()
			if len(got) != test.taken+1 {
				t.Fatalf("%d mails, want %d", len(got), test.taken+1)
			}
			if again := strings.Contains(text(t, got[len(got)-1]), "- R1: Registered at the border (repeated)"); again != (test.state == "unknown 1") {
				t.Errorf("the last mail:\n%s", text(t, got[len(got)-1]))
			}
			if test.taken == 1 && got[0].id() == got[1].id() {
				t.Error("the same mail was sent twice")
			}
		})
	}
}

// settle waits until the server's sessions have ended.
func (w *world) settle() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		w.Fatal(err)
	}
}

// Two mailers side by side, on a server that refuses and breaks now and then:
// each mail is taken over once, and nothing is lost. Only news of which three
// mails ended with nobody knowing is not sent a fourth time.
func TestTwoMailers(t *testing.T) {
	w := newWorld(t, mail.STARTTLS)
	const addresses, rounds = 8, 6
	for i := range addresses {
		w.subscribe(fmt.Sprintf("n%d@example.az", i), "en")
	}
	var mu sync.Mutex
	n := 0
	trouble := func(every int, err error) error {
		mu.Lock()
		defer mu.Unlock()
		if n++; n%every == 0 {
			return err
		}
		return nil
	}
	w.server.behave(func(s *server) {
		s.rcpt = func(string) error { return trouble(5, reply(450)) }
		s.data = func(c *smtp.Conn) error {
			if trouble(7, errors.New("x")) != nil {
				_ = c.Conn().Close()
				return errCut
			}
			return nil
		}
		s.end = func(*smtp.Conn, string) error { return trouble(4, reply(451)) }
	})
	for round := range rounds {
		w.feed(fmt.Sprintf("R%d", round), 1, customs.Registered)
		var g sync.WaitGroup
		for range 2 {
			m := w.mailer(func(o *mail.Options) { o.Log = quiet })
			g.Go(func() {
				for range 3 {
					if err := m.Pass(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		g.Wait()
		w.sql(`update mail_outbox set due_at = now() where state = 'waiting'`)
		w.sql(`update mail_item set due_at = now() where mail is null`)
	}
	w.server.behave(nil)
	must(t, w.mailer().Pass(t.Context()))
	told, ids := map[string]int{}, map[string]bool{}
	for _, r := range w.server.all() {
		if ids[r.id()] {
			t.Errorf("%s was sent twice", r.id())
		}
		ids[r.id()] = true
		for round := range rounds {
			if strings.Contains(text(t, r), fmt.Sprintf("- R%d: Registered", round)) {
				told[fmt.Sprintf("%s R%d", r.to, round)]++
			}
		}
	}
	given := look[[]string](w, `
		select coalesce(array_agg(a.address || ' ' || i.registration), '{}')
		  from mail_item i join mail_outbox o on o.id = i.mail join mail_address a on a.id = i.address
		 where o.state = 'unknown' and i.told = 2`)
	for _, what := range given {
		told[what]++
	}
	if len(told) != addresses*rounds {
		t.Errorf("%d of %d pieces of news were told, %d were in three mails of which nobody knows", len(told)-len(given), addresses*rounds, len(given))
	}
	for what, times := range told {
		if times != 1 {
			t.Errorf("%s was told %d times", what, times)
		}
	}
	if open := look[int](w, `select count(*) from mail_outbox where ended_at is null`) + look[int](w, `select count(*) from mail_item where mail is null`); open > 0 {
		t.Errorf("%d are left: %s", open, w.states())
	}
}
