package db

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// manyAlike is about how many consignments of one trader at one checkpoint are
// counted one by one and searched without an index: one new row in eight looks
// how many there are, and once one is bulk all that come after it are.
const manyAlike = 50

func queuePending(b *pgx.Batch, winners []Snapshot) {
	var c columns
	var gone []string
	alike := map[[2]string]int{}
	for _, s := range winners {
		alike[[2]string{string(s.Consignment.VOEN), s.Consignment.Checkpoint}]++
	}
	for _, s := range winners {
		if s.Consignment.Status.Terminal() {
			gone = append(gone, s.Consignment.Registration)
		} else {
			addPending(&c, s.Consignment, alike[[2]string{string(s.Consignment.VOEN), s.Consignment.Checkpoint}] > manyAlike)
		}
	}
	if len(gone) > 0 {
		b.Queue(`delete from pending where registration = any($1)`, gone)
	}
	c.queue(b, `
		insert into pending (registration, voen, checkpoint, status, status_at, registered_at, mode, vehicle,
		       document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
		       next_code, next_who, next_agency, next_note, next_since, next_due, search, bulk)
		select registration, voen, checkpoint, status, status_at, registered_at, mode, vehicle,
		       document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
		       next_code, next_who, next_agency, next_note, next_since, next_due, search,
		       many or exists (select from pending_count c where c.voen = t.voen and c.checkpoint = t.checkpoint)
		            or hashtext(registration) % 8 = 0 and
		               (select count(*) > $24 from pending p where p.voen = t.voen and p.checkpoint = t.checkpoint and not p.bulk)
		  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::smallint[], $8::text[],
		       $9::text[], $10::text[], $11::text[], $12::text[], $13::int[], $14::bigint[], $15::bigint[],
		       $16::text[], $17::text[], $18::text[], $19::text[], $20::timestamptz[], $21::timestamptz[], $22::text[], $23::bool[])
		    as t (registration, voen, checkpoint, status, status_at, registered_at, mode, vehicle,
		       document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
		       next_code, next_who, next_agency, next_note, next_since, next_due, search, many)
		on conflict (registration) do update
		   set (voen, checkpoint, status, status_at, registered_at, received_at, mode, vehicle,
		        document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
		        next_code, next_who, next_agency, next_note, next_since, next_due, search, bulk)
		     = (excluded.voen, excluded.checkpoint, excluded.status, excluded.status_at, excluded.registered_at, now(), excluded.mode, excluded.vehicle,
		        excluded.document_type, excluded.document_number, excluded.goods_description, excluded.commodity_code, excluded.goods_count, excluded.packages, excluded.gross_mass,
		        excluded.next_code, excluded.next_who, excluded.next_agency, excluded.next_note, excluded.next_since, excluded.next_due, excluded.search, excluded.bulk)`, discard, manyAlike)
}

// addPending adds the narrow row of the list. Long texts are clipped there; the
// details page has them whole.
func addPending(c *columns, k *customs.Consignment, many bool) {
	var doc customs.Document
	if len(k.Documents) > 0 {
		doc = k.Documents[0]
	}
	first := customs.GoodsItem{}
	if len(k.Goods) > 0 {
		first = k.Goods[0]
	}
	var next customs.Requirement
	var since *time.Time
	if r := k.Next(); r != nil {
		next, since = *r, &r.Since
	}
	total := k.Totals()
	var gross *int64
	if total.GrossMass != nil {
		g := int64(*total.GrossMass)
		gross = &g
	}
	c.add(k.Registration, string(k.VOEN), k.Checkpoint, string(k.Status), k.StatusAt, k.RegisteredAt, int16(k.Transport.Mode), k.Transport.Vehicle,
		doc.Type, doc.Number, clip(first.Description, 240), string(first.CommodityCode), int32(len(k.Goods)), total.Packages, gross,
		next.Code, string(next.Who), clip(next.Agency, 80), clip(next.Note, 240), since, next.Due, searchText(k), many)
}

// searchText is everything one may look for, folded, at most 8,000 characters:
// numbers first, so that they are never the part cut off.
func searchText(k *customs.Consignment) string {
	var parts []string
	add := func(s ...string) {
		for _, s := range s {
			if s != "" {
				parts = append(parts, s)
			}
		}
	}
	numbers := append([]string{k.Registration, k.Transport.Vehicle, k.Transport.Trailer}, k.Transport.Containers...)
	for _, d := range slices.Concat(k.Documents, k.PreviousDocuments) {
		numbers = append(numbers, d.Number)
	}
	for _, n := range numbers {
		add(n, bare(n))
	}
	if k.Consignor != nil {
		add(k.Consignor.Name)
	}
	if k.Carrier != nil {
		add(k.Carrier.Name)
	}
	for _, g := range k.Goods {
		add(string(g.CommodityCode), g.Description)
		if len(parts) > 400 {
			break
		}
	}
	return clip(locales.Fold(strings.Join(parts, " ")), 8000)
}

// bare is a number without what stands between its letters and digits, as many
// type it; "" if nothing does.
func bare(number string) string {
	b := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, number)
	if b == number {
		return ""
	}
	return b
}
