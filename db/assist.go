package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Look is what is known before an officer looks under a case: enough for the
// register, nothing of what will be shown.
type Look struct {
	Staff   Staff
	Case    Case
	Pending int  // registrations of the trader that are pending
	Found   bool // the trader has the registration that was asked for
}

// Look prepares a look at a list (registration "") or at one registration, and
// keeps the case from becoming idle. ErrNoSession, ErrNoCase.
func (d *DB) Look(ctx context.Context, k StaffKey, id uuid.UUID, registration string) (Look, error) {
	var l Look
	b := &pgx.Batch{}
	queueStaff(b, k, &l.Staff)
	queueCase(b, k, id, uuid.Nil)
	b.Queue(`select staff_seen()`).Exec(discard)
	b.Queue(`
		select `+caseColumns+`, a.pending, a.found
		  from current_case() c, case_answer($1) a`, storable(registration)).QueryRow(func(row pgx.Row) error {
		return orNone(row.Scan(append(casePlaces(&l.Case), &l.Pending, &l.Found)...))
	})
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Look{}, err
	}
	switch {
	case l.Staff.Session == uuid.Nil:
		return Look{}, ErrNoSession
	case l.Case.ID == uuid.Nil:
		return l, ErrNoCase
	}
	return l, nil
}

// AssistGoods is Goods for the trader of a case, as a role that can only read.
// The database shows it only if the register holds the look already, under this
// request. ErrNoCase otherwise.
func (d *DB) AssistGoods(ctx context.Context, k StaffKey, id, request uuid.UUID, q customs.Query, size int) (customs.List, error) {
	l, err := d.assistGoods(ctx, k, id, request, q, size)
	if err != nil {
		return l, err
	}
	return searchAgain(q, l, func(q customs.Query) (customs.List, error) {
		return d.assistGoods(ctx, k, id, request, q, size)
	}, func() (words []string, err error) {
		err = d.forCase(ctx, k, id, request, func(b *pgx.Batch) { queueNearest(b, q, &words) })
		return words, err
	})
}

func (d *DB) assistGoods(ctx context.Context, k StaffKey, id, request uuid.UUID, q customs.Query, size int) (customs.List, error) {
	l := newList(q)
	if err := d.forCase(ctx, k, id, request, func(b *pgx.Batch) { queueList(b, q, size, &l) }); err != nil {
		return customs.List{}, err
	}
	finishList(&l, size)
	return l, nil
}

// AssistDetail is Detail for the trader of a case, like AssistGoods.
// ErrNotFound: the trader has no such registration.
func (d *DB) AssistDetail(ctx context.Context, k StaffKey, id, request uuid.UUID, registration string) (customs.Detail, error) {
	var t customs.Detail
	var found *bool
	if err := d.forCase(ctx, k, id, request, func(b *pgx.Batch) { found = queueDetail(b, registration, &t) }); err != nil {
		return customs.Detail{}, err
	}
	if !*found {
		return customs.Detail{}, ErrNotFound
	}
	return t, nil
}

// forCase runs what queue puts into a batch on one snapshot, as the role that
// reads under a case. ErrNoCase: it may see nobody's goods.
func (d *DB) forCase(ctx context.Context, k StaffKey, id, request uuid.UUID, queue func(*pgx.Batch)) error {
	var voen *customs.VOEN
	b := &pgx.Batch{}
	queueAssist(b, k, id, request, &voen)
	queue(b)
	queueEnd(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if voen == nil {
		return ErrNoCase
	}
	return nil
}

// queueAssist begins a snapshot as the role that reads under a case, and reads
// whose goods that role may see; nil: nobody's.
func queueAssist(b *pgx.Batch, k StaffKey, id, request uuid.UUID, voen **customs.VOEN) {
	queueSnapshot(b)
	b.Queue(`set local role portal_assist`).Exec(discard)
	queueCase(b, k, id, request)
	b.Queue(`select case_voen()`).QueryRow(func(row pgx.Row) error { return row.Scan(voen) })
}
