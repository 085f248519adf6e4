package main

import (
	"errors"
	"net"
	"net/http"
	"time"

	"customs.gov.az/portal/esign/democa"
)

// demoResponder answers for the demo's issuers, on an address of its own.
type demoResponder struct {
	net.Listener
	handler http.Handler
}

// answerForIssuers opens the address and writes it into the profiles.
func (d *demoCommand) answerForIssuers() (demoResponder, error) {
	handler, err := democa.NewResponder(d.Data, time.Now)
	if err != nil {
		return demoResponder{}, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return demoResponder{}, err
	}
	if err := democa.Publish(d.Data, "http://"+l.Addr().String()); err != nil {
		return demoResponder{}, errors.Join(err, l.Close())
	}
	return demoResponder{Listener: l, handler: handler}, nil
}
