package db

import (
	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// move is a registration that a batch gives to another taxpayer.
type move struct {
	registration, checkpoint string
	revision                 int64
	former, voen             customs.VOEN
	archived                 bool // so that no row is changed in place, see migration 016
}

// moves finds the registrations of the winners that somebody else had before.
func moves(before map[string]stored, winners []Snapshot) []move {
	var list []move
	for _, s := range winners {
		c := s.Consignment
		if k, ok := before[c.Registration]; ok && k.voen != c.VOEN {
			list = append(list, move{c.Registration, c.Checkpoint, c.Revision, k.voen, c.VOEN, k.archived})
		}
	}
	return list
}

// queueMoved notes the moves that the database cannot see for itself, has what is
// archived of them go with them, and news of them not reach the former owner.
func queueMoved(b *pgx.Batch, list []move) {
	var c columns
	var all []string
	for _, m := range list {
		all = append(all, m.registration)
		if m.archived {
			c.add(m.registration, m.checkpoint, m.revision, string(m.former), string(m.voen))
		}
	}
	c.queue(b, `
		insert into consignment_moved (registration, checkpoint, revision, former, voen)
		select registration, checkpoint, revision, former, voen
		  from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) as t (registration, checkpoint, revision, former, voen)`, discard)
	if len(all) > 0 {
		b.Queue(`select follow_archived($1)`, all).Exec(discard)
		b.Queue(`select forget_news($1)`, all).Exec(discard)
	}
}
