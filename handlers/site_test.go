package handlers_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/handlers"
	"customs.gov.az/portal/intake"
	"customs.gov.az/portal/live"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
	"customs.gov.az/portal/views"
)

// TestMain removes what the tests' people were made in.
func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := demo(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// demo is the folder of the demo's issuers and people, made once for all tests.
var demo = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "portal-handlers-")
	if err != nil {
		return "", err
	}
	return dir, democa.Create(dir, time.Now())
})

// patience bounds every wait for what must happen; a loaded machine is slow.
const patience = 2 * time.Minute

// site is a whole portal on real parts: listeners, database, register and
// e-signature check, with a few registrations stored the way the feed comes.
type site struct {
	testing.TB
	test    *dbtest.DB
	db      *db.DB
	hub     *live.Hub
	portal  *handlers.Portal
	options handlers.Options
	demo    string // folder of issuers and people
	main    *httptest.Server
	card    *httptest.Server
	ops     *httptest.Server
	log     *journal
}

// newSite opens a site with the sample goods; edit has the last word on its
// options.
func newSite(t testing.TB, edit ...func(*handlers.Options)) *site {
	t.Helper()
	s := newEmptySite(t, edit...)
	s.feed(sampleFeed()...)
	return s
}

func newEmptySite(t testing.TB, edit ...func(*handlers.Options)) *site {
	t.Helper()
	test := dbtest.New(t)
	d, err := db.Open(t.Context(), test.URL, db.Options{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return openSite(t, test, d, edit...)
}

// openSite serves a database; several sites may serve the same.
func openSite(t testing.TB, test *dbtest.DB, d *db.DB, edit ...func(*handlers.Options)) *site {
	t.Helper()
	s := &site{TB: t, test: test, db: d, hub: live.New(100), log: &journal{}}
	var err error
	s.demo, err = demo()
	s.must(err)
	s.listen()
	s.options = s.newOptions()
	for _, e := range edit {
		e(&s.options)
	}
	s.portal, err = handlers.New(s.options)
	s.must(err)
	s.start()
	return s
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// listen opens the listeners, so that their addresses are known.
func (s *site) listen() {
	for _, l := range []**httptest.Server{&s.main, &s.card, &s.ops} {
		*l = httptest.NewUnstartedServer(nil)
		(*l).Config.MaxHeaderBytes = 16 << 10
		(*l).Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	}
}

func (s *site) newOptions() handlers.Options {
	trust, err := esign.LoadTrust(os.DirFS(filepath.Join(s.demo, "trust")))
	s.must(err)
	verifier, err := esign.NewVerifier(esign.Options{Trust: trust, Now: time.Now})
	s.must(err)
	catalogue, err := locales.Load()
	s.must(err)
	register := db.NewRegister(s.db)
	s.Cleanup(register.Close)
	return handlers.Options{
		DB: s.db, Register: register, Hub: s.hub, Catalogue: catalogue, Assets: static.New(),
		Checkpoints: customs.BuiltInCheckpoints(), Contacts: views.DefaultContacts(), Verifier: verifier,
		URL:         &url.URL{Scheme: "http", Host: s.main.Listener.Addr().String()},
		CardURL:     &url.URL{Scheme: "https", Host: s.card.Listener.Addr().String()},
		SessionKeys: [][]byte{bytes.Repeat([]byte{7}, 32)},
		Limits:      db.Limits{Idle: 30 * time.Minute, Absolute: 8 * time.Hour},
		Rates:       handlers.Rates{SignIn: db.Rate{Every: time.Millisecond, Burst: 1000}}, // all tests come from one address
		Log:         slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// start serves: the main listener with or without TLS as its address says, the
// card listener as the program sets it up.
func (s *site) start() {
	pair, err := tls.LoadX509KeyPair(filepath.Join(s.demo, "tls/server.pem"), filepath.Join(s.demo, "tls/server.key"))
	s.must(err)
	s.main.Config.Handler = s.portal.Handler()
	s.main.Config.RegisterOnShutdown(s.hub.Close)
	if s.options.URL.Scheme == "https" {
		s.main.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		s.main.EnableHTTP2 = true
		s.main.StartTLS()
	} else {
		s.main.Start()
	}
	s.card.Config.Handler = s.portal.CardHandler()
	s.card.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequestClientCert, SessionTicketsDisabled: true,
	}
	s.card.StartTLS()
	s.ops.Config.Handler = s.portal.OpsHandler()
	s.ops.Start()
	s.Cleanup(func() {
		s.hub.Close() // ends the streams, which a server waits for
		s.main.Close()
		s.card.Close()
		s.ops.Close()
	})
}

// listenToChanges joins the database's notices to the hub, as serving does,
// and returns once it listens.
func (s *site) listenToChanges() {
	s.Helper()
	ctx, stop := context.WithCancel(s.Context())
	ready, ended := make(chan struct{}), make(chan struct{})
	var once sync.Once
	go func() {
		defer close(ended)
		s.db.Listen(ctx, db.Notices{Listening: s.hub.Hear, Ended: s.hub.Doubt, Changed: func(voen string) {
			s.hub.Publish(voen)
			once.Do(func() { close(ready) })
		}})
	}()
	s.Cleanup(func() { stop(); <-ended })
	select {
	case <-ready:
	case <-time.After(patience):
		s.Fatal("nobody listens to the database")
	}
}

// feed stores lines the way a checkpoint's file comes in.
func (s *site) feed(lines ...string) {
	s.Helper()
	r, err := intake.Run(s.Context(), strings.NewReader(strings.Join(lines, "\n")), intake.Options{DB: s.db, Now: time.Now})
	s.must(err)
	if r.Rejected > 0 {
		s.Fatalf("the feed was not accepted whole: %+v", r)
	}
}

// sql runs a statement as the superuser: to bring about what only time or an
// accident does.
func (s *site) sql(statement string, args ...any) {
	s.Helper()
	c := s.superuser()
	defer c.Close(context.WithoutCancel(s.Context()))
	_, err := c.Exec(s.Context(), statement, args...)
	s.must(err)
}

func (s *site) superuser() *pgx.Conn {
	s.Helper()
	c, err := pgx.Connect(s.Context(), s.test.SuperuserURL)
	s.must(err)
	return c
}

// look reads one value as the superuser.
func look[T any](s *site, query string, args ...any) T {
	s.Helper()
	c := s.superuser()
	defer c.Close(context.WithoutCancel(s.Context()))
	var v T
	s.must(c.QueryRow(s.Context(), query, args...).Scan(&v))
	return v
}

// roots are what browsers trust: the demo's TLS authority.
func (s *site) roots() *x509.CertPool {
	b, err := os.ReadFile(filepath.Join(s.demo, "tls/ca.pem"))
	s.must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(b)
	return pool
}

// person is one of the demo's people.
func person(t testing.TB, name string) democa.Person {
	t.Helper()
	for _, p := range democa.People() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("nobody is called %s", name)
	return democa.Person{}
}

// journal is a log that tests read while it is being written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
