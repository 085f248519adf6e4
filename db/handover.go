package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/google/uuid"
)

// StartHandover opens a sign-in that another listener will finish, for the
// browser whose secret has this SHA-256. home is where to bring it back to.
func (d *DB) StartHandover(ctx context.Context, browser [32]byte, home string, life time.Duration) (uuid.UUID, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return id, err
	}
	_, err = d.pool.Exec(ctx, `
		insert into handover (id, browser_hash, home, expires_at) values ($1, $2, $3, now() + $4::interval)`,
		id, browser[:], home, life)
	return id, err
}

// HandoverHome returns where an open sign-in began, or ErrNotFound when it is
// unknown, verified already or expired.
func (d *DB) HandoverHome(ctx context.Context, id uuid.UUID) (home string, err error) {
	err = d.pool.QueryRow(ctx, `
		select home from handover where id = $1 and code_hash is null and expires_at > now()`, id).Scan(&home)
	return home, orNotFound(err)
}

// VerifyHandover stores whom the certificate named and returns the one-time
// code that brings it home. It works once; then it is ErrNotFound.
func (d *DB) VerifyHandover(ctx context.Context, id uuid.UUID, people []Person) (code string, err error) {
	var secret [32]byte
	rand.Read(secret[:])
	code = base64.RawURLEncoding.EncodeToString(secret[:])
	hash := sha256.Sum256([]byte(code))
	return code, changedOne(d.pool.Exec(ctx, `
		update handover set code_hash = $2, identity = $3
		 where id = $1 and code_hash is null and expires_at > now()`, id, hash[:], people))
}

// FinishHandover consumes the one-time code in the browser that started the
// sign-in. Unknown, used, expired or another browser's is ErrNotFound.
func (d *DB) FinishHandover(ctx context.Context, browser [32]byte, code string) (people []Person, err error) {
	hash := sha256.Sum256([]byte(code))
	err = d.pool.QueryRow(ctx, `
		update handover set used_at = now()
		 where code_hash = $1 and browser_hash = $2 and used_at is null and expires_at > now()
		returning identity`, hash[:], browser[:]).Scan(&people)
	return people, orNotFound(err)
}

// PeekHandover reads whom a verified sign-in names without consuming it, in the
// browser that started it.
func (d *DB) PeekHandover(ctx context.Context, browser [32]byte, code string) (people []Person, err error) {
	hash := sha256.Sum256([]byte(code))
	err = d.pool.QueryRow(ctx, `
		select identity from handover
		 where code_hash = $1 and browser_hash = $2 and used_at is null and expires_at > now()`, hash[:], browser[:]).Scan(&people)
	return people, orNotFound(err)
}
