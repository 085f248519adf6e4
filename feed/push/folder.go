package push

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"customs.gov.az/portal/feed"
)

// settled is how long a file must lie unchanged before its end counts as its
// end, and a compressed file as whole.
const settled = 5 * time.Second

// Folder delivers the files of a folder by name, and with watch goes on with
// what is added to them or beside them until ctx ends. each, if not nil, is
// told of each file that was delivered to its present end, or refused. A file
// that the portal refuses does not keep the others back; a refused sender does,
// for good, and so does what lets nothing through on the way, until the next look.
type Folder struct {
	Pusher *Pusher
	Name   string
	Watch  bool
	Every  time.Duration // between two looks; default a second
	Done   bool          // move delivered files to done/ in the folder, when nobody writes them any more
	Except os.FileInfo   // a file that is no feed though it lies there; may be nil
	Each   func(file string, r Result, err error)
	seen   map[string]look
}

// look is a file as it was when it was last looked at.
type look struct {
	size    int64
	time    time.Time
	since   time.Time // when it was first seen so
	handled bool      // its whole lines were delivered since
	refused bool      // the portal will not have it so
	failed  time.Time // when it could not be read or put away, or something on the way refused it
}

// retryFile is the pause of watching after which such a file is tried again, and
// only then told again.
const retryFile = time.Minute

// errFolder says that the folder itself cannot be read.
var errFolder = errors.New("push: the folder cannot be read")

// Run delivers until everything is delivered or, when watching, ctx ends.
func (f *Folder) Run(ctx context.Context) error {
	f.seen = map[string]look{}
	if f.Every == 0 {
		f.Every = time.Second
	}
	gone := false // and told
	for {
		err := f.once(ctx)
		if !f.Watch {
			return err
		}
		gone = errors.Is(err, errFolder) && (gone || f.tell(err))
		var refused *RefusedError
		if errors.As(err, &refused) && refused.Sender() || errors.Is(err, errLocal) {
			return err
		}
		if pause(ctx, f.Every) != nil {
			return nil // the orderly end of watching
		}
	}
}

// tell tells of a trouble with the folder: a share that is gone must not look
// like a border at which nothing happens.
func (f *Folder) tell(err error) bool {
	if f.Each != nil {
		f.Each(f.Name, Result{}, err)
	}
	return true
}

// once looks at every file once. A trouble with one file is told by each and
// among the errors at the end.
func (f *Folder) once(ctx context.Context) error {
	files, err := Files(f.Name)
	if err != nil {
		return errors.Join(errFolder, err)
	}
	var problems []error
	for _, name := range files {
		r, delivered, err := f.file(ctx, name)
		if ctx.Err() != nil {
			return errors.Join(append(problems, ctx.Err())...)
		}
		if err == nil && delivered != nil && f.Done && !beingWritten(name) {
			err = f.putAway(name, delivered)
		}
		if f.Each != nil && (err != nil || r != Result{}) {
			f.Each(name, r, err)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		var refused *RefusedError
		if errors.As(err, &refused) && !refused.what() || errors.Is(err, errLocal) { // as it would be for every other file
			break
		}
	}
	return errors.Join(problems...)
}

// file delivers one file, or what it has of whole lines when it may still grow.
// It is delivered when all of it is that is there now; nil: not so.
func (f *Folder) file(ctx context.Context, name string) (r Result, delivered os.FileInfo, err error) {
	info, err := os.Stat(name)
	if err != nil || f.Except != nil && os.SameFile(info, f.Except) {
		return r, nil, err
	}
	if !f.Watch {
		r, err = f.Pusher.Deliver(ctx, name, false)
		if err != nil || !unchanged(name, info) {
			return r, nil, err
		}
		return r, info, nil
	}
	now := time.Now()
	l, known := f.seen[name]
	if !known || l.size != info.Size() || !l.time.Equal(info.ModTime()) {
		l = look{size: info.Size(), time: info.ModTime(), since: now}
	}
	if l.refused || !l.failed.IsZero() && now.Sub(l.failed) < retryFile {
		f.seen[name] = l
		return r, nil, nil
	}
	growing := now.Sub(l.since) < settled
	if growing && (l.handled || compressed(name)) {
		f.seen[name] = l
		return r, nil, nil
	}
	r, err = f.Pusher.Deliver(ctx, name, growing)
	var refused *RefusedError
	l.handled, l.failed = err == nil, time.Time{}
	l.refused = errors.As(err, &refused) && refused.Code != ""
	if errors.Is(err, errFile) || refused != nil && !l.refused {
		l.failed = now
	}
	f.seen[name] = l
	if err != nil || growing || !unchanged(name, info) {
		return r, nil, err
	}
	return r, info, nil
}

func compressed(name string) bool { return Coding(name) != feed.Identity }

// unchanged reports whether a file is as it was before its delivery.
func unchanged(name string, before os.FileInfo) bool {
	now, err := os.Stat(name)
	return err == nil && now.Size() == before.Size() && now.ModTime().Equal(before.ModTime())
}

// putAway moves a delivered file into done/.
func (f *Folder) putAway(name string, delivered os.FileInfo) error {
	err := moveToDone(name, delivered)
	if l, known := f.seen[name]; err != nil && known {
		l.failed = time.Now()
		f.seen[name] = l
	}
	return err
}

// moveToDone moves a delivered file and never overwrites one. What it finds to
// have moved is looked at once more: a file that was put in its place or changed
// in the last moment goes back, since nobody has delivered it.
func moveToDone(name string, delivered os.FileInfo) error {
	folder := filepath.Join(filepath.Dir(name), "done")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	to, err := free(filepath.Join(folder, filepath.Base(name)), "")
	if err != nil {
		return err
	}
	if err := os.Rename(name, to); err != nil {
		return err
	}
	moved, err := os.Stat(to)
	if err == nil && os.SameFile(moved, delivered) && moved.Size() == delivered.Size() && moved.ModTime().Equal(delivered.ModTime()) && !beingWritten(to) {
		return nil
	}
	// Another may stand there by now; then it waits beside it.
	plain, ending, _ := strings.Cut(filepath.Base(name), ".")
	back, err := free(filepath.Join(filepath.Dir(name), plain), "."+ending)
	if err != nil {
		return err
	}
	return os.Rename(to, back)
}

// free is the first of name, name.1, name.2, …, each with the ending, that
// nothing has.
func free(name, ending string) (string, error) {
	for n := 0; ; n++ {
		one := name + ending
		if n > 0 {
			one = name + "." + strconv.Itoa(n) + ending
		}
		_, err := os.Lstat(one)
		if errors.Is(err, os.ErrNotExist) {
			return one, nil
		}
		if err != nil {
			return "", err
		}
	}
}
