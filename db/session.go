package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// SessionKey is what a signed-in browser holds: the id of its session and the
// secret of which the database knows only the SHA-256.
type SessionKey struct {
	ID     uuid.UUID
	Secret [32]byte
}

// String is the key as a cookie carries it.
func (k SessionKey) String() string {
	return k.ID.String() + "." + base64.RawURLEncoding.EncodeToString(k.Secret[:])
}

// ParseSessionKey reads what String wrote. The error is ErrNoSession.
func ParseSessionKey(s string) (SessionKey, error) {
	id, secret, _ := strings.Cut(s, ".")
	u, err := uuid.Parse(id)
	if err != nil || len(id) != 36 {
		return SessionKey{}, ErrNoSession
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	if err != nil || len(b) != 32 || len(secret) != 43 { // the decoder passes over line ends
		return SessionKey{}, ErrNoSession
	}
	return SessionKey{ID: u, Secret: [32]byte(b)}, nil
}

// newSessionKey makes a key with a new id and secret.
func newSessionKey() SessionKey {
	k := SessionKey{ID: uuid.New()}
	rand.Read(k.Secret[:])
	return k
}

// hash is what the database keeps of the secret.
func (k SessionKey) hash() []byte {
	h := sha256.Sum256(k.Secret[:])
	return h[:]
}

// setting is the value of portal.session for this key.
func (k SessionKey) setting() string { return k.ID.String() + " " + hex.EncodeToString(k.hash()) }

// Person is whom a certificate named when a session began.
type Person struct {
	VOEN         customs.VOEN `json:"voen"`
	PIN          customs.PIN  `json:"pin,omitempty"`
	Name         string       `json:"name,omitempty"`
	Organisation string       `json:"organisation,omitempty"`
	Position     string       `json:"position,omitempty"` // there, as the list of representatives has it
	Source       string       `json:"source,omitempty"`   // of the taxpayer number, see Companies
	Method       string       `json:"method"`             // file, card, …
	Issuer       string       `json:"issuer"`             // profile of the trust store
	Serial       string       `json:"serial"`             // of the certificate, hexadecimal
	Fingerprint  []byte       `json:"fingerprint"`
}

// Session is a live session.
type Session struct {
	ID        uuid.UUID
	Person    Person
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time // absolute end
	Idle      time.Duration
	Companies int // among which the person may switch, at least 1

	// AsOf is not zero if the session, and what was read with it, comes from a
	// standby since the primary is gone: what was committed until then was seen.
	// The register entry of such an answer goes into the journal.
	AsOf time.Time
}

// Limits say how long a session lives: without a request, and at most.
type Limits struct {
	Idle, Absolute time.Duration
}

// StartSession begins a session under a new id and secret. If old is a live
// session it is ended in the same transaction, so that signing in rotates it.
func (d *DB) StartSession(ctx context.Context, p Person, l Limits, old *SessionKey) (SessionKey, error) {
	var k SessionKey
	err := d.inTx(ctx, "", func(tx pgx.Tx) (err error) {
		k, err = startSession(ctx, tx, p, l, 1, old)
		return err
	})
	return k, err
}

func startSession(ctx context.Context, tx pgx.Tx, p Person, l Limits, companies int, old *SessionKey) (SessionKey, error) {
	k := newSessionKey()
	if old != nil {
		if err := endSession(ctx, tx, *old); err != nil {
			return SessionKey{}, err
		}
	}
	_, err := tx.Exec(ctx, `
		insert into session (id, secret_hash, voen, pin, person, organisation, method, issuer, serial, fingerprint, idle, expires_at, companies)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now() + $12::interval, $13)`,
		k.ID, k.hash(), string(p.VOEN), string(p.PIN), p.Name, p.Organisation, p.Method, p.Issuer, p.Serial, p.Fingerprint,
		l.Idle, l.Absolute, companies)
	return k, err
}

// EndSession ends the session in the database. One that has ended is no error.
func (d *DB) EndSession(ctx context.Context, k SessionKey) error {
	err := d.inTx(ctx, "", func(tx pgx.Tx) error { return endSession(ctx, tx, k) })
	if d.standby != nil && lost(err) {
		d.standby.end(ctx, k)
	}
	return err
}

func endSession(ctx context.Context, tx pgx.Tx, k SessionKey) error {
	if _, err := tx.Exec(ctx, `select set_config('portal.session', $1, true)`, k.setting()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `select end_session()`)
	return err
}

// Session returns the live session of the key, or ErrNoSession.
func (d *DB) Session(ctx context.Context, k SessionKey) (Session, error) {
	return d.forSession(ctx, k, func(*pgx.Batch) {})
}

// SessionsLeft says of each key, as String writes it, how long its session lives
// if nothing more is asked with it; 0: it does not. It asks for all of them at
// once. Whoever keeps the answer learns from Listen when it no longer holds.
func (d *DB) SessionsLeft(ctx context.Context, keys []string) ([]time.Duration, error) {
	settings := make([]string, len(keys))
	for i, s := range keys {
		if k, err := ParseSessionKey(s); err == nil {
			settings[i] = k.setting()
		}
	}
	rows, err := d.pool.Query(ctx, `select sessions_left($1)`, settings)
	if err != nil {
		return nil, err
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[time.Duration])
	if err == nil && d.Unsure() && slices.Contains(left, 0) {
		return nil, ErrUnreachable
	}
	return left, err
}

// queueSession makes the batch speak for the session of the key and reads the
// session into s; s.ID stays zero when there is none. It must come first: a
// batch is one transaction, and every policy asks whose it is.
func queueSession(b *pgx.Batch, k SessionKey, s *Session) {
	b.Queue(`select set_config('portal.session', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`
		select id, voen, pin, person, organisation, method, issuer, serial, fingerprint,
		       created_at, seen_at, expires_at, idle, companies
		  from signed_in`).QueryRow(func(row pgx.Row) error {
		return orNone(row.Scan(&s.ID, (*string)(&s.Person.VOEN), (*string)(&s.Person.PIN), &s.Person.Name, &s.Person.Organisation,
			&s.Person.Method, &s.Person.Issuer, &s.Person.Serial, &s.Person.Fingerprint,
			&s.CreatedAt, &s.SeenAt, &s.ExpiresAt, &s.Idle, &s.Companies))
	})
}
