package db

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Where it is known that somebody may act for a taxpayer.
const (
	SourceCertificate    = "certificate"
	SourceRepresentative = "representative"
)

// Company is a taxpayer for which the person of a session may act.
type Company struct {
	VOEN         customs.VOEN
	Organisation string
	Position     string // of the person there, "" if it is not known
	Source       string // SourceCertificate or SourceRepresentative
}

// Companies resolves whom an identity may act for at this moment: the taxpayers
// that it names, without those that are liquidated or closed to the person; or,
// if it names none, those for which the list of representatives has its
// personal number. Each is the identity with that taxpayer.
func (d *DB) Companies(ctx context.Context, named []Person) ([]Person, error) {
	if len(named) == 0 {
		return nil, nil
	}
	if named[0].VOEN == "" {
		return d.represented(ctx, named[0])
	}
	voens := make([]string, len(named))
	for i, p := range named {
		voens[i] = string(p.VOEN)
	}
	rows, err := d.pool.Query(ctx, `select voen from barred($1, $2)`, string(named[0].PIN), voens)
	if err != nil {
		return nil, err
	}
	barred, err := pgx.CollectRows(rows, pgx.RowTo[customs.VOEN])
	if err != nil {
		return nil, err
	}
	var open []Person
	for _, p := range named {
		if !slices.Contains(barred, p.VOEN) {
			p.Source = SourceCertificate
			open = append(open, p)
		}
	}
	return open, nil
}

func (d *DB) represented(ctx context.Context, p Person) ([]Person, error) {
	rows, err := d.pool.Query(ctx, `select voen, organisation, "position" from representations($1)`, string(p.PIN))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Person, error) {
		own := p
		own.Source = SourceRepresentative
		err := row.Scan(&own.VOEN, &own.Organisation, &own.Position)
		return own, err
	})
}

// StartSessionAmong begins a session like StartSession, for choices[chosen],
// and keeps the other choices so that the person can switch to them.
func (d *DB) StartSessionAmong(ctx context.Context, choices []Person, chosen int, l Limits, old *SessionKey) (SessionKey, error) {
	var k SessionKey
	err := d.inTx(ctx, "", func(tx pgx.Tx) (err error) {
		if k, err = startSession(ctx, tx, choices[chosen], l, len(choices), old); err != nil {
			return err
		}
		for _, c := range choices {
			_, err := tx.Exec(ctx, `
				insert into session_company (session_id, voen, organisation, position, source) values ($1, $2, $3, $4, $5)`,
				k.ID, string(c.VOEN), c.Organisation, c.Position, c.Source)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return k, err
}

// SessionCompanies lists the companies that the session of this key may switch
// to now, its own included, unless that is lost. ErrNoSession means that there
// is no session.
func (d *DB) SessionCompanies(ctx context.Context, k SessionKey) (Session, []Company, error) {
	var list []Company
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`select voen, organisation, "position", source from session_companies()`).Query(collect(&list, pgx.RowToStructByPos[Company]))
	})
	return s, list, err
}

// SwitchCompany ends the session and begins another one, with the same person
// and the same end, for one of its own companies; the database decides whether
// it is one. ErrNotFound means that it is not, or that the session has ended.
func (d *DB) SwitchCompany(ctx context.Context, k SessionKey, to customs.VOEN) (SessionKey, error) {
	fresh := newSessionKey()
	var done bool
	err := d.sessionAct(ctx, k, &done, `select switch_company($1, $2, $3)`, fresh.ID, fresh.hash(), string(to))
	if err == nil && !done {
		err = ErrNotFound
	}
	if err != nil {
		return SessionKey{}, err
	}
	return fresh, nil
}

// Representative is one line of the list of representatives.
type Representative struct {
	VOEN         customs.VOEN
	Organisation string
	PIN          customs.PIN
	Position     string
	From         time.Time // first day, in Azerbaijan; the time of day does not count
	To           time.Time // last day; zero: until further notice
	Access       bool      // may see the taxpayer's goods
	Liquidated   bool      // the taxpayer no longer exists
}

// ReplaceRepresentatives makes list the whole list, in one transaction as the
// schema's owner, and ends the sessions that stood on what is lost. It returns
// how many ended.
func ReplaceRepresentatives(ctx context.Context, ownerURL string, list []Representative) (ended int, err error) {
	err = connected(ctx, ownerURL, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			// Whoever signs in meanwhile waits only for what has to be one step.
			_, err := tx.Exec(ctx, `create temporary table new_representative (like representative including constraints) on commit drop`)
			if err != nil {
				return err
			}
			_, err = tx.CopyFrom(ctx, pgx.Identifier{"new_representative"},
				[]string{"voen", "pin", "organisation", "position", "from_day", "to_day", "access", "liquidated"},
				pgx.CopyFromSlice(len(list), func(i int) ([]any, error) {
					r := list[i]
					var to *time.Time
					if !r.To.IsZero() {
						to = &r.To
					}
					return []any{string(r.VOEN), string(r.PIN), r.Organisation, r.Position, r.From, to, r.Access, r.Liquidated}, nil
				}))
			if err != nil {
				return err
			}
			for _, sql := range []string{
				`select take_representatives()`,
				`delete from representative`,
				`insert into representative select * from new_representative`,
			} {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return err
				}
			}
			return tx.QueryRow(ctx, `select end_lost_representations()`).Scan(&ended)
		})
	})
	return ended, err
}

// Representatives reads the whole list as the schema's owner, by taxpayer and
// person.
func Representatives(ctx context.Context, ownerURL string) (list []Representative, err error) {
	err = connected(ctx, ownerURL, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `
			select voen, organisation, pin, position, from_day, coalesce(to_day, '0001-01-01'), access, liquidated
			  from representative order by voen, pin, from_day`)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Representative])
		return err
	})
	return list, err
}
