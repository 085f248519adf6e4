package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// SignedIn is the outcome of an attempt that began a session.
const SignedIn = "signed_in"

// Attempt is one try to sign in, good or not.
type Attempt struct {
	Method  string       // file, card, sima, mygov
	Issuer  string       // profile of the trust store, "" while unknown
	Serial  string       // of the certificate, "" while unknown
	VOEN    customs.VOEN // of the session that began, "" otherwise
	Outcome string       // SignedIn or the code of the reason
}

// RecordAttempt keeps an attempt. It can be neither changed nor read back by
// the serving role, except for what History tells the person concerned.
func (d *DB) RecordAttempt(ctx context.Context, a Attempt) error {
	_, err := d.pool.Exec(ctx, `
		insert into sign_in_attempt (method, issuer, serial, voen, outcome) values ($1, $2, $3, $4, $5)`,
		a.Method, a.Issuer, a.Serial, string(a.VOEN), a.Outcome)
	return err
}

// History is what somebody who signs in should know about earlier attempts.
type History struct {
	Last       time.Time // with this certificate; zero: never
	LastMethod string
	Failed     int       // attempts with this certificate since then that began no session
	FailedAt   time.Time // the latest of them
	FailedFor  string    // its reason's code
	Other      time.Time // the latest sign-in for this taxpayer with another certificate; zero: none
}

// History tells about the attempts before the session of this key.
// ErrNoSession means that there is none.
func (d *DB) History(ctx context.Context, k SessionKey) (History, error) {
	var h History
	var last, failed, other *time.Time
	var found bool
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.session', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select last_at, coalesce(last_method, ''), failed, failed_at, coalesce(failed_outcome, ''), other_at from sign_in_history()`).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&last, &h.LastMethod, &h.Failed, &failed, &h.FailedFor, &other)
		found = err == nil
		return orNone(err)
	})
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return h, err
	}
	if !found {
		return h, ErrNoSession
	}
	h.Last, h.FailedAt, h.Other = orZero(last), orZero(failed), orZero(other)
	return h, nil
}

// SweepAttempts deletes attempts to sign in that are older than kept, at least
// 30 days, and answers how many.
func (d *DB) SweepAttempts(ctx context.Context, kept time.Duration) (n int64, err error) {
	err = d.pool.QueryRow(ctx, `select sweep_sign_in_attempts($1)`, kept).Scan(&n)
	return n, err
}
