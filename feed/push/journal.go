package push

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"
)

// Position is how much of a file a portal has acknowledged.
type Position struct {
	Lines  int       `json:"lines"`            // ends of lines in it
	Bytes  int64     `json:"bytes"`            // without compression
	Sum    string    `json:"sum"`              // SHA-256 of these bytes, hexadecimal: a file that begins otherwise is another file
	Size   int64     `json:"size,omitempty"`   // of the file as it lay there when it was done with
	Time   time.Time `json:"time,omitzero"`    // its time of change then
	Failed string    `json:"failed,omitempty"` // why the portal refused the file as a whole
}

// done reports whether nothing has happened to the file since it was done with.
func (p Position) done(info os.FileInfo) bool {
	return !p.Time.IsZero() && p.Size == info.Size() && p.Time.Equal(info.ModTime())
}

// record is one line of the journal's file.
type record struct {
	To   string `json:"to"`            // base address of the portal
	File string `json:"file"`          // absolute path
	Raw  []byte `json:"raw,omitempty"` // the same, of one that is no UTF-8
	Position
}

func newRecord(k key, p Position) record {
	r := record{To: k.to, File: k.file, Position: p}
	if !utf8.ValidString(k.file) {
		r.Raw = []byte(k.file)
	}
	return r
}

func (r record) key() key {
	if r.Raw != nil {
		return key{r.To, string(r.Raw)}
	}
	return key{r.To, r.File}
}

type key struct{ to, file string }

// Journal remembers positions through every way of ending, also kill -9 and the
// loss of power: a note is on the disk before Note returns.
type Journal struct {
	name  string
	f     *os.File
	lock  io.Closer
	at    map[key]Position
	notes int   // written since the file was written anew
	files int   // of which it told then
	torn  error // of a note that may stand there in part, or not at all after a loss of power: nothing may follow it
}

// manyNotes is after how many notes, if that is twice as many as there are files,
// the journal is written anew with only the newest of each: a watch that goes on
// for months must not fill the disk.
const manyNotes = 1000

var (
	// ErrJournal says that a journal's file holds something else.
	ErrJournal = errors.New("push: this is not a journal of ours")
	// ErrBusy says that another process uses the journal.
	ErrBusy = errors.New("push: another process uses this journal")
)

// OpenJournal opens a journal's file, or makes it. A note that was cut off at
// the end is dropped. It fails with ErrJournal or ErrBusy, or as files do.
func OpenJournal(name string) (*Journal, error) {
	lock, err := lockFile(name + ".lock")
	if err != nil {
		return nil, err
	}
	j := &Journal{name: name, lock: lock, at: map[key]Position{}}
	if err := j.load(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return j, nil
}

// load reads the notes and writes the newest of each file into a new journal.
func (j *Journal) load() error {
	b, err := os.ReadFile(j.name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	whole := b[:bytes.LastIndexByte(b, '\n')+1]
	if len(whole) == 0 && len(b) > 4096 {
		return fmt.Errorf("%w: %s", ErrJournal, j.name)
	}
	for n, line := range bytes.Split(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var r record
		if err := json.Unmarshal(line, &r); err != nil || r.File == "" || r.To == "" {
			return fmt.Errorf("%w: %s, line %d", ErrJournal, j.name, n+1)
		}
		j.at[r.key()] = r.Position
	}
	return j.rewrite()
}

// rewrite puts a new journal in the place of the old one, which goes on being
// used if the new one cannot be written.
func (j *Journal) rewrite() error {
	f, err := j.written()
	if err != nil {
		return err
	}
	if j.f != nil {
		_ = j.f.Close() // each of its notes is on the disk
	}
	j.f, j.notes, j.files = f, 0, len(j.at) // the next notes are added at its end
	if err := syncFolder(filepath.Dir(j.name)); err != nil {
		j.torn = err // which of the two is found after a loss of power is not known
	}
	return j.torn
}

// written is the new journal under the name of the old one. Files that are gone
// are forgotten, unless their folder is gone too: that may be one which is not
// mounted at the moment.
func (j *Journal) written() (_ *os.File, err error) {
	maps.DeleteFunc(j.at, func(k key, _ Position) bool { return gone(k.file) })
	// Nobody else of ours writes it, for whoever does holds the lock; what a kill
	// left there, or somebody else laid, goes.
	fresh := filepath.Join(filepath.Dir(j.name), "."+filepath.Base(j.name)+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	for k, p := range j.at {
		if err := enc.Encode(newRecord(k, p)); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.Flush(), f.Sync()); err != nil {
		return nil, err
	}
	return f, os.Rename(f.Name(), j.name)
}

func gone(file string) bool {
	_, err := os.Lstat(file)
	if !errors.Is(err, os.ErrNotExist) {
		return false
	}
	_, err = os.Lstat(filepath.Dir(file))
	return err == nil
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Position answers how much of a file a portal has acknowledged; zero: nothing.
func (j *Journal) Position(to, file string) Position { return j.at[key{to, file}] }

// Note remembers a position.
func (j *Journal) Note(to, file string, p Position) error {
	b, err := json.Marshal(newRecord(key{to, file}, p))
	if err != nil {
		return err
	}
	if j.torn != nil {
		return j.torn
	}
	_, err = j.f.Write(append(b, '\n'))
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		if at, ok := errors.AsType[*os.PathError](err); ok {
			at.Path = j.name // it was opened under the name that it had before
		}
		j.torn = err
		return err
	}
	j.at[key{to, file}] = p
	if j.notes++; j.notes > max(manyNotes, 2*j.files) {
		j.notes = 0 // tried again after as many, if that fails now
		_ = j.rewrite()
	}
	return j.torn
}

// Forget forgets what a portal has acknowledged, so that all is sent again.
func (j *Journal) Forget(to string) error {
	maps.DeleteFunc(j.at, func(k key, _ Position) bool { return k.to == to })
	return j.rewrite()
}

// Close closes the file and lets other processes have it.
func (j *Journal) Close() error { return errors.Join(j.f.Close(), j.lock.Close()) }
