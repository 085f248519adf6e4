package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Position is a place in the order in which programs read: after this
// registration. The zero value is before all.
type Position struct {
	RegisteredAt time.Time // to the microsecond
	Registration string
}

// Received is a consignment with the time at which the portal stored it.
type Received struct {
	customs.Consignment
	ReceivedAt time.Time `json:"received_at"`
}

// Consignments is a page of what a program reads.
type Consignments struct {
	AsOf  time.Time           // the database's clock at the read
	Total int                 // of the filtered set
	Fresh []customs.Freshness // of every checkpoint that ever sent anything, by code
	Rows  []Received
	Next  *Position // of the last row, if more may follow
}

// pageBytes is how much of stored documents one page holds at most, but for its
// first row: a registration may have thousands of goods items.
const pageBytes = 8 << 20

// Consignments reads a page of the pending goods of a token's taxpayer, oldest
// registration first, after a position. The query's sort and page do not count.
// It runs in a role that can only read, under row-level security that asks the
// token. ErrNoToken: the token has ended meanwhile.
func (d *DB) Consignments(ctx context.Context, k TokenKey, q customs.Query, after Position, size int) (Consignments, error) {
	var l Consignments
	f := newFilter(q)
	b := &pgx.Batch{}
	live := queueToken(b, k)
	b.Queue(`select now(), count(*)`+f.from(), f.args).QueryRow(func(row pgx.Row) error { return row.Scan(&l.AsOf, &l.Total) })
	f.add(after.Registration != "", `(registered_at, registration) > (@at, @after)`, "at", after.RegisteredAt)
	f.args["after"] = storable(after.Registration)
	f.args["size"] = size + 1 // one more tells whether there is more
	b.Queue(`
		select p.registered_at, p.registration, c.document, c.received_at
		  from (select registered_at, registration`+f.from()+` order by registered_at, registration limit @size) p
		  join consignment c on c.registration = p.registration
		 order by p.registered_at, p.registration`, f.args).Query(func(rows pgx.Rows) error { return l.read(rows, size) })
	b.Queue(`select code, as_of, received_at from checkpoint order by code`).Query(collect(&l.Fresh, pgx.RowToStructByPos[customs.Freshness]))
	queueEnd(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Consignments{}, err
	}
	if !*live {
		return Consignments{}, ErrNoToken
	}
	return l, nil
}

// read takes rows up to the page's size, in number and in bytes.
func (l *Consignments) read(rows pgx.Rows, size int) error {
	defer rows.Close()
	var last Position
	for held := 0; rows.Next(); {
		held += len(rows.RawValues()[2])
		if len(l.Rows) == size || len(l.Rows) > 0 && held > pageBytes {
			l.Next = &last
			break
		}
		var r Received
		var at time.Time
		if err := rows.Scan(&at, &last.Registration, &r.Consignment, &r.ReceivedAt); err != nil {
			return err
		}
		last.RegisteredAt = at.UTC()
		l.Rows = append(l.Rows, r)
	}
	rows.Close()
	return rows.Err()
}

// queueToken makes the batch a transaction that only reads, on one snapshot, as
// the program of the key; live says afterwards whether there is one. It must
// come first, and queueEnd last.
func queueToken(b *pgx.Batch, k TokenKey) (live *bool) {
	live = new(bool)
	queueSnapshot(b)
	b.Queue(`set local role portal_api`).Exec(discard)
	b.Queue(`select set_config('portal.token', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select exists (select from current_token())`).QueryRow(func(row pgx.Row) error { return row.Scan(live) })
	return live
}

// ConsignmentOf reads everything about one registration of a token's taxpayer,
// as Detail does for a person. Errors: ErrNoToken, ErrNotFound.
func (d *DB) ConsignmentOf(ctx context.Context, k TokenKey, registration string) (customs.Detail, error) {
	var t customs.Detail
	b := &pgx.Batch{}
	live := queueToken(b, k)
	found := queueDetail(b, registration, &t)
	queueEnd(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return customs.Detail{}, err
	}
	switch {
	case !*live:
		return customs.Detail{}, ErrNoToken
	case !*found:
		return customs.Detail{}, ErrNotFound
	}
	return t, nil
}
