package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/handlers"
	"customs.gov.az/portal/mygov"
	"customs.gov.az/portal/mygov/demoid"
	"customs.gov.az/portal/static"
)

// standIns are the demo's own telephone and mygov ID. They speak the protocols
// of the real ones over real HTTP; serve does not know them.
type standIns struct {
	phone, myGov net.Listener // nil: the real one is configured
	key          []byte       // master key of SİMA, made at the first start
	data         string
	id           *demoid.Provider
	mail         *mailStandIn // nil: a real one is configured
}

// Where the stand-ins are found if nobody else is there.
const (
	phoneAddr = "127.0.0.1:8071"
	myGovAddr = "127.0.0.1:8072"
)

// openStandIns opens a listener for each provider that has no settings, and
// makes the portal's settings for it.
func (d *demoCommand) openStandIns(c *checked) (s *standIns, err error) {
	s = &standIns{data: d.Data}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if c.offered.sima == nil {
		if err := s.openPhone(c); err != nil {
			return s, err
		}
	}
	if c.offered.myGov == nil {
		if err := s.openMyGov(c); err != nil {
			return s, err
		}
	}
	if c.post == nil {
		if s.mail, err = openMail(d.Data, d.Mailbox, c); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *standIns) openPhone(c *checked) (err error) {
	key, err := demoSecret(s.data, "sima.key", func(text string) bool { return len(text) >= 16 }, func() (string, error) { return rand.Text(), nil })
	if err != nil {
		return err
	}
	s.key = []byte(key)
	if s.phone, err = listenNear(phoneAddr); err != nil {
		return err
	}
	c.offered.sima = &handlers.SIMA{
		MasterKey: s.key, Version: "1.3", Path: "/sima", Link: "http://" + s.phone.Addr().String() + "/?data=", Life: 3 * time.Minute,
		DataSignature: esign.DataSignatureRequired,
		Client:        esign.SIMAClient{ID: 1, Name: "DGK (demo)", IconURI: c.url.String() + static.New().URL("img/favicon.svg")},
	}
	return nil
}

func (s *standIns) openMyGov(c *checked) (err error) {
	if s.myGov, err = listenNear(myGovAddr); err != nil {
		return err
	}
	client := demoid.Options{
		Issuer: "http://" + s.myGov.Addr().String(), ClientID: "portal-demo", ClientSecret: rand.Text(),
		RedirectURL: c.url.String() + handlers.MyGovDonePath, People: myGovPeople(),
	}
	if s.id, err = demoid.New(client); err != nil {
		return err
	}
	c.offered.myGov, err = mygov.New(mygov.Config{
		Issuer: client.Issuer, ClientID: client.ClientID, ClientSecret: client.ClientSecret, RedirectURL: client.RedirectURL,
		Scopes: []string{"openid", "certificate"}, Methods: []string{"ASAN_IMZA", "SIMA_IMZA"},
		Claims: mygov.Claims{
			PIN: "pin", VOEN: "certificate.tin", Name: "name", Organisation: "certificate.organisation",
			Certificate: "certificate", Method: "certificate.method", Serial: "certificate.serial",
		},
	})
	return err
}

// serve serves the stand-ins until ctx ends.
func (s *standIns) serve(ctx context.Context, g *errgroup.Group) {
	if s.phone != nil {
		start(ctx, g, newServer(newPhonePage(s.data, s.key)), s.phone)
	}
	if s.myGov != nil {
		start(ctx, g, newServer(s.id.Handler()), s.myGov)
	}
	if s.mail != nil {
		s.mail.serve(ctx, g)
	}
}

func (s *standIns) close() {
	if s.mail != nil {
		s.mail.close()
	}
	for _, l := range []net.Listener{s.phone, s.myGov} {
		if l != nil {
			_ = l.Close() // nobody waits for it
		}
	}
}

// greeting says where the stand-ins are.
func (s *standIns) greeting(base *url.URL) string {
	text := ""
	if s.phone != nil {
		text += fmt.Sprintf("              with SİMA İmza: %s shows a code; the demo's telephone that scans it is at http://%s\n", base.JoinPath("/sign-in/sima"), s.phone.Addr())
	}
	if s.myGov != nil {
		text += fmt.Sprintf("              with mygov ID: %s leads to the demo's provider at http://%s\n", base.JoinPath("/sign-in/mygov"), s.myGov.Addr())
	}
	if s.mail != nil {
		text += s.mail.greeting(base)
	}
	return text
}

// listenNear listens at an address of this machine or, if it is taken, at a
// free port beside it.
func listenNear(addr string) (net.Listener, error) {
	if l, err := net.Listen("tcp", addr); err == nil {
		return l, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}
