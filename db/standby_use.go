package db

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// uses are when sessions were last used while no primary could note it. Each
// process knows of its own.
type uses struct {
	mu sync.Mutex
	at map[uuid.UUID]time.Time
}

// note notes that a session is in use now.
func (u *uses) note(id uuid.UUID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.at == nil || len(u.at) >= touchedLimit {
		u.at = map[uuid.UUID]time.Time{}
	}
	u.at[id] = time.Now()
}

// seen puts a later use into a session that was read from the standby, and
// reports whether the session lives.
func (u *uses) seen(s *Session) bool {
	u.mu.Lock()
	s.SeenAt = later(s.SeenAt, u.at[s.ID])
	u.mu.Unlock()
	return s.Left(time.Now()) > 0
}

// tell tells a primary that has come back of what it missed, so that nobody who
// was there all the time has to sign in again. What it does not take is kept
// for the next time.
func (u *uses) tell(ctx context.Context, conn *pgx.Conn) {
	u.mu.Lock()
	ids, times := make([]uuid.UUID, 0, len(u.at)), make([]time.Time, 0, len(u.at))
	for id, at := range u.at {
		ids, times = append(ids, id), append(times, at)
	}
	u.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	_, err := conn.Exec(ctx, `
		update session s set seen_at = least(u.at, now())
		  from unnest($1::uuid[], $2::timestamptz[]) as u (id, at)
		 where s.id = u.id and s.ended_at is null and s.seen_at < least(u.at, now())`, ids, times)
	if err != nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, id := range ids {
		if u.at[id].Equal(times[i]) {
			delete(u.at, id)
		}
	}
}
