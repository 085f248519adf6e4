package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Security is how the way to the mail server is protected.
type Security string

// The ways. None is for a server on this machine.
const (
	STARTTLS Security = "starttls" // TLS after a plain greeting, or no mail at all (RFC 3207)
	TLS      Security = "tls"      // TLS from the first byte (RFC 8314)
	None     Security = "none"
)

// Server is the mail server that takes mails over.
type Server struct {
	Host           string // also the name that its certificate must have
	Port           int
	Security       Security
	TLS            *tls.Config // nil: the system's authorities
	User, Password string      // "" without authentication
	Hello          string      // this machine's name for EHLO; "": the library's choice
}

// conn is a connection that is ready for mails.
type conn struct {
	raw    net.Conn
	client *smtp.Client
	over   bool // it was ended
}

// dial connects, secures the connection and signs in to the server.
func (s Server) dial(ctx context.Context, timeout time.Duration) (*conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.ServerName = s.Host
	c := &conn{}
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(timeout), gomail.WithTLSConfig(config), gomail.WithTLSPolicy(gomail.TLSMandatory),
		gomail.WithoutSMTPUTF8(), // all addresses are ASCII, so any server on the way will do
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err == nil && s.Security == TLS {
				raw = tls.Client(raw, config)
			}
			c.raw = raw
			return raw, err
		}),
	}
	switch s.Security {
	case TLS:
		options = append(options, gomail.WithSSL())
	case None:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case STARTTLS:
	}
	if s.User != "" {
		options = append(options, gomail.WithUsername(s.User), gomail.WithPassword(s.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	if s.Hello != "" {
		options = append(options, gomail.WithHELO(s.Hello))
	}
	dialer, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return nil, err
	}
	c.client, err = dialer.DialToSMTPClientWithContext(ctx)
	if err != nil {
		c.abort()
		return nil, err
	}
	return c, nil
}

// abort ends the connection in the middle of whatever was going on: a text
// whose end was not sent is then no mail (RFC 5321 §4.1.1.4).
func (c *conn) abort() {
	c.over = true
	if c.raw != nil {
		_ = c.raw.Close() // nobody reads from it any more
	}
}

// quit ends the connection in good manners.
func (c *conn) quit() {
	_ = c.raw.SetDeadline(time.Now().Add(5 * time.Second))
	if c.client.Quit() != nil {
		c.abort()
	}
}

// A refusal is a reply of the server's that is certain: the mail was not taken.
type refusal struct {
	code int
	what refused
}

// refused is what a server refuses.
type refused int

const (
	refusedPortal  refused = iota // as a sender, for now or until its settings are mended
	refusedMailbox                // of the recipient
	refusedText                   // of the mail
)

func (r refusal) Error() string { return "mail: the server refused with " + strconv.Itoa(r.code) }

// permanent reports whether trying again would change nothing.
func (r refusal) permanent() bool { return r.code >= 500 && r.what != refusedPortal }

// errBroken says that the connection broke before the end of the text was sent.
var errBroken = errors.New("mail: the connection broke before the mail was sent")

// errUnknown says that it broke between the end of the text and the server's
// word, so that nobody knows.
var errUnknown = errors.New("mail: the connection broke before the server's word")

// reply turns an error of the library into a refusal, or otherwise. The
// server's words are left out: they may quote the address.
func reply(err error, what refused, otherwise error) error {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[*textproto.Error](err); ok {
		return refusal{r.Code, what}
	}
	return otherwise
}

// recipient says what a refusal of the recipient is about. One for reasons of
// policy (RFC 3463, X.7.X: relaying denied, and the like) or because the portal
// should have signed in says nothing about the mailbox.
func recipient(err error) refused {
	if r, ok := errors.AsType[*textproto.Error](err); ok && (strings.HasPrefix(r.Msg, "5.7.") || r.Code == 530 || r.Code == 503) {
		return refusedPortal
	}
	return refusedMailbox
}

// send hands one mail over. tell is called once the recipient is accepted and
// before any of the text leaves, commit immediately before the end of the text:
// if one fails the mail is not sent and its error returned. Other errors:
// refusal, errBroken, errUnknown. After an error that is no refusal the
// connection is closed.
func (c *conn) send(from, to string, text []byte, tell, commit func() error) (err error) {
	defer func() {
		if _, ok := errors.AsType[refusal](err); ok {
			if c.client.Reset() == nil {
				return
			}
		} else if err == nil {
			return
		}
		c.abort()
	}()
	if err := c.client.Mail("<" + from + ">"); err != nil {
		return reply(err, refusedPortal, errBroken)
	}
	if err := c.client.Rcpt("<" + to + ">"); err != nil {
		return reply(err, recipient(err), errBroken)
	}
	if err := tell(); err != nil {
		return err
	}
	w, err := c.client.Data()
	if err != nil {
		return reply(err, refusedText, errBroken)
	}
	if _, err := w.Write(text); err != nil {
		return errBroken
	}
	if err := commit(); err != nil {
		return err
	}
	return reply(w.Close(), refusedText, errUnknown)
}
