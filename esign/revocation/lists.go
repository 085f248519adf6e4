package revocation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxLists bounds how many lists are kept, in memory and in the folder.
const maxLists = 64

// lists keeps revocation lists by file name: a download under a name made from
// its address, and whatever else an operator puts into the folder as NAME.crl.
type lists struct {
	folder string
	mu     sync.RWMutex
	m      map[string]*list
	seen   map[string]string // file → size and time when it was read
}

func newLists(folder string) *lists {
	return &lists{folder: folder, m: map[string]*list{}, seen: map[string]string{}}
}

// fileFor is the name under which a download is kept.
func fileFor(address string) string {
	h := sha256.Sum256([]byte(address))
	return hex.EncodeToString(h[:16]) + ".crl"
}

func (s *lists) get(name string) *list {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.m[name]
}

// newest returns the latest list that may speak about the certificate.
func (s *lists) newest(of subject, now time.Time) *list {
	s.mu.RLock()
	all := make([]*list, 0, len(s.m))
	for _, l := range s.m {
		all = append(all, l)
	}
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b *list) int { return b.thisUpdate.Compare(a.thisUpdate) })
	for _, l := range all {
		if l.usable(of, now) {
			return l
		}
	}
	return nil
}

// put keeps a list unless a newer one of the same issuer has that name: an old
// one that is still valid must not hide what was revoked since. The oldest go
// when there are too many.
func (s *lists) put(name string, l *list) (kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.m[name]; old != nil && string(old.issuer) == string(l.issuer) && l.thisUpdate.Before(old.thisUpdate) {
		return false
	}
	s.m[name] = l
	for len(s.m) > maxLists {
		oldest := name
		for n, other := range s.m {
			if other.fetched.Before(s.m[oldest].fetched) {
				oldest = n
			}
		}
		delete(s.m, oldest)
	}
	return true
}

// scan reads files of the folder that are new or have changed, and forgets
// those that are gone.
func (s *lists) scan() error {
	if s.folder == "" {
		return nil
	}
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return fmt.Errorf("revocation: folder of lists: %w", err)
	}
	var errs []error
	there := map[string]bool{}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".crl") || len(there) == maxLists {
			continue
		}
		there[e.Name()] = true
		if err := s.read(e); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.Name(), err))
		}
	}
	s.forget(there)
	return errors.Join(errs...)
}

func (s *lists) forget(there map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.seen {
		if !there[name] {
			delete(s.m, name)
			delete(s.seen, name)
		}
	}
}

func (s *lists) read(e os.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	stamp := fmt.Sprint(info.Size(), info.ModTime().UnixNano())
	s.mu.Lock()
	same := s.seen[e.Name()] == stamp
	s.seen[e.Name()] = stamp
	s.mu.Unlock()
	if same {
		return nil
	}
	f, err := os.Open(filepath.Join(s.folder, e.Name()))
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(f, 2*maxCRL)) // PEM is longer than what it holds
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	l, err := parseList(b)
	if err != nil {
		return err
	}
	l.fetched = info.ModTime()
	s.put(e.Name(), l)
	return nil
}

// save writes a download into the folder in one step.
func (s *lists) save(name string, b []byte, at time.Time) error {
	if s.folder == "" {
		return nil
	}
	f, err := os.CreateTemp(s.folder, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	path := filepath.Join(s.folder, name)
	if err == nil {
		err = os.Chtimes(f.Name(), at, at)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
