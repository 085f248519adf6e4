package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// SupervisedCase is a case with what only supervision sees.
type SupervisedCase struct {
	Case
	OfficerName string
}

// RefusedCase is a wish to open a case that was not granted.
type RefusedCase struct {
	At            time.Time
	OfficerNumber string
	OfficerName   string
	VOEN          customs.VOEN
	Outcome       CaseOutcome
}

// SupervisedCases are the cases that are open or were opened in the last 24
// hours, newest first, and what was refused in that time, at most 500 of each:
// for a supervisor; for anybody else there are none.
func (d *DB) SupervisedCases(ctx context.Context, k StaffKey) (cases []SupervisedCase, refused []RefusedCase, err error) {
	b := &pgx.Batch{}
	queueSnapshot(b)
	b.Queue(`set local role portal_supervision`).Exec(discard)
	b.Queue(`select set_config('portal.staff', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`
		select ` + caseColumns + `, s.name
		  from assist_case c join staff_session s on s.id = c.staff_session
		 where c.opened_at > now() - interval '24 hours'
		 order by c.opened_at desc limit 500`).Query(collect(&cases, func(row pgx.CollectableRow) (c SupervisedCase, err error) {
		err = row.Scan(append(casePlaces(&c.Case), &c.OfficerName)...)
		return c, err
	}))
	b.Queue(`
		select r.at, r.officer_number, s.name, r.voen, r.outcome
		  from assist_refusal r join staff_session s on s.id = r.staff_session
		 where r.at > now() - interval '24 hours'
		 order by r.at desc limit 500`).Query(collect(&refused, pgx.RowToStructByPos[RefusedCase]))
	queueEnd(b)
	err = d.pool.SendBatch(ctx, b).Close()
	return cases, refused, err
}
