package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	channel  = "goods" // notices that a trader's list changed
	everyone = "*"     // payload: every list may have changed

	// A connection that brings nothing for a while is asked whether it lives: a
	// network that swallows everything looks like a border at which nothing
	// happens.
	listenQuiet  = 5 * time.Second
	listenAnswer = 5 * time.Second
)

// Listen calls changed with the VÖEN whose list changed, or with "" when every
// list may have, until ctx ends. After a lost connection it comes back by
// itself and says "", since notices may have been missed meanwhile.
func (d *DB) Listen(ctx context.Context, changed func(voen string)) {
	wait := time.Duration(0)
	for ctx.Err() == nil {
		if d.listenOnce(ctx, changed) {
			wait = 0
		}
		wait = min(wait*2+100*time.Millisecond, 5*time.Second)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// listenOnce listens on one connection until it is lost, and reports whether
// listening ever began.
func (d *DB) listenOnce(ctx context.Context, changed func(string)) bool {
	conn, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig.Copy())
	if err != nil {
		return false
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `listen `+channel); err != nil {
		return false
	}
	changed("")
	for {
		n, err := nextNotice(ctx, conn)
		if err != nil {
			return true
		}
		if n.Payload == everyone {
			changed("")
		} else {
			changed(n.Payload)
		}
	}
}

// nextNotice waits for a notice for as long as the connection lives.
func nextNotice(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	for {
		waiting, done := context.WithTimeout(ctx, listenQuiet)
		n, err := conn.WaitForNotification(waiting)
		quiet := waiting.Err() != nil && ctx.Err() == nil && !conn.IsClosed()
		done()
		if err == nil || !quiet {
			return n, err
		}
		asking, done := context.WithTimeout(ctx, listenAnswer)
		_, err = conn.Exec(asking, `listen `+channel) // once more changes nothing
		done()
		if err != nil {
			return nil, err
		}
	}
}
