package db

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// Goods answers one page of a trader's pending goods in one round trip: the
// session, the counts and the rows travel as one batch, which PostgreSQL runs
// as one transaction on one snapshot, so that they agree. Whose goods they are is decided by the session row.
// ErrNoSession means that nobody is signed in with this key.
func (d *DB) Goods(ctx context.Context, k SessionKey, q customs.Query, size int) (Session, customs.List, error) {
	var s Session
	l := newList(q)
	b := &pgx.Batch{}
	queueSnapshot(b)
	queueSession(b, k, &s)
	queueList(b, q, size, &l)
	queueEnd(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Session{}, customs.List{}, err
	}
	if s.ID == uuid.Nil {
		return Session{}, customs.List{}, ErrNoSession
	}
	finishList(&l, q, size)
	return s, l, nil
}

// newList is the list before anything was read.
func newList(q customs.Query) customs.List {
	return customs.List{
		Waiting: map[customs.Actor]int{}, Statuses: map[customs.Status]int{},
		Modes: map[int]int{}, Fresh: map[string]customs.Freshness{}, Page: min(max(q.Page, 1), math.MaxInt32),
	}
}

// queueList reads a page of the list into l, for whoever the batch speaks for.
func queueList(b *pgx.Batch, q customs.Query, size int, l *customs.List) {
	f := newFilter(q)
	queueCounts(b, l)
	if q.Filtered() {
		queueGroups(b, f, l)
	}
	queueRows(b, q, f, size, l)
	queueFreshness(b, l)
}

// finishList fills in what follows from what was read.
func finishList(l *customs.List, q customs.Query, size int) {
	if !q.Filtered() {
		l.Groups, l.Total = l.All, l.AllTotal
	}
	l.Pages = max(1, (l.Total+size-1)/size)
	l.Page = min(l.Page, l.Pages)
}

// sums are the totals of some rows. They stop at what a bigint holds: absurd
// masses of one sender must not take a trader's page away.
const sums = `least(sum(packages), 9223372036854775807)::bigint, least(sum(gross_mass), 9223372036854775807)::bigint`

// queueSnapshot makes all that follows in the batch see one state of the
// database; by default each statement sees the newest. It must come first, and
// queueEnd last: an error in between ends the connection.
func queueSnapshot(b *pgx.Batch) {
	b.Queue(`begin isolation level repeatable read read only`).Exec(discard)
}

func queueEnd(b *pgx.Batch) { b.Queue(`commit`).Exec(discard) }

// queueCounts counts everything pending once by checkpoint, by status, by who
// must act and by mode of transport.
func queueCounts(b *pgx.Batch, l *customs.List) {
	b.Queue(`
		select grouping(checkpoint, status, next_who, mode), coalesce(checkpoint, ''), coalesce(status, ''),
		       coalesce(next_who, ''), coalesce(mode, 0), count(*), ` + sums + `, now()
		  from pending
		 group by grouping sets ((checkpoint), (status), (next_who), (mode), ())
		 order by 1, 2`).Query(func(rows pgx.Rows) error {
		var set, n, mode int
		var c customs.CheckpointCount
		var status customs.Status
		var who customs.Actor
		_, err := pgx.ForEachRow(rows, []any{&set, &c.Checkpoint, &status, &who, &mode, &n, &c.Packages, &c.GrossMass, &l.AsOf}, func() error {
			switch set { // a bit is set for each column that is not grouped by
			case 0b0111:
				l.All = append(l.All, customs.CheckpointCount{Checkpoint: c.Checkpoint, Count: n, Packages: c.Packages, GrossMass: c.GrossMass})
			case 0b1011:
				l.Statuses[status] = n
			case 0b1101:
				l.Waiting[who] = n
			case 0b1110:
				l.Modes[mode] = n
			default:
				l.AllTotal = n
			}
			c.Packages, c.GrossMass = nil, nil
			return nil
		})
		return err
	})
}

// filter is the WHERE clause of a query on pending and its arguments. Every
// value travels as a parameter; only the text of conditions is put together.
type filter struct {
	where []string
	args  pgx.NamedArgs
}

func newFilter(q customs.Query) filter {
	f := filter{args: pgx.NamedArgs{}}
	f.add(q.Checkpoint != "", `checkpoint = @checkpoint`, "checkpoint", storable(q.Checkpoint))
	f.add(q.Status != "", `status = @status`, "status", storable(string(q.Status)))
	f.add(q.Mode != "", `mode::text = @mode`, "mode", storable(q.Mode))
	f.add(q.Waiting != "", `next_who = @waiting`, "waiting", storable(string(q.Waiting)))
	f.add(q.From != "", `registered_at >= @from::text::timestamp at time zone 'Asia/Baku'`, "from", q.From)
	f.add(q.To != "", `registered_at < (@to::text::timestamp + interval '1 day') at time zone 'Asia/Baku'`, "to", q.To)
	for i, word := range strings.Fields(locales.Fold(storable(q.Text))) {
		name := "word" + string(rune('a'+i%26)) + strings.Repeat("_", i/26)
		f.add(true, `search like @`+name, name, `%`+likeEscaper.Replace(word)+`%`)
	}
	return f
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (f *filter) add(on bool, condition, name string, value any) {
	if on {
		f.where = append(f.where, condition)
		f.args[name] = value
	}
}

func (f *filter) sql() string {
	if len(f.where) == 0 {
		return ""
	}
	return " where " + strings.Join(f.where, " and ")
}

func queueGroups(b *pgx.Batch, f filter, l *customs.List) {
	b.Queue(`
		select checkpoint, count(*)::int, `+sums+`
		  from pending`+f.sql()+` group by checkpoint order by checkpoint`, f.args).Query(func(rows pgx.Rows) error {
		var err error
		l.Groups, err = pgx.CollectRows(rows, pgx.RowToStructByPos[customs.CheckpointCount])
		for _, g := range l.Groups {
			l.Total += g.Count
		}
		return err
	})
}

// orders are the orders of rows within a checkpoint. Rows of a checkpoint stay
// together, so that a group is never torn but by the end of a page.
var orders = map[customs.Sort]string{
	customs.Newest:   `checkpoint, registered_at desc, registration`,
	customs.Oldest:   `checkpoint, registered_at, registration`,
	customs.Waiting:  `checkpoint, coalesce(next_since, status_at), registration`,
	customs.Deadline: `checkpoint, next_due nulls last, registered_at desc, registration`,
	customs.Heaviest: `checkpoint, gross_mass desc nulls last, registered_at desc, registration`,
}

func queueRows(b *pgx.Batch, q customs.Query, f filter, size int, l *customs.List) {
	order, ok := orders[q.Sort]
	if !ok {
		order = orders[customs.Newest]
	}
	offset := `0`
	if l.Page > 1 { // past the last page means the last page
		offset = `least((@page::bigint - 1) * @size, (select greatest(0, count(*) - 1) / @size * @size from pending` + f.sql() + `))`
		f.args["page"] = l.Page
	}
	f.args["size"] = size
	b.Queue(`
		select registration, checkpoint, status, status_at, registered_at, received_at, mode, vehicle,
		       document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
		       next_code, next_who, next_agency, next_note, next_since, next_due
		  from pending`+f.sql()+`
		 order by `+order+` limit @size offset `+offset, f.args).Query(func(rows pgx.Rows) error {
		var p customs.Pending
		l.Rows = make([]customs.Pending, 0, min(size, 100))
		_, err := pgx.ForEachRow(rows, pendingColumns(&p), func() error {
			l.Rows = append(l.Rows, p)
			return nil
		})
		return err
	})
}

// pendingColumns are the places of a row's columns.
func pendingColumns(p *customs.Pending) []any {
	return []any{
		&p.Registration, &p.Checkpoint, &p.Status, &p.StatusAt, &p.RegisteredAt, &p.ReceivedAt, &p.Mode, &p.Vehicle,
		&p.DocumentType, &p.DocumentNumber, &p.GoodsDescription, &p.CommodityCode, &p.GoodsCount, &p.Packages, &p.GrossMass,
		&p.NextCode, &p.NextWho, &p.NextAgency, &p.NextNote, &p.NextSince, &p.NextDue,
	}
}

func queueFreshness(b *pgx.Batch, l *customs.List) {
	b.Queue(`select code, as_of, received_at from checkpoint`).Query(func(rows pgx.Rows) error {
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[customs.Freshness])
		for _, c := range list {
			l.Fresh[c.Checkpoint] = c
		}
		return err
	})
}

// Detail answers everything about one registration of the trader in one round
// trip. ErrNoSession: nobody is signed in. ErrNotFound: there is none, or it is
// another trader's, which row-level security makes the same. The session comes
// back with ErrNotFound too, so that the question can be registered.
func (d *DB) Detail(ctx context.Context, k SessionKey, registration string) (Session, customs.Detail, error) {
	var s Session
	var t customs.Detail
	b := &pgx.Batch{}
	queueSnapshot(b)
	queueSession(b, k, &s)
	found := queueDetail(b, registration, &t)
	queueEnd(b)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return Session{}, customs.Detail{}, err
	}
	switch {
	case s.ID == uuid.Nil:
		return Session{}, customs.Detail{}, ErrNoSession
	case !*found:
		return s, customs.Detail{}, ErrNotFound
	}
	return s, t, nil
}

// queueDetail reads everything about one registration into t, for whoever the
// batch speaks for; found says afterwards whether there is such a registration.
func queueDetail(b *pgx.Batch, registration string, t *customs.Detail) (found *bool) {
	found = new(bool)
	registration = storable(registration)
	b.Queue(`
		select c.document, c.received_at, now(), c.checkpoint, p.as_of, p.received_at
		  from (select document, received_at, checkpoint from consignment where registration = $1
		        union all
		        select d.document, d.received_at, a.checkpoint
		          from archived a join archive_document d on d.registration = a.registration and d.month = a.month
		         where a.registration = $1 and not exists (select from consignment where registration = $1)) c
		  left join checkpoint p on p.code = c.checkpoint`, registration).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&t.Consignment, &t.ReceivedAt, &t.AsOf, &t.Freshness.Checkpoint, &t.Freshness.AsOf, &t.Freshness.ReceivedAt)
		*found = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	b.Queue(`
		select revision, status, status_at, received_at
		  from (select e.revision, e.status, e.status_at, e.received_at, lag(status) over (order by revision) as before
		          from (select revision, status, status_at, received_at from consignment_event where registration = $1
		                union
		                select e.revision, e.status, e.status_at, e.received_at
		                  from archived a join archive_document d on d.registration = a.registration and d.month = a.month,
		                       jsonb_to_recordset(d.events) as e (revision bigint, status text, status_at timestamptz, received_at timestamptz)
		                 where a.registration = $1) e) e
		 where before is distinct from status
		 order by revision desc`, registration).Query(func(rows pgx.Rows) error {
		var err error
		t.Events, err = pgx.CollectRows(rows, pgx.RowToStructByPos[customs.Event])
		return err
	})
	return found
}

func discard(pgconn.CommandTag) error { return nil }

// storable makes a text from outside one that PostgreSQL takes: it refuses NUL
// and what is not UTF-8. The replacement character is in no stored code.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// clip shortens a text to at most n characters for a narrow row.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
