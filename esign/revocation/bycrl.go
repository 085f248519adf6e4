package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"customs.gov.az/portal/esign"
)

// renew is the age at which a list that is still valid is asked for again: an
// issuer may publish sooner than it promised.
const renew = time.Hour

// byCRL looks into the newest list about the certificate and fetches one where
// there is none, or where the newest has some age.
func (c *Checker) byCRL(ctx context.Context, s subject, rule esign.RevocationRule) (verdict, error) {
	points := addresses(rule.CRL, s.cert.CRLDistributionPoints, rule.FromCertificate)
	now := c.now()
	have := c.lists.newest(s, now)
	if have != nil && !c.due(points, now) {
		return have.says(s.cert, now), nil
	}
	err := errors.New("revocation: no list")
	for i, p := range points {
		step, cancel := share(ctx, len(points)-i)
		if fetchErr := c.download(step, p, []*x509.Certificate{s.issuer}); fetchErr != nil {
			err = fetchErr
		}
		cancel()
		if have = c.lists.newest(s, now); have != nil {
			break
		}
	}
	if have == nil {
		return verdict{}, fmt.Errorf("CRL: %w", err)
	}
	return have.says(s.cert, now), nil
}

// due reports whether every list of these points has some age.
func (c *Checker) due(points []address, now time.Time) bool {
	for _, p := range points {
		if l := c.lists.get(fileFor(p.url)); l != nil && now.Sub(l.fetched) < renew && now.Before(l.nextUpdate) {
			return false
		}
	}
	return len(points) > 0
}

// download fetches a list, once at a time, and keeps it if one of the issuers
// signed it and it is of this moment: what anybody else sends must not take
// the place of a list that is in use.
func (c *Checker) download(ctx context.Context, p address, issuers []*x509.Certificate) error {
	done := c.flight.DoChan("list "+p.url, func() (any, error) {
		b, err := c.client.fetch(ctx, p, "", nil, maxCRL)
		if err != nil {
			return nil, err
		}
		l, err := parseList(b)
		if err != nil {
			return nil, err
		}
		if !l.current(c.now()) || !slices.ContainsFunc(issuers, l.from) {
			return nil, errListIssuer
		}
		l.fetched = c.now()
		if !c.lists.put(fileFor(p.url), l) {
			return nil, nil
		}
		if err := c.lists.save(fileFor(p.url), b, l.fetched); err != nil {
			c.log.Warn("revocation list not kept on disk", "error", err)
		}
		return nil, nil
	})
	select {
	case <-ctx.Done():
		return errors.New("revocation: list took too long")
	case r := <-done:
		return r.Err
	}
}

// Refresh looks for new files in the folder and fetches the lists that the
// profiles name and that are due. It reports every address that failed; the
// lists that are there stay in use while they are valid.
func (c *Checker) Refresh(ctx context.Context, trust *esign.Trust) error {
	errs := []error{c.lists.scan()}
	for _, p := range trust.Profiles() {
		if p.Revocation.Mode != esign.RevocationCRL && p.Revocation.Mode != esign.RevocationBoth {
			continue
		}
		for i, u := range p.Revocation.CRL {
			a := address{url: u}
			if !c.due([]address{a}, c.now()) {
				continue
			}
			step, cancel := context.WithTimeout(ctx, 30*time.Second)
			if err := c.download(step, a, p.Issuers); err != nil {
				errs = append(errs, fmt.Errorf("profile %s, list %d: %w", p.ID, i+1, err))
			}
			cancel()
		}
	}
	return errors.Join(errs...)
}

// List is what the checker holds of one distribution point of a profile.
type List struct {
	Profile                string
	Address                string // as in the profile
	There                  bool
	Entries                int
	ThisUpdate, NextUpdate time.Time
}

// Lists says which lists of the profiles are there, in the profiles' order.
// That one is there does not mean that its issuer signed it: that is looked at
// when it is used.
func (c *Checker) Lists(trust *esign.Trust) []List {
	var out []List
	for _, p := range trust.Profiles() {
		for _, u := range p.Revocation.CRL {
			l := List{Profile: p.ID, Address: u}
			if have := c.lists.get(fileFor(u)); have != nil {
				l.There, l.Entries, l.ThisUpdate, l.NextUpdate = true, len(have.entries), have.thisUpdate, have.nextUpdate
			}
			out = append(out, l)
		}
	}
	return out
}
