package db

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Why somebody with a good certificate is not let in as staff.
var (
	ErrStaffUnknown = errors.New("db: the staff list does not name this person")
	ErrStaffExpired = errors.New("db: the staff list names this person no longer")
)

// StaffKey is what the browser of a signed-in officer holds, like SessionKey.
type StaffKey SessionKey

// String is the key as a cookie carries it.
func (k StaffKey) String() string { return SessionKey(k).String() }

// ParseStaffKey reads what String wrote. The error is ErrNoSession.
func ParseStaffKey(s string) (StaffKey, error) {
	k, err := ParseSessionKey(s)
	return StaffKey(k), err
}

// setting is the value of portal.staff for this key.
func (k StaffKey) setting() string { return SessionKey(k).setting() }

// Staff is an officer with a live session.
type Staff struct {
	Session uuid.UUID
	Number  string // the officer's mark
	Name    string
	Unit    string
	Role    customs.StaffRole
}

// StaffStanding is the role that the staff list gives a personal number today.
// Errors: ErrStaffUnknown, ErrStaffExpired.
func (d *DB) StaffStanding(ctx context.Context, pin customs.PIN) (customs.StaffRole, error) {
	var standing string
	if err := d.pool.QueryRow(ctx, `select staff_standing($1)`, string(pin)).Scan(&standing); err != nil {
		return "", err
	}
	if err := standingError(standing); err != nil {
		return "", err
	}
	return customs.StaffRole(standing), nil
}

func standingError(standing string) error {
	switch standing {
	case "staff_unknown":
		return ErrStaffUnknown
	case "staff_expired":
		return ErrStaffExpired
	}
	return nil
}

// StartStaffSession begins a session for the officer whom a verified
// certificate names by personal number. What the officer may do and is called
// comes from the staff list. Errors: ErrStaffUnknown, ErrStaffExpired.
func (d *DB) StartStaffSession(ctx context.Context, p Person, l Limits) (StaffKey, error) {
	k := newSessionKey()
	var outcome string
	err := d.pool.QueryRow(ctx, `select start_staff_session($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.ID, k.hash(), string(p.PIN), p.Method, p.Issuer, p.Serial, p.Fingerprint, l.Idle, l.Absolute).Scan(&outcome)
	if err == nil {
		err = standingError(outcome)
	}
	if err != nil {
		return StaffKey{}, err
	}
	return StaffKey(k), nil
}

// StaffSession is the officer of a live session, who is seen to be at work by
// it. ErrNoSession: it has ended, or the staff list no longer holds the officer
// in this role.
func (d *DB) StaffSession(ctx context.Context, k StaffKey) (Staff, error) {
	return d.forStaff(ctx, k, func(b *pgx.Batch) { b.Queue(`select staff_seen()`).Exec(discard) })
}

// PeekStaffSession is StaffSession for a page that stays open: it leaves the
// officer as idle as they are.
func (d *DB) PeekStaffSession(ctx context.Context, k StaffKey) (Staff, error) {
	return d.forStaff(ctx, k, func(*pgx.Batch) {})
}

// queueStaff makes the batch speak for the staff session of the key and reads
// the officer into s; s.Session stays zero when there is none.
func queueStaff(b *pgx.Batch, k StaffKey, s *Staff) {
	b.Queue(`select set_config('portal.staff', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select id, number, name, unit, role from current_staff()`).QueryRow(func(row pgx.Row) error {
		return orNone(row.Scan(&s.Session, &s.Number, &s.Name, &s.Unit, &s.Role))
	})
}

// EndStaffSession ends the session and its open case in the database. One that
// has ended is no error.
func (d *DB) EndStaffSession(ctx context.Context, k StaffKey) error {
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.staff', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select end_staff_session()`).Exec(discard)
	return d.pool.SendBatch(ctx, b).Close()
}
