package db

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/register"
)

// rowsOf is the query of everything a leaf follows from, personal values too.
const rowsOf = `
	select id, at, request_id, channel, actor, case_id, action, outcome, results, elapsed_us,
	       subject, session_id, asked, salts, commitments
	  from register_entry where id > $1 and id <= $2 order by id`

const rowColumns = 15

// rowReader turns rows into records without an allocation for each, since a
// register has millions: values are taken as they come from the wire.
type rowReader struct {
	words  map[string]string // the few words that stand in every row
	record register.Record
	open   bool // the personal values are still there
}

// each reads the rows with ids above first up to last.
func (r *rowReader) each(ctx context.Context, q querier, first, last int64, visit func(*register.Record, bool) error) error {
	var binaries pgx.QueryResultFormats
	for range rowColumns {
		binaries = append(binaries, pgx.BinaryFormatCode)
	}
	rows, err := q.Query(ctx, rowsOf, binaries, first, last)
	if err != nil {
		return err
	}
	defer rows.Close()
	if r.words == nil {
		r.words = map[string]string{}
	}
	for rows.Next() {
		r.decode(rows.RawValues())
		if err := visit(&r.record, r.open); err != nil {
			return err
		}
	}
	return rows.Err()
}

// decode reads the binary forms of PostgreSQL's protocol. A value that is not
// as the register writes it makes a record without a canonical form, or one
// with another hash; neither goes unnoticed.
func (r *rowReader) decode(v [][]byte) {
	c := &r.record
	c.ID = int64be(v[0])
	c.At = time.UnixMicro(epoch + int64be(v[1]))
	c.RequestID = uuidOf(v[2])
	c.Channel, c.Actor = r.word(v[3]), r.word(v[4])
	c.Case = uuidOf(v[5])
	c.Action, c.Outcome = r.word(v[6]), register.Outcome(r.word(v[7]))
	c.Results = int(int64be(v[8]))
	c.Elapsed = time.Duration(int64be(v[9])) * time.Microsecond
	subject, session, asked, salts, commitments := v[10], v[11], v[12], v[13], v[14]
	r.open = salts != nil
	c.Commitments = [3]register.Hash{}
	switch {
	case r.open && len(salts) == register.SaltsSize && commitments == nil:
		c.Commitments[register.Subject] = register.Commit(salts[:register.SaltSize], subject)
		var text [36]byte
		c.Commitments[register.Session] = register.Commit(salts[register.SaltSize:2*register.SaltSize], appendUUID(text[:0], session))
		c.Commitments[register.Asked] = register.Commit(salts[2*register.SaltSize:], asked)
	case !r.open && len(commitments) == len(c.Commitments)*tlog.HashSize:
		for i := range c.Commitments {
			c.Commitments[i] = register.Hash(commitments[i*tlog.HashSize:])
		}
	}
}

// epoch is PostgreSQL's, 2000-01-01, in microseconds of Unix time.
const epoch = 946_684_800_000_000

func int64be(b []byte) int64 {
	switch len(b) {
	case 8:
		return int64(binary.BigEndian.Uint64(b))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	default:
		return -1 // null, which the table does not take
	}
}

// uuidOf is a UUID from the wire; null is uuid.Nil.
func uuidOf(b []byte) uuid.UUID {
	if len(b) != len(uuid.UUID{}) {
		return uuid.Nil
	}
	return uuid.UUID(b)
}

// appendUUID appends the text of a UUID; null has none.
func appendUUID(b, u []byte) []byte {
	if len(u) != len(uuid.UUID{}) {
		return b
	}
	for i, part := range [...][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// word returns a word of which there are few.
func (r *rowReader) word(b []byte) string {
	if w, ok := r.words[string(b)]; ok {
		return w
	}
	w := string(b)
	if len(r.words) < 1000 {
		r.words[w] = w
	}
	return w
}
