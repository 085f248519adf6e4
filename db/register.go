package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/register"
)

// Register writes entries of the register of requests. One writer drains all
// entries that wait into a single INSERT with synchronous commit, so that many
// answers share one flush of the write-ahead log and none leaves before its
// own entry is durable.
type Register struct {
	cfg     *pgx.ConnConfig
	queue   chan *waiting
	closing chan struct{}
	done    chan struct{}
	stop    context.CancelFunc
	once    sync.Once
	wrote   time.Time               // when the writer last had a group
	touched map[uuid.UUID]time.Time // when the writer last noted that a session is in use

	journal  *journal // for entries of answers from a standby; nil: there are none
	hosts    *hosts
	gone     func() bool // the primary is known to be gone
	standby  *standby    // nil: there is none
	log      *slog.Logger
	followed chan struct{} // closed when nothing is brought from there any more
}

type waiting struct {
	entry register.Entry
	ack   chan error
}

const (
	groupSize    = 512   // entries in one INSERT at most
	askedSize    = 2_000 // characters of what was asked
	groupTimeout = 5 * time.Second
	touchEvery   = 20 * time.Second // how exactly idle time is known
	touchedLimit = 100_000          // sessions remembered at most
)

// NewRegister starts the writer on a connection of its own.
func NewRegister(d *DB) *Register {
	cfg := d.pool.Config().ConnConfig.Copy()
	cfg.RuntimeParams["synchronous_commit"] = "on"
	cfg.RuntimeParams["application_name"] = "portal register"
	ctx, stop := context.WithCancel(context.Background())
	r := &Register{
		cfg: cfg, queue: make(chan *waiting, 4*groupSize),
		closing: make(chan struct{}), done: make(chan struct{}), stop: stop, touched: map[uuid.UUID]time.Time{},
		journal: d.journal, hosts: d.hosts, gone: d.FromStandby, standby: d.standby, log: d.log, followed: make(chan struct{}),
	}
	go r.run(ctx)
	if r.journal != nil {
		go r.follow(ctx)
	} else {
		close(r.followed)
	}
	return r
}

// Close writes what waits and ends the writer.
func (r *Register) Close() {
	r.once.Do(func() { close(r.closing) })
	select {
	case <-r.done:
	case <-time.After(groupTimeout):
		r.stop()
		<-r.done
	}
	select {
	case <-r.followed:
	case <-time.After(groupTimeout): // a damaged journal may hold it up
	}
}

// Pending is an entry on its way to the disk.
type Pending struct {
	r   *Register
	ack chan error
}

// Submit hands an entry to the writer and returns at once, so that the page can
// be rendered meanwhile; it must not be sent before Wait returns nil.
func (r *Register) Submit(ctx context.Context, e register.Entry) *Pending {
	p := &Pending{r: r, ack: make(chan error, 1)}
	if e.Aside {
		go func() { p.ack <- r.putAside(e) }()
		return p
	}
	select {
	case r.queue <- &waiting{entry: e, ack: p.ack}:
	case <-r.closing:
		p.ack <- fmt.Errorf("%w: the register is closed", ErrNotDurable)
	case <-ctx.Done():
		p.ack <- fmt.Errorf("%w: %w", ErrNotDurable, ctx.Err())
	}
	return p
}

// putAside makes an entry durable in the journal.
func (r *Register) putAside(e register.Entry) error {
	if r.journal == nil {
		return fmt.Errorf("%w: there is no journal", ErrNotDurable)
	}
	if err := r.journal.put(e); err != nil {
		return fmt.Errorf("%w: %w", ErrNotDurable, err)
	}
	if r.standby != nil && !e.Unattended {
		r.standby.uses.note(e.Session)
	}
	return nil
}

// Wait returns nil when the entry is durable. Any error is ErrNotDurable and
// means that the answer must not be sent. Call it once.
func (p *Pending) Wait(ctx context.Context) error {
	select {
	case err := <-p.ack:
		return err
	case <-p.r.done:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNotDurable, ctx.Err())
	}
	select { // the writer may have written this one before it ended
	case err := <-p.ack:
		return err
	default:
		return fmt.Errorf("%w: the register is closed", ErrNotDurable)
	}
}

func (r *Register) run(ctx context.Context) {
	defer close(r.done)
	defer r.stop()
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // nothing waits any more
		}
	}()
	for {
		group := r.next()
		if len(group) == 0 {
			return
		}
		var err error
		conn, err = r.write(ctx, conn, group)
		if len(group) > 1 && refused(err) {
			conn = r.writeSingly(ctx, conn, group)
			continue
		}
		if conn == nil && r.journal != nil {
			r.setAside(group, err)
			continue
		}
		for _, w := range group {
			w.ack <- err
		}
		if err == nil {
			r.touch(ctx, conn, group)
		}
	}
}

// setAside puts what the journal takes there, of a group that went nowhere since
// no primary could be reached. The rest is not durable.
func (r *Register) setAside(group []*waiting, err error) {
	for _, w := range group {
		if e := w.entry; e.Channel == "web" && e.Actor == "trader" && (e.Action == register.ListGoods || e.Action == register.ShowGoods) && e.Outcome != register.Failed && e.Outcome != register.NotFound {
			go func() { w.ack <- r.putAside(e) }()
		} else {
			w.ack <- err
		}
	}
}

// refused reports whether the database looked at a group and would not have
// one of its values, so that certainly none of it is stored.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}

// writeSingly writes the entries of a refused group one by one, so that a
// single one that cannot be stored takes no other answer with it.
func (r *Register) writeSingly(ctx context.Context, conn *pgx.Conn, group []*waiting) *pgx.Conn {
	for _, w := range group {
		var err error
		conn, err = r.write(ctx, conn, []*waiting{w})
		w.ack <- err
	}
	return conn
}

// next waits for an entry and collects everything that waits behind it. It is
// empty when the register closes and nothing waits.
func (r *Register) next() []*waiting {
	var group []*waiting
	select {
	case w := <-r.queue:
		group = append(group, w)
	case <-r.closing:
	}
	for len(group) < groupSize {
		select {
		case w := <-r.queue:
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

// write stores a group, on a new connection if the last one was lost. An entry
// is never tried twice: when it is unknown whether it was stored, its answer is
// not sent.
func (r *Register) write(ctx context.Context, conn *pgx.Conn, group []*waiting) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	if conn != nil && (r.hosts.older(conn) || !r.there(ctx, conn)) { // lost since the last group
		_ = conn.Close(ctx) // there is nothing to say to it
	}
	if conn == nil || conn.IsClosed() {
		c, err := pgx.ConnectConfig(ctx, r.cfg)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotDurable, ErrUnreachable)
		}
		conn = c
	}
	var c columns
	for _, w := range group {
		e := w.entry
		underCase := ""
		if e.Case != uuid.Nil {
			underCase = e.Case.String()
		}
		c.add(e.RequestID.String(), e.Channel, e.Actor, e.Session.String(), string(e.Subject), e.Action, clip(storable(e.Asked), askedSize),
			string(e.Outcome), int32(e.Results), e.Elapsed.Microseconds(), underCase)
	}
	_, err := conn.Exec(ctx, `
		insert into register_entry (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us, case_id)
		select request_id::uuid, channel, actor, session_id::uuid, nullif(subject, ''), action, asked, outcome, results, elapsed_us,
		       nullif(case_id, '')::uuid
		  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::bigint[],
		              $11::text[])
		    as t (request_id, channel, actor, session_id, subject, action, asked, outcome, results, elapsed_us, case_id)`, c.cols...)
	if err != nil {
		return conn, fmt.Errorf("%w: %w", ErrNotDurable, err)
	}
	return conn, nil
}

// there reports whether a connection can be written to, as far as that shows: a
// round trip for each group would be too much, one after a pause is not. A server
// that ended has often said so, and that looks like an answer.
func (r *Register) there(ctx context.Context, conn *pgx.Conn) bool {
	paused := time.Since(r.wrote) > time.Second
	r.wrote = time.Now()
	if paused {
		return conn.Ping(ctx) == nil
	}
	return conn.PgConn().CheckConn() == nil //nolint:staticcheck // Ping would cost each group a round trip
}

// touch notes that the sessions of a written group are in use: to look is to
// stay signed in, unless the page looked by itself. It comes after the answers
// were let go and may fail: a session then only ends a little earlier. One that
// has ended meanwhile stays so.
func (r *Register) touch(ctx context.Context, conn *pgx.Conn, group []*waiting) {
	if len(r.touched) > touchedLimit {
		clear(r.touched)
	}
	now := time.Now()
	var due []uuid.UUID
	for _, w := range group {
		if id := w.entry.Session; !w.entry.Unattended && now.Sub(r.touched[id]) >= touchEvery {
			r.touched[id] = now
			due = append(due, id)
		}
	}
	if len(due) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	_, _ = conn.Exec(ctx, `
		update session set seen_at = now()
		 where id in (select id from session where id = any($1) and ended_at is null and now() < seen_at + idle order by id for update skip locked)`, due)
}
