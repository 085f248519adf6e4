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

// counts reports whether the filter finds these.
func (f *filter) counts(a alike) bool {
	q := f.query
	return (q.Checkpoint == "" || q.Checkpoint == a.Checkpoint) && (q.Status == "" || q.Status == a.status) &&
		(q.Waiting == "" || q.Waiting == a.who) && (q.Mode == "" || modeOf(q.Mode) == int16(a.mode))
}

// from is the FROM clause and the WHERE clause behind it, with more conditions. A search goes through
// a function of the database, which may use an index where row-level security
// would not let it.
func (f *filter) from(more ...string) string {
	sql := " from pending"
	if len(f.words) > 0 {
		sql = " from find_pending(@words)"
		f.args["words"] = f.words
	}
	return sql + f.sql(more...)
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

// columns of pending that the list shows, listWidth of them; see pendingReader.
const listColumns = `registration, checkpoint, status, status_at, registered_at, received_at, mode, vehicle,
		       document_type, document_number, goods_description, commodity_code, goods_count, packages, gross_mass,
		       next_code, next_who, next_agency, next_note, next_since, next_due`

// queueRows reads a page of a filter that is counted already. Unless the page
// stands at the beginning of an index, the counts tell at which checkpoints its
// rows are, so that no other's are read, and past the last page means the last.
// The size becomes part of the text: for a limit that it does not know
// PostgreSQL may plan anew each time, which costs twice what reading does.
func queueRows(b *pgx.Batch, f filter, size int, l *customs.List) {
	sql := `select ` + listColumns + f.from() + ` order by ` + f.order() + ` limit @size`
	if l.Page > 1 || f.order() != orders[customs.Newest] {
		f.args["page"] = l.Page
		sql = `
			with counts as (
			       select checkpoint, sum(count) as count from (
			         select checkpoint, count from pending_count` + f.sql() + `
			         union all select checkpoint, 1 from (select checkpoint, status, next_who, mode from pending where not bulk offset 0) single` + f.sql() + `) n group by checkpoint),
			     upto as (select checkpoint, count, sum(count) over (order by checkpoint) as upto, sum(count) over () as total from counts),
			     page as (select least((@page::bigint - 1) * @size, greatest(0, max(total) - 1)::bigint / @size * @size) as start from upto)
			select ` + listColumns + f.from(`checkpoint >= (select min(checkpoint) from upto, page where upto > start)`,
			`checkpoint <= (select coalesce(min(checkpoint) filter (where upto >= start + @size), max(checkpoint)) from upto, page)`) + `
			 order by ` + f.order() + `
			 limit @size offset (select start - coalesce(max(upto) filter (where upto <= start), 0) from page left join upto on true group by start)`
	}
	b.Queue(strings.ReplaceAll(sql, "@size", strconv.Itoa(size)), f.args).Query(func(rows pgx.Rows) error {
		l.Rows = make([]customs.Pending, 0, min(size, 100))
		var more []optional
		for r := new(pendingReader); rows.Next(); more = more[1:] {
			if len(more) == 0 {
				more = make([]optional, cap(l.Rows))
			}
			l.Rows = append(l.Rows, customs.Pending{})
			if err := r.row(rows, &l.Rows[len(l.Rows)-1], &more[0]); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// queueFound finds and counts, for filters that must look at every consignment:
// first come the checkpoints with their counts, then the page.
func queueFound(b *pgx.Batch, f filter, size int, l *customs.List) {
	q := f.query
	found := `find_page(@words, @checkpoint, @status, @mode, @waiting, @from::text::timestamp at time zone 'Asia/Baku',
		(@to::text::timestamp + interval '1 day') at time zone 'Asia/Baku', @sort, @page, @size)`
	f.args["words"], f.args["sort"], f.args["page"], f.args["size"] = f.words, string(q.Sort), l.Page, size
	for _, name := range []string{"checkpoint", "status", "mode", "waiting", "from", "to"} {
		if _, ok := f.args[name]; !ok {
			f.args[name] = nil
		}
	}
	b.Queue(`select `+listColumns+`, kind from `+found, f.args).Query(func(rows pgx.Rows) error {
		var p customs.Pending
		var kind int
		for r := new(pendingReader); rows.Next(); {
			if err := r.row(rows, &p, &optional{}, &kind); err != nil {
				return err
			}
			if kind == 0 {
				l.Groups = append(l.Groups, customs.CheckpointCount{Checkpoint: p.Checkpoint, Count: p.GoodsCount, Packages: p.Packages, GrossMass: p.GrossMass})
			} else {
				l.Rows = append(l.Rows, p)
			}
		}
		return rows.Err()
	})
}
