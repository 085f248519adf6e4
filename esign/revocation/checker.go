package revocation

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/singleflight"

	"customs.gov.az/portal/esign"
)

const (
	defaultTimeout = 3 * time.Second
	clockSkew      = 2 * time.Minute  // how far an issuer's clock may be from ours
	keepAnswer     = 10 * time.Minute // an answer is used again for this long at most
	maxAnswers     = 10_000
)

// Options are what a Checker works with.
type Options struct {
	Now     func() time.Time // required: the clock for validity
	Folder  string           // where revocation lists lie between starts; "": in memory only
	Timeout time.Duration    // of one check; default 3 s
	Log     *slog.Logger     // nil: nothing is logged

	// Transport reaches the addresses that profiles name, Outside those that
	// certificates name. The defaults open connections; Outside's only to
	// public addresses, on ports 80 and 443.
	Transport, Outside http.RoundTripper
}

// Checker is an [esign.Revocation]. It is safe for concurrent use.
type Checker struct {
	now     func() time.Time
	timeout time.Duration
	log     *slog.Logger
	client  client
	answers *memory
	lists   *lists
	flight  singleflight.Group
}

// New makes a checker and reads the lists in the folder, which must exist. A
// file there that is no list is told to the log and left alone.
func New(o Options) (*Checker, error) {
	if o.Now == nil {
		return nil, errors.New("revocation: a clock is required")
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Checker{
		now: o.Now, timeout: o.Timeout, log: o.Log, client: newClient(o),
		answers: newMemory(maxAnswers), lists: newLists(o.Folder),
	}
	if o.Folder != "" {
		if _, err := os.ReadDir(o.Folder); err != nil {
			return nil, fmt.Errorf("revocation: folder of lists: %w", err)
		}
	}
	if err := c.lists.scan(); err != nil {
		o.Log.Warn("revocation lists", "error", err)
	}
	return c, nil
}

// verdict is what an issuer says about a certificate: "" when it is good,
// Revoked, Suspended, or RevocationUnknown when it does not know it.
type verdict struct {
	reason esign.Reason
	until  time.Time // the verdict may be used again until then
}

func (v verdict) err() error {
	if v.reason == "" {
		return nil
	}
	return &esign.Error{Reason: v.reason, Check: "revocation"}
}

// Check asks about a certificate that issuer has signed. It returns nil when
// the certificate is good, an [esign.Error] with reason Revoked, Suspended or
// RevocationUnknown otherwise, at the latest when ctx or the timeout ends.
func (c *Checker) Check(ctx context.Context, certificate, issuer *x509.Certificate, rule esign.RevocationRule) error {
	key := question(certificate, issuer, rule)
	if v, ok := c.answers.get(key, c.now()); ok {
		return v.err()
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// The asking goes on when the one who asked first has gone: others wait. It
	// ends a little before the check does, so that its outcome is known.
	done := c.flight.DoChan(key, func() (any, error) {
		if v, ok := c.answers.get(key, c.now()); ok { // came while this one was on its way here
			return v, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout*9/10)
		defer cancel()
		v, err := c.ask(ctx, subject{certificate, issuer}, rule)
		if err == nil {
			c.answers.put(key, v, c.now())
		}
		return v, err
	})
	select {
	case <-ctx.Done():
		return verdict{reason: esign.RevocationUnknown}.err()
	case r := <-done:
		v, ok := r.Val.(verdict)
		if r.Err != nil || !ok {
			c.log.Warn("revocation unknown", "mode", string(rule.Mode), "error", r.Err)
			return verdict{reason: esign.RevocationUnknown}.err()
		}
		return v.err()
	}
}

// subject is the certificate in question and its issuer.
type subject struct{ cert, issuer *x509.Certificate }

// ask gets a verdict, or an error when nobody could say.
func (c *Checker) ask(ctx context.Context, s subject, rule esign.RevocationRule) (verdict, error) {
	switch rule.Mode {
	case esign.RevocationOCSP:
		return c.byOCSP(ctx, s, rule)
	case esign.RevocationCRL:
		return c.byCRL(ctx, s, rule)
	case esign.RevocationBoth:
		half, cancel := share(ctx, 2)
		defer cancel()
		v, ocspErr := c.byOCSP(half, s, rule)
		if ocspErr == nil {
			return v, nil
		}
		v, err := c.byCRL(ctx, s, rule)
		if err != nil {
			return v, errors.Join(ocspErr, err)
		}
		return v, nil
	}
	return verdict{}, fmt.Errorf("revocation: mode %q", rule.Mode)
}

// question names what is asked, so that equal questions share an answer.
func question(certificate, issuer *x509.Certificate, rule esign.RevocationRule) string {
	h := sha256.New()
	h.Write(certificate.Raw)
	h.Write(issuer.Raw)
	fmt.Fprintf(h, "%q %q %q %v %v", rule.Mode, rule.OCSP, rule.CRL, rule.FromCertificate, rule.Nonce)
	return string(h.Sum(nil))
}

// share gives one of n steps its part of the time that is left.
func share(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok || n < 2 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(end)/time.Duration(n))
}
