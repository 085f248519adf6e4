package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// target is a server and the requests that are sent to it, one after another
// by each connection.
type target struct {
	name     string
	addr     string
	requests [][]byte
	status   int // that every answer must have
	also     int // or this one
	least    int // bytes that every body must have

	pid     int                         // of the server, to know its processor time
	before  func(context.Context) error // each turn; may be nil
	answers func(id string)             // is told the request id of each answer; may be nil
}

// request is a GET as a browser would send it, as far as a server cares.
func request(addr, path, cookie string, header ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nAccept: text/html\r\nSec-Fetch-Site: same-origin\r\n", path, addr, cookie)
	for _, h := range header {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// turnResult is what one turn found.
type turnResult struct {
	rate  float64         // answers a second
	times []time.Duration // of each answer, sorted
	bytes int64           // of bodies

	app, postgres time.Duration // processor time an answer, of the server and of PostgreSQL
}

// at is a quantile of the times.
func (s turnResult) at(q float64) time.Duration {
	if len(s.times) == 0 {
		return 0
	}
	return s.times[min(len(s.times)-1, int(q*float64(len(s.times))))]
}

// load asks in a closed loop on so many connections for a while. A generator
// of our own costs a tenth of what net/http's client does, and leaves the
// machine to what is measured. Any answer but the expected one is an error.
func load(ctx context.Context, t target, connections int, turn time.Duration) (turnResult, error) {
	g, ctx := errgroup.WithContext(ctx)
	results := make([]turnResult, connections)
	began := time.Now()
	for i := range connections {
		g.Go(func() (err error) {
			results[i], err = ask(ctx, t, i, began.Add(turn))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return turnResult{}, fmt.Errorf("%s: %w", t.name, err)
	}
	took := time.Since(began)
	all := together(results)
	all.rate = float64(len(all.times)) / took.Seconds()
	return all, nil
}

// together are the answers of several results as one, without a rate.
func together(results []turnResult) turnResult {
	var all turnResult
	for _, r := range results {
		all.times = append(all.times, r.times...)
		all.bytes += r.bytes
	}
	slices.Sort(all.times)
	return all
}

// ask is one connection of load, which begins with its own request.
func ask(ctx context.Context, t target, first int, until time.Time) (turnResult, error) {
	var s turnResult
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return s, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	r := bufio.NewReaderSize(c, 64<<10)
	for n := first; time.Now().Before(until); n++ {
		began := time.Now()
		if _, err := c.Write(t.requests[n%len(t.requests)]); err != nil {
			return s, err
		}
		status, size, id, err := readAnswer(r)
		if err != nil {
			return s, err
		}
		if t.answers != nil && status == t.status {
			t.answers(id)
		}
		if status != t.status && status != t.also || size < t.least {
			return s, fmt.Errorf("an answer %d with %d bytes, expected %d with at least %d", status, size, t.status, t.least)
		}
		s.times = append(s.times, time.Since(began))
		s.bytes += int64(size)
	}
	return s, nil
}

var errAnswer = errors.New("not an HTTP answer of known length")

// readAnswer reads one answer, with its request id if it has one, and passes
// over its body.
func readAnswer(r *bufio.Reader) (status, size int, id string, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, 0, "", err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, 0, "", errAnswer
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, "", errAnswer
	}
	size = -1
	if status == http.StatusNotModified || status == http.StatusNoContent {
		size = 0
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, 0, "", err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("X-Request-Id")) {
			id = string(bytes.TrimSpace(value))
		}
		if bytes.EqualFold(name, []byte("Content-Length")) && size < 0 {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || size < 0 {
				return 0, 0, "", errAnswer
			}
		}
	}
	if size < 0 {
		return 0, 0, "", errAnswer
	}
	if _, err := io.CopyN(io.Discard, r, int64(size)); err != nil {
		return 0, 0, "", err
	}
	return status, size, id, nil
}
