package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/intake"
)

// Addresses of the feed.
const (
	feedPath         = "/feed/v1/consignments"
	feedPositionPath = "/feed/v1/position"
	feedAPIPath      = "/feed/v1/openapi.yaml"
	feedFolder       = "/feed/v1/"
)

// What a sender may say of a feed, besides the standard headers.
const (
	headerFeedBatch  = "Feed-Batch"  // what it calls this feed: printable ASCII, at most 200 characters
	headerFeedOffset = "Feed-Offset" // how many lines of it were acknowledged before and are not sent again
)

// feedSilence is how long a feed may bring nothing before it ends. A sender
// with no news sends a heartbeat or a blank line.
const feedSilence = 2 * time.Minute

// sending guards a route of the feed: only a known checkpoint system passes.
func (p *Portal) sending(next func(echo.Context, feed.Sender) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Del("Content-Language") // the feed's technicians read English
		sender, ok := p.sender(c.Request())
		if !ok {
			c.Response().Header().Set("WWW-Authenticate", `Bearer realm="feed"`)
			return refuse(c, http.StatusUnauthorized, "unknown_sender", "Send a known token as Authorization: Bearer, or a known client certificate.")
		}
		return next(c, sender)
	}
}

// sender finds out who sends: by the token (RFC 6750), else by the client
// certificate, whose key the handshake has proved. A token that is there and
// wrong is not made good by a certificate.
func (p *Portal) sender(r *http.Request) (feed.Sender, bool) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return feed.Sender{}, false
		}
		return p.Senders.ByToken(strings.TrimSpace(token))
	}
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return feed.Sender{}, false
	}
	cert := r.TLS.PeerCertificates[0]
	if now := p.Now(); now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return feed.Sender{}, false
	}
	return p.Senders.ByCertificate(cert.Raw)
}

// takeFeed stores a feed while it arrives and answers batch by batch. It reads
// no faster than it stores, so that a slow database slows the sender and
// nothing piles up here.
func (p *Portal) takeFeed(c echo.Context, sender feed.Sender) error {
	r := c.Request()
	coding, ok := feedCoding(r)
	if !ok {
		c.Response().Header().Set("Accept-Encoding", "gzip, zstd") // RFC 9110 §15.5.16
		return refuse(c, http.StatusUnsupportedMediaType, "unsupported_coding", "Content-Encoding may be gzip, zstd or absent.")
	}
	if !feedType(r) {
		return refuse(c, http.StatusUnsupportedMediaType, "unsupported_type", "Content-Type is application/x-ndjson.")
	}
	name, offset, ok := feedName(r)
	if !ok {
		return refuse(c, http.StatusBadRequest, "bad_header", "Feed-Batch is at most 200 printable ASCII characters, Feed-Offset a number of lines.")
	}
	leave, ok := p.feeds.enter(sender.Name)
	if !ok {
		askAgainIn(c, retryAfter)
		return refuse(c, http.StatusTooManyRequests, "too_many_feeds", "Other feeds are being taken in; send again in a moment, one at a time.")
	}
	defer leave()

	a := newFeedAnswer(c, offset)
	body := p.feeds.body(r, a.rc)
	defer func() { _ = body.Close() }() // the answer has said what counts
	plain, err := feed.Decode(body, coding)
	if err != nil {
		return err
	}
	defer plain.Close()
	known := func(code string) bool { _, ok := p.Checkpoints.Get(code); return ok }
	// What has arrived is stored also when the sender goes away meanwhile.
	result, err := intake.Run(context.WithoutCancel(r.Context()), plain, intake.Options{
		DB: p.DB, Known: known, Now: p.Now, Report: feed.NewReport(a), Sender: sender, Name: name, Offset: offset,
		Answered: a.batch, Stop: body.stop, Slots: p.feeds.slots,
	})
	p.feeds.count(sender.Name, result)
	outcome := feedOutcome(err)
	p.Log.Info("feed", "request", requestID(c).String(), "sender", sender.Name, "outcome", outcome.code, "lines", result.Lines,
		"stored", result.Stored, "same", result.Same, "older", result.Older, "rejected", result.Rejected, "took", elapsed(c))
	if err != nil && outcome.status == http.StatusInternalServerError {
		p.Log.Error("feed", "request", requestID(c).String(), "error", err)
	}
	if err != nil && !c.Response().Committed {
		return refuse(c, outcome.status, outcome.code, outcome.detail)
	}
	a.summary(result, outcome)
	return nil
}

// feedCoding reads Content-Encoding.
func feedCoding(r *http.Request) (feed.Coding, bool) {
	switch coding := strings.ToLower(strings.Join(r.Header.Values("Content-Encoding"), ",")); coding {
	case "", "identity":
		return feed.Identity, true
	case "gzip", "x-gzip":
		return feed.Gzip, true
	case "zstd":
		return feed.Zstd, true
	}
	return "", false
}

// feedType reports whether the request claims to be newline-delimited JSON, or
// claims nothing.
func feedType(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/octet-stream":
		return true
	}
	return false
}

// feedName reads how the sender calls the feed and where it goes on.
func feedName(r *http.Request) (name string, offset int, ok bool) {
	name = r.Header.Get(headerFeedBatch)
	if len(name) > 200 || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", 0, false
	}
	if text := r.Header.Get(headerFeedOffset); text != "" {
		n, err := strconv.ParseUint(text, 10, 48)
		if err != nil {
			return "", 0, false
		}
		offset = int(n)
	}
	return name, offset, true
}

// position answers where a sender's newest feed stands, for one that has lost
// its own notes.
func (p *Portal) position(c echo.Context, sender feed.Sender) error {
	senders, err := p.DB.Senders(c.Request().Context())
	if err != nil {
		o := feedOutcome(err)
		return refuse(c, o.status, o.code, o.detail)
	}
	answer := feedPosition{Sender: sender.Name, Checkpoints: sender.Checkpoints}
	for _, s := range senders {
		if s.Name == sender.Name {
			answer.Batch, answer.Acknowledged, answer.LastSeen, answer.StoredAt = s.Batch, s.LastLine, &s.LastSeen, s.StoredAt
		}
	}
	return c.JSON(http.StatusOK, answer)
}

type feedPosition struct {
	Sender       string     `json:"sender"`
	Checkpoints  []string   `json:"checkpoints"` // null: all
	Batch        string     `json:"batch"`
	Acknowledged int64      `json:"acknowledged"`
	LastSeen     *time.Time `json:"last_seen"`
	StoredAt     *time.Time `json:"stored_at"`
}

// errDraining ends a feed because the program is about to end.
var errDraining = errors.New("handlers: no more of the feed is read")
