package db

import (
	"slices"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
)

// queueMail notes what the snapshots bring that is new to the traders who want
// to be told, in the transaction that stores them: it must come before what is
// stored there is overwritten. For traders without a confirmed address it costs
// a look into an index.
func queueMail(b *pgx.Batch, winners []Snapshot) {
	var c columns
	var voens []string
	for _, s := range winners {
		k := s.Consignment
		step := ""
		if r := k.Next(); r != nil && r.Who == customs.You {
			step = r.Code
		}
		over := int16(0)
		if k.Status.Terminal() {
			over = 1
		}
		c.add(k.Registration, string(k.VOEN), string(k.Status), over, step)
		voens = append(voens, string(k.VOEN))
	}
	if c.rows == 0 {
		return
	}
	slices.Sort(voens)
	c.cols = append(c.cols, slices.Compact(voens))
	c.queue(b, `
		with told as materialized (
		  select id, voen, events, digest from mail_address
		   where voen = any($6::text[]) and confirmed_at is not null and failing_at is null and stopped_at is null
		), news as (
		  select t.registration, t.voen, t.status, array_remove(array[
		           case when t.over = 0 and (c.registration is null or c.voen <> t.voen) then 'registered' end,
		           case when t.over = 0 and t.step <> '' and (p.registration is null or p.voen <> t.voen or p.next_who <> 'you' or p.next_code <> t.step) then 'action' end,
		           case when t.over = 0 and c.voen = t.voen and c.status <> t.status then 'status' end,
		           case when t.over = 1 and (c.registration is null or c.voen <> t.voen or c.pending) then 'completed' end], null) as kinds
		    from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[]) as t (registration, voen, status, over, step)
		    left join consignment c on c.registration = t.registration
		    left join pending p on p.registration = t.registration
		   where t.voen in (select voen from told)
		)
		insert into mail_item (address, registration, kinds, status, due_at)
		select a.id, n.registration, n.kinds, n.status, mail_due(a.digest)
		  from news n join told a on a.voen = n.voen and a.events && n.kinds
		 order by n.registration`, discard)
}
