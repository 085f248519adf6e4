package db

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// uses are what became of sessions while no primary could note it. Each process
// knows of its own.
type uses struct {
	mu   sync.Mutex
	of   map[uuid.UUID]use
	news bool // something was not told yet
}

type use struct {
	at    time.Time // the latest
	ended string    // the session's key as a setting, if it was signed out; else ""
	told  bool      // to a primary
}

const (
	useKept   = 24 * time.Hour  // as long as a session can be idle at most
	unsureFor = 5 * time.Second // what a primary that is back may not have been told when it was asked
)

// note notes that a session is in use now.
func (u *uses) note(id uuid.UUID) { u.put(id, use{at: time.Now()}) }

// end notes that a session was signed out.
func (u *uses) end(id uuid.UUID, k SessionKey) { u.put(id, use{at: time.Now(), ended: k.setting()}) }

func (u *uses) put(id uuid.UUID, v use) {
	u.mu.Lock()
	defer u.mu.Unlock()
	old, known := u.of[id]
	if !known && len(u.of) >= touchedLimit {
		for id, o := range u.of {
			if v.at.Sub(o.at) > useKept {
				delete(u.of, id)
			}
		}
		if len(u.of) >= touchedLimit {
			return // as if it were another process's
		}
	}
	if u.of == nil {
		u.of = map[uuid.UUID]use{}
	}
	if old.ended == "" {
		u.of[id], u.news = v, true
	}
}

// seen puts a later use into a session that was read from the standby, and
// reports whether the session lives.
func (u *uses) seen(s *Session) bool {
	u.mu.Lock()
	v := u.of[s.ID]
	u.mu.Unlock()
	s.SeenAt = later(s.SeenAt, v.at)
	return v.ended == "" && s.Left(time.Now()) > 0
}

// tell tells a primary what it missed, so that nobody who was there all the time
// has to sign in again and nobody who left comes back.
func (u *uses) tell(ctx context.Context, conn *pgx.Conn) error {
	u.mu.Lock()
	var ended, ids []uuid.UUID
	var keys []string
	var times []time.Time
	for id, v := range u.of {
		switch {
		case !u.news || v.told:
		case v.ended != "":
			ended, keys = append(ended, id), append(keys, v.ended)
		default:
			ids, times = append(ids, id), append(times, v.at)
		}
	}
	u.news = false
	u.mu.Unlock()
	if len(ended)+len(ids) == 0 {
		return nil
	}
	if err := tellUses(ctx, conn, keys, ids, times); err != nil {
		u.mu.Lock()
		u.news = true
		u.mu.Unlock()
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, id := range append(ids, ended...) {
		if v, known := u.of[id]; known && (i >= len(times) || v.at.Equal(times[i])) {
			v.told = true
			u.of[id] = v
		}
	}
	return nil
}

func tellUses(ctx context.Context, conn *pgx.Conn, ended []string, ids []uuid.UUID, times []time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	b := &pgx.Batch{} // one transaction
	for _, key := range ended {
		b.Queue(`select set_config('portal.session', $1, true)`, key).Exec(discard)
		b.Queue(`select end_session()`).Exec(discard) // one that is idle there already has ended
	}
	b.Queue(`
		update session s set seen_at = least(u.at, now())
		  from unnest($1::uuid[], $2::timestamptz[]) as u (id, at)
		 where s.id = u.id and s.seen_at < least(u.at, now())
		   and s.id in (select id from session where id = any($1) and ended_at is null order by id for update)`, ids, times).Exec(discard)
	return conn.SendBatch(ctx, b).Close()
}

// Unsure reports whether the primary may call a session ended that was used
// while it was gone: it is gone, or has only just come back. Until it has been
// told, that is no news to act on.
func (d *DB) Unsure() bool {
	return d.standby != nil && (d.standby.gone.Load() || time.Since(time.Unix(0, d.standby.back.Load())) < unsureFor)
}

// sure makes of a session that there is not, while that is unsure, one that
// nobody knows of.
func (d *DB) sure(err error) error {
	if errors.Is(err, ErrNoSession) && d.Unsure() {
		return ErrUnreachable
	}
	return err
}

// end notes that a session was signed out which the primary could not be told.
func (y *standby) end(ctx context.Context, k SessionKey) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hostAnswer)
	defer cancel()
	if s, err := sendFor(ctx, y.pool, &pgx.Batch{}, k, func(*pgx.Batch) {}); err == nil {
		y.uses.end(s.ID, k)
	}
}
