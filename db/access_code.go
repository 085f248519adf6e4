package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// AccessCode is a one-time code that a trader reads out to the call centre.
type AccessCode struct {
	Code      string // eight digits; only MakeAccessCode knows it
	MadeAt    time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time // when an operator opened a case with it
	Attempts  int        // wrong ones so far; five end the code
}

// MakeAccessCode makes a new code for the trader of the session; codes made
// before count no more. ErrNoSession: nobody is signed in with this key.
func (d *DB) MakeAccessCode(ctx context.Context, k SessionKey) (AccessCode, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return AccessCode{}, err
	}
	c := AccessCode{Code: fmt.Sprintf("%0*d", customs.CodeDigits, n)}
	s, err := d.Session(ctx, k)
	if err != nil {
		return AccessCode{}, err
	}
	b := &pgx.Batch{}
	b.Queue(`select set_config('portal.session', $1, true)`, k.setting()).Exec(discard)
	b.Queue(`select now(), make_access_code($1)`, codeHash(s.Person.VOEN, c.Code)).QueryRow(func(row pgx.Row) error {
		var until *time.Time
		err := row.Scan(&c.MadeAt, &until)
		c.ExpiresAt = orZero(until)
		return err
	})
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return AccessCode{}, err
	}
	if c.ExpiresAt.IsZero() { // the session ended meanwhile
		return AccessCode{}, ErrNoSession
	}
	return c, nil
}

// codeHash is what the database keeps of a code.
func codeHash(v customs.VOEN, code string) []byte {
	sum := sha256.Sum256([]byte(string(v) + " " + code))
	return sum[:]
}

// NewestAccessCode is the newest code of the trader of the session, without the
// code itself; ErrNotFound: none was made lately. ErrNoSession.
func (d *DB) NewestAccessCode(ctx context.Context, k SessionKey) (Session, AccessCode, error) {
	var c AccessCode
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`select made_at, expires_at, used_at, attempts from access_code order by made_at desc limit 1`).QueryRow(func(row pgx.Row) error {
			return orNone(row.Scan(&c.MadeAt, &c.ExpiresAt, &c.UsedAt, &c.Attempts))
		})
	})
	if err == nil && c.MadeAt.IsZero() {
		err = ErrNotFound
	}
	return s, c, err
}

// Preference is what a trader allows the telephone help.
type Preference struct {
	TelephoneHelp bool // operators may open cases
	CodeRequired  bool // but only with a one-time code
	ChangedAt     *time.Time
}

// TraderPreference is the preference of the trader of the session. ErrNoSession.
func (d *DB) TraderPreference(ctx context.Context, k SessionKey) (Session, Preference, error) {
	p := Preference{TelephoneHelp: true}
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`select telephone_help, code_required, changed_at from trader_preference`).QueryRow(func(row pgx.Row) error {
			return orNone(row.Scan(&p.TelephoneHelp, &p.CodeRequired, &p.ChangedAt))
		})
	})
	return s, p, err
}

// SetTraderPreference keeps it. Switching telephone help off ends the cases
// that run for the trader. ErrNoSession.
func (d *DB) SetTraderPreference(ctx context.Context, k SessionKey, p Preference) error {
	var done bool
	err := d.sessionAct(ctx, k, &done, `select set_trader_preference($1, $2)`, p.TelephoneHelp, p.CodeRequired)
	if err == nil && !done {
		err = ErrNoSession
	}
	return err
}
