package mail

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// Options are what a mailer works with. Everything without a default is
// required.
type Options struct {
	DB       *db.DB
	Register *db.Register
	Server   Server
	Composer Composer
	Wait     time.Duration // news of so long becomes one mail
	Guard    db.Rate       // mails with news to one address; zero: 10 at once, then one in 10 minutes
	Poll     time.Duration // how often the outbox is looked at; zero: 2 s
	Timeout  time.Duration // of the server, for one mail; zero: 2 minutes
	Log      *slog.Logger
	Now      func() time.Time
}

// Mailer sends what waits in the outbox. Any number of processes may have one.
type Mailer struct {
	Options
}

const (
	linger   = 10 * time.Second // for the server's word when the program ends
	perVisit = 100              // mails over one connection
)

// New makes a mailer.
func New(o Options) *Mailer {
	if o.Guard.Burst == 0 {
		o.Guard = db.Rate{Every: 10 * time.Minute, Burst: 10}
	}
	if o.Poll == 0 {
		o.Poll = 2 * time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	return &Mailer{Options: o}
}

// Run sends until ctx ends. While the server cannot be reached nothing is
// claimed, so an outage costs no mail an attempt.
func (m *Mailer) Run(ctx context.Context) {
	pause := m.Poll
	for {
		err := m.Pass(ctx)
		switch {
		case err == nil:
			pause = m.Poll
		case ctx.Err() == nil:
			m.Log.Warn("mail", "error", err)
			pause = min(2*pause, 5*time.Minute)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(jitter(pause)):
		}
	}
}

// jitter spreads what many processes do at the same moments.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1)
}

// Pass gathers what is due and sends all mails that are.
func (m *Mailer) Pass(ctx context.Context) error {
	if _, err := m.DB.GatherMail(ctx, m.Wait, m.Guard); err != nil {
		return err
	}
	for ctx.Err() == nil {
		due, err := m.DB.MailDue(ctx)
		if err != nil || !due {
			return err
		}
		if err := m.visit(ctx); err != nil {
			return err
		}
	}
	return nil
}

// visit sends over one connection.
func (m *Mailer) visit(ctx context.Context) error {
	c, err := m.Server.dial(ctx, m.Timeout)
	if err != nil {
		return errors.Join(errServer, reply(err, refusedPortal, err))
	}
	for range perVisit {
		if ctx.Err() != nil {
			break
		}
		job, err := m.DB.ClaimMail(ctx, 3*m.Timeout)
		if errors.Is(err, db.ErrNotFound) {
			break
		}
		if err != nil {
			c.abort()
			return err
		}
		if err := m.deliver(ctx, c, job); err != nil || c.over {
			c.abort()
			return err
		}
	}
	c.quit()
	return nil
}

var errServer = errors.New("mail: no session with the mail server")

// deliver sends one mail and accounts for what became of it.
func (m *Mailer) deliver(ctx context.Context, c *conn, job db.Mail) error {
	began := time.Now()
	text, err := m.Composer.Compose(job, m.Now())
	if err != nil {
		m.Log.Error("mail cannot be written", "id", job.ID.String(), "error", err)
		return m.DB.RetryMail(ctx, job, 0, time.Hour)
	}
	_ = c.raw.SetDeadline(began.Add(m.Timeout)) // fails only on a closed connection, as what follows then does
	stop := context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Now().Add(linger)) })
	defer stop()
	after := context.WithoutCancel(ctx) // what happened is noted, also at the program's end
	sent := c.send(m.Composer.From.Address, job.Address, text,
		func() error { return m.tell(ctx, job, time.Since(began)) },
		func() error { return m.DB.BeginMail(after, job) })
	outcome, err := m.account(after, job, sent)
	m.Log.Info("mail", "id", job.ID.String(), "outcome", outcome, "attempt", job.Attempts, "code", code(sent), "took", time.Since(began))
	if errors.Is(err, db.ErrMailLost) {
		return nil
	}
	return err
}

// tell makes the register's entry durable before the first byte of a trader's
// news leaves. A mail that asks for a confirmation tells nothing.
func (m *Mailer) tell(ctx context.Context, job db.Mail, took time.Duration) error {
	if job.Confirm != "" {
		return nil
	}
	codes := make([]string, len(job.News))
	for i, n := range job.News {
		codes[i] = n.Registration
	}
	return m.Register.Submit(ctx, register.Entry{
		RequestID: job.ID, Channel: "mail", Actor: "system", Session: job.Subscription, Subject: job.VOEN,
		Action: register.MailNotifications, Asked: strings.Join(codes, " "), Outcome: register.Answered, Results: len(codes), Elapsed: took,
	}).Wait(ctx)
}

// account writes down what became of a mail.
func (m *Mailer) account(ctx context.Context, job db.Mail, sent error) (outcome string, err error) {
	r, certain := errors.AsType[refusal](sent)
	switch {
	case sent == nil:
		return "sent", m.end(ctx, job)
	case certain && r.permanent():
		return "refused", m.DB.RefuseMail(ctx, job, r.code, r.what == refusedMailbox)
	case errors.Is(sent, errUnknown):
		return "unknown", m.DB.LoseMail(ctx, job)
	case errors.Is(sent, db.ErrMailLost):
		return "withdrawn", nil
	}
	// Refused for now, or broken off before the end of its text.
	return "later", m.DB.RetryMail(ctx, job, code(sent), backoff(job.Attempts))
}

// end notes that the server has the mail, and tries hard: if this is lost the
// mail counts as unknown, and its news is told once more.
func (m *Mailer) end(ctx context.Context, job db.Mail) (err error) {
	for attempt := range 5 {
		if err = m.DB.EndMail(ctx, job); err == nil || errors.Is(err, db.ErrMailLost) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(attempt+1) * 200 * time.Millisecond):
		}
	}
	return err
}

// code is the reply code of a refusal, 0 if it was none.
func code(err error) int {
	r, _ := errors.AsType[refusal](err)
	return r.code
}

// backoff is how long a mail waits after so many attempts: a minute, doubling
// up to four hours, spread by a quarter to both sides.
func backoff(attempts int) time.Duration {
	return jitter(min(time.Minute<<min(max(attempts-1, 0), 8), 4*time.Hour))
}
