package mail_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/mail"
)

const (
	aysel = customs.VOEN("1499000151")
	user  = "portal"
	pass  = "a secret of the tests"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// server is a real SMTP server on loopback whose behaviour a test can change.
type server struct {
	*smtp.Server
	addr  *net.TCPAddr
	roots *x509.CertPool
	root  []byte // the same certificate, as PEM

	mu       sync.Mutex
	got      []received
	mail     func() error                   // answers MAIL
	rcpt     func(to string) error          // answers RCPT
	data     func(c *smtp.Conn) error       // before the text is read
	end      func(*smtp.Conn, string) error // answers the end of the text; the server has the mail
	sessions int
}

// received is a mail that the server has, whether it could say so or not.
type received struct {
	from, to, text string
	secure         bool
}

func (r received) id() string {
	m, err := netmail.ReadMessage(bytes.NewReader([]byte(r.text)))
	if err != nil {
		return err.Error()
	}
	return m.Header.Get("Message-Id")
}

func newServer(t testing.TB, security mail.Security) *server {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	s := &server{roots: x509.NewCertPool()}
	s.roots.AddCert(web.Certificate())
	s.root = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	s.Server = smtp.NewServer(s)
	s.Domain, s.ErrorLog = "mx.example.az", slog.NewLogLogger(slog.DiscardHandler, 0)
	config := &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.addr = l.Addr().(*net.TCPAddr)
	switch security {
	case mail.TLS:
		l = tls.NewListener(l, config)
	case mail.STARTTLS:
		s.TLSConfig = config
	case mail.None:
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return s
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return &session{s: s, c: c}, nil
}

type session struct {
	s        *server
	c        *smtp.Conn
	known    bool
	from, to string
}

func (n *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (n *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, u, p string) error {
		if u != user || p != pass {
			return smtp.ErrAuthFailed
		}
		n.known = true
		return nil
	}), nil
}

func (n *session) hook() (mail func() error, rcpt func(string) error, data func(*smtp.Conn) error, end func(*smtp.Conn, string) error) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.s.mail, n.s.rcpt, n.s.data, n.s.end
}

func (n *session) Mail(from string, o *smtp.MailOptions) error {
	if !n.known {
		return smtp.ErrAuthRequired
	}
	if o.UTF8 {
		return errors.New("SMTPUTF8 was asked for")
	}
	n.from = from
	if f, _, _, _ := n.hook(); f != nil {
		return f()
	}
	return nil
}

func (n *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	n.to = to
	if _, f, _, _ := n.hook(); f != nil {
		err := f(to)
		if errors.Is(err, errCut) {
			_ = n.c.Conn().Close()
		}
		return err
	}
	return nil
}

func (n *session) Data(r io.Reader) error {
	_, _, data, end := n.hook()
	if data != nil {
		if err := data(n.c); err != nil {
			return err
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err // the text was not ended: no mail
	}
	if end != nil {
		if err := end(n.c, n.to); err != nil {
			if _, refused := errors.AsType[*smtp.SMTPError](err); refused {
				return err
			}
		}
	}
	_, secure := n.c.TLSConnectionState()
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.s.got = append(n.s.got, received{n.from, n.to, string(b), secure})
	return nil
}

func (n *session) Reset()        {}
func (n *session) Logout() error { return nil }

// behave changes the server's behaviour; zero: it takes everything.
func (s *server) behave(change func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mail, s.rcpt, s.data, s.end = nil, nil, nil, nil
	if change != nil {
		change(s)
	}
}

func (s *server) all() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func reply(code int, enhanced ...int) error {
	e := smtp.EnhancedCode{code / 100, 0, 0}
	copy(e[1:], enhanced)
	return &smtp.SMTPError{Code: code, EnhancedCode: e, Message: "as the test wants it for somebody@example.az"}
}

// world is an outbox with a server.
type world struct {
	testing.TB
	test     *dbtest.DB
	db       *db.DB
	register *db.Register
	server   *server
	su       *pgx.Conn
	key      db.SessionKey
	log      *bytes.Buffer
}

func newWorld(t testing.TB, security mail.Security) *world {
	t.Helper()
	w := &world{TB: t, test: dbtest.New(t), server: newServer(t, security), log: &bytes.Buffer{}}
	var err error
	w.db, err = db.Open(t.Context(), w.test.URL, db.Options{MaxConns: 8})
	must(t, err)
	t.Cleanup(w.db.Close)
	w.register = db.NewRegister(w.db)
	t.Cleanup(w.register.Close)
	w.su, err = pgx.Connect(t.Context(), w.test.SuperuserURL)
	must(t, err)
	t.Cleanup(func() { w.su.Close(context.WithoutCancel(t.Context())) })
	w.key, err = w.db.StartSession(t.Context(), db.Person{
		VOEN: aysel, PIN: "5A7KM2L", Method: "file", Issuer: "business", Serial: "0a", Fingerprint: []byte{1},
	}, db.Limits{Idle: time.Hour, Absolute: time.Hour}, nil)
	must(t, err)
	return w
}

// mailer is one of any number; edit has the last word on its options.
func (w *world) mailer(edit ...func(*mail.Options)) *mail.Mailer {
	w.Helper()
	o := options(w.TB, w.db, w.register, mail.Server{
		Host: "127.0.0.1", Port: w.server.addr.Port, Security: mail.STARTTLS, TLS: &tls.Config{RootCAs: w.server.roots, MinVersion: tls.VersionTLS12},
		User: user, Password: pass,
	})
	o.Log = slog.New(slog.NewTextHandler(w.log, nil))
	for _, e := range edit {
		e(&o)
	}
	return mail.New(o)
}

func options(t testing.TB, d *db.DB, r *db.Register, s mail.Server) mail.Options {
	t.Helper()
	catalogue, err := locales.Load()
	must(t, err)
	return mail.Options{
		DB: d, Register: r, Server: s, Timeout: 20 * time.Second, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Composer: mail.Composer{
			Catalogue: catalogue, From: netmail.Address{Name: "Dövlət Gömrük Komitəsi", Address: "no-reply@customs.example.az"},
			Base: &url.URL{Scheme: "https", Host: "mallarim.example.az"},
		},
		Guard: db.Rate{Every: time.Second, Burst: 1000},
	}
}

var confirmLink = regexp.MustCompile(`/notifications/confirm/([A-Za-z0-9_-]+)`)

// subscribe adds an address and confirms it by the link in the mail.
func (w *world) subscribe(address, lang string) {
	w.Helper()
	_, err := w.db.AddMailAddress(w.Context(), w.key, address, customs.Wish{Lang: lang, Events: customs.NewsKinds})
	must(w, err)
	must(w, w.mailer().Pass(w.Context()))
	got := w.server.all()
	m := confirmLink.FindStringSubmatch(text(w, got[len(got)-1]))
	if m == nil {
		w.Fatalf("no link in\n%s", got[len(got)-1].text)
	}
	_, err = w.db.ConfirmMailAddress(w.Context(), m[1])
	must(w, err)
	w.server.mu.Lock()
	w.server.got = nil
	w.server.mu.Unlock()
}

func (w *world) feed(registration string, revision int64, s customs.Status) {
	w.Helper()
	c := &customs.Consignment{
		Registration: registration, Revision: revision, Checkpoint: "00911", VOEN: aysel, Status: s,
		StatusAt: noon.Add(time.Duration(revision) * time.Minute), RegisteredAt: noon, Consignee: customs.Party{Name: "«Xəzər Aqro Ticarət» MMC"},
		Transport: customs.Transport{Mode: 3, Vehicle: "99-AA-001"},
		Goods:     []customs.GoodsItem{{Number: 1, Description: "Şəkər çuğunduru", CommodityCode: "121291"}},
	}
	document, err := json.Marshal(c)
	must(w, err)
	sum := sha256.Sum256(document)
	_, err = w.db.StoreFeed(w.Context(), []db.Snapshot{{Consignment: c, Document: document, Digest: [16]byte(sum[:16])}}, nil)
	must(w, err)
}

func look[T any](w *world, sql string, args ...any) T {
	w.Helper()
	var v T
	must(w, w.su.QueryRow(w.Context(), sql, args...).Scan(&v))
	return v
}

func (w *world) sql(sql string, args ...any) {
	w.Helper()
	_, err := w.su.Exec(w.Context(), sql, args...)
	must(w, err)
}

// states are the mails with news by how they stand.
func (w *world) states() string {
	w.Helper()
	return look[string](w, `select coalesce(string_agg(state || ' ' || n, ', ' order by state), '') from (select state, count(*) n from mail_outbox where kind = 'news' group by state) s`)
}
