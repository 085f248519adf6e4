package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/handlers"
	"customs.gov.az/portal/live"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
)

type serveCommand struct {
	web
	DatabaseURL string `env:"PORTAL_DATABASE_URL" help:"PostgreSQL for serving, as a role without DDL; several hosts allowed. May come from PORTAL_DATABASE_URL_FILE."`
	FeedURL     string `name:"feed-database-url" env:"PORTAL_FEED_DATABASE_URL" help:"PostgreSQL as the login role that stores the feed, so that the serving one cannot (default: the serving one). May come from PORTAL_FEED_DATABASE_URL_FILE."`
	Journal     string `name:"register-journal" env:"PORTAL_REGISTER_JOURNAL" type:"path" help:"File of this process that keeps the register's entries while the primary database is gone. With it, and a hot standby among the hosts of --database-url, lists and details are then read from that."`
	SessionKeys string `env:"PORTAL_SESSION_KEYS" help:"Keys that sign the session cookie, newest first. May come from PORTAL_SESSION_KEYS_FILE."`
	Trust       string `env:"PORTAL_TRUST" type:"path" help:"Folder of issuer profiles and certificates; read again when it changes."`
	CRLs        string `name:"crls" env:"PORTAL_CRLS" type:"path" help:"Folder that keeps revocation lists between starts; *.crl put there is used too (default: in memory only)."`
}

// Run serves until ctx ends.
func (s *serveCommand) Run(ctx context.Context, e env) error {
	settings, problem := s.check()
	certificates, unusable := s.certificates()
	problems := []error{problem, unusable}
	url, err := secret("PORTAL_DATABASE_URL", s.DatabaseURL)
	problems = append(problems, err)
	switch {
	case err != nil:
	case url == "":
		problems = append(problems, errors.New("PORTAL_DATABASE_URL is missing"))
	default:
		problems = append(problems, databaseAddress("PORTAL_DATABASE_URL", url))
	}
	feedURL, err := secret("PORTAL_FEED_DATABASE_URL", s.FeedURL)
	problems = append(problems, err, databaseAddress("PORTAL_FEED_DATABASE_URL", feedURL))
	text, err := secret("PORTAL_SESSION_KEYS", s.SessionKeys)
	problems = append(problems, err)
	keys, err := sessionKeys(text)
	problems = append(problems, err)
	var profiles *profiles
	if s.Trust == "" {
		err = errors.New("PORTAL_TRUST is missing")
	} else {
		profiles, err = readProfiles(s.Trust)
	}
	if err := wrongSettings(append(problems, err)...); err != nil {
		return err
	}
	log := newLog(e.stderr, s.LogJSON)
	trust, err := newTrust(profiles, s.CRLs, log)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, url, db.Options{FeedURL: feedURL, Journal: s.Journal, Log: log})
	if err != nil {
		return err
	}
	defer d.Close()
	return s.serve(ctx, settings, service{db: d, trust: trust, certificates: certificates, keys: keys, log: log, ready: func() {
		log.Info("serving", "url", settings.url.String())
	}})
}

// databaseAddress holds an address of PostgreSQL to being one; "" is none.
func databaseAddress(name, address string) error {
	if address == "" {
		return nil
	}
	if err := db.CheckAddress(address); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// service is what a portal is made of, besides its settings.
type service struct {
	db           *db.DB
	trust        *trust
	certificates []tls.Certificate // of the TLS listeners
	keys         [][]byte
	log          *slog.Logger
	ready        func() // called once all listeners are open
}

// certificates are those of the TLS listeners: none or one.
func (w *web) certificates() ([]tls.Certificate, error) {
	if w.TLSCert == "" || w.TLSKey == "" {
		return nil, nil // check tells if only one is there
	}
	pair, err := tls.LoadX509KeyPair(w.TLSCert, w.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_TLS_CERT, PORTAL_TLS_KEY: %w", err)
	}
	return []tls.Certificate{pair}, nil
}

// listeners are the open ones.
type listeners struct{ main, card, staff, ops net.Listener }

// serve opens the listeners once nothing else can fail, serves until ctx ends
// and then lets what runs finish: open requests, then waiting register entries.
func (w *web) serve(ctx context.Context, c checked, s service) error {
	catalogue, err := locales.Load()
	if err != nil {
		return err
	}
	register := db.NewRegister(s.db)
	defer register.Close()
	hub := live.New(20_000)
	portal, err := handlers.New(handlers.Options{
		DB: s.db, Register: register, Seals: c.seal.verifiers, Hub: hub, Catalogue: catalogue, Assets: static.New(), Checkpoints: c.checkpoints,
		Contacts: w.Contact.contacts(), Verifier: s.trust.verifier, URL: c.url, CardURL: c.cardURL, SessionKeys: s.keys,
		StaffURL: c.staffURL, StaffListener: w.Staff.Addr != "", CasesPerHour: w.Staff.Cases,
		Limits: c.limits, Senders: c.senders, Notifications: c.post != nil, SIMA: c.offered.sima, MyGov: c.offered.myGov, TrustedProxies: c.offered.proxies, Rates: c.offered.rates, Log: s.log, Now: time.Now,
	})
	if err != nil {
		return err
	}
	collectSeldom()
	l, err := w.listen()
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	main := newServer(portal.Handler())
	main.RegisterOnShutdown(hub.Close)
	main.RegisterOnShutdown(portal.Drain)
	if w.tls(c) {
		main.TLSConfig = &tls.Config{Certificates: s.certificates, MinVersion: tls.VersionTLS12}
	}
	start(ctx, g, main, l.main)
	if l.staff != nil {
		staff := newServer(portal.StaffHandler())
		staff.TLSConfig = main.TLSConfig
		start(ctx, g, staff, l.staff)
	}
	if l.card != nil {
		card := newServer(portal.CardHandler())
		card.TLSConfig = &tls.Config{
			Certificates: s.certificates, MinVersion: tls.VersionTLS12,
			// The certificate is looked at by package esign, which can say
			// what is wrong with it; the handshake only proves the key.
			ClientAuth: tls.RequestClientCert, SessionTicketsDisabled: true,
		}
		card.TLSConfig.GetConfigForClient = s.trust.offer(card.TLSConfig)
		start(ctx, g, card, l.card)
	}
	start(ctx, g, newServer(portal.OpsHandler()), l.ops)
	g.Go(func() error {
		s.db.Listen(ctx, db.Notices{Listening: hub.Hear, Changed: hub.Publish, Ended: hub.Doubt})
		return nil
	})
	g.Go(func() error {
		s.db.WatchPrimary(ctx, func(gone bool) {
			if gone {
				s.log.Error("the primary database cannot be reached: lists and details are read from the standby")
			} else {
				s.log.Info("the primary database is back")
				hub.Publish("") // what was read meanwhile came from the standby
			}
		})
		return nil
	})
	g.Go(func() error { giveBack(ctx, time.Minute); return nil })
	g.Go(func() error { sweep(ctx, s, w.Providers.Kept); return nil })
	g.Go(func() error { portal.Watch(ctx); return nil })
	if c.seal.keys != nil {
		g.Go(func() error { c.seal.sealer(s.db).Run(ctx, w.Sealing.Every, s.log); return nil })
	} else {
		s.log.Warn("the register is not sealed and answers carry no receipts: PORTAL_REGISTER_KEYS is missing")
	}
	if c.post != nil {
		g.Go(func() error { c.post.mailer(s.db, register, catalogue, c.url, s.log).Run(ctx); return nil })
	}
	g.Go(func() error { s.trust.follow(ctx); return nil })
	g.Go(func() error { s.trust.refresh(ctx); return nil })
	g.Go(func() error { archive(ctx, s, w.Archive); return nil })
	s.ready()
	return g.Wait()
}

// listen opens all listeners, or none.
func (w *web) listen() (l listeners, err error) {
	defer func() {
		if err != nil {
			for _, open := range []net.Listener{l.main, l.card, l.staff, l.ops} {
				if open != nil {
					_ = open.Close() // the error above counts
				}
			}
		}
	}()
	if l.main, err = net.Listen("tcp", w.Addr); err != nil {
		return l, busy("PORTAL_ADDR", err)
	}
	if w.CardAddr != "" {
		if l.card, err = net.Listen("tcp", w.CardAddr); err != nil {
			return l, busy("PORTAL_CARD_ADDR", err)
		}
	}
	if w.Staff.Addr != "" {
		if l.staff, err = net.Listen("tcp", w.Staff.Addr); err != nil {
			return l, busy("PORTAL_STAFF_ADDR", err)
		}
	}
	if l.ops, err = net.Listen("tcp", w.OpsAddr); err != nil {
		return l, busy("PORTAL_OPS_ADDR", err)
	}
	return l, nil
}

func busy(name string, err error) error {
	return fmt.Errorf("%s: %w; is a portal running already? Another address can be set with %s", name, err, name)
}

// sweep tidies the database at the start and every hour.
func sweep(ctx context.Context, s service, attempts time.Duration) {
	for ok := true; ok; ok = tick(ctx, time.Hour) {
		if err := s.db.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("sweep", "error", err)
		}
		if attempts > 0 {
			if _, err := s.db.SweepAttempts(ctx, attempts); err != nil && ctx.Err() == nil {
				s.log.Warn("sweep of attempts to sign in", "error", err)
			}
		}
	}
}

// tick waits, and reports whether to go on.
func tick(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
