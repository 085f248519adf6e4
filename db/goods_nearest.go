package db

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// mayBeMisspelt reports whether a search found nothing where there is something.
func mayBeMisspelt(q customs.Query, l customs.List) bool {
	return q.Text != "" && l.Total == 0 && l.AllTotal > 0
}

// queueNearest reads, for whoever the batch speaks for, the words nearest to
// those of the query among what is pending; nil if one has none.
func queueNearest(b *pgx.Batch, q customs.Query, words *[]string) {
	b.Queue(`select nearest_words($1)`, newFilter(q).words).QueryRow(func(row pgx.Row) error { return row.Scan(words) })
}

func corrected(q customs.Query, words []string) customs.Query {
	q.Text = strings.Join(words, " ")
	return q
}

// nearer is the list found with the nearest words if they found something, else
// the empty one. What was looked for is told as it is written in the rows found.
func nearer(empty, near customs.List, words []string) customs.List {
	if near.Total == 0 {
		return empty
	}
	written := slices.Clone(words)
	for i := range near.Rows {
		p := &near.Rows[i]
		for text := range strings.FieldsSeq(p.GoodsDescription + " " + p.Vehicle + " " + p.DocumentNumber + " " + p.Registration) {
			text = strings.Trim(text, `.,:;!?()[]«»„“”"'`)
			if n := slices.Index(written, locales.Fold(text)); n >= 0 {
				written[n] = text
			}
		}
	}
	near.Nearest = strings.Join(written, " ")
	return near
}
