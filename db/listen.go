package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	listsChanged  = "goods"    // the channel of notices that a trader's list changed
	everyone      = "*"        // their payload: every list may have changed
	sessionsEnded = "sessions" // the channel of notices that a session ended

	// A connection that brings nothing for a while is asked whether it lives: a
	// network that swallows everything looks like a border at which nothing
	// happens.
	listenQuiet  = 5 * time.Second
	listenAnswer = 5 * time.Second
)

// Notices are what Listen tells, one after the other and in the order in which
// it was committed.
type Notices struct {
	Listening func(now bool)       // before anything is told, and after a connection was lost
	Changed   func(voen string)    // the trader's list changed; "": every list may have
	Ended     func(session string) // the session of this ID ended, or will sooner than was said of it
}

// Listen tells what happens until ctx ends. After a lost connection it comes
// back by itself and says that every list may have changed, since notices may
// have been missed meanwhile.
func (d *DB) Listen(ctx context.Context, tell Notices) {
	wait := time.Duration(0)
	for ctx.Err() == nil {
		if d.listenOnce(ctx, tell) {
			wait = 0
		}
		wait = min(wait*2+100*time.Millisecond, 5*time.Second)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// listen is asked again by nextNotice: listening twice is listening.
const listen = `listen ` + listsChanged + `; listen ` + sessionsEnded

// listenOnce listens on one connection until it is lost, and reports whether
// listening ever began.
func (d *DB) listenOnce(ctx context.Context, tell Notices) bool {
	conn, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig.Copy())
	if err != nil {
		return false
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, listen); err != nil {
		return false
	}
	tell.Listening(true)
	defer tell.Listening(false)
	tell.Changed("")
	for {
		n, err := d.nextNotice(ctx, conn)
		switch {
		case err != nil:
			return true
		case n.Channel == sessionsEnded:
			tell.Ended(n.Payload)
		case n.Payload == everyone:
			tell.Changed("")
		default:
			tell.Changed(n.Payload)
		}
	}
}

// nextNotice waits for a notice for as long as the connection lives.
func (d *DB) nextNotice(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	for {
		waiting, done := context.WithTimeout(ctx, listenQuiet)
		n, err := conn.WaitForNotification(waiting)
		quiet := waiting.Err() != nil && ctx.Err() == nil && !conn.IsClosed()
		done()
		if d.hosts.older(conn) {
			return nil, ErrUnreachable
		}
		if err == nil || !quiet {
			return n, err
		}
		asking, done := context.WithTimeout(ctx, listenAnswer)
		_, err = conn.Exec(asking, listen)
		done()
		if err != nil {
			return nil, err
		}
	}
}
