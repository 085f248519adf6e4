package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// StaffChange is a change of the staff list that was proposed, or made by
// command.
type StaffChange struct {
	ID             uuid.UUID
	Remove         bool // the officer is taken off the list; otherwise the line is as Member says
	Member         StaffMember
	ProposedAt     time.Time
	ProposedNumber string // of the administrator, "" by command
	ProposedName   string
	Own            bool // proposed by who asks
	DecidedAt      *time.Time
	Decision       string // approved, rejected, withdrawn, command; "" while it is open
	DecidedNumber  string
	DecidedName    string
}

// StaffVerdict is what became of the wish to change the staff list.
type StaffVerdict string

// The verdicts.
const (
	StaffProposed  StaffVerdict = "proposed"
	StaffApproved  StaffVerdict = "approved"
	StaffRejected  StaffVerdict = "rejected"
	StaffWithdrawn StaffVerdict = "withdrawn" // by who proposed it
	StaffOwn       StaffVerdict = "own"       // nobody approves what they proposed
	StaffTaken     StaffVerdict = "taken"     // another officer has the number
	StaffPending   StaffVerdict = "pending"   // there is an open proposal about this person
	StaffUnknown   StaffVerdict = "unknown"   // the list does not hold the person
	StaffGone      StaffVerdict = "gone"      // there is no such open proposal
	StaffNotOne    StaffVerdict = "no_staff"  // who asks is no administrator any more
)

// Members are the staff list, and the last 100 changes with the open ones
// first, for an administrator; for anybody else they are empty.
func (d *DB) Members(ctx context.Context, k StaffKey) (list []StaffMember, changes []StaffChange, err error) {
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.staff', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select pin, number, name, unit, role, valid_until from staff_members()`).Query(collect(&list, pgx.RowToStructByPos[StaffMember]))
	b.Queue(`
		select id, kind = 'remove', pin, number, name, unit, role, coalesce(valid_until, '0001-01-01'), proposed_at, proposed_number, proposed_name,
		       own, decided_at, decision, decided_number, decided_name
		  from staff_changes()`).Query(collect(&changes, func(row pgx.CollectableRow) (c StaffChange, err error) {
		m := &c.Member
		err = row.Scan(&c.ID, &c.Remove, &m.PIN, &m.Number, &m.Name, &m.Unit, &m.Role, &m.Until, &c.ProposedAt, &c.ProposedNumber, &c.ProposedName,
			&c.Own, &c.DecidedAt, &c.Decision, &c.DecidedNumber, &c.DecidedName)
		return c, err
	}))
	err = d.pool.SendBatch(ctx, b).Close()
	return list, changes, err
}

// ProposeStaff proposes a line of the list: StaffProposed, or why not.
func (d *DB) ProposeStaff(ctx context.Context, k StaffKey, m StaffMember) (v StaffVerdict, err error) {
	err = d.staffAct(ctx, k, &v, `select propose_staff('put', $1, $2, $3, $4, $5, $6)`,
		string(m.PIN), m.Number, m.Name, m.Unit, string(m.Role), m.Until)
	return v, err
}

// ProposeStaffRemoval proposes to take an officer off the list.
func (d *DB) ProposeStaffRemoval(ctx context.Context, k StaffKey, pin customs.PIN) (v StaffVerdict, err error) {
	err = d.staffAct(ctx, k, &v, `select propose_staff('remove', $1, '', '', '', '', null)`, string(pin))
	return v, err
}

// DecideStaff approves, rejects or withdraws a proposal. The answer is the
// wish, or why it was not followed.
func (d *DB) DecideStaff(ctx context.Context, k StaffKey, id uuid.UUID, wish StaffVerdict) (v StaffVerdict, err error) {
	err = d.staffAct(ctx, k, &v, `select decide_staff($1, $2)`, id, string(wish))
	return v, err
}
