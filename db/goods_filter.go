package db

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// filter is a query on pending as SQL. Every value travels as a parameter; only
// the text of conditions is put together.
type filter struct {
	query customs.Query
	words []string // folded; all must be found
	near  bool     // or something like them
	where []string
	args  pgx.NamedArgs
}

func newFilter(q customs.Query) filter {
	f := filter{query: q, args: pgx.NamedArgs{}, words: strings.Fields(locales.Fold(storable(q.Text)))}
	f.add(q.Checkpoint != "", `checkpoint = @checkpoint`, "checkpoint", storable(q.Checkpoint))
	f.add(q.Status != "", `status = @status`, "status", storable(string(q.Status)))
	f.add(q.Mode != "", `mode = @mode`, "mode", modeOf(q.Mode))
	f.add(q.Waiting != "", `next_who = @waiting`, "waiting", storable(string(q.Waiting)))
	f.add(q.From != "", `registered_at >= @from::text::timestamp at time zone 'Asia/Baku'`, "from", q.From)
	f.add(q.To != "", `registered_at < (@to::text::timestamp + interval '1 day') at time zone 'Asia/Baku'`, "to", q.To)
	return f
}

// modeOf reads a mode of transport; what is none is one that nothing has.
func modeOf(s string) int16 {
	n, err := strconv.ParseInt(s, 10, 16)
	if err != nil {
		return -1
	}
	return int16(n)
}

func (f *filter) add(on bool, condition, name string, value any) {
	if on {
		f.where = append(f.where, condition)
		f.args[name] = value
	}
}

// counted reports whether pending_count knows how many rows the filter finds.
func (f *filter) counted() bool { return len(f.words) == 0 && f.query.From == "" && f.query.To == "" }

// counts reports whether the filter finds rows that are alike in these.
func (f *filter) counts(checkpoint, status, who string, mode int16) bool {
	q := f.query
	return (q.Checkpoint == "" || q.Checkpoint == checkpoint) && (q.Status == "" || string(q.Status) == status) &&
		(q.Waiting == "" || string(q.Waiting) == who) && (q.Mode == "" || modeOf(q.Mode) == mode)
}

// from is the FROM clause and the WHERE clause behind it. A search goes through
// a function of the database, which may use an index where row-level security
// would not let it.
func (f *filter) from() string {
	sql := " from pending"
	if len(f.words) > 0 {
		sql = " from find_pending(@words, @near)"
		f.args["words"], f.args["near"] = f.words, f.near
	}
	return sql + f.sql()
}

// sql is the WHERE clause, with more conditions.
func (f *filter) sql(more ...string) string {
	all := slices.Concat(f.where, more)
	if len(all) == 0 {
		return ""
	}
	return " where " + strings.Join(all, " and ")
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

func (f *filter) order() string {
	if order, ok := orders[f.query.Sort]; ok {
		return order
	}
	return orders[customs.Newest]
}

// offset is where a page begins; past the last page means the last page. total
// is a query for how many rows there are.
func (f *filter) offset(page, size int, total string) string {
	f.args["size"] = size
	if page == 1 {
		return `0`
	}
	f.args["page"] = page
	return `least((@page::bigint - 1) * @size, greatest(0, (` + total + `) - 1) / @size * @size)`
}

// columns of pending that the list shows, for pendingColumns.
const listColumns = `registration, checkpoint, status, status_at, registered_at, received_at, mode, vehicle,
		       document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
		       next_code, next_who, next_agency, next_note, next_since, next_due`

// queueRows reads a page of a filter that is counted already.
func queueRows(b *pgx.Batch, f filter, size int, l *customs.List) {
	offset := f.offset(l.Page, size, `
		select coalesce(sum(count), 0)::bigint from (
		  select count from pending_count`+f.sql()+`
		  union all select count(*) from pending`+f.sql("not bulk")+`) n`)
	b.Queue(`
		select `+listColumns+f.from()+`
		 order by `+f.order()+` limit @size offset `+offset, f.args).Query(func(rows pgx.Rows) error {
		var p customs.Pending
		l.Rows = make([]customs.Pending, 0, min(size, 100))
		_, err := pgx.ForEachRow(rows, pendingColumns(&p), func() error {
			l.Rows = append(l.Rows, p)
			return nil
		})
		return err
	})
}

// queueFound finds and counts, for filters that must look at every consignment:
// first come the checkpoints with their counts, then the page.
func queueFound(b *pgx.Batch, f filter, size int, l *customs.List) {
	from := f.from()
	offset := f.offset(l.Page, size, `select count(*) from found`)
	once := `not materialized` // the page then comes by the index
	if len(f.words) > 0 {
		once = `materialized`
	}
	//nolint:unqueryvet // the columns stand in found, listColumns
	b.Queue(`
		with found as `+once+` (select `+listColumns+from+`),
		     page as (select found.* from found order by `+f.order()+` limit @size offset `+offset+`)
		select 0, 0, '', checkpoint, '', now(), now(), now(), 0::smallint, '', '', '', '', '', count(*)::integer,
		       least(sum(packages), 9223372036854775807)::bigint, least(sum(gross_mass), 9223372036854775807)::bigint, '', '', '', '', null, null
		  from found group by checkpoint
		union all
		select 1, row_number() over (order by `+f.order()+`), page.* from page
		 order by 1, 2, 4`, f.args).Query(func(rows pgx.Rows) error {
		var p customs.Pending
		var kind, number int
		_, err := pgx.ForEachRow(rows, append([]any{&kind, &number}, pendingColumns(&p)...), func() error {
			if kind == 0 {
				l.Groups = append(l.Groups, customs.CheckpointCount{Checkpoint: p.Checkpoint, Count: p.GoodsCount, Packages: p.Packages, GrossMass: p.GrossMass})
			} else {
				l.Rows = append(l.Rows, p)
			}
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
