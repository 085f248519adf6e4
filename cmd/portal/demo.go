package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/pgserver"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/feed/sample"
	"customs.gov.az/portal/intake"
)

type demoCommand struct {
	web
	Data         string        `env:"PORTAL_DATA" default:".portal" type:"path" help:"Data folder; made if missing, found again at the next start."`
	Postgres     string        `env:"PORTAL_POSTGRES_BIN" type:"path" help:"Folder of PostgreSQL's programs (default: found on the machine, or fetched)."`
	Consignments int           `default:"2000" help:"Sample consignments of the first start."`
	Every        time.Duration `default:"30s" help:"A new event at the border this often, so that the page moves; 0 for none."`
	Mailbox      string        `default:"127.0.0.1:8073" help:"Address of the page on which the demo's mails are read; a free one if it is taken. Not used with --smtp-url."`
}

const (
	demoDatabaseName = "portal"
	demoSeed         = 1
)

// errInterrupted ends a start that Ctrl-C cut short.
var errInterrupted = errors.New("interrupted before it was ready; the next start goes on with what is there")

// Run serves the demo until ctx ends, then stops everything it started.
func (d *demoCommand) Run(ctx context.Context, e env) (err error) {
	began, ready := time.Now(), false
	defer func(ctx context.Context) {
		if err != nil && !ready && ctx.Err() != nil {
			err = errInterrupted // what it was at is no news
		}
	}(ctx)
	if err := os.MkdirAll(d.Data, 0o755); err != nil {
		return err
	}
	if err := d.defaults(); err != nil {
		return err
	}
	settings, err := d.check()
	if err := wrongSettings(err); err != nil {
		return err
	}
	if settings.staffURL == nil {
		settings.staffURL = settings.url
	}
	logFile, err := os.OpenFile(filepath.Join(d.Data, "portal.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	log := newLog(logFile, d.LogJSON)

	server, err := d.prepare(ctx, log)
	if server != nil {
		defer func() {
			err = errors.Join(err, server.Stop(), os.RemoveAll(filepath.Join(d.Data, demoURL)), os.RemoveAll(filepath.Join(d.Data, demoOwnerURL)))
		}()
	}
	if err != nil {
		return err
	}
	database, err := db.Open(ctx, server.URL("portal", demoDatabaseName), db.Options{})
	if err != nil {
		return err
	}
	defer database.Close()
	responder, err := d.answerForIssuers()
	if err != nil {
		return err
	}
	defer responder.Close()
	trust, err := openTrust(filepath.Join(d.Data, "trust"), filepath.Join(d.Data, "crls"), log)
	if err != nil {
		return err
	}
	text, err := demoSecret(d.Data, "session.key", func(text string) bool { _, err := sessionKeys(text); return err == nil }, newSessionKey)
	if err != nil {
		return err
	}
	keys, err := sessionKeys(text)
	if err != nil {
		return err
	}
	if err := d.fill(ctx, settings, database); err != nil {
		return err
	}
	if err := fillRepresentatives(ctx, server.URL("portal_owner", demoDatabaseName)); err != nil {
		return err
	}
	if err := fillStaff(ctx, server.URL("portal_owner", demoDatabaseName)); err != nil {
		return err
	}
	others, err := d.openStandIns(&settings)
	if err != nil {
		return err
	}
	defer others.close()
	certificates, err := d.certificates()
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	start(ctx, g, newServer(responder.handler), responder)
	others.serve(ctx, g)
	g.Go(func() error { return d.move(ctx, settings, database, log) })
	g.Go(func() (err error) {
		server, err = d.keep(ctx, server, log)
		return err
	})
	g.Go(func() error {
		return d.serve(ctx, settings, service{db: database, trust: trust, certificates: certificates, keys: keys, log: log, ready: func() {
			ready = true
			d.greet(e.stdout, settings, others, time.Since(began))
		}})
	})
	return g.Wait()
}

// postgres starts the private server, also instead of one that has ended.
func (d *demoCommand) postgres(ctx context.Context, log *slog.Logger, instead *pgserver.Server) (*pgserver.Server, error) {
	return pgserver.Start(ctx, pgserver.Options{
		Dir: filepath.Join(d.Data, "postgres"), Programs: d.Postgres, Instead: instead, Log: logWriter{log},
	})
}

// A server that does not run for a while so many times in a row is not started
// again.
const (
	aWhile = 5 * time.Second
	tries  = 5
)

// keep starts the private server again when it ends, as an administrator's
// service manager would, until ctx ends. It returns the one that runs then.
func (d *demoCommand) keep(ctx context.Context, server *pgserver.Server, log *slog.Logger) (*pgserver.Server, error) {
	for short := 0; ; {
		began := time.Now()
		select {
		case <-ctx.Done():
			return server, nil
		case <-server.Done():
		}
		ended := errors.New("the private PostgreSQL has ended; its last words are in " + filepath.Join(d.Data, "portal.log"))
		if short++; time.Since(began) >= aWhile {
			short = 1
		}
		if short > tries {
			return server, ended
		}
		log.Error("the private PostgreSQL has ended and is started again")
		if err := server.Stop(); err != nil {
			return server, errors.Join(ended, err)
		}
		next, err := d.postgres(ctx, log, server)
		if err != nil && ctx.Err() != nil {
			return server, nil
		}
		if err != nil {
			return server, errors.Join(ended, err)
		}
		server = next
	}
}

// defaults fills in what the demo makes itself.
func (d *demoCommand) defaults() error {
	if d.TLSCert == "" && d.TLSKey == "" {
		d.TLSCert = filepath.Join(d.Data, "tls", "server.pem")
		d.TLSKey = filepath.Join(d.Data, "tls", "server.key")
	}
	if err := d.Sealing.demo(d.Data); err != nil {
		return err
	}
	if d.Every != 0 && (d.Every < time.Second || d.Every > time.Hour) {
		return errors.New("--every: a second to an hour, or 0 for none")
	}
	if err := listenAddress("--mailbox", d.Mailbox); err != nil {
		return err
	}
	if err := d.wishes(time.Now()).Check(); err != nil {
		return fmt.Errorf("--consignments: %w", err)
	}
	return nil
}

// prepare starts PostgreSQL, migrates, and meanwhile makes the certificates.
// The server is not nil if it runs, also with an error.
func (d *demoCommand) prepare(ctx context.Context, log *slog.Logger) (*pgserver.Server, error) {
	var server *pgserver.Server
	var g errgroup.Group
	g.Go(func() error { return democa.Create(d.Data, time.Now()) })
	g.Go(func() (err error) {
		server, err = d.postgres(ctx, log, nil)
		if err != nil {
			return err
		}
		if err := db.Bootstrap(ctx, server.URL("postgres", "postgres"), demoDatabaseName); err != nil {
			return err
		}
		if err := db.Migrate(ctx, server.URL("portal_owner", demoDatabaseName), "portal"); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(d.Data, demoOwnerURL), []byte(server.URL("portal_owner", demoDatabaseName)+"\n"), 0o600); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(d.Data, demoURL), []byte(server.URL("portal", demoDatabaseName)+"\n"), 0o600)
	})
	return server, g.Wait()
}

// demoSecret reads a secret of the demo from a file of its data folder or, if
// there is none or it is no good, makes it.
func demoSecret(data, file string, good func(string) bool, fresh func() (string, error)) (string, error) {
	name := filepath.Join(data, file)
	b, err := os.ReadFile(name)
	if text := strings.TrimSpace(string(b)); err == nil && good(text) {
		return text, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	text, err := fresh()
	if err != nil {
		return "", err
	}
	return text, os.WriteFile(name, []byte(text+"\n"), 0o600)
}

// newSessionKey is a key as PORTAL_SESSION_KEYS has it.
func newSessionKey() (string, error) {
	key := make([]byte, 32)
	rand.Read(key)
	return hex.EncodeToString(key), nil
}

// wishes say what the sample consignments are to be.
func (d *demoCommand) wishes(now time.Time) sample.Options {
	return sample.Options{Seed: demoSeed, Consignments: d.Consignments, Now: now, People: demoTraders()}
}

// fill loads the sample consignments once, the way a file of the feed goes.
func (d *demoCommand) fill(ctx context.Context, c checked, database *db.DB) error {
	empty, err := database.Empty(ctx)
	if err != nil || !empty {
		return err
	}
	read, write := io.Pipe()
	var g errgroup.Group
	g.Go(func() error {
		err := sample.Generate(write, d.wishes(time.Now()))
		return errors.Join(err, write.CloseWithError(err))
	})
	_, err = intake.Run(ctx, read, d.intake(c, database))
	_ = read.CloseWithError(err) // it never fails
	return errors.Join(err, g.Wait())
}

func (d *demoCommand) intake(c checked, database *db.DB) intake.Options {
	return intake.Options{DB: database, Now: time.Now, Lanes: lanes(), Known: func(code string) bool { _, ok := c.checkpoints.Get(code); return ok }}
}

// move sends an event now and then, and heartbeats, the way the checkpoints do.
func (d *demoCommand) move(ctx context.Context, c checked, database *db.DB, log *slog.Logger) error {
	if d.Every == 0 {
		return nil
	}
	stream, err := sample.NewLive(demoSeed, d.Every, demoTraders()[:1])
	if err != nil {
		return err
	}
	after := time.Now().Add(-time.Minute)
	for ok := true; ok; ok = tick(ctx, time.Until(stream.Next(after))) {
		now := time.Now()
		var b bytes.Buffer
		if err := stream.Write(&b, after, now); err != nil {
			return err
		}
		if _, err := intake.Run(ctx, &b, d.intake(c, database)); err != nil && ctx.Err() == nil {
			log.Warn("demo event", "error", err)
		}
		after = now
	}
	return nil
}

// greet says where to look and how to sign in.
func (d *demoCommand) greet(w io.Writer, c checked, others *standIns, took time.Duration) {
	people := filepath.Join(d.Data, "people")
	fmt.Fprintf(w, `
My goods at the border is ready (%s).

  Open        %s
  Sign in     with a file: download the text at %s/sign-in/file, then
                openssl cms -sign -binary -in sorgu.txt -signer %s -inkey %s -outform DER -out sorgu.p7s
              and upload sorgu.p7s;
              with a card: import %s into the browser (password: %s)
              and open %s
%s  People      %s says who they are and what happens to each
  Staff       %s: sign in as operator, supervisor or administrator
  Import      portal import FILE while this runs
  Log         %s

Ctrl-C stops everything; the data stays in %s.
`, took.Round(10*time.Millisecond), c.url, c.url, filepath.Join(people, "aysel.pem"), filepath.Join(people, "aysel.key"),
		filepath.Join(people, "aysel.p12"), democa.Password, cardText(c), others.greeting(c.url), filepath.Join(people, "README"),
		c.staffURL.JoinPath("/staff"), filepath.Join(d.Data, "portal.log"), d.Data)
}

func cardText(c checked) string {
	if c.cardURL == nil {
		return "(the card listener is off)"
	}
	return c.url.JoinPath("/sign-in/card").String()
}

// logWriter passes lines of another program on to the log.
type logWriter struct{ log *slog.Logger }

func (l logWriter) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		l.log.Info("postgres", "line", strings.TrimSpace(line))
	}
	return len(b), nil
}
