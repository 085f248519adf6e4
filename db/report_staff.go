package db

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// ErrAnswered says that a report has its answer already.
var ErrAnswered = errors.New("db: the report is answered")

// queueSupervision makes the batch, which is one transaction, speak for a staff
// session in the role that reads and writes nothing.
func queueSupervision(b *pgx.Batch, k StaffKey, s *Staff) {
	queueStaff(b, k, s)
	b.Queue(`set local role portal_supervision`).Exec(discard)
}

const supervisedColumns = `r.id::text, r.number, r.kind, coalesce(r.entry_id, 0), r.entry_at, coalesce(r.registration, ''), r.body, r.contact,
	r.lang, r.person, r.created_at, coalesce(r.answer, ''), r.answered_at, r.voen, r.organisation,
	coalesce(r.answered_number || ' ' || s.name, '')`

func scanSupervised(row pgx.CollectableRow) (customs.SupervisedReport, error) {
	var r customs.SupervisedReport
	entryAt, answeredAt := &r.EntryAt, &r.AnsweredAt
	err := row.Scan(&r.ID, &r.Number, &r.Kind, &r.Entry, &entryAt, &r.Registration, &r.Body, &r.Contact, &r.Lang, &r.Person,
		&r.At, &r.Answer, &answeredAt, &r.VOEN, &r.Organisation, &r.Officer)
	r.EntryAt, r.AnsweredAt = orZero(entryAt), orZero(answeredAt)
	return r, err
}

// ReportPage is a page of supervision's list of reports.
type ReportPage struct {
	Rows  []customs.SupervisedReport
	Open  int // of all
	Total int
	Page  int // from 1, never past the last
	Pages int // at least 1
}

// SupervisedReports lists reports for supervision: open ones first, the oldest
// of them first, then answered ones, the newest first. For who is no supervisor
// there are none. ErrNoSession.
func (d *DB) SupervisedReports(ctx context.Context, k StaffKey, page, size int) (Staff, ReportPage, error) {
	var s Staff
	p := ReportPage{Page: max(page, 1)}
	b := &pgx.Batch{}
	queueSnapshot(b)
	queueSupervision(b, k, &s)
	b.Queue(`select count(*), count(*) filter (where answer is null) from report`).QueryRow(func(row pgx.Row) error {
		return row.Scan(&p.Total, &p.Open)
	})
	b.Queue(`
		select `+supervisedColumns+`
		  from report r left join staff_session s on s.id = r.answered_by
		 order by r.answer is not null, case when r.answer is null then r.created_at end, r.answered_at desc
		 limit $1 offset least(($2::bigint - 1) * $1, (select greatest(0, count(*) - 1) / $1 * $1 from report))`, size, p.Page).
		Query(collect(&p.Rows, scanSupervised))
	queueEnd(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Staff{}, ReportPage{}, err
	}
	if s.Session == uuid.Nil {
		return Staff{}, ReportPage{}, ErrNoSession
	}
	p.Pages = max(1, (p.Total+size-1)/size)
	p.Page = min(p.Page, p.Pages)
	return s, p, nil
}

// SupervisedReport is one report and, for a question, the entry that it is
// about. Errors: ErrNoSession; ErrNotFound, with the officer, also for who is no
// supervisor.
func (d *DB) SupervisedReport(ctx context.Context, k StaffKey, id uuid.UUID) (Staff, customs.SupervisedReport, *customs.SupervisedEntry, error) {
	var s Staff
	var list []customs.SupervisedReport
	var entry *customs.SupervisedEntry
	b := &pgx.Batch{}
	queueSnapshot(b)
	queueSupervision(b, k, &s)
	b.Queue(`select `+supervisedColumns+` from report r left join staff_session s on s.id = r.answered_by where r.id = $1`, id).
		Query(collect(&list, scanSupervised))
	b.Queue(`
		select id, at, request_id::text, viewer, channel, action, asked, outcome, results, person, method, unit, case_number, reason,
		       reason_text, caller, confirmed, trim(officer_number || ' ' || officer_name) from report_entry($1)`, id).QueryRow(func(row pgx.Row) error {
		var e customs.SupervisedEntry
		err := row.Scan(&e.ID, &e.At, &e.RequestID, &e.Viewer, &e.Channel, &e.Action, &e.Asked, &e.Outcome, &e.Results, &e.Person, &e.Method,
			&e.Unit, &e.Case, &e.Reason, &e.ReasonText, &e.Caller, &e.Confirmed, &e.Officer)
		if err == nil {
			entry = &e
		}
		return orNone(err)
	})
	queueEnd(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Staff{}, customs.SupervisedReport{}, nil, err
	}
	switch {
	case s.Session == uuid.Nil:
		return Staff{}, customs.SupervisedReport{}, nil, ErrNoSession
	case len(list) == 0:
		return s, customs.SupervisedReport{}, nil, ErrNotFound
	}
	return s, list[0], entry, nil
}

// AnswerReport answers an open report in the name of the supervisor of this
// session, whom the trader never sees. Errors: ErrNoSession: there is none, or
// they are no supervisor; ErrNotFound; ErrAnswered.
func (d *DB) AnswerReport(ctx context.Context, k StaffKey, id uuid.UUID, answer string) error {
	var outcome string
	if err := d.staffAct(ctx, k, &outcome, `select answer_report($1, $2)`, id, storable(answer)); err != nil {
		return err
	}
	switch outcome {
	case "answered":
		return nil
	case "already":
		return ErrAnswered
	case "no_report":
		return ErrNotFound
	}
	return ErrNoSession
}
