package db

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/register"
)

// rowFields are the columns of an entry as supervision reads it, with rowJoins.
const (
	rowFields = `e.id, e.at, e.request_id, e.channel, e.actor, coalesce(e.case_id, '00000000-0000-0000-0000-000000000000'), e.action, e.outcome,
		e.results, e.elapsed_us, coalesce(e.subject, ''), coalesce(e.session_id, '00000000-0000-0000-0000-000000000000'), coalesce(e.asked, ''),
		e.commitments is not null,
		coalesce(s.method, case when e.channel = 'web' and e.actor = 'trader' then supervised_method(e.session_id) end, ''),
		coalesce(s.number, ''), coalesce(k.number, '')`
	rowJoins = `left join staff_session s on s.id = e.session_id left join assist_case k on k.id = e.case_id`
)

func scanRow(row pgx.CollectableRow) (r register.Row, err error) {
	var elapsed int64
	err = row.Scan(rowPlaces(&r, &elapsed)...)
	r.Elapsed = time.Duration(elapsed) * time.Microsecond
	return r, err
}

func rowPlaces(r *register.Row, elapsed *int64) []any {
	return []any{
		&r.ID, &r.At, &r.RequestID, &r.Channel, &r.Actor, &r.Case, &r.Action, &r.Outcome, &r.Results, elapsed,
		&r.Subject, &r.Session, &r.Asked, &r.Deleted, &r.Method, &r.Officer, &r.CaseNo,
	}
}

// searchFilter is the WHERE clause of a search without its cursors.
func searchFilter(s register.Search) filter {
	f := filter{args: pgx.NamedArgs{}}
	f.add(s.VOEN != "", `e.subject = @voen`, "voen", string(s.VOEN))
	f.add(s.Request != uuid.Nil, `e.request_id = @request`, "request", s.Request)
	f.add(s.Entry != 0, `e.id = @entry`, "entry", s.Entry)
	f.add(s.CaseNo != "", `e.case_id = (select id from assist_case where number = @case_no)`, "case_no", storable(s.CaseNo))
	f.add(s.Action != "", `e.action = @action`, "action", storable(s.Action))
	// Written out, so that the indexes of the rare ones serve.
	f.add(s.Outcome == register.Failed, `e.outcome = 'failed'`, "failed", true)
	f.add(s.Outcome != "" && s.Outcome != register.Failed, `e.outcome = @outcome`, "outcome", storable(string(s.Outcome)))
	f.add(s.Actor != "" && s.Actor != "trader", `e.actor <> 'trader' and e.actor = @actor`, "actor", storable(s.Actor))
	f.add(s.Actor == "trader", `e.actor = 'trader'`, "trader", true)
	f.add(s.Channel != "", `e.channel = @channel`, "channel", storable(s.Channel))
	f.add(s.From != "", `e.at >= @from::text::timestamp at time zone 'Asia/Baku'`, "from", s.From)
	f.add(s.To != "", `e.at < (@to::text::timestamp + interval '1 day') at time zone 'Asia/Baku'`, "to", s.To)
	return f
}

// FindEntries answers a page of entries that a supervisor searches for, newest
// first. ErrNoSession: the key is not a supervisor's.
func (d *DB) FindEntries(ctx context.Context, k StaffKey, s register.Search, size int) (register.Found, error) {
	var found register.Found
	err := d.supervise(ctx, k, func(tx pgx.Tx) error {
		all := searchFilter(s)
		f := searchFilter(s)
		order := `e.at desc, e.id desc`
		switch {
		case s.Before.ID != 0:
			f.add(true, `(e.at, e.id) < (@at, @id)`, "at", s.Before.At)
			f.args["id"] = s.Before.ID
		case s.After.ID != 0:
			f.add(true, `(e.at, e.id) > (@at, @id)`, "at", s.After.At)
			f.args["id"] = s.After.ID
			order = `e.at, e.id`
		}
		f.args["size"] = size + 1
		//nolint:unqueryvet // what is shown of the entry are rowFields
		rows, err := tx.Query(ctx, `select `+rowFields+` from (select e.* from register_entry e`+f.sql()+` order by `+order+` limit @size) e `+rowJoins+` order by `+order, f.args)
		if err != nil {
			return err
		}
		if found.Rows, err = pgx.CollectRows(rows, scanRow); err != nil {
			return err
		}
		more := len(found.Rows) > size
		found.Rows = found.Rows[:min(size, len(found.Rows))]
		if s.After.ID != 0 {
			slices.Reverse(found.Rows)
			found.Newer, found.Older = more, true
		} else {
			found.Newer, found.Older = s.Before.ID != 0, more
		}
		all.args["most"] = register.FoundMost + 1
		err = tx.QueryRow(ctx, `select count(*), `+onlySubject+` from (select e.subject from register_entry e`+all.sql()+` limit @most) e`, all.args).
			Scan(&found.Total, &found.Only)
		if found.Total > register.FoundMost {
			found.Only = "" // of the rest nobody knows
		}
		return err
	})
	return found, err
}

// onlySubject is the one taxpayer that entries e are about, "" if they are about
// several or none.
const onlySubject = `case when min(e.subject) = max(e.subject) then min(e.subject) else '' end`

// ExportEntries visits every entry that a supervisor searches for, newest first,
// out of one state of the register. begin is told first how many they are, which
// taxpayer all of them are about ("": several or none) and as of when, and says
// whether to go on. The row is overwritten by the next.
// ErrNoSession: the key is not a supervisor's.
func (d *DB) ExportEntries(ctx context.Context, k StaffKey, s register.Search, begin func(total int64, only customs.VOEN, asOf time.Time) (bool, error), visit func(*register.Row) error) error {
	return d.supervise(ctx, k, func(tx pgx.Tx) error {
		f := searchFilter(s)
		var total int64
		var only customs.VOEN
		var asOf time.Time
		if err := tx.QueryRow(ctx, `select count(*), `+onlySubject+`, now() from register_entry e`+f.sql(), f.args).Scan(&total, &only, &asOf); err != nil {
			return err
		}
		if more, err := begin(total, only, asOf); err != nil || !more {
			return err
		}
		rows, err := tx.Query(ctx, `select `+rowFields+` from register_entry e `+rowJoins+f.sql()+` order by e.at desc, e.id desc`, f.args)
		if err != nil {
			return err
		}
		var r register.Row
		var elapsed int64
		_, err = pgx.ForEachRow(rows, rowPlaces(&r, &elapsed), func() error {
			r.Elapsed = time.Duration(elapsed) * time.Microsecond
			return visit(&r)
		})
		return err
	})
}

// FindEntry is one entry with what its leaf in the log says. Errors:
// ErrNoSession, ErrNotFound.
func (d *DB) FindEntry(ctx context.Context, k StaffKey, id int64) (register.Row, error) {
	var r register.Row
	err := d.supervise(ctx, k, func(tx pgx.Tx) error {
		var elapsed int64
		var commitments []byte
		var taken *time.Time
		err := tx.QueryRow(ctx, `select `+rowFields+`, coalesce(e.salts, ''), coalesce(e.commitments, ''),
			(select taken_at from register_late where entry = e.id) from register_entry e `+rowJoins+` where e.id = $1 limit 1`, id).
			Scan(append(rowPlaces(&r, &elapsed), &r.Salts, &commitments, &taken)...)
		if err != nil {
			return orNotFound(err)
		}
		r.Taken = orZero(taken)
		r.Elapsed = time.Duration(elapsed) * time.Microsecond
		if r.Deleted {
			for i := range r.Commitments {
				r.Commitments[i] = register.Hash(commitments[i*len(register.Hash{}):])
			}
			return nil
		}
		a := Answer{Record: r.Record, Salts: r.Salts, Values: r.Values()}
		a.commit()
		r.Record = a.Record
		return nil
	})
	return r, err
}

// monthFailures is how many failures a month's report lists at most.
const monthFailures = 500

// SupervisedMonth is the report of the month that begins at first, midnight in Baku.
// ErrNoSession: the key is not a supervisor's.
func (d *DB) SupervisedMonth(ctx context.Context, k StaffKey, first, next time.Time) (register.Month, error) {
	m := register.Month{First: first, Next: next}
	err := d.supervise(ctx, k, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`select at from register_counted`).QueryRow(func(row pgx.Row) error { return row.Scan(&m.AsOf) })
		queueMonth(b, &m)
		queueFailures(b, &m.Failures, first, next, monthFailures)
		b.Queue(`
			select checkpoint, (array_agg(pending order by hour desc))[1], max(most), avg(pending)::float8, extract(epoch from max(silent))::float8
			  from checkpoint_hour where hour >= $1 and hour < $2 group by checkpoint order by 3 desc, 1`, first, next).Query(func(rows pgx.Rows) error {
			var c register.CheckpointMonth
			var silent float64
			_, err := pgx.ForEachRow(rows, []any{&c.Checkpoint, &c.AtEnd, &c.Most, &c.Mean, &silent}, func() error {
				c.Silent = time.Duration(silent * float64(time.Second))
				m.Checkpoints = append(m.Checkpoints, c)
				return nil
			})
			return err
		})
		b.Queue(`
			select c.size, c.root, c.sealed_at from register_checkpoint c
			 where c.sealed_at >= $1 and c.sealed_at < $2 order by c.sealed_at desc, c.size desc limit 1`, first, next).QueryRow(func(row pgx.Row) error {
			var root []byte
			err := row.Scan(&m.Size, &root, &m.SealedAt)
			if err == nil {
				m.Root = register.Hash(root)
			}
			return orNone(err)
		})
		return tx.SendBatch(ctx, b).Close()
	})
	return m, err
}

// queueMonth counts the month by day and by kind of request.
func queueMonth(b *pgx.Batch, m *register.Month) {
	days := map[time.Time]*register.DayCounts{}
	kinds := map[string]*register.ActionCount{}
	times, dayTimes := register.Times{}, map[time.Time]register.Times{}
	kindTimes := map[string]register.Times{}
	b.Queue(`
		select date_trunc('day', hour at time zone 'Asia/Baku') at time zone 'Asia/Baku', actor, channel, action, outcome, bucket, sum(n)::bigint
		  from register_hour where hour >= $1 and hour < $2 and (`+requestsOnly+` or actor = 'system' and channel = 'web')
		 group by 1, 2, 3, 4, 5, 6 order by 1`, m.First, m.Next).Query(func(rows pgx.Rows) error {
		var day time.Time
		var actor, channel, action string
		var outcome register.Outcome
		var bucket int
		var n int64
		_, err := pgx.ForEachRow(rows, []any{&day, &actor, &channel, &action, &outcome, &bucket, &n}, func() error {
			if actor == "system" {
				if outcome != register.Failed {
					m.Probes += n
				}
				return nil
			}
			d := days[day]
			if d == nil {
				d = &register.DayCounts{Day: day}
				days[day], dayTimes[day] = d, register.Times{}
			}
			kind := action + " " + channel
			a := kinds[kind]
			if a == nil {
				a = &register.ActionCount{Action: action, Channel: channel}
				kinds[kind], kindTimes[kind] = a, register.Times{}
			}
			m.Add(outcome, actor, n)
			d.Add(outcome, actor, n)
			a.Add(outcome, actor, n)
			times[bucket] += n
			dayTimes[day][bucket] += n
			kindTimes[kind][bucket] += n
			return nil
		})
		m.Median, m.P95 = times.Quantile(0.5), times.Quantile(0.95)
		for day, d := range days {
			d.Median, d.P95 = dayTimes[day].Quantile(0.5), dayTimes[day].Quantile(0.95)
			m.Days = append(m.Days, *d)
		}
		for kind, a := range kinds {
			a.Median, a.P95 = kindTimes[kind].Quantile(0.5), kindTimes[kind].Quantile(0.95)
			m.Actions = append(m.Actions, *a)
		}
		slices.SortFunc(m.Days, func(a, b register.DayCounts) int { return a.Day.Compare(b.Day) })
		slices.SortFunc(m.Actions, func(a, b register.ActionCount) int {
			if a.Requests != b.Requests {
				return int(b.Requests - a.Requests)
			}
			return strings.Compare(a.Action+a.Channel, b.Action+b.Channel)
		})
		return err
	})
}
