package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/register"
)

// supervise runs f in one state of the database, in the role that can only
// read, speaking for a staff session. Whether that is a supervisor's is asked
// by the policies of every table; ErrNoSession says early that it is not.
func (d *DB) supervise(ctx context.Context, k StaffKey, f func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, d.pool, snapshotTx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`set local role portal_supervision`)
		b.Queue(`select set_config('portal.staff', $1, true)`, k.setting())
		var supervisor bool
		b.Queue(`select coalesce(staff_role() = $1, false)`, string(customs.RoleSupervisor)).QueryRow(func(row pgx.Row) error { return row.Scan(&supervisor) })
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if !supervisor {
			return ErrNoSession
		}
		return f(tx)
	})
}

// CountRegister counts the entries that came since it last did, for the
// figures of supervision, and reports whether there may be more to count at
// once. Another process that is at it already is no error.
func (d *DB) CountRegister(ctx context.Context) (more bool, err error) {
	var n *int64
	err = d.pool.QueryRow(ctx, `select count_register()`).Scan(&n)
	return n != nil && *n >= countBatch, err
}

// countBatch is what count_register counts at most.
const countBatch = 200_000

// LookAtCheckpoints notes what waits at each checkpoint, for the figures of
// supervision, unless somebody has done so within the last minute.
func (d *DB) LookAtCheckpoints(ctx context.Context) error {
	_, err := d.pool.Exec(ctx, `select look_at_checkpoints()`)
	return err
}

// requestsOnly is the condition of what counts as a request.
const requestsOnly = `actor in ('trader', 'operator')`

// Overview is what a supervisor sees now. ErrNoSession: the key is not a
// supervisor's.
func (d *DB) Overview(ctx context.Context, k StaffKey, latest int) (register.Overview, error) {
	var o register.Overview
	err := d.supervise(ctx, k, func(tx pgx.Tx) error {
		var day, hour time.Time
		b := &pgx.Batch{}
		b.Queue(`
			select now(), c.at, date_trunc('day', now() at time zone 'Asia/Baku') at time zone 'Asia/Baku', date_trunc('hour', now())
			  from register_counted c`).QueryRow(func(row pgx.Row) error { return row.Scan(&o.Now, &o.AsOf, &day, &hour) })
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		b = &pgx.Batch{}
		queueDay(b, &o, day)
		queueYesterday(b, &o, day, hour)
		queueFailures(b, &o.Failures, day, o.Now.Add(time.Minute), 20)
		queueState(b, &o)
		b.Queue(`select method, n from supervised_sign_ins($1)`, day).Query(collect(&o.Methods, pgx.RowToStructByPos[register.MethodCount]))
		b.Queue(`select `+rowFields+` from register_entry e `+rowJoins+` where `+requestsOnly+` order by e.at desc, e.id desc limit $1`, latest).
			Query(collect(&o.Latest, scanRow))
		return tx.SendBatch(ctx, b).Close()
	})
	return o, err
}

// queueDay counts the requests of a day in hours.
func queueDay(b *pgx.Batch, o *register.Overview, day time.Time) {
	b.Queue(`
		select extract(hour from hour at time zone 'Asia/Baku')::int, actor, outcome, sum(n)::bigint
		  from register_hour where hour >= $1 and `+requestsOnly+` group by 1, 2, 3`, day).Query(func(rows pgx.Rows) error {
		var h int
		var actor string
		var outcome register.Outcome
		var n int64
		_, err := pgx.ForEachRow(rows, []any{&h, &actor, &outcome, &n}, func() error {
			o.Today.Add(outcome, actor, n)
			o.Hours[h].Requests += n
			if outcome == register.Failed {
				o.Hours[h].Failed += n
			}
			return nil
		})
		return err
	})
	times := register.Times{}
	b.Queue(`select bucket, sum(n)::bigint from register_hour where hour >= $1 and `+requestsOnly+` group by 1`, day).Query(func(rows pgx.Rows) error {
		err := scanTimes(rows, times)
		o.Today.Median, o.Today.P95 = times.Quantile(0.5), times.Quantile(0.95)
		return err
	})
}

func scanTimes(rows pgx.Rows, times register.Times) error {
	var bucket int
	var n int64
	_, err := pgx.ForEachRow(rows, []any{&bucket, &n}, func() error {
		times[bucket] += n
		return nil
	})
	return err
}

// queueYesterday counts whole hours from the table of hours and the hour that
// runs from the entries.
func queueYesterday(b *pgx.Batch, o *register.Overview, day, hour time.Time) {
	const back = 24 * time.Hour // Baku has no summer time
	b.Queue(`
		select coalesce((select sum(n) from register_hour where hour >= $1 and hour < $2 and `+requestsOnly+`), 0)::bigint
		     + (select count(*) from register_entry where at >= $2 and at < $3 and `+requestsOnly+`)`,
		day.Add(-back), hour.Add(-back), o.Now.Add(-back)).QueryRow(func(row pgx.Row) error { return row.Scan(&o.Yesterday) })
}

// queueFailures finds failures and puts together those with less than five
// minutes between them.
func queueFailures(b *pgx.Batch, out *[]register.Span, from, until time.Time, most int) {
	b.Queue(`
		select min(at), max(at), count(*)
		  from (select at, count(*) filter (where gap) over (order by at, id) as island
		          from (select at, id, coalesce(at - lag(at) over (order by at, id) > interval '5 minutes', true) as gap
		                  from register_entry where outcome = 'failed' and at >= $1 and at < $2 and `+requestsOnly+`) f) g
		 group by island order by 1 limit $3`, from, until, most).Query(collect(out, pgx.RowToStructByPos[register.Span]))
}

// queueState reads what is so at the moment: checkpoints, senders, seal, cases,
// the portal's own request.
func queueState(b *pgx.Batch, o *register.Overview) {
	b.Queue(`
		with newest as (select max(at) as at from checkpoint_hour where hour >= date_trunc('hour', now()) - interval '1 day')
		select coalesce(h.checkpoint, c.code), coalesce(h.pending, 0), h.oldest_at, c.as_of, c.received_at, h.at
		  from (select h.checkpoint, h.pending, h.oldest_at, h.at from checkpoint_hour h, newest n where h.at = n.at and h.hour >= date_trunc('hour', now()) - interval '1 day') h
		  full join checkpoint c on c.code = h.checkpoint
		 order by 2 desc, 1`).Query(func(rows pgx.Rows) error {
		var c register.CheckpointState
		var at *time.Time
		_, err := pgx.ForEachRow(rows, []any{&c.Checkpoint, &c.Pending, &c.Oldest, &c.AsOf, &c.Received, &at}, func() error {
			o.Checkpoints = append(o.Checkpoints, c)
			if at != nil {
				o.CheckpointsAt = at
			}
			at = nil
			return nil
		})
		return err
	})
	b.Queue(sendersQuery).Query(collect(&o.Senders, scanSender))
	b.Queue(`
		select coalesce(c.size, 0), c.sealed_at, w.n, w.since
		  from (select 1) one
		  left join lateral (select size, sealed_at from register_checkpoint order by size desc limit 1) c on true
		  cross join lateral (select count(*) as n, min(at) as since
		                        from (select coalesce(l.taken_at, e.at) as at from register_entry e left join register_late l on l.entry = e.id
		                               where e.id > coalesce(c.size, 0) order by e.id limit $1) t) w`, register.UnsealedMost).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&o.Head.Tree.N, &o.SealedAt, &o.Unsealed, &o.UnsealedSince)
		})
	b.Queue(`
		select count(*) from assist_case
		 where ended_at is null and now() < least(until, seen_at + interval '5 minutes') and (not sensitive or approved_at is not null)`).
		QueryRow(func(row pgx.Row) error { return row.Scan(&o.OpenCases) })
	b.Queue(`select count(*) from report where answer is null`).QueryRow(func(row pgx.Row) error { return row.Scan(&o.OpenReports) })
	queueProbe(b, &o.Probe)
}

// Probe is how the portal's own request of each minute went.
func (d *DB) Probe(ctx context.Context) (register.Probe, error) {
	var p register.Probe
	b := &pgx.Batch{}
	queueProbe(b, &p)
	return p, d.pool.SendBatch(ctx, b).Close()
}

func queueProbe(b *pgx.Batch, p *register.Probe) {
	b.Queue(`select at, coalesce(outcome, ''), coalesce(elapsed_us, 0), good_at from last_probe()`).QueryRow(func(row pgx.Row) error {
		var outcome register.Outcome
		var elapsed int64
		err := row.Scan(&p.At, &outcome, &elapsed, &p.GoodAt)
		p.OK = outcome == register.Answered || outcome == register.NothingPending
		p.Elapsed = time.Duration(elapsed) * time.Microsecond
		return err
	})
}

// probeLock is the number of the advisory lock under which the portal asks
// itself.
const probeLock = 0x706f7274616c7072

// AloneForProbe runs f if no other process does so at the moment and nobody has
// within a time; it reports whether f ran. The lock goes with the connection, so
// a process that dies holds it no longer.
func (d *DB) AloneForProbe(ctx context.Context, within time.Duration, f func(context.Context) error) (ran bool, err error) {
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, int64(probeLock)).Scan(&mine); err != nil || !mine {
			return err
		}
		var due bool
		if err := tx.QueryRow(ctx, `select coalesce(at < clock_timestamp() - $1::interval, true) from last_probe()`, within).Scan(&due); err != nil || !due {
			return err
		}
		ran = true
		return f(ctx)
	})
	return ran, err
}

// MethodSystem is the way in which the portal's own session begins.
const MethodSystem = "system"

// StartSystemSession begins a session of the portal's own, under a number that
// no taxpayer has; the database lets it see nothing.
func (d *DB) StartSystemSession(ctx context.Context, l Limits) (SessionKey, error) {
	return d.StartSession(ctx, Person{VOEN: customs.NoTaxpayer, Name: "Portal", Method: MethodSystem, Issuer: MethodSystem, Serial: "0", Fingerprint: []byte{0}}, l, nil)
}
