package views

import (
	"strconv"
	"time"

	"customs.gov.az/portal/customs"
)

// EventsPath is the stream that tells an open page to look again.
const EventsPath = GoodsPath + "/events"

// version is when a thing on the page came to be what it is, in milliseconds,
// base 36. An open page compares it to know what is new and what has changed.
func version(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 36) }

// appendVersion is version at the end of markup that grows.
func appendVersion(b []byte, at time.Time) []byte { return strconv.AppendInt(b, at.UnixMilli(), 36) }

// markOf names the word that marks a row: one registered, or whose status
// changed, a short time ago. "" is neither.
func markOf(r *customs.Pending, now time.Time) string {
	switch {
	case now.Sub(r.RegisteredAt) < newFor:
		return "goods.new"
	case now.Sub(r.StatusAt) < newFor:
		return "live.changed"
	default:
		return ""
	}
}
