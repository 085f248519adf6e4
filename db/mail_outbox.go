package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Mail is one mail that a mailer has claimed.
type Mail struct {
	ID           uuid.UUID // the same for every attempt, so the Message-ID is
	Claim        uuid.UUID // of this attempt
	Subscription uuid.UUID
	VOEN         customs.VOEN // whose news; no part of the mail
	Address      string
	Lang         string
	Stop         string         // token of the link that stops
	Confirm      string         // token of the link that confirms; "" in a mail with news
	ConfirmUntil time.Time      // when that link ends
	News         []customs.News // oldest first, one for each registration
	Attempts     int            // with this one
	CreatedAt    time.Time
}

// Deadlines of confirmation links and of mails that cannot be delivered.
const (
	ConfirmationLife = 48 * time.Hour
	mailLife         = 4 * 24 * time.Hour // RFC 5321 §4.5.4.1: 4 to 5 days
)

// ErrMailLost says that a mail is not, or no longer, this mailer's: its lease
// ran out, or its address was removed or stopped. It must not be sent.
var ErrMailLost = errors.New("db: the mail is not this mailer's any more")

// GatherMail makes mails of what has been due for at least wait, one open mail
// an address, and takes back what other mailers left. The rate is the flood
// guard of each address. It answers how many mails got something to tell.
func (d *DB) GatherMail(ctx context.Context, wait time.Duration, r Rate) (n int, err error) {
	err = d.inTx(ctx, "portal_mail", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select expire_mail()`); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select gather_mail($1, $2, $3)`, wait, r.Every, r.Burst).Scan(&n)
	})
	return n, err
}

// MailDue reports whether a mail is due.
func (d *DB) MailDue(ctx context.Context) (due bool, err error) {
	err = d.inTx(ctx, "portal_mail", func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from mail_outbox where state = 'waiting' and due_at <= now())`).Scan(&due)
	})
	return due, err
}

// ClaimMail takes the mail that is due first, for as long as the lease lasts,
// so that no other mailer takes it meanwhile. What may not be sent any more, for
// the address is stopped, not confirmed, or the right that it stands on has
// ended, is withdrawn and passed by.
// Errors: ErrNotFound when none is due.
func (d *DB) ClaimMail(ctx context.Context, lease time.Duration) (m Mail, err error) {
	for may := false; err == nil && !may; {
		m = Mail{}
		err = d.inTx(ctx, "portal_mail", func(tx pgx.Tx) error {
			may, err = claimMail(ctx, tx, lease, &m)
			return err
		})
	}
	return m, err
}

func claimMail(ctx context.Context, tx pgx.Tx, lease time.Duration, m *Mail) (may bool, err error) {
	var kind string
	err = tx.QueryRow(ctx, `
		update mail_outbox o set state = 'claimed', claim = gen_random_uuid(), lease = clock_timestamp() + $1::interval, attempts = least(attempts + 1, 1000)
		  from mail_address a
		 where o.id = (select id from mail_outbox where state = 'waiting' and due_at <= now() order by due_at, id limit 1 for update skip locked)
		   and a.id = o.address
		returning o.id, o.claim, o.kind, o.attempts, o.created_at, a.id, a.voen, a.address, a.lang, a.stop_token`, lease).
		Scan(&m.ID, &m.Claim, &kind, &m.Attempts, &m.CreatedAt, &m.Subscription, &m.VOEN, &m.Address, &m.Lang, &m.Stop)
	if err != nil {
		return false, orNotFound(err)
	}
	if may, err = mailMayGo(ctx, tx, m.ID); err != nil || !may {
		return false, err
	}
	if kind == "confirm" {
		m.Confirm, m.ConfirmUntil, err = newConfirmation(ctx, tx, m.Subscription)
	} else {
		m.News, err = readNews(ctx, tx, m.ID)
	}
	return true, err
}

func mailMayGo(ctx context.Context, tx pgx.Tx, id uuid.UUID) (may bool, err error) {
	err = tx.QueryRow(ctx, `select mail_may_go($1)`, id).Scan(&may)
	return may, err
}

// newConfirmation makes a token of which only the mail knows more than the
// SHA-256.
func newConfirmation(ctx context.Context, tx pgx.Tx, address uuid.UUID) (token string, until time.Time, err error) {
	var secret [24]byte
	rand.Read(secret[:])
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	hash := sha256.Sum256([]byte(token))
	err = tx.QueryRow(ctx, `
		insert into mail_confirmation (hash, address, expires_at) values ($1, $2, now() + $3::interval) returning expires_at`,
		hash[:], address, ConfirmationLife).Scan(&until)
	return token, until, err
}

// readNews puts together what a mail tells, by registration: kinds add up and
// the latest status counts.
func readNews(ctx context.Context, tx pgx.Tx, mail uuid.UUID) ([]customs.News, error) {
	rows, err := tx.Query(ctx, `
		select i.registration, array_agg(distinct k), (array_agg(i.status order by i.id desc))[1], bool_and(i.told > 0)
		  from mail_item i, unnest(i.kinds) k
		 where i.mail = $1 group by i.registration order by min(i.id)`, mail)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (n customs.News, err error) {
		err = row.Scan(&n.Registration, &n.Kinds, &n.Status, &n.Repeated)
		return n, err
	})
}

// BeginMail notes that the end of the mail's text is about to be sent: from
// here on it may have been taken over. Errors: ErrMailLost, also when the right
// that it stands on has ended since it was claimed.
func (d *DB) BeginMail(ctx context.Context, m Mail) error {
	var may bool
	err := d.inTx(ctx, "portal_mail", func(tx pgx.Tx) (err error) {
		if may, err = mailMayGo(ctx, tx, m.ID); err != nil || !may {
			return err
		}
		return changedOne(tx.Exec(ctx, `
			update mail_outbox o set state = 'sending', code = null
			  from mail_address a
			 where o.id = $1 and o.claim = $2 and o.state = 'claimed' and o.lease > clock_timestamp()
			   and a.id = o.address and a.stopped_at is null and (o.kind = 'confirm' or a.confirmed_at is not null)`, m.ID, m.Claim))
	})
	if errors.Is(err, ErrNotFound) || err == nil && !may {
		return ErrMailLost
	}
	return err
}

// EndMail notes that the mail was taken over. Errors: ErrMailLost, when it
// counts as unknown already.
func (d *DB) EndMail(ctx context.Context, m Mail) error {
	return d.moveMail(ctx, m, `update mail_outbox set state = 'sent', ended_at = now() where id = $1 and claim = $2 and state = 'sending'`,
		func(tx pgx.Tx) error { return mailEnded(ctx, tx, m, false, false) })
}

// LoseMail notes that nobody knows whether the mail was taken over: the same
// mail is never sent again, its news goes with a later one.
func (d *DB) LoseMail(ctx context.Context, m Mail) error {
	return d.inTx(ctx, "portal_mail", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `select mail_unknown(id) from mail_outbox where id = $1 and claim = $2`, m.ID, m.Claim)
		return err
	})
}

// RetryMail puts a mail back that was certainly not taken over. code is the
// reply code of the refusal. After four days it is given up and its address
// counts as failing. Errors: ErrMailLost.
func (d *DB) RetryMail(ctx context.Context, m Mail, code int, after time.Duration) error {
	if time.Since(m.CreatedAt) > mailLife {
		return d.RefuseMail(ctx, m, code, true)
	}
	return d.moveMail(ctx, m, `
		update mail_outbox set state = 'waiting', due_at = now() + $4::interval, code = $3
		 where id = $1 and claim = $2 and state in ('claimed', 'sending')`, nil, int16(code), after)
}

// RefuseMail notes that a mail was refused for good, and by whom: the mailbox,
// or the server for what the mail is. Errors: ErrMailLost.
func (d *DB) RefuseMail(ctx context.Context, m Mail, code int, mailbox bool) error {
	return d.moveMail(ctx, m, `
		update mail_outbox set state = 'failed', ended_at = now(), code = $3 where id = $1 and claim = $2 and state in ('claimed', 'sending')`,
		func(tx pgx.Tx) error { return mailEnded(ctx, tx, m, true, mailbox) }, int16(code))
}

func (d *DB) moveMail(ctx context.Context, m Mail, sql string, then func(pgx.Tx) error, more ...any) error {
	return d.inTx(ctx, "portal_mail", func(tx pgx.Tx) error {
		err := changedOne(tx.Exec(ctx, sql, append([]any{m.ID, m.Claim}, more...)...))
		if errors.Is(err, ErrNotFound) {
			return ErrMailLost
		}
		if err == nil && then != nil {
			err = then(tx)
		}
		return err
	})
}

func mailEnded(ctx context.Context, tx pgx.Tx, m Mail, refused, mailbox bool) error {
	_, err := tx.Exec(ctx, `select mail_ended($1, $2, $3)`, m.ID, refused, mailbox)
	return err
}

// MailFigures are for operations: nothing in them is about anybody.
type MailFigures struct {
	Due     int            // mails that are due and not yet taken over
	Oldest  time.Duration  // for how long the oldest of them has been
	Ended   map[string]int // mails of the last 30 days by how they ended: sent, failed, unknown, withdrawn
	Failing int            // addresses that refuse mail
}

// MailFigures counts.
func (d *DB) MailFigures(ctx context.Context) (f MailFigures, err error) {
	f.Ended = map[string]int{"sent": 0, "failed": 0, "unknown": 0, "withdrawn": 0}
	err = d.inTx(ctx, "portal_mail", func(tx pgx.Tx) error {
		var seconds float64
		err := tx.QueryRow(ctx, `
			select (select count(*) from mail_address where failing_at is not null), count(*), coalesce(extract(epoch from now() - min(due_at)), 0)::float8
			  from mail_outbox where state in ('waiting', 'claimed', 'sending') and due_at <= now()`).Scan(&f.Failing, &f.Due, &seconds)
		if err != nil {
			return err
		}
		f.Oldest = time.Duration(seconds * float64(time.Second))
		rows, err := tx.Query(ctx, `select state, count(*)::int from mail_outbox where ended_at is not null group by state`)
		if err != nil {
			return err
		}
		var state string
		var n int
		_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { f.Ended[state] = n; return nil })
		return err
	})
	return f, err
}
