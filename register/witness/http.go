package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/register"
)

// What a witness may answer to a checkpoint.
var (
	// ErrAhead: the witness has seen a larger tree than the one it is shown.
	ErrAhead = errors.New("witness: it has seen a larger register than this one")
	// ErrRefused: it does not know the log or its key, or finds the tree
	// inconsistent with what it has seen.
	ErrRefused = errors.New("witness: it refuses the checkpoint")
)

// HTTP is a witness that speaks C2SP tlog-witness. It checks by itself that
// each checkpoint extends the last one it saw.
type HTTP struct {
	url    string // of add-checkpoint
	client *http.Client

	mu   sync.Mutex
	size int64 // of the tree that the witness saw last, as far as is known
}

// NewHTTP makes a client for the witness whose submission prefix is url.
func NewHTTP(url string) *HTTP {
	return &HTTP{url: strings.TrimSuffix(url, "/") + "/add-checkpoint", client: &http.Client{Timeout: 5 * time.Second}}
}

// Latest returns the zero value: the protocol has no way to ask. A witness that
// is ahead says so when it is shown the next checkpoint.
func (*HTTP) Latest(context.Context) (register.Checkpoint, error) { return register.Checkpoint{}, nil }

// Keep submits a checkpoint with the proof that it extends the last one that
// the witness saw. Errors: ErrAhead, ErrRefused, or what kept the witness from
// being asked.
func (h *HTTP) Keep(ctx context.Context, c register.Checkpoint, prove func(int64) (tlog.TreeProof, error)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range 2 {
		err := h.submit(ctx, c, prove)
		var seen *seenError
		if !errors.As(err, &seen) {
			if err == nil {
				h.size = c.Tree.N
			}
			return err
		}
		if seen.size > c.Tree.N {
			return ErrAhead
		}
		h.size = seen.size
	}
	return ErrRefused // the same size twice, or another log that shares the name
}

// seenError is the answer that the witness is at another size.
type seenError struct{ size int64 }

func (e *seenError) Error() string {
	return "witness: it is at another size: " + strconv.FormatInt(e.size, 10)
}

func (h *HTTP) submit(ctx context.Context, c register.Checkpoint, prove func(int64) (tlog.TreeProof, error)) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", h.size)
	if h.size > 0 && h.size < c.Tree.N {
		proof, err := prove(h.size)
		if err != nil {
			return err
		}
		for _, p := range proof {
			b.WriteString(p.String() + "\n")
		}
	}
	b.WriteString("\n" + c.Note)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, &b)
	if err != nil {
		return err
	}
	res, err := h.client.Do(req)
	if err != nil {
		return errors.New("witness: it cannot be reached")
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<10))
	if err != nil {
		return err
	}
	switch {
	case res.StatusCode == http.StatusOK:
		return nil
	case res.StatusCode == http.StatusConflict && res.Header.Get("Content-Type") == "text/x.tlog.size":
		size, err := strconv.ParseInt(strings.TrimSpace(string(answer)), 10, 64)
		if err != nil || size < 0 {
			return ErrRefused
		}
		return &seenError{size}
	default:
		return fmt.Errorf("%w: status %d", ErrRefused, res.StatusCode)
	}
}
