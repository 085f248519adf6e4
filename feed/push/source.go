package push

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"customs.gov.az/portal/feed"
)

// suffixes of files that a folder is searched for, each also compressed.
var suffixes = []string{".ndjson", ".jsonl"}

// Files lists the files of the feed in a folder, by name: *.ndjson and *.jsonl,
// also with .gz or .zst, but no hidden file and no report of ours. Folders in
// it are not searched.
func Files(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		plain := strings.TrimSuffix(strings.TrimSuffix(e.Name(), ".gz"), ".zst")
		ours := slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(plain, s) })
		if ours && e.Type().IsRegular() && !strings.HasPrefix(plain, ".") && !strings.HasSuffix(plain, ".report.ndjson") {
			list = append(list, filepath.Join(folder, e.Name()))
		}
	}
	return list, nil
}

// open opens a file without its compression. Of a file that may still grow it
// holds what is there now up to the last end of a line.
func open(name string, growing bool) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	coding := feed.Identity
	switch filepath.Ext(name) {
	case ".gz":
		coding = feed.Gzip
	case ".zst":
		coding = feed.Zstd
	}
	if coding == feed.Identity && growing {
		n, err := wholeLines(f)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return source{io.NewSectionReader(f, 0, n), f}, nil
	}
	r, err := feed.Decode(f, coding)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return source{r, both{r, f}}, nil
}

type source struct {
	io.Reader
	io.Closer
}

type both [2]io.Closer

func (b both) Close() error { return errors.Join(b[0].Close(), b[1].Close()) }

// wholeLines finds the end of the last whole line.
func wholeLines(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 64<<10)
	for end := info.Size(); end > 0; {
		begin := max(0, end-int64(len(buf)))
		n, err := f.ReadAt(buf[:end-begin], begin)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return begin + int64(i) + 1, nil
		}
		end = begin
	}
	return 0, nil
}

// prefix follows the acknowledgements through a reading of its own and sums up
// what lies before them.
type prefix struct {
	c     io.Closer
	r     *bufio.Reader
	h     hash.Hash
	lines int
	bytes int64
}

func openPrefix(name string, growing bool) (*prefix, error) {
	f, err := open(name, growing)
	if err != nil {
		return nil, err
	}
	return &prefix{c: f, r: bufio.NewReaderSize(f, 64<<10), h: sha256.New()}, nil
}

// matches goes to a position and reports whether the file begins as it did when
// that was noted.
func (p *prefix) matches(at Position) (bool, error) {
	n, err := io.CopyN(p.h, p.r, at.Bytes)
	p.bytes, p.lines = n, at.Lines
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return n == at.Bytes && at.Bytes > 0 && p.position().Sum == at.Sum, nil
}

// advance goes on to the end of a line.
func (p *prefix) advance(line int) error {
	for p.lines < line {
		b, err := p.r.ReadSlice('\n')
		p.h.Write(b)
		p.bytes += int64(len(b))
		switch {
		case err == nil:
			p.lines++
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(b) > 0:
			p.lines++
			return nil
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
	}
	return nil
}

// rest goes on to the end of what there is.
func (p *prefix) rest() error { return p.advance(int(^uint(0) >> 1)) }

func (p *prefix) position() Position {
	return Position{Lines: p.lines, Bytes: p.bytes, Sum: hex.EncodeToString(p.h.Sum(nil))}
}

func (p *prefix) Close() error { return p.c.Close() }
