package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// reportsShown is how many reports of one trader a page lists at most.
const reportsShown = 200

// reportColumns are what a trader may know of a report, in the order of
// scanReport.
const reportColumns = `id::text, number, kind, coalesce(entry_id, 0), entry_at, coalesce(registration, ''), body, contact, lang, person,
	created_at, coalesce(answer, ''), answered_at`

func scanReport(row pgx.CollectableRow) (customs.Report, error) {
	var r customs.Report
	var entryAt, answeredAt *time.Time
	err := row.Scan(&r.ID, &r.Number, &r.Kind, &r.Entry, &entryAt, &r.Registration, &r.Body, &r.Contact, &r.Lang, &r.Person,
		&r.At, &r.Answer, &answeredAt)
	r.EntryAt, r.AnsweredAt = orZero(entryAt), orZero(answeredAt)
	return r, err
}

// Reports lists the newest reports of the trader of the session. ErrNoSession.
func (d *DB) Reports(ctx context.Context, k SessionKey) (Session, []customs.Report, error) {
	var list []customs.Report
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`select `+reportColumns+` from report order by answered_at is not null, created_at desc limit $1`, reportsShown).
			Query(collect(&list, scanReport))
	})
	return s, list, err
}

// Report is one report of the trader of the session, and the entry that it is
// about as far as that can still be told. Errors: ErrNoSession; ErrNotFound,
// with the session.
func (d *DB) Report(ctx context.Context, k SessionKey, id uuid.UUID) (Session, customs.Report, *customs.Access, error) {
	var list []customs.Report
	var about []customs.Access
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`select `+reportColumns+` from report where id = $1`, id).Query(collect(&list, scanReport))
		queueEntry(b, `(select entry_id from report where id = $1)`, id, &about)
	})
	switch {
	case err != nil:
		return s, customs.Report{}, nil, err
	case len(list) == 0:
		return s, customs.Report{}, nil, ErrNotFound
	case len(about) == 0:
		return s, list[0], nil, nil
	}
	return s, list[0], &about[0], nil
}

// queueEntry reads the entry of that id about the session's taxpayer.
func queueEntry(b *pgx.Batch, id string, arg any, to *[]customs.Access) {
	b.Queue(`
		select `+accessColumns+`
		  from (select at as moment from register_entry where id = `+id+`) e,
		       access_entries(e.moment, e.moment + interval '1 microsecond', '', 1000, 0) a
		 where a.id = `+id, arg).Query(collect(to, pgx.RowToStructByPos[customs.Access]))
}

// AccessEntry is one entry about the trader of the session. Errors:
// ErrNoSession; ErrNotFound, with the session.
func (d *DB) AccessEntry(ctx context.Context, k SessionKey, id int64) (Session, customs.Access, error) {
	var list []customs.Access
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		queueEntry(b, `$1`, id, &list)
	})
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return s, customs.Access{}, err
	}
	return s, list[0], nil
}

// Holds reports whether a registration is one of the trader of the session, and
// the id of their newest report about it, "" if there is none. Errors:
// ErrNoSession; ErrNotFound, with the session.
func (d *DB) Holds(ctx context.Context, k SessionKey, registration string) (Session, string, error) {
	var held bool
	var report string
	registration = storable(registration)
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`
			select exists (select from consignment where registration = $1) or exists (select from archived where registration = $1),
			       coalesce((select id::text from report where registration = $1 order by created_at desc limit 1), '')`, registration).
			QueryRow(func(row pgx.Row) error { return row.Scan(&held, &report) })
	})
	if err == nil && !held {
		err = ErrNotFound
	}
	return s, report, err
}

// MakeReport keeps a report of the trader of the session. If one about the same
// thing is open, that one comes back and fresh is false. Errors: ErrNoSession;
// ErrNotFound: there is no such entry or registration of this trader.
func (d *DB) MakeReport(ctx context.Context, k SessionKey, n customs.NewReport) (id uuid.UUID, fresh bool, err error) {
	var entry *int64
	if n.Entry != 0 {
		entry = &n.Entry
	}
	_, err = d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`select report, fresh from make_report($1, $2, $3, $4, $5)`,
			entry, storable(n.Registration), storable(n.Body), storable(n.Contact), n.Lang).QueryRow(func(row pgx.Row) error {
			return orNone(row.Scan(&id, &fresh))
		})
	})
	if err == nil && id == uuid.Nil {
		err = ErrNotFound
	}
	return id, fresh, err
}
