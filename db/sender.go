package db

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// Source is who brings a batch of the feed. The zero value is the operator of
// the portal, who may bring everything and leaves no trace in the table of
// senders.
type Source struct {
	Sender      string   // name of the checkpoint system, "" for the operator
	Checkpoints []string // whose lines it may bring; nil means all
	Batch       string   // what it is sending, in its own words
	LastLine    int64    // of that batch, in this call
	Lines       int64    // in this call, rejected ones too
	Rejected    int64    // of them, before anything was stored
}

// scope is the form that the policies of the database read.
func (s Source) scope() string {
	if s.Checkpoints == nil {
		return "*"
	}
	return " " + strings.Join(s.Checkpoints, " ") + " "
}

// queueSender notes that a sender was heard, and how old the newest news was
// that it ever brought: a correction of something old makes nobody late.
// Lines that the store itself rejected are counted with those before.
func queueSender(b *pgx.Batch, s Source, batch []Snapshot, fates []Fate, beats []customs.Heartbeat, moved int) {
	if s.Sender == "" {
		return
	}
	var newest time.Time
	stored := len(beats) > 0
	for i, f := range fates {
		switch f {
		case Stored:
			stored = true
			newest = later(newest, batch[i].Consignment.StatusAt)
		case Conflict, Elsewhere:
			s.Rejected++
		case Same, Older:
		}
	}
	for _, h := range beats {
		newest = later(newest, h.AsOf)
	}
	var news *time.Time
	if !newest.IsZero() {
		news = &newest
	}
	b.Queue(`
		insert into sender as s (name, stored_at, news_at, lag, batch, last_line, lines, rejected, moved)
		values ($1, case when $2 then now() end, $3::timestamptz, case when $3 is not null then greatest(now() - $3, interval '0') end, $4, $5, $6, $7, $8)
		on conflict (name) do update
		   set last_seen = now(), stored_at = coalesce(excluded.stored_at, s.stored_at), news_at = greatest(s.news_at, excluded.news_at),
		       lag = case when excluded.news_at is null then s.lag else greatest(now() - greatest(s.news_at, excluded.news_at), interval '0') end,
		       batch = excluded.batch, last_line = excluded.last_line,
		       lines = s.lines + excluded.lines, rejected = s.rejected + excluded.rejected,
		       moved = s.moved + excluded.moved`,
		s.Sender, stored, news, s.Batch, s.LastLine, s.Lines, s.Rejected, moved)
}

// Senders lists the checkpoint systems that were ever heard of, by name.
func (d *DB) Senders(ctx context.Context) ([]customs.Sender, error) {
	rows, err := d.pool.Query(ctx, sendersQuery)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanSender)
}

const sendersQuery = `
	select name, first_seen, last_seen, stored_at, extract(epoch from lag)::float8, batch, last_line, lines, rejected, moved
	  from sender order by name`

func scanSender(row pgx.CollectableRow) (s customs.Sender, err error) {
	var lag *float64
	err = row.Scan(&s.Name, &s.FirstSeen, &s.LastSeen, &s.StoredAt, &lag, &s.Batch, &s.LastLine, &s.Lines, &s.Rejected, &s.Moved)
	if lag != nil {
		l := time.Duration(*lag * float64(time.Second))
		s.Lag = &l
	}
	return s, err
}

// Freshness lists how fresh the data of each checkpoint is, by code.
func (d *DB) Freshness(ctx context.Context) ([]customs.Freshness, error) {
	rows, err := d.pool.Query(ctx, `select code, as_of, received_at from checkpoint order by code`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[customs.Freshness])
}
