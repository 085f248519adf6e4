package revocation

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ocsp"

	"customs.gov.az/portal/esign"
)

const (
	maxOCSP    = 64 << 10
	nonceBytes = 32 // RFC 9654 §2.1

	// maxAge is the oldest answer that counts, however far away its issuer
	// put the next one. Without a next one only a new answer does.
	maxAge      = 10 * 24 * time.Hour
	maxAgeNoEnd = 10 * time.Minute
)

// byOCSP asks the responders one after the other until one gives an answer that
// counts.
func (c *Checker) byOCSP(ctx context.Context, s subject, rule esign.RevocationRule) (verdict, error) {
	responders := addresses(rule.OCSP, s.cert.OCSPServer, rule.FromCertificate)
	err := errors.New("revocation: nobody to ask")
	for i, a := range responders {
		var v verdict
		step, cancel := share(ctx, len(responders)-i)
		v, err = c.askResponder(step, a, s, rule.Nonce)
		cancel()
		if err == nil {
			return v, nil
		}
	}
	return verdict{}, fmt.Errorf("OCSP: %w", err)
}

// addresses prefers those of the profile to those of the certificate.
func addresses(profile, certificate []string, fromCertificate bool) []address {
	var list []address
	for _, u := range profile {
		list = append(list, address{url: u})
	}
	if len(list) > 0 || !fromCertificate {
		return list
	}
	for i, u := range certificate {
		if i < 4 {
			list = append(list, address{url: u, outside: true})
		}
	}
	return list
}

func (c *Checker) askResponder(ctx context.Context, a address, s subject, nonced bool) (verdict, error) {
	var nonce []byte
	if nonced {
		nonce = make([]byte, nonceBytes)
		rand.Read(nonce)
	}
	request, err := marshalRequest(s, nonce)
	if err != nil {
		return verdict{}, err
	}
	b, err := c.client.fetch(ctx, a, "application/ocsp-request", request, maxOCSP)
	if err != nil {
		return verdict{}, err
	}
	return evaluateOCSP(b, s, nonce, c.now())
}

// Why an answer does not count.
var (
	errOCSPForm      = errors.New("not an OCSP answer of exactly one certificate")
	errOCSPWeak      = errors.New("signed with a weak algorithm")
	errOCSPOther     = errors.New("about another certificate")
	errOCSPResponder = errors.New("signed by somebody who may not")
	errOCSPTime      = errors.New("not for this moment")
	errOCSPNonce     = errors.New("nonce missing or another")
)

// evaluateOCSP decides what an answer says. The library reads the envelope;
// what it does not look at (RFC 6960 §3.2) is looked at here.
func evaluateOCSP(b []byte, s subject, nonce []byte, now time.Time) (verdict, error) {
	envelope, err := ocsp.ParseResponse(b, nil)
	if err != nil {
		if status, ok := errors.AsType[ocsp.ResponseError](err); ok {
			return verdict{}, fmt.Errorf("responder says %s", status.Status)
		}
		return verdict{}, errOCSPForm
	}
	data, ok := readResponseData(envelope.TBSResponseData)
	switch {
	case !ok:
		return verdict{}, errOCSPForm
	case !esign.StrongSignature(envelope.SignatureAlgorithm):
		return verdict{}, errOCSPWeak
	case !data.id.matches(s):
		return verdict{}, errOCSPOther
	case !authorised(envelope, data, s, now):
		return verdict{}, errOCSPResponder
	case !data.current(now):
		return verdict{}, errOCSPTime
	case !bytes.Equal(nonce, data.nonce) && (nonce != nil || data.nonce != nil):
		return verdict{}, errOCSPNonce
	}
	return verdict{reason: data.status, until: data.usableUntil(now)}, nil
}

// current applies the time window of RFC 6960 §4.2.2.1.
func (d *responseData) current(now time.Time) bool {
	late := now.Add(clockSkew)
	if d.thisUpdate.After(late) || d.producedAt.After(late) || d.producedAt.Before(d.thisUpdate.Add(-clockSkew)) {
		return false
	}
	if d.nextUpdate.IsZero() {
		return now.Sub(d.thisUpdate) <= maxAgeNoEnd
	}
	return !d.nextUpdate.Before(d.thisUpdate) && !now.After(d.nextUpdate.Add(clockSkew)) && now.Sub(d.thisUpdate) <= maxAge
}

// usableUntil is when to ask again. An answer without a next one is not kept:
// its issuer has newer ones at any time.
func (d *responseData) usableUntil(now time.Time) time.Time {
	until := now.Add(keepAnswer)
	if d.nextUpdate.Before(until) {
		return d.nextUpdate
	}
	return until
}
