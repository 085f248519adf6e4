package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// KeepSession notes that the session of the key is in use now, as looking at
// goods does, and returns it. ErrNoSession means that it has ended.
func (d *DB) KeepSession(ctx context.Context, k SessionKey) (Session, error) {
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.session', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`update session set seen_at = now() where id = (select id from current_session())`).Exec(discard)
	var s Session
	queueSession(b, k, &s)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Session{}, err
	}
	if s.ID == uuid.Nil {
		return Session{}, d.sure(ErrNoSession)
	}
	return s, nil
}

// Left is how long the session lives after now if it is not used again.
func (s Session) Left(now time.Time) time.Duration {
	end := s.SeenAt.Add(s.Idle)
	if s.ExpiresAt.Before(end) {
		end = s.ExpiresAt
	}
	return max(end.Sub(now), 0)
}
