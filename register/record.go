package register

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256: of a leaf, of a node of the tree, or a commitment.
type Hash = tlog.Hash

// ErrRecord says that a text is not the canonical form of an entry, or that an
// entry has none because a value of it could not have been written.
var ErrRecord = errors.New("register: not the canonical form of an entry")

// The first lines of the two kinds of leaves.
const (
	entryHead = "customs.gov.az/portal/register/entry/v1\n"
	gapHead   = "customs.gov.az/portal/register/gap/v1\n"
)

// The personal values of an entry, in the order of their commitments.
const (
	Subject = iota // VÖEN
	Session        // UUID of the session
	Asked          // path and query
	personal
)

// personalNames are the names of the personal values in the canonical form.
var personalNames = [personal]string{"subject", "session", "asked"}

// SaltSize is the length of the salt of one commitment, in bytes.
const SaltSize = 16

// SaltsSize is the length of an entry's salts, one behind the other.
const SaltsSize = personal * SaltSize

// Record is an entry as the log holds it: everything but the personal values,
// which stand as commitments.
type Record struct {
	ID          int64     // from 1; the leaf's index is one less
	At          time.Time // when it was written, to the microsecond
	RequestID   uuid.UUID
	Channel     string
	Actor       string
	Case        uuid.UUID // uuid.Nil: none
	Action      Action
	Outcome     Outcome
	Results     int
	Elapsed     time.Duration // to the microsecond
	Commitments [personal]Hash
}

// Commit hides a value behind a salt: SHA-256(salt ‖ value).
func Commit(salt []byte, value []byte) Hash {
	var buf [256]byte
	return sha256.Sum256(append(append(buf[:0], salt...), value...))
}

const timeForm = "2006-01-02T15:04:05.000000Z"

// Append appends the canonical form, which is the leaf's data: lines of a name,
// a space and a value, in a fixed order. ErrRecord: a word or number that the
// register's table would not take.
func (r *Record) Append(b []byte) ([]byte, error) {
	for _, w := range [...]string{r.Channel, r.Actor, r.Action, string(r.Outcome)} {
		if !isWord(w) {
			return b, ErrRecord
		}
	}
	if y := r.At.Year(); r.ID < 1 || r.Results < 0 || r.Elapsed < 0 || y < 1 || y > 9999 {
		return b, ErrRecord
	}
	b = append(b, entryHead...)
	b = strconv.AppendInt(append(b, "id "...), r.ID, 10)
	b = appendTime(append(b, "\nat "...), r.At.UTC())
	b = appendUUID(append(b, "\nrequest "...), r.RequestID)
	b = append(append(b, "\nchannel "...), r.Channel...)
	b = append(append(b, "\nactor "...), r.Actor...)
	b = append(b, "\ncase "...)
	if r.Case == uuid.Nil {
		b = append(b, '-')
	} else {
		b = appendUUID(b, r.Case)
	}
	b = append(append(b, "\naction "...), r.Action...)
	b = append(append(b, "\noutcome "...), r.Outcome...)
	b = strconv.AppendInt(append(b, "\nresults "...), int64(r.Results), 10)
	b = strconv.AppendInt(append(b, "\nelapsed "...), r.Elapsed.Microseconds(), 10)
	b = append(b, '\n')
	for i, name := range personalNames {
		b = append(append(b, name...), ' ')
		b = hex.AppendEncode(b, r.Commitments[i][:])
		b = append(b, '\n')
	}
	return b, nil
}

// appendTime appends a time in timeForm: what AppendFormat does, in a quarter of
// the time, which over a million entries is felt.
func appendTime(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = appendDigits(b, year, 4)
	b = appendDigits(append(b, '-'), int(month), 2)
	b = appendDigits(append(b, '-'), day, 2)
	b = appendDigits(append(b, 'T'), hour, 2)
	b = appendDigits(append(b, ':'), minute, 2)
	b = appendDigits(append(b, ':'), second, 2)
	b = appendDigits(append(b, '.'), t.Nanosecond()/1000, 6)
	return append(b, 'Z')
}

// appendDigits appends the last digits of a number.
func appendDigits(b []byte, n, digits int) []byte {
	b = append(b, "000000"[:digits]...)
	for i := len(b) - 1; n > 0; i, n = i-1, n/10 {
		b[i] = byte('0' + n%10)
	}
	return b
}

// isWord is the rule of the table's words.
func isWord(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

func appendUUID(b []byte, u uuid.UUID) []byte {
	for i, part := range [...][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// AppendGap appends the leaf's data for an id that was taken by a write that
// never came about, so that the log explains the missing number.
func AppendGap(b []byte, id int64) []byte {
	b = strconv.AppendInt(append(append(b, gapHead...), "id "...), id, 10)
	return append(b, '\n')
}

// LeafHash is the hash of a leaf's data (RFC 6962 §2.1: SHA-256(0x00 ‖ data)).
// It does what tlog.RecordHash does, in one piece: hashing is most of the work of
// who verifies millions of them.
func LeafHash(data []byte) Hash {
	var buf [512]byte // most leaves fit, without an allocation
	return sha256.Sum256(append(append(buf[:0], 0), data...))
}

// ParseRecord reads what Append wrote and refuses anything that Append would
// write differently. The error is ErrRecord.
func ParseRecord(text []byte) (Record, error) {
	var r Record
	if len(text) > 1000 || !bytes.HasPrefix(text, []byte(entryHead)) {
		return r, ErrRecord
	}
	p := lines{rest: string(text[len(entryHead):])}
	r.ID = p.number("id")
	r.At = p.time("at")
	r.RequestID = p.uuid("request")
	r.Channel = p.value("channel")
	r.Actor = p.value("actor")
	r.Case = p.uuid("case")
	r.Action = p.value("action")
	r.Outcome = Outcome(p.value("outcome"))
	r.Results = int(p.number("results"))
	r.Elapsed = time.Duration(p.number("elapsed")) * time.Microsecond
	for i, name := range personalNames {
		if b, err := hex.DecodeString(p.value(name)); err == nil && len(b) == len(Hash{}) {
			r.Commitments[i] = Hash(b)
		}
	}
	if again, err := r.Append(nil); err != nil || !bytes.Equal(again, text) {
		return Record{}, ErrRecord
	}
	return r, nil
}

// lines reads name and value line by line. It need not note mistakes: they
// show when the record is written again.
type lines struct{ rest string }

func (l *lines) value(name string) string {
	line, rest, _ := strings.Cut(l.rest, "\n")
	l.rest = rest
	v, _ := strings.CutPrefix(line, name+" ")
	return v
}

func (l *lines) number(name string) int64 {
	n, _ := strconv.ParseInt(l.value(name), 10, 64) // a mistake shows later
	return n
}

func (l *lines) time(name string) time.Time {
	t, _ := time.Parse(timeForm, l.value(name)) // a mistake shows later
	return t
}

func (l *lines) uuid(name string) uuid.UUID {
	u, _ := uuid.Parse(l.value(name)) // a mistake shows later; “-” is none
	return u
}
