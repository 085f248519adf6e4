package db

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/register"
)

// journal keeps register entries of answers that were given while the primary
// was gone, in a file of this process, until the primary has them. An entry is
// on the disk when put returns, and leaves the file only after the transaction
// that took it into the register.
type journal struct {
	path string
	mu   sync.RWMutex // held for writing while the file is replaced
	file *bolt.DB
	full atomic.Bool // the last entry could not be put

	// A damaged file is not touched again: bbolt may have stumbled with its locks held.
	broken atomic.Bool
	used   atomic.Bool // it holds or may still show what an entry said

	puts            chan *putting // to the one goroutine that writes
	closing, closed chan struct{}
	once            sync.Once
}

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
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the file is replaced when it is empty, and must stay where it lies
	}
	var file *bolt.DB
	var held bool
	err := safely(func() (err error) {
		if file, err = openBolt(path); err != nil {
			return err
		}
		if held, err = sound(file); err != nil {
			return errors.Join(err, file.Close())
		}
		return nil
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("db: the register's journal %s is in use by another process; each needs its own", path)
	}
	if err != nil {
		return nil, fmt.Errorf("db: the register's journal %s: %w", path, err)
	}
	j := &journal{path: path, file: file, puts: make(chan *putting), closing: make(chan struct{}), closed: make(chan struct{})}
	j.used.Store(held)
	go j.write()
	return j, nil
}

func openBolt(path string) (*bolt.DB, error) {
	file, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	err = file.Update(func(tx *bolt.Tx) error {
		for _, bucket := range [][]byte{journalWaiting, journalRefused} {
			if _, err := tx.CreateBucketIfNotExists(bucket); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = syncFolder(filepath.Dir(path)) // a new file is on the disk when its folder is
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// sound reads every entry: damage is better known at the start than when an
// entry is needed. bbolt's own check is no help, it panics on another goroutine.
// held: there has been an entry in this file.
func sound(file *bolt.DB) (held bool, err error) {
	err = file.View(func(tx *bolt.Tx) error {
		held = tx.Bucket(journalWaiting).Sequence() > 0
		for _, bucket := range [][]byte{journalWaiting, journalRefused} {
			if err := tx.Bucket(bucket).ForEach(func(_, _ []byte) error { return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	return held, err
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (j *journal) close() {
	if j == nil {
		return
	}
	j.once.Do(func() { close(j.closing) })
	select {
	case <-j.closed:
	case <-time.After(groupTimeout): // see broken
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken.Load() {
		return
	}
	_ = j.file.Close() // everything that counts was synced when it was put
}

// renew puts an empty file in the place of one that holds no entries any more:
// what was removed from a file can still be read in it, and is personal.
func (j *journal) renew() error {
	if waiting, refused, err := j.counts(); err != nil || waiting+refused > 0 || !j.used.Load() {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if empty, err := isEmpty(j.file); err != nil || !empty {
		return err // one has come meanwhile
	}
	next := j.path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := openBolt(next)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Rename(next, j.path), syncFolder(filepath.Dir(j.path))); err != nil {
		return errors.Join(err, file.Close())
	}
	old := j.file
	j.file = file
	j.used.Store(false)
	return old.Close()
}

func isEmpty(file *bolt.DB) (empty bool, err error) {
	err = safely(func() error {
		return file.View(func(tx *bolt.Tx) error {
			waiting, _ := tx.Bucket(journalWaiting).Cursor().First()
			refused, _ := tx.Bucket(journalRefused).Cursor().First()
			empty = waiting == nil && refused == nil
			return nil
		})
	})
	return empty, err
}

// counts is how many entries wait, and how many the register would not have.
func (j *journal) counts() (waiting, refused int, err error) {
	err = j.guarded(func(file *bolt.DB) error {
		return file.View(func(tx *bolt.Tx) error {
			waiting = tx.Bucket(journalWaiting).Stats().KeyN
			refused = tx.Bucket(journalRefused).Stats().KeyN
			return nil
		})
	})
	return waiting, refused, err
}

// guarded runs f on the file. A damaged file makes bbolt panic, or a page of it
// unreadable: that is an error of the journal and no end of the process.
func (j *journal) guarded(f func(*bolt.DB) error) (err error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.broken.Load() {
		return errDamaged
	}
	err = safely(func() error { return f(j.file) })
	if errors.Is(err, errDamaged) {
		j.broken.Store(true)
	}
	return err
}

func safely(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %v", errDamaged, fault)
		}
	}()
	return f()
}

// errDamaged says that the journal cannot be read as one.
var errDamaged = errors.New("damaged; put it aside to start without what it holds")

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
	p := &putting{text, make(chan error, 1)}
	select {
	case j.puts <- p:
		return <-p.done
	case <-j.closing:
		return ErrNotDurable
	}
}

// putting is an entry on its way into the file.
type putting struct {
	text []byte
	done chan error
}

// write puts all entries that wait at once, until the journal closes.
func (j *journal) write() {
	defer close(j.closed)
	for {
		var group []*putting
		select {
		case p := <-j.puts:
			group = append(group, p)
		case <-j.closing:
			return
		}
		for more := true; more && len(group) < groupSize; {
			select {
			case p := <-j.puts:
				group = append(group, p)
			default:
				more = false
			}
		}
		err := j.guarded(func(file *bolt.DB) error {
			j.used.Store(true)
			return file.Update(func(tx *bolt.Tx) error {
				waiting := tx.Bucket(journalWaiting)
				for _, p := range group {
					n, err := waiting.NextSequence()
					if err == nil {
						err = waiting.Put(binary.BigEndian.AppendUint64(nil, n), p.text)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		})
		j.full.Store(err != nil)
		for _, p := range group {
			p.done <- err
		}
	}
}

// writable is an error if nothing can be put, or the last entry could not be.
func (j *journal) writable() error {
	err := j.guarded(func(file *bolt.DB) error {
		return file.Update(func(tx *bolt.Tx) error {
			_, err := tx.Bucket(journalWaiting).NextSequence() // a page is written
			return err
		})
	})
	if err == nil && j.full.Load() {
		err = ErrNotDurable
	}
	return err
}

// oldest are the entries that have waited longest, with their places.
func (j *journal) oldest(n int) (places [][]byte, entries []json.RawMessage, err error) {
	err = j.guarded(func(file *bolt.DB) error {
		return file.View(func(tx *bolt.Tx) error {
			c := tx.Bucket(journalWaiting).Cursor()
			for k, v := c.First(); k != nil && len(places) < n; k, v = c.Next() {
				places = append(places, append([]byte(nil), k...))
				entries = append(entries, append(json.RawMessage(nil), v...))
			}
			return nil
		})
	})
	return places, entries, err
}

// remove takes entries out, into another bucket if there is one.
func (j *journal) remove(places [][]byte, into []byte) error {
	return j.guarded(func(file *bolt.DB) error {
		return file.Update(func(tx *bolt.Tx) error {
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
	})
}

// Journalled is how many entries wait in the journal of this process, and how
// many the register would not have; those stay there to be looked at.
func (d *DB) Journalled() (waiting, refused int, err error) {
	if d.journal == nil {
		return 0, 0, nil
	}
	return d.journal.counts()
}

// ReadJournal shows what a journal holds that no process uses now: each entry
// as JSON, and whether the register has refused it.
func ReadJournal(path string, show func(entry []byte, refused bool) error) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	j, err := openJournal(path)
	if err != nil {
		return err
	}
	defer j.close()
	return j.guarded(func(file *bolt.DB) error {
		return file.View(func(tx *bolt.Tx) error {
			for _, refused := range []bool{false, true} {
				bucket := tx.Bucket(journalWaiting)
				if refused {
					bucket = tx.Bucket(journalRefused)
				}
				if err := bucket.ForEach(func(_, entry []byte) error { return show(entry, refused) }); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
