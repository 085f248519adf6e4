package db

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"time"

	"github.com/google/uuid"
)

// Challenge is a one-time text to sign, bound to the browser that fetched it.
type Challenge struct {
	ID        uuid.UUID
	Content   []byte
	ExpiresAt time.Time
	Expired   bool // by the database's clock
	Used      bool // to sign in
	Spent     bool // for as many attempts as there may be
	SameOwner bool // it was made for the browser that asks
}

// CreateChallenge stores a text to sign for the browser whose secret has this
// SHA-256. The content must hold enough randomness to be unique.
func (d *DB) CreateChallenge(ctx context.Context, browser [32]byte, content []byte, life time.Duration) error {
	s256, s384, s512 := sha256.Sum256(content), sha512.Sum384(content), sha512.Sum512(content)
	_, err := d.pool.Exec(ctx, `
		insert into challenge (id, browser_hash, content, sha256, sha384, sha512, expires_at)
		values ($1, $2, $3, $4, $5, $6, now() + $7::interval)`,
		uuid.New(), browser[:], content, s256[:], s384[:], s512[:], life)
	return err
}

// FindChallenge finds the text with this SHA-256, SHA-384 or SHA-512 digest,
// whoever it was made for, or ErrNotFound.
func (d *DB) FindChallenge(ctx context.Context, browser [32]byte, digest []byte) (Challenge, error) {
	var c Challenge
	err := d.pool.QueryRow(ctx, `
		select id, content, expires_at, expires_at <= now(), used_at is not null, attempts >= $3, browser_hash = $2
		  from challenge where sha256 = $1 or sha384 = $1 or sha512 = $1`,
		digest, browser[:], challengeAttempts).Scan(&c.ID, &c.Content, &c.ExpiresAt, &c.Expired, &c.Used, &c.Spent, &c.SameOwner)
	return c, orNotFound(err)
}

// challengeAttempts is how many signatures over one challenge are looked at.
const challengeAttempts = 5

// TryChallenge counts an attempt to sign in with a live challenge of this
// browser; it must come before the signature is looked at. The sixth is
// ErrNotFound, and so is one with a challenge that was used.
func (d *DB) TryChallenge(ctx context.Context, browser [32]byte, id uuid.UUID) error {
	return changedOne(d.pool.Exec(ctx, `
		update challenge set attempts = attempts + 1
		 where id = $1 and browser_hash = $2 and used_at is null and attempts < $3 and expires_at > now()`, id, browser[:], challengeAttempts))
}

// UseChallenge consumes a live challenge of this browser, once: the second call
// is ErrNotFound.
func (d *DB) UseChallenge(ctx context.Context, browser [32]byte, id uuid.UUID) error {
	return changedOne(d.pool.Exec(ctx, `
		update challenge set used_at = now()
		 where id = $1 and browser_hash = $2 and used_at is null and expires_at > now()`, id, browser[:]))
}
