package db

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/customs"
)

// Operation is a sign-in by SİMA İmza.
type Operation struct {
	ID        uuid.UUID
	Challenge []byte
	Query     string      // the contract in base64, exactly as issued
	Assignee  customs.PIN // who alone may answer, or "" for anyone
	Back      string      // page to open afterwards
	ExpiresAt time.Time   //
	Now       time.Time   // the database's clock
	Fetched   bool        // a telephone has read it
	Certifier []byte      // SHA-256 of that telephone's certificate
	Outcome   string      // "", Confirmed or the code of a reason
	Cancelled bool        // by the person at the browser
	Finished  bool        // the session has begun
}

// Confirmed is the outcome of an operation whose answer passed every check.
const Confirmed = "confirmed"

// Open reports whether the operation can still be answered.
func (o Operation) Open() bool {
	return o.Outcome == "" && !o.Cancelled && !o.Finished && o.Now.Before(o.ExpiresAt)
}

const operationColumns = `id, challenge, query, assignee, back, expires_at, clock_timestamp(), fetched_at is not null,
	coalesce(certificate, ''), coalesce(outcome, ''), cancelled_at is not null, finished_at is not null`

func scanOperation(row pgx.Row) (o Operation, err error) {
	err = row.Scan(&o.ID, &o.Challenge, &o.Query, &o.Assignee, &o.Back, &o.ExpiresAt, &o.Now, &o.Fetched,
		&o.Certifier, &o.Outcome, &o.Cancelled, &o.Finished)
	return o, orNotFound(err)
}

// CreateOperation stores a new operation for the browser whose secret has this
// SHA-256. Of o it takes ID, Challenge, Query, Assignee, Back and ExpiresAt.
func (d *DB) CreateOperation(ctx context.Context, browser [32]byte, o Operation) error {
	hash := sha256.Sum256([]byte(o.Query))
	_, err := d.pool.Exec(ctx, `
		insert into sima_operation (id, browser_hash, challenge, query, query_hash, assignee, back, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		o.ID, browser[:], o.Challenge, o.Query, hash[:], string(o.Assignee), o.Back, o.ExpiresAt)
	return err
}

// BrowserOperation is an operation of this browser, or ErrNotFound.
func (d *DB) BrowserOperation(ctx context.Context, browser [32]byte, id uuid.UUID) (Operation, error) {
	return scanOperation(d.pool.QueryRow(ctx, `select `+operationColumns+`
		from sima_operation where id = $1 and browser_hash = $2`, id, browser[:]))
}

// IssuedOperation finds the operation whose contract was issued with exactly
// this text, or ErrNotFound.
func (d *DB) IssuedOperation(ctx context.Context, query string) (Operation, error) {
	hash := sha256.Sum256([]byte(query))
	return scanOperation(d.pool.QueryRow(ctx, `select `+operationColumns+`
		from sima_operation where query_hash = $1 and query = $2`, hash[:], query))
}

// FindOperation finds an operation by its id, or ErrNotFound.
func (d *DB) FindOperation(ctx context.Context, id uuid.UUID) (Operation, error) {
	return scanOperation(d.pool.QueryRow(ctx, `select `+operationColumns+` from sima_operation where id = $1`, id))
}

// FetchOperation notes which certificate reads the operation. The first one
// stays; another one's turn, or a turn after the end, is ErrNotFound.
func (d *DB) FetchOperation(ctx context.Context, id uuid.UUID, certificate [32]byte) error {
	return d.moveOperation(ctx, `
		update sima_operation set fetched_at = coalesce(fetched_at, now()), certificate = $2
		 where id = $1 and coalesce(certificate, $2) = $2 and answered_at is null and cancelled_at is null
		   and expires_at > clock_timestamp()
		returning pg_notify('`+listsChanged+`', $3)`, id, certificate[:], operationTopic(id))
}

// AnswerOperation stores the outcome of the answer by the certificate that
// fetched the operation, once; whom it names comes with Confirmed only. Another
// certificate, a second answer and one that is late are ErrNotFound.
func (d *DB) AnswerOperation(ctx context.Context, id uuid.UUID, certificate [32]byte, outcome string, people []Person) error {
	var identity any
	if outcome == Confirmed {
		identity = people
	}
	return d.moveOperation(ctx, `
		update sima_operation set answered_at = clock_timestamp(), outcome = $3, identity = $4
		 where id = $1 and certificate = $2 and answered_at is null and cancelled_at is null
		   and expires_at > clock_timestamp()
		returning pg_notify('`+listsChanged+`', $5)`, id, certificate[:], outcome, identity, operationTopic(id))
}

// CancelOperation ends an operation of this browser, whatever has happened. One
// that has ended already is no error.
func (d *DB) CancelOperation(ctx context.Context, browser [32]byte, id uuid.UUID) error {
	_, err := d.pool.Exec(ctx, `
		update sima_operation set cancelled_at = now()
		 where id = $1 and browser_hash = $2 and cancelled_at is null and finished_at is null`, id, browser[:])
	return err
}

// FinishOperation consumes a confirmed operation in the browser that began it:
// once, otherwise ErrNotFound.
func (d *DB) FinishOperation(ctx context.Context, browser [32]byte, id uuid.UUID) (people []Person, err error) {
	err = d.pool.QueryRow(ctx, `
		update sima_operation set finished_at = now()
		 where id = $1 and browser_hash = $2 and outcome = 'confirmed' and finished_at is null and cancelled_at is null
		   and expires_at + interval '2 minutes' > now()
		returning identity`, id, browser[:]).Scan(&people)
	return people, orNotFound(err)
}

// moveOperation runs an update of one operation that may have moved on
// meanwhile.
func (d *DB) moveOperation(ctx context.Context, sql string, args ...any) error {
	tag, err := d.pool.Exec(ctx, sql, args...)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23514" { // the trigger saw it end
		return ErrNotFound
	}
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return err
}

// operationTopic is what Listen hears when an operation has moved on.
func operationTopic(id uuid.UUID) string { return "sima:" + id.String() }

// Topic is what Listen calls when this operation has moved on.
func (o Operation) Topic() string { return operationTopic(o.ID) }
