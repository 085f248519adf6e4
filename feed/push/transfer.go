package push

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"customs.gov.az/portal/feed"
)

var (
	// errLocal marks a trouble of this machine that trying again does not mend.
	errLocal = errors.New("push: trouble on this side")
	// errFile marks one that is the file's own: others can be delivered.
	errFile  = errors.New("push: the file cannot be read")
	errTorn  = errors.New("the last line is not whole; it is delivered when it is")
	errCut   = errors.New("the portal's answer broke off")
	errQuiet = errors.New("the portal says nothing")
)

// transfer is one request for what is left of one file.
type transfer struct {
	p          *Pusher
	name       string
	growing    bool
	extent     extent
	sum        *Result
	rest       *reading // from what is acknowledged
	retryAfter time.Duration
}

// run sends what is left and notes what is acknowledged.
func (t *transfer) run(ctx context.Context) error {
	f, err := os.Open(t.name)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	if t.extent, err = measure(f, t.growing); err != nil {
		return unreadable(err)
	}
	if t.rest, err = read(f, t.extent.all, t.p.o.Journal.Position(t.p.to, t.name)); err != nil {
		return unreadable(err)
	}
	defer func() { _ = t.rest.Close() }() // it was only read
	if t.rest.over() {
		return nil
	}
	return t.send(ctx)
}

func unreadable(err error) error { return fmt.Errorf("%w: %w", errFile, err) }

// end notes that all of the file is acknowledged that there was, and says if
// there is more which is no line yet.
func (t *transfer) end(info os.FileInfo) error {
	if t.extent.torn {
		return errors.Join(t.settle(nil, ""), unreadable(errTorn))
	}
	return t.settle(info, "")
}

// send makes the request. Its body and its answer flow at the same time.
func (t *transfer) send(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(t.p.o.Patience, func() { cancel(errQuiet) })
	defer quiet.Stop()
	alive := func() { quiet.Reset(t.p.o.Patience) }

	body, w := io.Pipe()
	read := make(chan error, 1)
	go func() {
		err := encode(w, t.rest, t.p.o.Coding, alive)
		_ = w.CloseWithError(err) // it never fails
		read <- err
	}()
	// The file must not be closed under its reader, and its own trouble is none
	// of the network's.
	stop := sync.OnceValue(func() error {
		_ = body.CloseWithError(errCut) // it never fails
		return <-read
	})
	defer stop() //nolint:errcheck // asked below, where it matters
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.p.post.String(), body)
	if err != nil {
		return errors.Join(errLocal, err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Feed-Batch", label(t.name))
	req.Header.Set("Feed-Offset", strconv.Itoa(t.rest.position().Lines))
	if t.p.o.Coding != feed.Identity {
		req.Header.Set("Content-Encoding", string(t.p.o.Coding))
	}
	if t.p.o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+t.p.o.Token)
	}
	res, err := t.p.o.Client.Do(req)
	if err == nil {
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			err = t.refused(res)
		} else {
			err = t.answer(res.Body, alive)
		}
	}
	if err == nil {
		return nil
	}
	if of := stop(); errors.Is(of, errFile) {
		return of
	}
	return cause(ctx, err)
}

// cause prefers why the context ended to what came of it.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); err != nil && c != nil {
		return c
	}
	return err
}

// encode copies in a coding. A file that cannot be read to its end is a broken
// transfer for the portal.
func encode(w io.Writer, r io.Reader, c feed.Coding, alive func()) error {
	e, err := feed.Encode(w, c)
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		alive()
		if _, err := e.Write(buf[:n]); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return e.Close()
		}
		if err != nil {
			return unreadable(err)
		}
	}
}

// label is the file's name as a header can hold it.
func label(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '_'
		}
		return r
	}, filepath.Base(name))
	return plain[:min(len(plain), 200)]
}

// refused tells a refusal for good from a passing one.
func (t *transfer) refused(res *http.Response) error {
	var p struct{ Code, Detail string }
	b, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // what is there will do
	_ = json.Unmarshal(b, &p)                            // an answer of something between has none
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
		t.retryAfter = min(time.Duration(s)*time.Second, 10*time.Minute)
	}
	err := &RefusedError{Status: res.StatusCode, Code: p.Code, Detail: p.Detail}
	switch {
	case p.Code == "empty" && t.rest.all():
		return nil // only blank lines were left
	case p.Code == "broken_off", res.StatusCode >= http.StatusInternalServerError,
		res.StatusCode == http.StatusRequestTimeout, res.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("for the moment: %v", err) //nolint:errorlint // not a refusal for good
	}
	return err
}

// line is any line of the answer.
type line struct {
	Batch *struct {
		Acknowledged int `json:"acknowledged"`
		counts
	} `json:"batch"`
	Summary *struct {
		Complete bool   `json:"complete"`
		Outcome  string `json:"outcome"`
		Detail   string `json:"detail"`
	} `json:"summary"`
}

type counts struct {
	Lines      int `json:"lines"`
	Stored     int `json:"stored"`
	Same       int `json:"same"`
	Older      int `json:"older"`
	Heartbeats int `json:"heartbeats"`
	Rejected   int `json:"rejected"`
	Warned     int `json:"warned"`
}

// answer reads the portal's answer, passes its report on and notes each
// acknowledgement, the report first.
func (t *transfer) answer(r io.Reader, alive func()) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		alive()
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return errCut
		}
		switch {
		case l.Batch != nil:
			t.sum.add(l.Batch.counts)
			t.rest.acknowledged(l.Batch.Acknowledged)
			if err := t.acknowledged(); err != nil {
				return errors.Join(errLocal, err)
			}
		case l.Summary == nil:
			if err := t.report(in.Bytes()); err != nil {
				return errors.Join(errLocal, err)
			}
		case l.Summary.Complete && t.rest.all():
			return nil
		default:
			return fmt.Errorf("the portal ended it (%s): %s", l.Summary.Outcome, l.Summary.Detail)
		}
	}
	return errors.Join(errCut, in.Err())
}

// report passes a line on, with the name of the file in front.
func (t *transfer) report(entry []byte) error {
	name, err := json.Marshal(t.name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.p.o.Report, "{\"file\":%s,%s\n", name, entry[1:])
	return err
}

func (t *transfer) acknowledged() error {
	if f, ok := t.p.o.Report.(interface{ Sync() error }); ok {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	at := t.rest.position()
	if t.p.o.Moved != nil {
		t.p.o.Moved(t.name, at.Bytes)
	}
	return t.p.o.Journal.Note(t.p.to, t.name, at)
}

// settle notes that the file, as it was when the delivery began, is done with.
func (t *transfer) settle(info os.FileInfo, failed string) error {
	if t.growing && failed == "" {
		info = nil // its last line may still be to come
	}
	at := t.rest.position()
	at.Failed = failed
	if info != nil {
		at.Size, at.Time = info.Size(), info.ModTime()
	}
	if at == t.p.o.Journal.Position(t.p.to, t.name) {
		return nil
	}
	return t.p.o.Journal.Note(t.p.to, t.name, at)
}

func (r *Result) add(c counts) {
	r.Lines += c.Lines
	r.Stored += c.Stored
	r.Same += c.Same
	r.Older += c.Older
	r.Heartbeats += c.Heartbeats
	r.Rejected += c.Rejected
	r.Warned += c.Warned
}
