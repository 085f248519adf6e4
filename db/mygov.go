package db

import (
	"context"
	"crypto/sha256"
	"time"
)

// Authorization is a sign-in at mygov ID on its way.
type Authorization struct {
	Nonce    string // OpenID Connect Core 1.0 §3.1.2.1
	Verifier string // of PKCE, RFC 7636 §4.1
	Back     string // page to open afterwards
}

// StartAuthorization stores a request under its state (RFC 6749 §10.12) for the
// browser whose secret has this SHA-256.
func (d *DB) StartAuthorization(ctx context.Context, browser [32]byte, state string, a Authorization, life time.Duration) error {
	hash := sha256.Sum256([]byte(state))
	_, err := d.pool.Exec(ctx, `
		insert into mygov_request (state_hash, browser_hash, nonce, verifier, back, expires_at)
		values ($1, $2, $3, $4, $5, now() + $6::interval)`, hash[:], browser[:], a.Nonce, a.Verifier, a.Back, life)
	return err
}

// FinishAuthorization consumes the request with this state in the browser that
// began it. Unknown, used, expired or another browser's is ErrNotFound.
func (d *DB) FinishAuthorization(ctx context.Context, browser [32]byte, state string) (a Authorization, err error) {
	hash := sha256.Sum256([]byte(state))
	err = d.pool.QueryRow(ctx, `
		update mygov_request set used_at = now()
		 where state_hash = $1 and browser_hash = $2 and used_at is null and expires_at > now()
		returning nonce, verifier, back`, hash[:], browser[:]).Scan(&a.Nonce, &a.Verifier, &a.Back)
	return a, orNotFound(err)
}
