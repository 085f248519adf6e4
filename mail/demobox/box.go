// Package demobox is the demo's mail server and everybody's mailbox: it speaks
// SMTP, delivers to nobody, and shows what it was given on a page.
package demobox

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	kept        = 200     // mails
	largestMail = 1 << 20 // bytes
)

// Box is a mail server with one mailbox for all addresses.
type Box struct {
	server *smtp.Server
	now    func() time.Time

	mu        sync.Mutex
	mails     []Mail // oldest first
	count     int    // ever
	listeners []net.Listener
	closed    bool
}

// Mail is one that was received.
type Mail struct {
	N        int // from 1, in the order of arrival
	At       time.Time
	From, To string // of the envelope
	Subject  string
	Text     string
	Stop     string // address of List-Unsubscribe, "" without one click (RFC 8058)
	Header   netmail.Header
}

// New makes a box that offers STARTTLS with these certificates and takes
// nothing without it.
func New(config *tls.Config, now func() time.Time) *Box {
	b := &Box{now: now}
	b.server = smtp.NewServer(backend{b})
	b.server.Domain, b.server.TLSConfig = "mx.demo", config
	b.server.MaxMessageBytes, b.server.MaxRecipients = largestMail, 10
	b.server.ReadTimeout, b.server.WriteTimeout = time.Minute, time.Minute
	b.server.ErrorLog = log.New(io.Discard, "", 0)
	return b
}

// Serve serves until Close, also when that came first: the server itself would
// then wait for ever.
func (b *Box) Serve(l net.Listener) error {
	b.mu.Lock()
	closed := b.closed
	b.listeners = append(b.listeners, l)
	b.mu.Unlock()
	if closed {
		return l.Close()
	}
	if err := b.server.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends the server and its connections.
func (b *Box) Close() error {
	b.mu.Lock()
	b.closed = true
	listeners := b.listeners
	b.mu.Unlock()
	err := b.server.Close()
	for _, l := range listeners {
		_ = l.Close() // the server may have done it
	}
	return err
}

// Mails are the mails that are kept, oldest first.
func (b *Box) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

func (b *Box) take(m Mail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	m.N, m.At = b.count, b.now()
	b.mails = append(b.mails, m)
	if len(b.mails) > kept {
		b.mails = slices.Delete(b.mails, 0, len(b.mails)-kept)
	}
}

type backend struct{ box *Box }

// NewSession implements smtp.Backend.
func (b backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{box: b.box, conn: c}, nil
}

type session struct {
	box  *Box
	conn *smtp.Conn
	from string
	to   []string
}

// Mail implements smtp.Session. It wants TLS, as real servers should.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if _, secure := s.conn.TLSConnectionState(); !secure {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first"} // RFC 3207
	}
	s.from = from
	return nil
}

// Rcpt implements smtp.Session. An address that begins with "refuse" is refused,
// so that one can see what happens then.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "refuse") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"}
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := read(b)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Not a mail"}
	}
	m.From, m.To = s.from, strings.Join(s.to, ", ")
	s.box.take(m)
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// read reads a mail of one part.
func read(b []byte) (Mail, error) {
	msg, err := netmail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return Mail{}, err
	}
	m := Mail{Header: msg.Header}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return m, err
	}
	body := msg.Body
	if strings.EqualFold(msg.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	m.Text = string(text)
	if msg.Header.Get("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click" {
		m.Stop = strings.Trim(msg.Header.Get("List-Unsubscribe"), " <>")
	}
	return m, err
}
