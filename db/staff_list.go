package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/customs"
)

// ErrStaffTaken says that another officer has the number already.
var ErrStaffTaken = errors.New("db: another officer has this number")

// StaffMember is one line of the staff list.
type StaffMember struct {
	PIN    customs.PIN
	Number string // the officer's mark, shown instead of the name
	Name   string
	Unit   string
	Role   customs.StaffRole
	Until  time.Time // the last day, in Azerbaijan; the time of day does not count
}

// PutStaff adds an officer to the list as the schema's owner, or changes the
// line with this personal number. Sessions under another role, number or name
// end. ErrStaffTaken: another officer has the number.
func PutStaff(ctx context.Context, ownerURL string, m StaffMember) error {
	return connected(ctx, ownerURL, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, `select put_staff($1, $2, $3, $4, $5, $6)`,
			string(m.PIN), m.Number, m.Name, m.Unit, string(m.Role), m.Until)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
			return ErrStaffTaken
		}
		return err
	})
}

// RemoveStaff takes an officer off the list as the schema's owner and ends
// their sessions. ErrStaffUnknown: the list does not hold them.
func RemoveStaff(ctx context.Context, ownerURL string, pin customs.PIN) error {
	return connected(ctx, ownerURL, func(c *pgx.Conn) error {
		var removed bool
		err := c.QueryRow(ctx, `select remove_staff($1)`, string(pin)).Scan(&removed)
		if err == nil && !removed {
			return ErrStaffUnknown
		}
		return err
	})
}

// StaffList reads the whole list as the schema's owner, by number.
func StaffList(ctx context.Context, ownerURL string) (list []StaffMember, err error) {
	err = connected(ctx, ownerURL, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, `select pin, number, name, unit, role, valid_until from staff order by number`)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[StaffMember])
		return err
	})
	return list, err
}

// Sensitive is a taxpayer whose goods are shown to staff only when a second
// officer agrees.
type Sensitive struct {
	VOEN  customs.VOEN
	Note  string
	Added time.Time
}

// AddSensitive marks a taxpayer as sensitive, as the schema's owner.
func AddSensitive(ctx context.Context, ownerURL string, v customs.VOEN, note string) error {
	return connected(ctx, ownerURL, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, `insert into sensitive_voen (voen, note) values ($1, $2) on conflict (voen) do update set note = $2`, string(v), note)
		return err
	})
}

// RemoveSensitive takes the mark away. ErrNotFound: there is none.
func RemoveSensitive(ctx context.Context, ownerURL string, v customs.VOEN) error {
	return connected(ctx, ownerURL, func(c *pgx.Conn) error {
		return changedOne(c.Exec(ctx, `delete from sensitive_voen where voen = $1`, string(v)))
	})
}

// SensitiveList lists the sensitive taxpayers.
func SensitiveList(ctx context.Context, ownerURL string) (list []Sensitive, err error) {
	err = connected(ctx, ownerURL, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, `select voen, note, added_at from sensitive_voen order by voen`)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Sensitive])
		return err
	})
	return list, err
}
