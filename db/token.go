package db

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// The errors of tokens.
var (
	ErrNoToken       = errors.New("db: no such token, or it has ended")
	ErrTokenExists   = errors.New("db: this token was made before")
	ErrTooManyTokens = errors.New("db: the taxpayer has as many tokens as are allowed")
)

// MaxTokens is how many tokens of one taxpayer may be good at once.
const MaxTokens = 20

// tokenPrefix makes a token that lies about somewhere recognisable.
const tokenPrefix = "mallarim_"

// TokenKey is what a trader's program holds: the id of its token and the secret
// of which the database knows only the SHA-256.
type TokenKey SessionKey

// NewTokenKey makes a key with a fresh secret for an id.
func NewTokenKey(id uuid.UUID) TokenKey {
	k := TokenKey{ID: id}
	rand.Read(k.Secret[:])
	return k
}

// String is the token as a program sends it: 73 letters, digits, - and _.
func (k TokenKey) String() string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(append(k.ID[:], k.Secret[:]...))
}

// ParseTokenKey reads what String wrote, and nothing else. The error is
// ErrNoToken.
func ParseTokenKey(s string) (TokenKey, error) {
	text, ok := strings.CutPrefix(s, tokenPrefix)
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(b) != 48 || len(text) != 64 { // the decoder passes over line ends
		return TokenKey{}, ErrNoToken
	}
	return TokenKey{ID: uuid.UUID(b[:16]), Secret: [32]byte(b[16:])}, nil
}

// setting is the value of portal.token for this key.
func (k TokenKey) setting() string { return SessionKey(k).setting() }

// Program is a token that is good at this moment.
type Program struct {
	Token     uuid.UUID
	VOEN      customs.VOEN
	ExpiresAt time.Time
}

// Token is a token as its taxpayer sees it.
type Token struct {
	ID          uuid.UUID
	Name        string
	Person      string // who made it
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      *time.Time // to about twenty seconds
	WithdrawnAt *time.Time
	Stands      bool // the person who made it may still act for the taxpayer
}

// UseToken opens a call of a program and counts it. allowed is false when the
// rate is used up. ErrNoToken: the token is unknown, has ended, or its maker
// may not act for the taxpayer any more.
func (d *DB) UseToken(ctx context.Context, k TokenKey, r Rate) (p Program, allowed bool, err error) {
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.token', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select token, taxpayer, ends, allowed from use_token($1, $2)`, r.Every, r.Burst).QueryRow(func(row pgx.Row) error {
		return orNone(row.Scan(&p.Token, &p.VOEN, &p.ExpiresAt, &allowed))
	})
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Program{}, false, err
	}
	if p.Token == uuid.Nil {
		return Program{}, false, ErrNoToken
	}
	return p, allowed, nil
}

// MakeToken makes a token for the session's taxpayer, good for so many days,
// at most 366. Errors: ErrNoSession, ErrTokenExists, ErrTooManyTokens.
func (d *DB) MakeToken(ctx context.Context, s SessionKey, k TokenKey, name string, days int) error {
	var outcome *string
	err := d.sessionAct(ctx, s, &outcome, `select make_token($1, $2, $3, $4)`, k.ID, SessionKey(k).hash(), storable(name), days)
	switch {
	case err != nil:
		return err
	case outcome == nil:
		return ErrNoSession
	case *outcome == "exists":
		return ErrTokenExists
	case *outcome == "too_many":
		return ErrTooManyTokens
	}
	return nil
}

// Tokens lists the tokens of the session's taxpayer, newest first, ended ones
// too. ErrNoSession: nobody is signed in with this key.
func (d *DB) Tokens(ctx context.Context, k SessionKey) (Session, []Token, error) {
	var list []Token
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`select id, name, person, created_at, expires_at, used_at, withdrawn_at, stands from own_tokens()`).Query(collect(&list, pgx.RowToStructByPos[Token]))
	})
	return s, list, err
}

// WithdrawToken ends a token of the session's taxpayer at once. ErrNotFound: it
// is none of them, or was withdrawn before.
func (d *DB) WithdrawToken(ctx context.Context, k SessionKey, id uuid.UUID) error {
	var done bool
	err := d.sessionAct(ctx, k, &done, `select withdraw_token($1)`, id)
	if err == nil && !done {
		err = ErrNotFound
	}
	return err
}
