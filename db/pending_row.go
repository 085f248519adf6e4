package db

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// pendingReader reads rows of the list and of files. pgx's general way of
// scanning costs twice what all the rest of a row does, so the values are taken
// from the wire in PostgreSQL's binary form (for a time: microseconds since
// 2000), and texts that come again and again are kept. A connection that speaks
// otherwise is read in the general way. The zero value is ready.
type pendingReader struct {
	binary          bool
	texts           map[string]string
	packages, gross int64
	since, due      time.Time
}

// fewTexts bounds what is kept: the columns below have a few hundred values.
const fewTexts = 4096

var errPendingRow = errors.New("db: a row of the list has other columns than it should")

// begin looks at the first row how the connection speaks: before, a statement
// that failed has no columns to look at.
func (r *pendingReader) begin(rows pgx.Rows) {
	if r.texts != nil {
		return
	}
	r.binary, r.texts = true, map[string]string{}
	for _, f := range rows.FieldDescriptions() {
		r.binary = r.binary && (f.Format == pgx.BinaryFormatCode || f.DataTypeOID == textOID)
	}
}

// listWidth is the number of listColumns.
const listWidth = 21

// textOID is the type text, whose two forms are the same.
const textOID = 25

// row reads the columns of listColumns, and whole numbers behind them into more.
// What p points to is that of the next row later; see own.
func (r *pendingReader) row(rows pgx.Rows, p *customs.Pending, more ...*int) error {
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
	p.Registration = string(v[0])
	p.Checkpoint, p.Status = r.text(v[1]), customs.Status(r.text(v[2]))
	p.StatusAt, p.RegisteredAt, p.ReceivedAt = moment(v[3]), moment(v[4]), moment(v[5])
	p.Mode = int(integer(v[6]))
	p.Vehicle = string(v[7])
	p.DocumentType, p.DocumentNumber = r.text(v[8]), string(v[9])
	p.GoodsDescription, p.CommodityCode = string(v[10]), customs.CommodityCode(r.text(v[11]))
	p.GoodsCount = int(integer(v[12]))
	p.Packages, p.GrossMass, p.NextSince, p.NextDue = nil, nil, nil, nil
	if v[13] != nil {
		r.packages = integer(v[13])
		p.Packages = &r.packages
	}
	if v[14] != nil {
		r.gross = integer(v[14])
		p.GrossMass = (*customs.Mass)(&r.gross)
	}
	p.NextCode, p.NextWho, p.NextAgency, p.NextNote = r.text(v[15]), customs.Actor(r.text(v[16])), r.text(v[17]), string(v[18])
	if v[19] != nil {
		r.since = moment(v[19])
		p.NextSince = &r.since
	}
	if v[20] != nil {
		r.due = moment(v[20])
		p.NextDue = &r.due
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

// alike reads the columns of queueCounts.
func (r *pendingReader) alike(rows pgx.Rows, a *alike) error {
	r.begin(rows)
	if !r.binary {
		return rows.Scan(&a.Checkpoint, &a.status, &a.who, &a.mode, &a.Count, &a.Packages, &a.GrossMass)
	}
	v := rows.RawValues()
	if len(v) != 7 {
		return errPendingRow
	}
	a.Checkpoint, a.status, a.who = r.text(v[0]), customs.Status(r.text(v[1])), customs.Actor(r.text(v[2]))
	a.mode, a.Count = int(integer(v[3])), int(integer(v[4]))
	if v[5] != nil {
		a.Packages = new(integer(v[5]))
	}
	if v[6] != nil {
		a.GrossMass = new(customs.Mass(integer(v[6])))
	}
	return nil
}

// text is a text that comes again and again.
func (r *pendingReader) text(b []byte) string {
	if s, ok := r.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(r.texts) < fewTexts {
		r.texts[s] = s
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

// own is a row with its own copies of what it points to.
func own(p customs.Pending) customs.Pending {
	p.Packages, p.GrossMass = copied(p.Packages), copied(p.GrossMass)
	p.NextSince, p.NextDue = copied(p.NextSince), copied(p.NextDue)
	return p
}

func copied[T any](v *T) *T {
	if v == nil {
		return nil
	}
	return new(*v)
}
