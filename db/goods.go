package db

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/customs"
)

// Goods answers one page of a trader's pending goods in one round trip: the
// session, the counts and the rows travel as one batch, which PostgreSQL runs
// as one transaction on one snapshot, so that they agree. Whose goods they are
// is decided by the session row. A search that finds nothing is asked again with
// the nearest words, if there are any. ErrNoSession means that nobody is signed
// in with this key.
func (d *DB) Goods(ctx context.Context, k SessionKey, q customs.Query, size int) (Session, customs.List, error) {
	s, l, err := d.goods(ctx, k, q, size)
	if err != nil {
		return s, l, err
	}
	l, err = searchAgain(q, l, func(q customs.Query) (customs.List, error) {
		then, l, err := d.goods(ctx, k, q, size)
		s = oldest(s, then)
		return l, err
	}, func() (words []string, err error) {
		then, err := d.readFor(ctx, k, func(b *pgx.Batch) {
			words = nil
			queueNearest(b, q, &words)
		})
		s = oldest(s, then)
		return words, err
	})
	return s, l, err
}

func (d *DB) goods(ctx context.Context, k SessionKey, q customs.Query, size int) (Session, customs.List, error) {
	var l customs.List
	s, err := d.readFor(ctx, k, func(b *pgx.Batch) {
		l = newList(q)
		queueList(b, q, size, &l)
	})
	if err != nil {
		return Session{}, customs.List{}, err
	}
	finishList(&l, size)
	return s, l, nil
}

// newList is the list before anything was read.
func newList(q customs.Query) customs.List {
	return customs.List{
		Waiting: map[customs.Actor]int{}, Statuses: map[customs.Status]int{},
		Modes: map[int]int{}, Page: min(max(q.Page, 1), math.MaxInt32),
	}
}

// queueList reads a page of the list into l, for whoever the batch speaks for.
func queueList(b *pgx.Batch, q customs.Query, size int, l *customs.List) {
	f := newFilter(q)
	queueCounts(b, f, l)
	if f.counted() {
		queueRows(b, f, size, l)
	} else {
		queueFound(b, f, size, l)
	}
	queueFreshness(b, l)
}

// finishList fills in what follows from what was read.
func finishList(l *customs.List, size int) {
	for _, g := range l.Groups {
		l.Total += g.Count
	}
	l.Pages = max(1, (l.Total+size-1)/size)
	l.Page = min(l.Page, l.Pages)
}

// queueSnapshot makes all that follows in the batch see one state of the
// database; by default each statement sees the newest. It must come first, and
// queueEnd last: an error in between ends the connection.
func queueSnapshot(b *pgx.Batch) {
	b.Queue(`begin isolation level repeatable read read only`).Exec(discard)
}

func queueEnd(b *pgx.Batch) { b.Queue(`commit`).Exec(discard) }

// queueCounts adds up everything pending by checkpoint, by status, by who must
// act and by mode of transport and, where the filter asks for no more than
// these, the filtered set. Of a trader with very many it reads counts instead.
func queueCounts(b *pgx.Batch, f filter, l *customs.List) {
	b.Queue(`
		select checkpoint, status, next_who, mode, 1, packages, gross_mass from pending where not bulk
		union all
		select checkpoint, status, next_who, mode, count,
		       case when packed > 0 then least(packages, 9223372036854775807)::bigint end,
		       case when weighed > 0 then least(gross_mass, 9223372036854775807)::bigint end
		  from pending_count`).Query(func(rows pgx.Rows) error {
		counted, all := f.counted(), len(f.where) == 0
		r, a := new(pendingReader), new(alike)
		for rows.Next() {
			if err := r.alike(rows, a); err != nil {
				return err
			}
			l.AllTotal += a.Count
			l.Statuses[a.status] += a.Count
			l.Waiting[a.who] += a.Count
			l.Modes[a.mode] += a.Count
			l.All = addCount(l.All, a.CheckpointCount)
			if counted && !all && f.counts(*a) {
				l.Groups = addCount(l.Groups, a.CheckpointCount)
			}
		}
		if counted && all {
			l.Groups = l.All
		}
		return rows.Err()
	})
}

// usualPlaces is at how many checkpoints a trader seldom has more.
const usualPlaces = 16

// addCount adds to the count of a checkpoint; the list is ordered by their
// codes, and as a rule they come in that order.
func addCount(list []customs.CheckpointCount, c customs.CheckpointCount) []customs.CheckpointCount {
	i := len(list) - 1
	if i < 0 || list[i].Checkpoint != c.Checkpoint {
		var found bool
		i, found = slices.BinarySearchFunc(list, c.Checkpoint, func(c customs.CheckpointCount, code string) int {
			return strings.Compare(c.Checkpoint, code)
		})
		if !found {
			if list == nil {
				list = make([]customs.CheckpointCount, 0, usualPlaces)
			}
			list = slices.Insert(list, i, customs.CheckpointCount{Checkpoint: c.Checkpoint})
		}
	}
	list[i].Count += c.Count
	addSum(&list[i].Packages, c.Packages)
	addSum(&list[i].GrossMass, c.GrossMass)
	return list
}

// addSum adds what is known to a sum. It stops at what the type holds: absurd
// masses of one sender must not take a trader's page away.
func addSum[N ~int64](sum **N, n *N) {
	switch {
	case n == nil:
	case *sum == nil:
		*sum = new(*n)
	case **sum > math.MaxInt64-*n:
		**sum = math.MaxInt64
	default:
		**sum += *n
	}
}

// queueFreshness reads how fresh each checkpoint's data is, and the time.
func queueFreshness(b *pgx.Batch, l *customs.List) {
	b.Queue(`select now(), coalesce(code, ''), as_of, received_at from (select) one left join checkpoint on true`).Query(func(rows pgx.Rows) error {
		l.Fresh = make(customs.Ages, 0, usualCheckpoints)
		for r := new(pendingReader); rows.Next(); {
			var c customs.Freshness
			if err := r.age(rows, &l.AsOf, &c); err != nil {
				return err
			}
			if c.Checkpoint != "" {
				l.Fresh = append(l.Fresh, c)
			}
		}
		return rows.Err()
	})
}

// Detail answers everything about one registration of the trader in one round
// trip. ErrNoSession: nobody is signed in. ErrNotFound: there is none, or it is
// another trader's, which row-level security makes the same. The session comes
// back with ErrNotFound too, so that the question can be registered.
func (d *DB) Detail(ctx context.Context, k SessionKey, registration string) (Session, customs.Detail, error) {
	var t customs.Detail
	var found *bool
	s, err := d.readFor(ctx, k, func(b *pgx.Batch) {
		t = customs.Detail{}
		found = queueDetail(b, registration, &t)
	})
	if err != nil {
		return Session{}, customs.Detail{}, err
	}
	if !*found && !s.AsOf.IsZero() {
		return Session{}, customs.Detail{}, fmt.Errorf("%w: the standby knows of no such registration", ErrUnreachable)
	}
	if !*found {
		return s, customs.Detail{}, ErrNotFound
	}
	return s, t, nil
}

// queueDetail reads everything about one registration into t, for whoever the
// batch speaks for; found says afterwards whether there is such a registration.
// The history is looked at only if there is: else how long it takes would tell
// how much there is of somebody else's.
func queueDetail(b *pgx.Batch, registration string, t *customs.Detail) (found *bool) {
	found = new(bool)
	registration = storable(registration)
	b.Queue(`
		select c.document, c.received_at, now(), c.checkpoint, p.as_of, p.received_at
		  from (select document, received_at, checkpoint from consignment where registration = $1
		        union all
		        select d.document, d.received_at, a.checkpoint
		          from archived a cross join archive_of(a.registration, a.month) d
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
		          from (select revision, status, status_at, received_at from consignment_event
		                 where registration = $1 and (exists (select from consignment where registration = $1)
		                                              or exists (select from archived where registration = $1))
		                union
		                select e.revision, e.status, e.status_at, e.received_at
		                  from archived a cross join archive_of(a.registration, a.month) d,
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
