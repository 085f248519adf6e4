package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// follow catches up whenever the primary is there and something waits in the
// journal, until the register closes.
func (r *Register) follow(ctx context.Context) {
	defer close(r.followed)
	said := ""
	for {
		// What is in the way goes into the log once, and without its values.
		var err error
		if !r.gone() {
			err = r.catchUp(ctx)
		}
		if state := stateOf(err); state != said && ctx.Err() == nil {
			if said = state; said != "" {
				r.log.Error("the journal does not come into the register", "state", said)
			}
		}
		select {
		case <-r.closing:
			return
		case <-time.After(primaryEvery):
		}
	}
}

// stateOf is the code of PostgreSQL's error, or what else it is without a value;
// "": there is none, or the primary is gone.
func stateOf(err error) string {
	if err == nil || lost(err) || errors.Is(err, context.DeadlineExceeded) {
		return ""
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	if errors.Is(err, errDamaged) {
		return "damaged"
	}
	return "file"
}

// catchUp brings what the journal holds, if anything, into the register and
// leaves it empty.
func (r *Register) catchUp(ctx context.Context) error {
	var conn *pgx.Conn
	for {
		places, entries, err := r.journal.oldest(groupSize)
		if err != nil {
			return err
		}
		if len(places) == 0 {
			return r.journal.renew()
		}
		if conn == nil {
			if conn, err = connectPrimary(ctx, r.cfg); err != nil {
				return err
			}
			defer conn.Close(context.WithoutCancel(ctx))
		}
		err = takeLate(ctx, conn, entries)
		switch {
		case err == nil:
			err = r.journal.remove(places, nil)
		case unwanted(err):
			err = r.catchUpSingly(ctx, conn, places, entries)
		}
		if err != nil {
			return err
		}
	}
}

// catchUpSingly brings entries one by one, so that a single one that the
// register will not have holds up no other. That one is kept aside.
func (r *Register) catchUpSingly(ctx context.Context, conn *pgx.Conn, places [][]byte, entries []json.RawMessage) error {
	for i := range places {
		var into []byte
		if err := takeLate(ctx, conn, entries[i:i+1]); unwanted(err) {
			into = journalRefused
			var e noted
			_ = json.Unmarshal(entries[i], &e) // without it the log has no number of the request
			r.log.Error("the register refuses an entry of the journal", "request", e.RequestID.String(), "state", stateOf(err))
		} else if err != nil {
			return err
		}
		if err := r.journal.remove(places[i:i+1], into); err != nil {
			return err
		}
	}
	return nil
}

// unwanted reports whether the register would certainly not have a value of
// these entries.
func unwanted(err error) bool { return refused(err) || errors.Is(err, errDamaged) }

func takeLate(ctx context.Context, conn *pgx.Conn, entries []json.RawMessage) error {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	all, err := json.Marshal(entries)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	_, err = conn.Exec(ctx, `select take_late_entries($1::jsonb)`, string(all))
	return err
}
