package db

import (
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// searchAgain looks once more for what was searched and is nowhere, where there is
// something: first for the parts of words that hold signs, as one number is
// written in many ways (MSKU-123456-5, MSKU 1234565), then for the nearest words.
// ask reads a list, words reads the nearest words of a query, nil if there are
// none. An error of either comes back with the empty list.
func searchAgain(q customs.Query, empty customs.List, ask func(customs.Query) (customs.List, error), words func() ([]string, error)) (customs.List, error) {
	if q.Text == "" || empty.Total > 0 || empty.AllTotal == 0 {
		return empty, nil
	}
	if parts := apart(q.Text); parts != nil {
		l, err := ask(corrected(q, parts))
		if err != nil || l.Total > 0 {
			return nearer(empty, l, parts), err
		}
	}
	near, err := words()
	if err != nil || near == nil {
		return empty, err
	}
	l, err := ask(corrected(q, near))
	return nearer(empty, l, near), err
}

// apart are the parts of a text between its signs, folded; nil if it has none
// within a word.
func apart(text string) []string {
	folded := locales.Fold(storable(text))
	parts := strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	if len(parts) < 2 || len(parts) == len(strings.Fields(folded)) {
		return nil
	}
	return parts
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
