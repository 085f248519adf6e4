package handlers

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/live"
)

// events is the stream that tells an open list to look again. It carries no
// data; the page asks the list as usual.
func (p *Portal) events(c echo.Context, key db.SessionKey) error {
	s, err := p.DB.Session(c.Request().Context(), key)
	if errors.Is(err, db.ErrNoSession) {
		return c.NoContent(http.StatusNoContent) // a browser does not come back after 204
	}
	if err != nil {
		return err
	}
	return p.hold(c, string(s.Person.VOEN), key.String())
}

// staffPrefix stands before the keys of officers' pages.
const staffPrefix = "staff "

// mayListen says, in their order, how long open pages may listen. Those of
// traders, of whom there are many, are asked about together, and have until
// their sessions end; the others are asked about each time. A database that
// does not answer ends nothing but a case.
func (p *Portal) mayListen(keys []string) []time.Duration {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	may := slices.Repeat([]time.Duration{live.Now}, len(keys))
	var traders []string
	var at []int
	for i, key := range keys {
		if text, under := strings.CutPrefix(key, casePrefix); under {
			if !p.caseStays(ctx, text) {
				may[i] = 0
			}
		} else if text, staff := strings.CutPrefix(key, staffPrefix); staff {
			k, err := db.ParseStaffKey(text)
			if err == nil {
				_, err = p.DB.PeekStaffSession(ctx, k)
			}
			switch {
			case errors.Is(err, db.ErrNoSession):
				may[i] = 0
			case err != nil:
				may[i] = live.Unknown
			}
		} else {
			traders, at = append(traders, key), append(at, i)
		}
	}
	if len(traders) > 0 {
		left, err := p.DB.SessionsLeft(ctx, traders)
		if err != nil {
			left = slices.Repeat([]time.Duration{live.Unknown}, len(traders))
		}
		for i, left := range left {
			may[at[i]] = left
		}
	}
	return may
}

// hold answers with an event stream about a topic and leaves it to the hub. An
// idle stream over HTTP/1.1 then costs a connection and nothing of a request.
func (p *Portal) hold(c echo.Context, topic, key string) error {
	if p.Hub == nil {
		return c.NoContent(http.StatusNoContent)
	}
	h := c.Response().Header()
	if !p.Hub.Room(topic) {
		askAgainIn(c, time.Minute)
		return c.NoContent(http.StatusServiceUnavailable)
	}
	h.Set(echo.HeaderContentType, "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	conn, _, err := http.NewResponseController(c.Response().Writer).Hijack()
	if errors.Is(err, http.ErrNotSupported) {
		return p.relay(c, topic, key)
	}
	if err != nil {
		return err
	}
	c.Response().Status, c.Response().Committed = http.StatusOK, true
	head, err := streamHead(h)
	if err != nil || !p.Hub.Hold(topic, key, conn, head) {
		return errors.Join(err, conn.Close()) // the page comes back by itself
	}
	return nil
}

// streamHead is the head of an answer that ends with its connection
// (RFC 9112 §6.3).
func streamHead(h http.Header) ([]byte, error) {
	h.Set("Connection", "close")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\n")
	err := h.Write(&b)
	b.WriteString("\r\n")
	return b.Bytes(), err
}

// relay passes on what the hub says where a connection cannot be given away:
// over HTTP/2 it carries other requests too.
func (p *Portal) relay(c echo.Context, topic, key string) error {
	rc := http.NewResponseController(c.Response().Writer)
	// The limit on reading a request would end a stream that only writes.
	if err := rc.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	c.Response().WriteHeader(http.StatusOK)
	m := newMailbox()
	defer func() { _ = m.Close() }() // it never fails
	defer context.AfterFunc(c.Request().Context(), func() { _ = m.Close() })()
	if !p.Hub.Hold(topic, key, m, nil) {
		return nil
	}
	m.deliver(patient{c.Response(), rc, deadline}.send)
	return nil
}
