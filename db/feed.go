package db

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"customs.gov.az/portal/customs"
)

// Snapshot is one line of the feed, ready to be stored.
type Snapshot struct {
	Consignment *customs.Consignment
	Document    []byte   // the consignment as JSON
	Digest      [16]byte // of the content: the same revision must have the same
}

// Fate says what became of a snapshot.
type Fate string

// The fates. Older and Same change nothing on the list; Older is still kept as
// an event. Conflict and Elsewhere are rejections.
const (
	Stored    Fate = "stored"
	Same      Fate = "same"      // this revision is stored already
	Older     Fate = "older"     // a newer revision is stored
	Conflict  Fate = "conflict"  // this revision is stored with other content; of an older one its status counts
	Elsewhere Fate = "elsewhere" // another checkpoint registered it
)

// StoreFeed stores a batch in one transaction: snapshots, their events, the
// read model, how fresh each checkpoint is, and the notice to open pages. It
// answers the fate of each snapshot, in order. Nothing is stored on an error.
func (d *DB) StoreFeed(ctx context.Context, batch []Snapshot, beats []customs.Heartbeat) ([]Fate, error) {
	return d.StoreFeedFrom(ctx, Source{}, batch, beats)
}

// StoreFeedFrom is StoreFeed for a sender, whose row it keeps in the same
// transaction. A snapshot or heartbeat outside the sender's checkpoints must
// not be in the batch: the database refuses the whole of it.
func (d *DB) StoreFeedFrom(ctx context.Context, s Source, batch []Snapshot, beats []customs.Heartbeat) ([]Fate, error) {
	for attempt := 1; ; attempt++ {
		fates, err := d.storeFeed(ctx, s, batch, beats)
		if err == nil {
			return fates, nil
		}
		if attempt == maxAttempts || !overtaken(err) {
			return nil, err
		}
	}
}

// maxAttempts is how often a batch is decided anew when another checkpoint's
// sender came between.
const maxAttempts = 10

var errOvertaken = errors.New("db: another sender stored one of these registrations meanwhile")

// overtaken reports whether a batch lost against another sender: nothing was
// stored, and deciding anew takes in what the other one did.
func overtaken(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, errOvertaken) || errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

func (d *DB) storeFeed(ctx context.Context, s Source, batch []Snapshot, beats []customs.Heartbeat) ([]Fate, error) {
	fates := make([]Fate, len(batch))
	err := d.inTx(ctx, feedRole, func(tx pgx.Tx) error {
		if err := lockCheckpoints(ctx, tx, s, batch, beats); err != nil {
			return err
		}
		winners, touched, moved, err := decide(ctx, tx, batch, fates)
		if err != nil {
			return err
		}
		if err := dispute(ctx, tx, batch, fates); err != nil {
			return err
		}
		b := &pgx.Batch{}
		queueMail(b, winners) // compares with what the next ones overwrite
		queueConsignments(b, winners)
		queueMoved(b, moved)
		queueEvents(b, batch, fates)
		queuePending(b, winners)
		queueCheckpoints(b, batch, fates, beats)
		queueSender(b, s, batch, fates, beats, len(moved))
		queueNotices(b, touched)
		return tx.SendBatch(ctx, b).Close()
	})
	return fates, err
}

// lockCheckpoints says for which checkpoints the transaction may store, and
// makes senders of the same checkpoint wait for one another, in one order for
// all, so that the decisions below hold until the commit.
func lockCheckpoints(ctx context.Context, tx pgx.Tx, s Source, batch []Snapshot, beats []customs.Heartbeat) error {
	var codes []string
	for _, s := range batch {
		codes = append(codes, s.Consignment.Checkpoint)
	}
	for _, h := range beats {
		codes = append(codes, h.Checkpoint)
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	b := &pgx.Batch{}
	// Plans are made for each batch anew: those that suit empty tables would
	// be kept while a first import fills them.
	b.Queue(`select set_config('portal.feed_scope', $1, true), set_config('portal.feed_sender', $2, true),
		set_config('plan_cache_mode', 'force_custom_plan', true)`, s.scope(), s.Sender)
	for _, c := range codes {
		b.Queue(`insert into checkpoint (code) values ($1) on conflict do nothing`, c)
		b.Queue(`select 1 from checkpoint where code = $1 for update`, c)
	}
	return tx.SendBatch(ctx, b).Close()
}

// stored is what the table holds of a registration.
type stored struct {
	revision   int64
	digest     [16]byte
	checkpoint string
	voen       customs.VOEN
	archived   bool
}

// decide compares the batch with what is stored, in the order of the lines, and
// returns the newest snapshot of each registration that is new, by registration
// so that all senders lock in one order, and the VÖENs whose list changes by
// them: also the former one of a corrected consignment, which is a move.
func decide(ctx context.Context, tx pgx.Tx, batch []Snapshot, fates []Fate) (winners []Snapshot, touched []string, moved []move, err error) {
	registrations := make([]string, len(batch))
	for i, s := range batch {
		registrations[i] = s.Consignment.Registration
	}
	known, err := lookUp(ctx, tx, registrations)
	if err != nil {
		return nil, nil, nil, err
	}
	before := maps.Clone(known)
	newest := make(map[string]int, len(batch))
	for i, s := range batch {
		c := s.Consignment
		k, exists := known[c.Registration]
		switch {
		case exists && k.checkpoint != c.Checkpoint:
			fates[i] = Elsewhere
		case exists && k.revision == c.Revision && k.digest == s.Digest:
			fates[i] = Same
		case exists && k.revision == c.Revision:
			fates[i] = Conflict
		case exists && k.revision > c.Revision:
			fates[i] = Older
		default:
			fates[i] = Stored
			touched = append(touched, string(c.VOEN))
			if exists && k.voen != c.VOEN {
				touched = append(touched, string(k.voen))
			}
			known[c.Registration] = stored{revision: c.Revision, digest: s.Digest, checkpoint: c.Checkpoint, voen: c.VOEN}
			newest[c.Registration] = i
		}
	}
	winners = make([]Snapshot, 0, len(newest))
	for i, s := range batch {
		if n, ok := newest[s.Consignment.Registration]; ok && n == i {
			winners = append(winners, s)
		}
	}
	slices.SortFunc(winners, func(a, b Snapshot) int {
		return strings.Compare(a.Consignment.Registration, b.Consignment.Registration)
	})
	return winners, touched, moves(before, winners), nil
}

// dispute finds older revisions that are in the history with another status or
// time: they are in conflict, as the newest would be. Nothing else is kept of
// an older one.
func dispute(ctx context.Context, tx pgx.Tx, batch []Snapshot, fates []Fate) error {
	type revision struct {
		registration string
		number       int64
	}
	type event struct {
		status customs.Status
		at     time.Time
	}
	var c columns
	for i, s := range batch {
		if fates[i] == Older {
			c.add(s.Consignment.Registration, s.Consignment.Revision)
		}
	}
	if len(c.cols) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `
		select e.registration, e.revision, e.status, e.status_at
		  from unnest($1::text[], $2::bigint[]) as t (registration, revision) join consignment_event e using (registration, revision)`, c.cols...)
	if err != nil {
		return err
	}
	known := map[revision]event{}
	var r revision
	var e event
	if _, err := pgx.ForEachRow(rows, []any{&r.registration, &r.number, &e.status, &e.at}, func() error { known[r] = e; return nil }); err != nil {
		return err
	}
	for i, s := range batch {
		if fates[i] != Older && fates[i] != Stored {
			continue
		}
		k := s.Consignment
		r, its := revision{k.Registration, k.Revision}, event{k.Status, k.StatusAt.Truncate(time.Microsecond)}
		if e, ok := known[r]; !ok {
			known[r] = its
		} else if fates[i] == Older && (e.status != its.status || !e.at.Equal(its.at)) {
			fates[i] = Conflict
		}
	}
	return nil
}

// lookUp answers what is stored of these registrations, and locks them. What is
// archived counts as stored, unless it came back to life. The second statement
// sees what an archiving transaction did that the first one waited for.
func lookUp(ctx context.Context, tx pgx.Tx, registrations []string) (map[string]stored, error) {
	known := make(map[string]stored, len(registrations))
	read := func(archived bool, rows pgx.Rows) error {
		var registration string
		var s stored
		var digest []byte
		_, err := pgx.ForEachRow(rows, []any{&registration, &s.revision, &digest, &s.checkpoint, &s.voen}, func() error {
			copy(s.digest[:], digest)
			k, ok := known[registration]
			s.archived = archived && !ok
			if !ok || s.revision > k.revision {
				known[registration] = s
			}
			return nil
		})
		return err
	}
	b := &pgx.Batch{}
	b.Queue(`
		select registration, revision, digest, checkpoint, voen from consignment
		 where registration = any($1) order by registration for update`, registrations).Query(func(rows pgx.Rows) error { return read(false, rows) })
	b.Queue(`
		select registration, revision, digest, checkpoint, voen from archived
		 where registration = any($1)`, registrations).Query(func(rows pgx.Rows) error { return read(true, rows) })
	return known, tx.SendBatch(ctx, b).Close()
}

// queueConsignments stores the newest snapshots. A registration that another
// checkpoint stored since decide looked is left alone, and the batch fails with
// errOvertaken: the lock is on the sender's own checkpoint only.
func queueConsignments(b *pgx.Batch, winners []Snapshot) {
	var c columns
	for _, s := range winners {
		k := s.Consignment
		c.add(k.Registration, k.Revision, s.Digest[:], k.Checkpoint, string(k.VOEN), string(k.Status), k.StatusAt, k.RegisteredAt, string(s.Document))
	}
	c.queue(b, `
		insert into consignment as c (registration, revision, digest, checkpoint, voen, status, status_at, registered_at, document)
		select registration, revision, digest, checkpoint, voen, status, status_at, registered_at, document::json
		  from unnest($1::text[], $2::bigint[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::text[])
		    as t (registration, revision, digest, checkpoint, voen, status, status_at, registered_at, document)
		on conflict (registration) do update
		   set revision = excluded.revision, digest = excluded.digest, voen = excluded.voen, status = excluded.status,
		       status_at = excluded.status_at, registered_at = excluded.registered_at, received_at = now(), document = excluded.document
		 where c.revision < excluded.revision and c.checkpoint = excluded.checkpoint`, func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != int64(len(winners)) {
			return errOvertaken
		}
		return nil
	})
}

// queueEvents keeps every revision's status, late ones too: only content that
// was refused leaves no event.
func queueEvents(b *pgx.Batch, batch []Snapshot, fates []Fate) {
	var c columns
	for i, s := range batch {
		if fates[i] == Stored || fates[i] == Older {
			c.add(s.Consignment.Registration, s.Consignment.Revision, string(s.Consignment.Status), s.Consignment.StatusAt)
		}
	}
	c.queue(b, `
		insert into consignment_event (registration, revision, status, status_at)
		select registration, revision, status, status_at
		  from unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[]) as t (registration, revision, status, status_at)
		on conflict do nothing`, discard)
}

// queueCheckpoints notes of which checkpoints something was accepted, and by
// their heartbeats how fresh they are: not fresher than now, though a clock may
// be ahead. A line that was refused says nothing.
func queueCheckpoints(b *pgx.Batch, batch []Snapshot, fates []Fate, beats []customs.Heartbeat) {
	seen, refused := map[string]time.Time{}, map[string]bool{}
	for i, s := range batch {
		if code := s.Consignment.Checkpoint; fates[i] == Conflict || fates[i] == Elsewhere {
			refused[code] = true
		} else {
			seen[code] = time.Time{}
		}
	}
	for _, h := range beats {
		seen[h.Checkpoint] = later(seen[h.Checkpoint], h.AsOf)
	}
	maps.DeleteFunc(refused, func(code string, _ bool) bool { _, ok := seen[code]; return ok })
	if len(refused) > 0 {
		b.Queue(`select forget_unheard($1)`, slices.Collect(maps.Keys(refused))).Exec(discard)
	}
	var c columns
	for code, asOf := range seen {
		var at *time.Time
		if !asOf.IsZero() {
			at = &asOf
		}
		c.add(code, at)
	}
	c.queue(b, `
		update checkpoint c set received_at = now(), as_of = greatest(c.as_of, case when t.as_of > now() then now() else t.as_of end)
		  from unnest($1::text[], $2::timestamptz[]) as t (code, as_of) where c.code = t.code`, discard)
}

// queueNotices tells every process whose lists changed, in the transaction that
// changed them; when they are many it tells all. A heartbeat is no news: were
// it, each of them would have every open page ask at the same moment. How fresh
// the data is open pages find out when they look by themselves, once a minute.
func queueNotices(b *pgx.Batch, voens []string) {
	slices.Sort(voens)
	voens = slices.Compact(voens)
	if len(voens) > 100 {
		voens = []string{everyone}
	}
	if len(voens) > 0 {
		b.Queue(`select pg_notify('`+listsChanged+`', v) from unnest($1::text[]) v`, voens)
	}
}

// Empty reports whether no feed was ever stored.
func (d *DB) Empty(ctx context.Context) (bool, error) {
	empty := false
	err := d.pool.QueryRow(ctx, `select not exists (select from checkpoint where received_at is not null)`).Scan(&empty)
	return empty, err
}
