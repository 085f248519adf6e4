package db

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/customs"
)

// The errors of adding an address.
var (
	ErrManyAddresses = errors.New("db: the trader has as many addresses as one may have")
	ErrAddressThere  = errors.New("db: the trader has this address already")
)

// MailAddresses lists the addresses of the session's trader, oldest first.
// Errors: ErrNoSession.
func (d *DB) MailAddresses(ctx context.Context, k SessionKey) (Session, []customs.MailAddress, error) {
	var list []customs.MailAddress
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`
			select id::text, address, lang, events, digest, created_at, asked_at, confirmed_at, failing_at, stopped_at, coalesce(stopped_for, ''), sent_at
			  from mail_address order by created_at, id`).Query(collect(&list, func(row pgx.CollectableRow) (a customs.MailAddress, err error) {
			err = row.Scan(&a.ID, &a.Address, &a.Lang, &a.Events, &a.Digest, &a.AddedAt, &a.AskedAt, &a.ConfirmedAt, &a.FailingAt,
				&a.StoppedAt, &a.StoppedFor, &a.SentAt)
			return a, err
		}))
	})
	return s, list, err
}

// AddMailAddress adds an address for the session's trader and queues the mail
// that asks for its confirmation. The address must be one that package mail
// accepted. Errors: ErrNoSession, ErrManyAddresses, ErrAddressThere.
func (d *DB) AddMailAddress(ctx context.Context, k SessionKey, address string, w customs.Wish) (id string, err error) {
	err = d.asSession(ctx, k, func(tx pgx.Tx) error {
		var made *string
		err := tx.QueryRow(ctx, `select add_mail_address($1, $2, $3, $4)::text`, address, w.Lang, kindNames(w.Events), w.Digest).Scan(&made)
		var pg *pgconn.PgError
		switch {
		case errors.As(err, &pg) && pg.Code == "MA001":
			return ErrManyAddresses
		case errors.As(err, &pg) && (pg.Code == "MA002" || pg.Code == "23505"):
			return ErrAddressThere
		case err != nil:
			return err
		case made == nil:
			return ErrNoSession
		}
		id = *made
		return nil
	})
	return id, err
}

// ChangeMailAddress changes what an own address is told. Errors: ErrNotFound.
func (d *DB) ChangeMailAddress(ctx context.Context, k SessionKey, id uuid.UUID, w customs.Wish) error {
	return d.asSession(ctx, k, func(tx pgx.Tx) error {
		return changedOne(tx.Exec(ctx, `update mail_address set lang = $2, events = $3, digest = $4 where id = $1`, id, w.Lang, kindNames(w.Events), w.Digest))
	})
}

// RemoveMailAddress deletes an own address with all that waits for it. Errors:
// ErrNotFound.
func (d *DB) RemoveMailAddress(ctx context.Context, k SessionKey, id uuid.UUID) error {
	return d.asSession(ctx, k, func(tx pgx.Tx) error {
		return changedOne(tx.Exec(ctx, `delete from mail_address where id = $1`, id))
	})
}

// AskMailAddressAgain queues another confirmation mail for an own address that
// nothing is sent to: unconfirmed, failing or stopped. Until it is confirmed
// nothing else is sent there. Errors: ErrNotFound.
func (d *DB) AskMailAddressAgain(ctx context.Context, k SessionKey, id uuid.UUID) error {
	return d.asSession(ctx, k, func(tx pgx.Tx) error {
		var asked bool
		err := tx.QueryRow(ctx, `select ask_mail_address_again($1)`, id).Scan(&asked)
		if err == nil && !asked {
			return ErrNotFound
		}
		return err
	})
}

func kindNames(kinds []customs.NewsKind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return names
}

// MailLink is what a link in a mail leads to.
type MailLink struct {
	Subscription uuid.UUID
	VOEN         customs.VOEN // whose; never shown to who only has the link
	Address      string
	Lang         string
	Stops        bool // the link stops; otherwise it confirms
	Stopped      bool
}

// MailLink looks up the token of a link in a mail, without doing anything.
// Errors: ErrNotFound for one that is not, or no longer, good.
func (d *DB) MailLink(ctx context.Context, token string) (MailLink, error) {
	var l MailLink
	hash := sha256.Sum256([]byte(token))
	err := d.pool.QueryRow(ctx, `select id, voen, address, lang, stops, stopped from mail_link($1, $2)`, hash[:], storable(token)).
		Scan(&l.Subscription, &l.VOEN, &l.Address, &l.Lang, &l.Stops, &l.Stopped)
	return l, orNotFound(err)
}

// ConfirmMailAddress confirms the address to which the token was sent. It works
// once. Errors: ErrNotFound.
func (d *DB) ConfirmMailAddress(ctx context.Context, token string) (MailLink, error) {
	hash := sha256.Sum256([]byte(token))
	return d.useMailLink(ctx, `select id, voen from confirm_mail_address($1)`, hash[:])
}

// StopMailAddress stops the subscription of the token, again and again without
// an error. Errors: ErrNotFound.
func (d *DB) StopMailAddress(ctx context.Context, token string) (MailLink, error) {
	return d.useMailLink(ctx, `select id, voen from stop_mail_address($1)`, storable(token))
}

func (d *DB) useMailLink(ctx context.Context, sql string, token any) (l MailLink, err error) {
	err = d.inTx(ctx, "", func(tx pgx.Tx) error {
		return orNotFound(tx.QueryRow(ctx, sql, token).Scan(&l.Subscription, &l.VOEN))
	})
	return l, err
}
