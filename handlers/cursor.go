package handlers

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"customs.gov.az/portal/db"
)

// A cursor is a place in a list, as base64url of: one byte, the version; eight
// bytes, the time of registration in microseconds since 1970, big-endian; the
// registration code. Programs hand it back as it is. It is no secret and no
// right: it only says where to go on, whoever asks.
const cursorVersion = 1

// cursorEnd bounds the time in a cursor: the year 10000, in microseconds.
const cursorEnd = 253_402_300_800_000_000

var errCursor = errors.New("handlers: not a cursor")

func encodeCursor(p db.Position) string {
	b := append(make([]byte, 0, 64), cursorVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(p.RegisteredAt.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.Registration...))
}

// parseCursor reads what encodeCursor wrote, and nothing else.
func parseCursor(s string) (db.Position, error) {
	if len(s) > 200 {
		return db.Position{}, errCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") || len(b) < 10 || b[0] != cursorVersion { // the decoder passes over line ends
		return db.Position{}, errCursor
	}
	at := binary.BigEndian.Uint64(b[1:9])
	code := string(b[9:])
	if at >= cursorEnd || len(code) > maxCode || strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return db.Position{}, errCursor
	}
	return db.Position{RegisteredAt: time.UnixMicro(int64(at)).UTC(), Registration: code}, nil
}
