package db

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/customs"
)

// ErrTooManyDrafts says that a person keeps as many drafts as there may be.
var ErrTooManyDrafts = errors.New("db: too many drafts of complaints")

// DraftKept is how long a draft of a complaint stays after its last change.
const DraftKept = 180 * 24 * time.Hour

// DraftLine is a draft as a list shows it.
type DraftLine struct {
	ID           uuid.UUID
	Registration string
	Kind         customs.ComplaintKind
	Facts        string // their beginning
	ChangedAt    time.Time
	Drawn        bool // its document was drawn up
}

// Draft is a draft of a complaint. Once its document was drawn up DrawnAt is
// set; Evidence and RequestID belong to it if it is about a registration.
type Draft struct {
	ID        uuid.UUID
	Content   customs.Complaint
	ChangedAt time.Time
	DrawnAt   *time.Time
	RequestID uuid.UUID // of the register's entry that names the evidence, uuid.Nil if there is none
	Evidence  []byte    // JSON of customs.Evidence, nil if there is none
}

// Drafts lists the drafts of the person of the session in its company, the last
// changed first. ErrNoSession: nobody is signed in.
func (d *DB) Drafts(ctx context.Context, k SessionKey) (Session, []DraftLine, error) {
	var list []DraftLine
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`
			select id, coalesce(content->>'registration', ''), coalesce(content->>'kind', ''), left(coalesce(content->>'facts', ''), 200),
			       changed_at, drawn_at is not null
			  from complaint_draft order by changed_at desc, id`).Query(collect(&list, pgx.RowToStructByPos[DraftLine]))
	})
	return s, list, err
}

// Draft returns one draft. ErrNoSession; ErrNotFound, with the session: there
// is none, or it is somebody else's, which row-level security makes the same.
func (d *DB) Draft(ctx context.Context, k SessionKey, id uuid.UUID) (Session, Draft, error) {
	var r Draft
	s, err := d.forSession(ctx, k, func(b *pgx.Batch) {
		b.Queue(`
			select id, content, changed_at, drawn_at, coalesce(request_id, '00000000-0000-0000-0000-000000000000'), evidence
			  from complaint_draft where id = $1`, id).QueryRow(func(row pgx.Row) error {
			return orNone(row.Scan(&r.ID, &r.Content, &r.ChangedAt, &r.DrawnAt, &r.RequestID, &r.Evidence))
		})
	})
	if err == nil && r.ID == uuid.Nil {
		err = ErrNotFound
	}
	return s, r, err
}

// SaveDraft keeps what was typed: in the draft of that id, if it is the
// person's own, and in a new one otherwise, so that nothing typed is lost. A
// document that was drawn up before no longer counts if the content changed. A
// new draft that says what another of the person's says is that one: a form
// that is sent twice makes one.
// Errors: ErrNoSession, ErrTooManyDrafts.
func (d *DB) SaveDraft(ctx context.Context, k SessionKey, id uuid.UUID, c customs.Complaint) (saved uuid.UUID, err error) {
	err = d.asSession(ctx, k, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			update complaint_draft
			   set content = $2, changed_at = now(),
			       drawn_at = case when content = $2 then drawn_at end,
			       request_id = case when content = $2 then request_id end,
			       evidence = case when content = $2 then evidence end
			 where id = $1 returning id`, id, c).Scan(&saved)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		fresh, err := uuid.NewRandom()
		if err != nil {
			return err
		}
		// The trigger that limits drafts takes the same lock.
		if _, err = tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('complaint_draft ' || session_voen() || session_person(), 0))`); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `
			with there as (
				update complaint_draft set changed_at = now()
				 where id = (select id from complaint_draft where content = $2 order by changed_at desc limit 1) returning id
			), made as (
				insert into complaint_draft (id, voen, owner, content)
				select $1, session_voen(), session_person(), $2 where not exists (select from there) returning id
			)
			select id from there union all select id from made`, fresh, c).Scan(&saved)
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "54000" {
		err = ErrTooManyDrafts
	}
	return saved, err
}

// DrawUp notes that the draft's document was drawn up now, with the evidence
// and the request whose register entry names it; both may be missing. Errors:
// ErrNoSession, ErrNotFound.
func (d *DB) DrawUp(ctx context.Context, k SessionKey, id, request uuid.UUID, evidence []byte) error {
	return d.asSession(ctx, k, func(tx pgx.Tx) error {
		return changedOne(tx.Exec(ctx, `
			update complaint_draft
			   set drawn_at = now(), changed_at = now(), evidence = $3::bytea, request_id = case when $3::bytea is not null then $2::uuid end
			 where id = $1`, id, request, evidence))
	})
}

// DeleteDraft deletes a draft of the person's own; one that is none is no error.
func (d *DB) DeleteDraft(ctx context.Context, k SessionKey, id uuid.UUID) error {
	return d.asSession(ctx, k, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `delete from complaint_draft where id = $1`, id)
		return err
	})
}

// asSession runs f in a transaction that speaks for the session of the key.
// ErrNoSession: there is none.
func (d *DB) asSession(ctx context.Context, k SessionKey, f func(pgx.Tx) error) error {
	return d.inTx(ctx, "", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('portal.session', $1, true)`, k.setting()); err != nil {
			return err
		}
		var live bool
		if err := tx.QueryRow(ctx, `select exists (select from current_session())`).Scan(&live); err != nil {
			return err
		}
		if !live {
			return ErrNoSession
		}
		return f(tx)
	})
}
