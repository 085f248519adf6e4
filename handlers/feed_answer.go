package handlers

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/intake"
)

// feedEnd is how a feed ended, for the sender's program and its technician.
type feedEnd struct {
	status       int // if nothing was answered before
	code, detail string
}

// feedOutcome is the table of how a feed can end; nil is the good end.
func feedOutcome(err error) feedEnd {
	var ne interface{ Timeout() bool }
	switch {
	case err == nil:
		return feedEnd{http.StatusOK, "complete", ""}
	case errors.Is(err, feed.ErrEmpty):
		return feedEnd{http.StatusBadRequest, "empty", "There is no line in it."}
	case errors.Is(err, feed.ErrNotNDJSON):
		return feedEnd{http.StatusBadRequest, "not_ndjson", "It is not newline-delimited JSON of the feed; nothing was stored."}
	case errors.Is(err, feed.ErrCoding):
		return feedEnd{http.StatusBadRequest, "damaged_coding", "It is not in the coding that Content-Encoding says."}
	case errors.Is(err, feed.ErrSwells):
		return feedEnd{http.StatusRequestEntityTooLarge, "swells", "Decompressed it is far larger than any feed."}
	case errors.Is(err, errDraining):
		return feedEnd{http.StatusServiceUnavailable, "restarting", "The portal restarts; send the rest in a moment."}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return feedEnd{http.StatusRequestTimeout, "silent", "Nothing came for two minutes; send a heartbeat or a blank line when there is no news."}
	case errors.Is(err, intake.ErrInput), errors.Is(err, intake.ErrAnswer):
		return feedEnd{http.StatusBadRequest, "broken_off", "The transfer broke off; send the rest."}
	case db.IsFailure(err), errors.As(err, &ne) && ne.Timeout():
		return feedEnd{http.StatusServiceUnavailable, "database", "The database cannot be reached; send the rest in a moment."}
	}
	return feedEnd{http.StatusInternalServerError, "internal", "Something failed here; send the rest later and tell the operator the request's number."}
}

// problem is an answer of RFC 9457.
type problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Request string `json:"request"`
}

// refuse answers that nothing was taken in, at once: also a sender whose body
// is still open hears it.
func refuse(c echo.Context, status int, code, detail string) error {
	rc := http.NewResponseController(c.Response().Writer)
	_ = rc.EnableFullDuplex() // without it the answer waits for the rest of the body
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
	c.Response().WriteHeader(status)
	err := json.NewEncoder(c.Response()).Encode(problem{"about:blank", http.StatusText(status), status, code, detail, requestID(c).String()})
	_ = rc.Flush() // where it cannot be flushed it comes with the end
	if c.Request().ContentLength == 0 {
		return err
	}
	// A connection that is closed with something unread in it takes the answer
	// away from who still sends.
	_ = rc.SetReadDeadline(time.Now().Add(refusedWait))
	_, _ = io.CopyN(io.Discard, c.Request().Body, refusedRest)
	return err
}

// How long, and how much, a refused sender may go on sending.
const (
	refusedWait = 2 * time.Second
	refusedRest = 256 << 10
)

// feedAnswer is the streamed answer: lines of the report, then a batch line,
// again and again, at last a summary line. Its head leaves with the first of
// them, so that what fails before has a status of its own.
type feedAnswer struct {
	c echo.Context
	patient
	acknowledged int
}

func newFeedAnswer(c echo.Context, offset int) *feedAnswer {
	return &feedAnswer{c, patient{c.Response(), http.NewResponseController(c.Response().Writer), feedSilence}, offset}
}

// Write takes a part of the report.
func (a *feedAnswer) Write(b []byte) (int, error) {
	if err := a.begin(); err != nil {
		return 0, err
	}
	return a.patient.Write(b)
}

// begin sends the head, once.
func (a *feedAnswer) begin() error {
	if !a.c.Response().Committed {
		// Without it net/http would read the rest of the request before
		// the first byte of the answer.
		if err := a.rc.EnableFullDuplex(); err != nil {
			return err
		}
		h := a.c.Response().Header()
		h.Set(echo.HeaderContentType, "application/x-ndjson")
		h.Set("X-Accel-Buffering", "no")
		a.c.Response().WriteHeader(http.StatusOK)
	}
	return nil
}

// feedBatch is the line of the answer for one stored batch. Lines that are in
// no list and no report line were stored.
type feedBatch struct {
	First        int `json:"first"`
	Acknowledged int `json:"acknowledged"`
	intake.Result
	SameLines  []intake.Range `json:"same_lines,omitempty"`
	OlderLines []intake.Range `json:"older_lines,omitempty"`
}

// batch answers for one stored batch.
func (a *feedAnswer) batch(b intake.Batch) error {
	a.acknowledged = b.Last
	return a.line(map[string]any{"batch": feedBatch{b.First, b.Last, b.Result, b.SameLines, b.OlderLines}})
}

// feedSummary is the last line of the answer. When complete is false the lines
// after acknowledged are to be sent again, and outcome says why.
type feedSummary struct {
	Complete     bool   `json:"complete"`
	Outcome      string `json:"outcome"`
	Detail       string `json:"detail,omitempty"`
	Acknowledged int    `json:"acknowledged"`
	intake.Result
}

// summary ends the answer. The sender may be gone.
func (a *feedAnswer) summary(r intake.Result, o feedEnd) {
	_ = a.line(map[string]any{"summary": feedSummary{o.status == http.StatusOK, o.code, o.detail, a.acknowledged, r}})
}

func (a *feedAnswer) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := a.begin(); err != nil {
		return err
	}
	return a.send(append(b, '\n'))
}
