package db

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/register"
)

// journal keeps register entries of answers that were given while the primary
// was gone, in a file of this process, until the primary has them. An entry is
// on the disk when put returns, and leaves the file only after the transaction
// that took it into the register.
type journal struct{ file *bolt.DB }

var (
	journalWaiting = []byte("waiting") // sequence number, big-endian → noted as JSON
	journalRefused = []byte("refused") // the same, for what the register would not have
)

// noted is an entry as the journal holds it and take_late_entries reads it. The
// key lets the register take it once, however often it is brought.
type noted struct {
	Key       uuid.UUID        `json:"key"`
	At        time.Time        `json:"at"` // when the answer was made
	RequestID uuid.UUID        `json:"request_id"`
	Channel   string           `json:"channel"`
	Actor     string           `json:"actor"`
	Session   uuid.UUID        `json:"session_id"`
	Subject   customs.VOEN     `json:"subject"`
	Action    register.Action  `json:"action"`
	Asked     string           `json:"asked"`
	Outcome   register.Outcome `json:"outcome"`
	Results   int              `json:"results"`
	Elapsed   int64            `json:"elapsed_us"`
}

// openJournal opens the file, or makes it. It belongs to one process.
func openJournal(path string) (*journal, error) {
	file, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("db: the register's journal %s is in use by another process; each needs its own", path)
	}
	if err != nil {
		return nil, fmt.Errorf("db: the register's journal %s: %w", path, err)
	}
	err = file.Update(func(tx *bolt.Tx) error {
		for _, bucket := range [][]byte{journalWaiting, journalRefused} {
			if _, err := tx.CreateBucketIfNotExists(bucket); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		_ = file.Close() // the error counts
		return nil, fmt.Errorf("db: the register's journal %s: %w", path, err)
	}
	return &journal{file}, nil
}

func (j *journal) close() {
	if j != nil {
		_ = j.file.Close() // everything that counts was synced when it was put
	}
}

// put makes an entry durable; those that come at once share a flush.
func (j *journal) put(e register.Entry) error {
	key, err := uuid.NewV7()
	if err != nil {
		return err
	}
	text, err := json.Marshal(noted{
		Key: key, At: time.Now().UTC().Truncate(time.Microsecond),
		RequestID: e.RequestID, Channel: e.Channel, Actor: e.Actor, Session: e.Session, Subject: e.Subject, Action: e.Action,
		Asked: clip(storable(e.Asked), askedSize), Outcome: e.Outcome, Results: e.Results, Elapsed: e.Elapsed.Microseconds(),
	})
	if err != nil {
		return err
	}
	return j.file.Batch(func(tx *bolt.Tx) error {
		waiting := tx.Bucket(journalWaiting)
		n, err := waiting.NextSequence()
		if err != nil {
			return err
		}
		return waiting.Put(binary.BigEndian.AppendUint64(nil, n), text)
	})
}

// writable is an error if nothing can be put.
func (j *journal) writable() error { return j.file.Update(func(*bolt.Tx) error { return nil }) }

// oldest are the entries that have waited longest, with their places.
func (j *journal) oldest(n int) (places [][]byte, entries []json.RawMessage, err error) {
	err = j.file.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(journalWaiting).Cursor()
		for k, v := c.First(); k != nil && len(places) < n; k, v = c.Next() {
			places = append(places, append([]byte(nil), k...))
			entries = append(entries, append(json.RawMessage(nil), v...))
		}
		return nil
	})
	return places, entries, err
}

// remove takes entries out, into another bucket if there is one.
func (j *journal) remove(places [][]byte, into []byte) error {
	return j.file.Update(func(tx *bolt.Tx) error {
		waiting := tx.Bucket(journalWaiting)
		for _, k := range places {
			if into != nil {
				if err := tx.Bucket(into).Put(k, waiting.Get(k)); err != nil {
					return err
				}
			}
			if err := waiting.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// Journalled is how many entries wait in the journal of this process, and how
// many the register would not have; those stay there to be looked at.
func (d *DB) Journalled() (waiting, refused int, err error) {
	if d.journal == nil {
		return 0, 0, nil
	}
	err = d.journal.file.View(func(tx *bolt.Tx) error {
		waiting = tx.Bucket(journalWaiting).Stats().KeyN
		refused = tx.Bucket(journalRefused).Stats().KeyN
		return nil
	})
	return waiting, refused, err
}

// catchUp brings what the journal holds into the register until it is empty.
func (r *Register) catchUp(ctx context.Context, conn *pgx.Conn) error {
	for {
		places, entries, err := r.journal.oldest(groupSize)
		if err != nil || len(places) == 0 {
			return err
		}
		err = takeLate(ctx, conn, entries)
		switch {
		case err == nil:
			err = r.journal.remove(places, nil)
		case refused(err):
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
		if err := takeLate(ctx, conn, entries[i:i+1]); refused(err) {
			into = journalRefused
		} else if err != nil {
			return err
		}
		if err := r.journal.remove(places[i:i+1], into); err != nil {
			return err
		}
	}
	return nil
}

func takeLate(ctx context.Context, conn *pgx.Conn, entries []json.RawMessage) error {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	all, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `select take_late_entries($1::jsonb)`, string(all))
	return err
}

// follow catches up whenever the primary is there and something waits, until
// the register closes.
func (r *Register) follow(ctx context.Context) {
	defer close(r.followed)
	for {
		if places, _, err := r.journal.oldest(1); err == nil && len(places) > 0 {
			_ = r.reach(ctx) // it stays in the journal, and the next turn tries again
		}
		select {
		case <-r.closing:
			return
		case <-time.After(primaryEvery):
		}
	}
}

func (r *Register) reach(ctx context.Context) error {
	connecting, cancel := context.WithTimeout(ctx, primaryAnswer)
	defer cancel()
	conn, err := pgx.ConnectConfig(connecting, r.cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return r.catchUp(ctx, conn)
}
