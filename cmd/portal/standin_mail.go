package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/mail"
	"customs.gov.az/portal/mail/demobox"
)

// mailStandIn is the demo's mail server, and the page on which its mails are
// read. It speaks SMTP with STARTTLS, so the portal sends as it always does.
type mailStandIn struct {
	box        *demobox.Box
	smtp, page net.Listener
}

// demoMailWait is how soon news becomes a mail.
const demoMailWait = 5 * time.Second

// openMail makes the portal's settings for the stand-in, whose page is at an
// address of this machine.
func openMail(data, page string, c *checked) (m *mailStandIn, err error) {
	roots, err := authorities(filepath.Join(data, "tls", "ca.pem"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(data, "tls", "server.pem"), filepath.Join(data, "tls", "server.key"))
	if err != nil {
		return nil, err
	}
	m = &mailStandIn{box: demobox.New(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, time.Now)}
	if m.smtp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if m.page, err = listenNear(page); err != nil {
		m.close()
		return nil, err
	}
	at, _ := m.smtp.Addr().(*net.TCPAddr)
	c.post = &post{
		server: mail.Server{Host: "127.0.0.1", Port: at.Port, Security: mail.STARTTLS, TLS: roots},
		from:   netmail.Address{Name: "Dövlət Gömrük Komitəsi (demo)", Address: "no-reply@mallarim.demo"}, wait: demoMailWait,
	}
	return m, nil
}

func (m *mailStandIn) serve(ctx context.Context, g *errgroup.Group) {
	start(ctx, g, newServer(m.box.Handler()), m.page)
	g.Go(func() error { return m.box.Serve(m.smtp) })
	g.Go(func() error { <-ctx.Done(); return m.box.Close() })
}

func (m *mailStandIn) close() {
	for _, l := range []net.Listener{m.smtp, m.page} {
		if l != nil {
			_ = l.Close() // nobody waits for it
		}
	}
}

// greeting says where the mails are read.
func (m *mailStandIn) greeting(base *url.URL) string {
	return fmt.Sprintf("  Mail        choose at %s what to be told; every mail, to whatever address, arrives at http://%s\n", base.JoinPath(mail.SettingsPath), m.page.Addr())
}
