package push

import (
	"bytes"
	"encoding/json"
	"errors"
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
// also with .gz or .zst, in small letters or capitals, but no hidden file, no
// symbolic link and no report of ours. Folders in it are not searched.
func Files(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		plain := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(e.Name()), ".gz"), ".zst")
		ours := slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(plain, s) })
		if ours && e.Type().IsRegular() && !strings.HasPrefix(plain, ".") && !strings.HasSuffix(plain, ".report.ndjson") {
			list = append(list, filepath.Join(folder, e.Name()))
		}
	}
	return list, nil
}

// Coding is the compression that a file's name says it has.
func Coding(name string) feed.Coding {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".gz":
		return feed.Gzip
	case ".zst":
		return feed.Zstd
	}
	return feed.Identity
}

// extent is how much of a file is delivered now, in bytes as they lie there.
// What is added to the file meanwhile comes after.
type extent struct {
	lines int64 // up to the end of the last whole line; of a compressed file all
	all   int64 // with a last line that lacks nothing but its end
	torn  bool  // there is more, which is no whole line yet
}

// measure finds the extent of a file. Of one that may still grow no line is
// whole without its end; otherwise a last line is, if it is a whole JSON value:
// no beginning of an object is one.
func measure(f *os.File, growing bool) (e extent, err error) {
	info, err := f.Stat()
	if err != nil {
		return e, err
	}
	e.all = info.Size()
	if compressed(f.Name()) {
		e.lines = e.all
		return e, nil
	}
	if e.lines, err = wholeLines(f, e.all); err != nil {
		return e, err
	}
	last := make([]byte, min(e.all-e.lines, feed.MaxLine+1))
	if _, err := f.ReadAt(last, e.lines); err != nil && !errors.Is(err, io.EOF) {
		return e, err
	}
	blank := len(bytes.TrimSpace(last)) == 0
	if growing || blank || !json.Valid(last) {
		e.torn, e.all = !growing && !blank, e.lines
	}
	return e, nil
}

// beginning reads the beginning of a file, end bytes of it, without its
// compression.
func beginning(f *os.File, end int64) (io.ReadCloser, error) {
	return feed.Decode(io.NewSectionReader(f, 0, end), Coding(f.Name()))
}

// wholeLines finds the end of the last whole line before a place.
func wholeLines(f *os.File, end int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end > 0 {
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
