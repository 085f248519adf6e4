package db

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// ErrNoCase says that a case is not open to who asks: it has ended, its time is
// over, it waits for a second officer, or it is somebody else's.
var ErrNoCase = errors.New("db: no such case, or it is not open")

// Case is why an officer looks at a trader's goods.
type Case struct {
	ID            uuid.UUID
	Number        string // by which people call it
	OfficerNumber string
	OfficerUnit   string
	VOEN          customs.VOEN
	Organisation  string // as the goods name it, "" if there are none
	Caller        string
	CallNumber    string // telephone number of the caller
	CallID        string // of the call, in the call centre's own system
	Reason        customs.CaseReason
	ReasonText    string
	VerifiedBy    customs.CaseVerification
	Confirmed     bool // by the trader's own one-time code
	Sensitive     bool // a second officer must agree
	Approved      bool // and has
	OpenedAt      time.Time
	Until         time.Time // the hard stop
	SeenAt        time.Time
	Extensions    int
	EndedAt       *time.Time
	EndedBy       string // operator, supervisor, trader, time, idle, signed_out; "" while it is open
	EndedReason   string
	Now           time.Time // the database's clock
}

// CaseExtensions is how often a case may be extended.
const CaseExtensions = 3

// CaseIdle is how long a case stays open without a look.
const CaseIdle = 5 * time.Minute

// Stop is when the case ends if nothing happens.
func (c Case) Stop() time.Time {
	if idle := c.SeenAt.Add(CaseIdle); idle.Before(c.Until) {
		return idle
	}
	return c.Until
}

// Open reports whether the case had not ended at Now.
func (c Case) Open() bool { return c.EndedAt == nil && c.Now.Before(c.Stop()) }

// Waiting reports whether the case waits for a second officer.
func (c Case) Waiting() bool { return c.Open() && c.Sensitive && !c.Approved }

// Ended says when and by whom a case ended, also one whose time is over and
// that nobody has closed yet.
func (c Case) Ended() (by string, at time.Time) {
	switch {
	case c.EndedAt != nil:
		return c.EndedBy, *c.EndedAt
	case c.Stop().Equal(c.Until):
		return "time", c.Until
	}
	return "idle", c.Stop()
}

// caseColumns are the columns of a case c, as scanCase reads them.
const caseColumns = `c.id, c.number, c.officer_number, c.officer_unit, c.voen, c.organisation, c.caller, c.call_number, c.call_id,
	c.reason, c.reason_text, c.verified_by, c.confirmed, c.sensitive, c.approved_at is not null, c.opened_at, c.until, c.seen_at,
	c.extensions, c.ended_at, coalesce(c.ended_by, ''), c.ended_reason, now()`

// casePlaces are where caseColumns go.
func casePlaces(c *Case) []any {
	return []any{
		&c.ID, &c.Number, &c.OfficerNumber, &c.OfficerUnit, &c.VOEN, &c.Organisation, &c.Caller, &c.CallNumber, &c.CallID,
		&c.Reason, &c.ReasonText, &c.VerifiedBy, &c.Confirmed, &c.Sensitive, &c.Approved, &c.OpenedAt, &c.Until, &c.SeenAt,
		&c.Extensions, &c.EndedAt, &c.EndedBy, &c.EndedReason, &c.Now,
	}
}

func scanCase(row pgx.CollectableRow) (c Case, err error) {
	err = row.Scan(casePlaces(&c)...)
	return c, err
}

// NewCase is what an officer writes down before a case is opened.
type NewCase struct {
	VOEN       customs.VOEN
	Caller     string
	CallNumber string
	CallID     string
	Reason     customs.CaseReason
	ReasonText string
	VerifiedBy customs.CaseVerification // without a code
	Code       string                   // as the caller read it out; "": none
}

// CaseOutcome is what became of the wish to open, extend or approve a case.
type CaseOutcome string

// The outcomes.
const (
	CaseOpened       CaseOutcome = "opened"
	CaseWaiting      CaseOutcome = "waiting"       // opened, but a second officer must agree first
	CaseAlreadyOpen  CaseOutcome = "already_open"  // the officer has another one
	CaseLimit        CaseOutcome = "limit"         // of cases an hour, or of extensions
	CaseHelpOff      CaseOutcome = "help_off"      // the trader wants no telephone help
	CaseCodeRequired CaseOutcome = "code_required" // the trader wants a code always
	CaseCodeWrong    CaseOutcome = "code_wrong"    // or too old, used, or one that was replaced
	CaseCodeBlocked  CaseOutcome = "code_blocked"  // too many wrong ones by this officer
	CaseExtended     CaseOutcome = "extended"
	CaseAgain        CaseOutcome = "again" // it was extended meanwhile
	CaseApproved     CaseOutcome = "approved"
	CaseOwn          CaseOutcome = "own"      // nobody approves their own case
	CaseGone         CaseOutcome = "no_case"  // it is not open, or does not wait
	CaseNoStaff      CaseOutcome = "no_staff" // the session has ended, or has another role
)

// OpenCase opens a case for the officer of the session, who may open perHour in
// an hour. The database decides; id is that of the new case or, with
// CaseAlreadyOpen, of the one that is in the way.
func (d *DB) OpenCase(ctx context.Context, k StaffKey, n NewCase, perHour int) (id uuid.UUID, o CaseOutcome, err error) {
	if id, err = uuid.NewRandom(); err != nil {
		return id, "", err
	}
	var code []byte
	if n.Code != "" {
		code = codeHash(n.VOEN, customs.AccessCode(n.Code))
	}
	var which *uuid.UUID
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.staff', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select outcome, which from open_case($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, string(n.VOEN), n.Caller, n.CallNumber, n.CallID, string(n.Reason), n.ReasonText, string(n.VerifiedBy), code, perHour).
		QueryRow(func(row pgx.Row) error { return row.Scan(&o, &which) })
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return uuid.Nil, "", err
	}
	if which != nil {
		id = *which
	}
	return id, o, nil
}

// caseAct runs a function of the database about a case and reads its one value.
func (d *DB) caseAct(ctx context.Context, k StaffKey, id uuid.UUID, result any, sql string, args ...any) error {
	b := &pgx.Batch{}
	queueCase(b, k, id, uuid.Nil)
	b.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(result) })
	return d.pool.SendBatch(ctx, b).Close()
}

// queueCase makes the batch speak for a case of the key's session and, for
// reading, for the look that the register holds under this request.
func queueCase(b *pgx.Batch, k StaffKey, id, request uuid.UUID) {
	b.Queue(`select set_config('portal.staff', $1, true), set_config('portal.case', $2, true), set_config('portal.request', $3, true)`,
		k.setting(), id.String(), request.String()).Exec(discard)
}

// ExtendCase gives the officer's case another 15 minutes, if it has been extended
// so many times as the officer has seen.
func (d *DB) ExtendCase(ctx context.Context, k StaffKey, id uuid.UUID, reason customs.CaseReason, text string, seen int) (o CaseOutcome, err error) {
	err = d.caseAct(ctx, k, id, &o, `select extend_case($1, $2, $3)`, string(reason), text, seen)
	return o, err
}

// EndCase ends a case: an officer's own, or any for a supervisor with a reason.
// False: there was none to end.
func (d *DB) EndCase(ctx context.Context, k StaffKey, id uuid.UUID, reason string) (ended bool, err error) {
	err = d.caseAct(ctx, k, id, &ended, `select end_case($1, $2)`, id, reason)
	return ended, err
}

// ApproveCase agrees, as a second officer, to a case about a sensitive
// taxpayer.
func (d *DB) ApproveCase(ctx context.Context, k StaffKey, id uuid.UUID) (o CaseOutcome, err error) {
	err = d.caseAct(ctx, k, id, &o, `select approve_case($1)`, id)
	return o, err
}

// OwnCases are the cases of the officer in the last 24 hours, newest first, and
// those of others that wait for a second officer.
func (d *DB) OwnCases(ctx context.Context, k StaffKey) (own, waiting []Case, err error) {
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.staff', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select ` + caseColumns + ` from own_cases(interval '24 hours') c`).Query(collect(&own, scanCase))
	b.Queue(`select ` + caseColumns + ` from waiting_cases() c`).Query(collect(&waiting, scanCase))
	err = d.pool.SendBatch(ctx, b).Close()
	return own, waiting, err
}

// CaseLeft is how long the open case lasts if nobody looks any more: until its
// hard stop, or until it was idle for too long. It is negative when the case is
// not open to this session. Asking does not count as a look.
func (d *DB) CaseLeft(ctx context.Context, k StaffKey, id uuid.UUID) (time.Duration, error) {
	var ms int64
	err := d.caseAct(ctx, k, id, &ms, `
		select coalesce((select extract(epoch from least(until, seen_at + interval '5 minutes') - now()) * 1000 from current_case()), -1)::bigint`)
	return time.Duration(ms) * time.Millisecond, err
}

// CaseOpen reports whether the case is open to this session, without counting
// as a look: for pages that stay open.
func (d *DB) CaseOpen(ctx context.Context, k StaffKey, id uuid.UUID) (open bool, err error) {
	err = d.caseAct(ctx, k, id, &open, `select exists (select from current_case())`)
	return open, err
}
