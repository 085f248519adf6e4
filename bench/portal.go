package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	random "math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign/democa"
)

// portal is the binary, under addresses and with a key that outlive a restart.
type portal struct {
	*program
	addr, card, ops string // host:port of the listeners
	key             string // of the session cookie
}

// portalName names it among its competitors.
const portalName = "portal"

func (p *portal) server() server { return server{portalName, p.addr, p.command.Process.Pid} }

func newPortal() (*portal, error) {
	key := make([]byte, 32)
	rand.Read(key)
	p := &portal{key: hex.EncodeToString(key)}
	for _, a := range []*string{&p.addr, &p.card, &p.ops} {
		var err error
		if *a, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// startPortal runs `portal serve` on a database and returns when it is ready.
func (w *world) startPortal(ctx context.Context, name string) error {
	p := w.portal
	var err error
	p.program, err = w.start(ctx, []string{
		"PORTAL_DATABASE_URL=" + w.lastingURL(name), "PORTAL_SESSION_KEYS=" + p.key, "PORTAL_REGISTER_KEYS=" + p.key, "PORTAL_SIGN_IN_BURST=10000",
		"PORTAL_ADDR=" + p.addr, "PORTAL_CARD_ADDR=" + p.card, "PORTAL_OPS_ADDR=" + p.ops,
		"PORTAL_TRUST=" + filepath.Join(w.dir, "trust"),
		"PORTAL_TLS_CERT=" + filepath.Join(w.dir, "tls", "server.pem"), "PORTAL_TLS_KEY=" + filepath.Join(w.dir, "tls", "server.key"),
	}, w.settings.portal, "serve")
	if err != nil {
		return err
	}
	if err := answers(ctx, "http://"+p.ops+"/readyz", ""); err != nil {
		return fmt.Errorf("%w; the portal's last words:\n%s", err, p.lastWords())
	}
	return nil
}

// lastingURL is the database's address through the link in the data folder,
// which stays when the server is started anew.
func (w *world) lastingURL(name string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User("portal"), Path: "/" + name,
		RawQuery: url.Values{"host": {filepath.Join(w.dir, "postgres", "socket")}, "port": {"5432"}}.Encode(),
	}
	return u.String()
}

// freeAddress is an address on this machine that nobody listens on. Its port is
// below those that the system gives to connections (from 32768 in Linux): who
// asks again and again until somebody listens would in the end be given the very
// port as their own, and be connected with themselves.
func freeAddress() (string, error) {
	for {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+random.IntN(12_000)))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return "", err
		}
		return l.Addr().String(), l.Close()
	}
}

// answers waits until an address answers 200 to a browser with this cookie.
func answers(ctx context.Context, address, cookie string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", address, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// signIn signs every trader in with a certificate of their own, as with a
// card, and gives each a session for the competitors too.
func (w *world) signIn(ctx context.Context) error {
	business, err := tls.LoadX509KeyPair(filepath.Join(w.dir, "authorities", "business.pem"), filepath.Join(w.dir, "authorities", "business.key"))
	if err != nil {
		return err
	}
	key, ok := business.PrivateKey.(crypto.Signer)
	if !ok {
		return errors.New("the demo's authority has no usable key")
	}
	issuer := &democa.Authority{Pair: democa.Pair{Certificate: business.Leaf, Key: key}}
	for _, p := range w.people {
		cookie, err := w.portal.enter(ctx, w.dir, issuer, p.VOEN)
		if err != nil {
			return err
		}
		if p.Pending != perTrader {
			w.large = append(w.large, cookie)
			continue
		}
		w.cookies = append(w.cookies, cookie)
		fingerprint := sha256.Sum256([]byte(p.VOEN))
		key, err := w.db.StartSession(ctx, db.Person{VOEN: p.VOEN, Name: traderName, Method: "card", Issuer: "business", Fingerprint: fingerprint[:]},
			db.Limits{Idle: 20 * time.Minute, Absolute: 8 * time.Hour}, nil)
		if err != nil {
			return err
		}
		w.keys = append(w.keys, key.String())
		_, list, err := w.db.Goods(ctx, key, customs.Query{}, 1)
		if err != nil {
			return err
		}
		w.registrations = append(w.registrations, list.Rows[0].Registration)
	}
	return nil
}

// traderName is the name in every certificate.
const traderName = "Aysel Məmmədova"

// enter signs in by card and returns the cookies that a browser would send.
func (p *portal) enter(ctx context.Context, dir string, issuer *democa.Authority, voen customs.VOEN) (string, error) {
	card, err := issuer.Issue(democa.Request{
		Subject: []democa.Value{
			{Type: democa.Country, Text: "AZ"},
			{Type: democa.Organisation, Text: "«Ölçü Ticarət» MMC"},
			{Type: democa.OrganisationID, Text: "VATAZ-" + string(voen)},
			{Type: democa.SerialNumber, Text: "PNOAZ-5A7KM2L"},
			{Type: democa.CommonName, Text: traderName},
		},
		From: time.Now().Add(-time.Hour), To: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return "", err
	}
	ca, err := os.ReadFile(filepath.Join(dir, "tls", "ca.pem"))
	if err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: roots,
		Certificates: []tls.Certificate{{Certificate: [][]byte{card.Certificate.Raw, issuer.Certificate.Raw}, PrivateKey: card.Key}},
	}}
	defer transport.CloseIdleConnections()
	browser := &http.Client{Jar: jar, Transport: transport}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/sign-in/card/start?return=/goods", nil)
	if err != nil {
		return "", err
	}
	answer, err := browser.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/goods" {
		return "", fmt.Errorf("signing in ended at %s with %s; the portal's last words:\n%s", answer.Request.URL.Path, answer.Status, p.lastWords())
	}
	var cookies strings.Builder
	for _, c := range jar.Cookies(&url.URL{Scheme: "http", Host: p.addr}) {
		cookies.WriteString("; " + c.Name + "=" + c.Value)
	}
	return cookies.String()[2:], nil
}
