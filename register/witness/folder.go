// Package witness keeps checkpoints of the register outside the database: in a
// folder, which may lie on another machine, and with witnesses that speak C2SP
// tlog-witness. Whoever rewrites the database cannot rewrite these.
package witness

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/register"
)

// Folder keeps every checkpoint, one JSON object a line, in a file for each
// month of UTC, and the newest one also by itself in the file “checkpoint”.
type Folder struct {
	dir       string
	verifiers *register.Verifiers
	now       func() time.Time
}

// kept is one line.
type kept struct {
	At         time.Time `json:"at"`
	Checkpoint string    `json:"checkpoint"`
}

const (
	newest  = "checkpoint"
	pattern = "checkpoints-????-??.ndjson"
)

// NewFolder uses a folder, which is made if it is missing.
func NewFolder(dir string, v *register.Verifiers, now func() time.Time) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &Folder{dir, v, now}, nil
}

// Latest returns the checkpoint in the file “checkpoint”, or the zero value if
// there is none. The error is register.ErrCheckpoint if it is not a signed one.
func (f *Folder) Latest(context.Context) (register.Checkpoint, error) {
	b, err := os.ReadFile(filepath.Join(f.dir, newest))
	if errors.Is(err, fs.ErrNotExist) {
		return register.Checkpoint{}, nil
	}
	if err != nil {
		return register.Checkpoint{}, err
	}
	return f.verifiers.Open(string(b))
}

// Keep adds a checkpoint to the month's file and then makes it the newest. Both
// are on the disk when it returns.
func (f *Folder) Keep(_ context.Context, c register.Checkpoint, _ func(int64) (tlog.TreeProof, error)) error {
	now := f.now().UTC()
	line, err := json.Marshal(kept{now, c.Note})
	if err != nil {
		return err
	}
	if err := appendLine(filepath.Join(f.dir, "checkpoints-"+now.Format("2006-01")+".ndjson"), line); err != nil {
		return err
	}
	return replace(filepath.Join(f.dir, newest), []byte(c.Note))
}

// appendLine adds a line. One that a killed process left torn is ended first,
// so that it spoils no other.
func appendLine(name string, line []byte) (err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	last := []byte{'\n'}
	if end > 0 {
		if _, err := file.ReadAt(last, end-1); err != nil {
			return err
		}
	}
	line = append(line, '\n')
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	if _, err := file.Write(line); err != nil {
		return err
	}
	return file.Sync()
}

// replace changes a file's content at one stroke.
func replace(name string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".checkpoint-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(filepath.Dir(name))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// A Problem is a line of a folder that is not a checkpoint signed by a known
// key, by file and number.
type Problem struct { //nolint:errname // it is found, seldom returned
	File string
	Line int
}

// Error says where the line is.
func (p Problem) Error() string {
	return fmt.Sprintf("%s, line %d: not a checkpoint signed by a known key", p.File, p.Line)
}

// All visits every checkpoint of a folder, oldest file first, then the newest
// one. A line that ends in the middle, as a killed process leaves it, is passed
// over; any other that cannot be opened is reported to wrong.
func All(dir string, v *register.Verifiers, visit func(register.Checkpoint) error, wrong func(Problem) error) error {
	files, err := filepath.Glob(filepath.Join(dir, pattern)) // sorted
	if err != nil {
		return err
	}
	for _, name := range files {
		if err := oneFile(name, v, visit, wrong); err != nil {
			return err
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, newest))
	if errors.Is(err, fs.ErrNotExist) && len(files) == 0 {
		return fmt.Errorf("%s holds no checkpoints", dir)
	}
	if err != nil {
		return err
	}
	c, err := v.Open(string(b))
	if err != nil {
		return wrong(Problem{newest, 1})
	}
	return visit(c)
}

func oneFile(name string, v *register.Verifiers, visit func(register.Checkpoint) error, wrong func(Problem) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<10)
	for n := 1; lines.Scan(); n++ {
		var k kept
		if !json.Valid(lines.Bytes()) && bytes.HasPrefix(lines.Bytes(), []byte(`{"at":`)) || len(lines.Bytes()) == 0 {
			continue // torn
		}
		c := register.Checkpoint{}
		err := json.Unmarshal(lines.Bytes(), &k)
		if err == nil {
			c, err = v.Open(k.Checkpoint)
		}
		if err == nil {
			err = visit(c)
		} else {
			err = wrong(Problem{filepath.Base(name), n})
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}
