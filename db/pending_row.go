package db

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// pendingReader reads rows of the list and of files, and what stands beside them. pgx's general way of
// scanning costs twice what all the rest of a row does, so the values are taken
// from the wire in PostgreSQL's binary form (for a time: microseconds since
// 2000), and the texts of a row are cut out of one. A connection that speaks
// otherwise is read in the general way. The zero value is ready.
type pendingReader struct {
	begun, binary   bool
	texts           []byte   // of a row, one behind the other
	words           []string // that come again and again; see word
	packages, gross int64
	times           []time.Time // what ages point to
}

// optional is what a row may lack, in one piece of memory.
type optional struct {
	packages   int64
	gross      customs.Mass
	since, due time.Time
}

var errPendingRow = errors.New("db: a row of the list has other columns than it should")

// begin looks at the first row how the connection speaks: before, a statement
// that failed has no columns to look at.
func (r *pendingReader) begin(rows pgx.Rows) {
	if r.begun {
		return
	}
	r.begun, r.binary = true, true
	for _, f := range rows.FieldDescriptions() {
		r.binary = r.binary && (f.Format == pgx.BinaryFormatCode || f.DataTypeOID == textOID)
	}
}

// listWidth is the number of listColumns.
const listWidth = 21

// textOID is the type text, whose two forms are the same.
const textOID = 25

// row reads the columns of listColumns, and whole numbers behind them into more.
// What p points to is in o.
func (r *pendingReader) row(rows pgx.Rows, p *customs.Pending, o *optional, more ...*int) error {
	r.begin(rows)
	if !r.binary {
		places := pendingColumns(p)
		for _, n := range more {
			places = append(places, n)
		}
		return rows.Scan(places...)
	}
	v := rows.RawValues()
	if len(v) != listWidth+len(more) {
		return errPendingRow
	}
	for i, n := range more {
		*n = int(integer(v[listWidth+i]))
	}
	r.texts = r.texts[:0]
	for _, i := range [...]int{0, 1, 2, 7, 8, 9, 10, 11, 15, 16, 17, 18} {
		r.texts = append(r.texts, v[i]...)
	}
	texts := string(r.texts)
	text := func(i int) string { // in the same order
		s := texts[:len(v[i])]
		texts = texts[len(v[i]):]
		return s
	}
	p.Registration, p.Checkpoint, p.Status = text(0), text(1), customs.Status(text(2))
	p.StatusAt, p.RegisteredAt, p.ReceivedAt = moment(v[3]), moment(v[4]), moment(v[5])
	p.Mode = int(integer(v[6]))
	p.Vehicle, p.DocumentType, p.DocumentNumber = text(7), text(8), text(9)
	p.GoodsDescription, p.CommodityCode = text(10), customs.CommodityCode(text(11))
	p.GoodsCount = int(integer(v[12]))
	p.NextCode, p.NextWho, p.NextAgency, p.NextNote = text(15), customs.Actor(text(16)), text(17), text(18)
	p.Packages, p.GrossMass, p.NextSince, p.NextDue = nil, nil, nil, nil
	if v[13] != nil {
		o.packages = integer(v[13])
		p.Packages = &o.packages
	}
	if v[14] != nil {
		o.gross = customs.Mass(integer(v[14]))
		p.GrossMass = &o.gross
	}
	if v[19] != nil {
		o.since = moment(v[19])
		p.NextSince = &o.since
	}
	if v[20] != nil {
		o.due = moment(v[20])
		p.NextDue = &o.due
	}
	return nil
}

// alike are consignments of which the list counts how many there are.
type alike struct {
	customs.CheckpointCount
	status customs.Status
	who    customs.Actor
	mode   int
}

// alike reads the columns of queueCounts. What a points to is that of the next
// row later.
func (r *pendingReader) alike(rows pgx.Rows, a *alike) error {
	r.begin(rows)
	if !r.binary {
		return rows.Scan(&a.Checkpoint, &a.status, &a.who, &a.mode, &a.Count, &a.Packages, &a.GrossMass)
	}
	v := rows.RawValues()
	if len(v) != 7 {
		return errPendingRow
	}
	a.Checkpoint, a.status, a.who = r.word(v[0]), customs.Status(r.word(v[1])), customs.Actor(r.word(v[2]))
	a.mode, a.Count = int(integer(v[3])), int(integer(v[4]))
	a.Packages, a.GrossMass = nil, nil
	if v[5] != nil {
		r.packages = integer(v[5])
		a.Packages = &r.packages
	}
	if v[6] != nil {
		r.gross = integer(v[6])
		a.GrossMass = (*customs.Mass)(&r.gross)
	}
	return nil
}

// usualCheckpoints is how many checkpoints there seldom are more of.
const usualCheckpoints = 32

// age reads the columns of queueFreshness.
func (r *pendingReader) age(rows pgx.Rows, now *time.Time, f *customs.Freshness) error {
	r.begin(rows)
	if !r.binary {
		return rows.Scan(now, &f.Checkpoint, &f.AsOf, &f.ReceivedAt)
	}
	v := rows.RawValues()
	if len(v) != 4 {
		return errPendingRow
	}
	*now, f.Checkpoint = moment(v[0]), string(v[1])
	if r.times == nil {
		r.times = make([]time.Time, 0, 2*usualCheckpoints)
	}
	f.AsOf, f.ReceivedAt = r.perhaps(v[2]), r.perhaps(v[3])
	return nil
}

// perhaps is a timestamptz or, where there is none, nil.
func (r *pendingReader) perhaps(b []byte) *time.Time {
	if b == nil {
		return nil
	}
	r.times = append(r.times, moment(b))
	return &r.times[len(r.times)-1]
}

// fewWords bounds what is kept: a trader's checkpoints, statuses and actors are
// seldom more, and it must not take long to look through them.
const fewWords = 32

// word is a text that comes again and again.
func (r *pendingReader) word(b []byte) string {
	for _, s := range r.words {
		if s == string(b) {
			return s
		}
	}
	s := string(b)
	if len(r.words) < fewWords {
		r.words = append(r.words, s)
	}
	return s
}

// integer is a smallint, integer or bigint.
func integer(b []byte) int64 {
	switch len(b) {
	case 2:
		return int64(int16(binary.BigEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	case 8:
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// moment is a timestamptz.
func moment(b []byte) time.Time {
	const epoch = 946_684_800_000_000 // 2000-01-01 since 1970
	return time.UnixMicro(epoch + integer(b)).UTC()
}

// pendingColumns are the places of a row's columns.
func pendingColumns(p *customs.Pending) []any {
	return []any{
		&p.Registration, &p.Checkpoint, &p.Status, &p.StatusAt, &p.RegisteredAt, &p.ReceivedAt, &p.Mode, &p.Vehicle,
		&p.DocumentType, &p.DocumentNumber, &p.GoodsDescription, &p.CommodityCode, &p.GoodsCount, &p.Packages, &p.GrossMass,
		&p.NextCode, &p.NextWho, &p.NextAgency, &p.NextNote, &p.NextSince, &p.NextDue,
	}
}
