package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/mail"
)

// mailing are the settings of notifications by e-mail. Without a server they
// are not offered.
type mailing struct {
	SMTPURL  string        `name:"smtp-url" env:"PORTAL_SMTP_URL" help:"Mail server: smtp://user@host:port (STARTTLS is required; port 587 if none is given) or smtps://user@host:port (TLS from the start; 465). ?tls=none for a server on this machine only. Without it notifications are not offered."`
	Password string        `name:"smtp-password" env:"PORTAL_SMTP_PASSWORD" help:"Password of the mail server's user. May come from PORTAL_SMTP_PASSWORD_FILE."`
	CA       string        `name:"smtp-ca" env:"PORTAL_SMTP_CA" type:"path" help:"Authorities of the mail server's certificate, PEM (default: the system's)."`
	From     string        `name:"mail-from" env:"PORTAL_MAIL_FROM" help:"Sender of the mails, such as: Customs <no-reply@customs.example>. Refused mails come back to it."`
	Wait     time.Duration `name:"mail-wait" env:"PORTAL_MAIL_WAIT" default:"1m" help:"News of so long becomes one mail, at most 1h."`
}

// post is how mail is sent.
type post struct {
	server mail.Server
	from   netmail.Address
	wait   time.Duration
}

// check reads the settings and reports all mistakes at once; nil: no mail.
func (m *mailing) check() (*post, error) {
	password, err := secret("PORTAL_SMTP_PASSWORD", m.Password)
	if err != nil || m.SMTPURL == "" && m.From == "" && password == "" {
		return nil, err
	}
	var problems [4]error
	p := &post{wait: m.Wait}
	p.server, problems[0] = smtpServer(m.SMTPURL, password)
	p.server.TLS, problems[1] = authorities(m.CA)
	p.from, problems[2] = sender(m.From)
	if m.Wait < time.Second || m.Wait > time.Hour {
		problems[3] = errors.New("PORTAL_MAIL_WAIT is between 1s and 1h")
	}
	return p, errors.Join(problems[:]...)
}

// smtpServer reads the address of the mail server.
func smtpServer(address, password string) (mail.Server, error) {
	wrong := errors.New("PORTAL_SMTP_URL is not an address such as smtp://user@host:587 or smtps://user@host:465")
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return mail.Server{}, wrong // the address is left out: it may hold a password
	}
	s := mail.Server{Host: u.Hostname(), User: u.User.Username(), Password: password}
	switch u.Scheme {
	case "smtp":
		s.Security, s.Port = mail.STARTTLS, 587
	case "smtps":
		s.Security, s.Port = mail.TLS, 465
	default:
		return mail.Server{}, wrong
	}
	if u.Port() != "" {
		if s.Port, err = strconv.Atoi(u.Port()); err != nil || s.Port < 1 || s.Port > 65535 {
			return mail.Server{}, wrong
		}
	}
	if _, inside := u.User.Password(); inside {
		return s, errors.New("PORTAL_SMTP_URL: the password belongs into PORTAL_SMTP_PASSWORD, or a file")
	}
	if (s.User == "") != (password == "") {
		return s, errors.New("PORTAL_SMTP_URL names a user if and only if there is PORTAL_SMTP_PASSWORD")
	}
	switch u.RawQuery {
	case "":
	case "tls=none":
		if !loopback(u) || u.Scheme != "smtp" || s.User != "" {
			return s, errors.New("PORTAL_SMTP_URL: tls=none is for a server on this machine, without a password")
		}
		s.Security = mail.None
	default:
		return s, wrong
	}
	return s, nil
}

// authorities reads whose certificate the mail server may have; nil: the
// system's.
func authorities(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SMTP_CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, errors.New("PORTAL_SMTP_CA holds no certificate")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// sender reads the address that mails come from.
func sender(text string) (netmail.Address, error) {
	a, err := netmail.ParseAddress(text)
	if err != nil || strings.ContainsAny(a.Name, "\r\n") {
		return netmail.Address{}, errors.New("PORTAL_MAIL_FROM is missing, or not an address such as: Customs <no-reply@customs.example>")
	}
	if a.Address, err = mail.ParseAddress(a.Address); err != nil {
		return netmail.Address{}, errors.New("PORTAL_MAIL_FROM: this is no address that mail servers take")
	}
	return *a, nil
}

// mailer is the mailer of this process.
func (p *post) mailer(d *db.DB, r *db.Register, catalogue *locales.Catalogue, base *url.URL, log *slog.Logger) *mail.Mailer {
	return mail.New(mail.Options{
		DB: d, Register: r, Server: p.server, Wait: p.wait, Log: log, Now: time.Now,
		Composer: mail.Composer{Catalogue: catalogue, From: p.from, Base: base},
	})
}
