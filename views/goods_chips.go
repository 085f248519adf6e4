package views

import (
	"strconv"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// chip is one active filter, how many registrations it alone leaves, and the
// list without it.
type chip struct {
	words   string
	count   int // -1: not counted
	without string
}

// counted is what a chip says.
func (c chip) counted(l *locales.Locale) string {
	if c.count < 0 {
		return c.words
	}
	return l.T("list.chip", "words", c.words, "n", c.count)
}

// chips lists the active filters. What one alone leaves is known for those that
// the list counts by, and for any that is alone.
func (g *GoodsView) chips(l *locales.Locale) []chip {
	q := g.Query
	q.Page = 0
	var out []chip
	add := func(active bool, words string, count int, drop func(*customs.Query)) {
		if active {
			rest := q
			drop(&rest)
			out = append(out, chip{words, count, g.url(rest)})
		}
	}
	add(q.Text != "", l.T("goods.chip_text", "text", q.Text), -1, func(q *customs.Query) { q.Text = "" })
	add(q.Checkpoint != "", g.name(l, q.Checkpoint), g.atCheckpoint(q.Checkpoint), func(q *customs.Query) { q.Checkpoint = "" })
	add(q.Status != "", l.Status(q.Status), g.List.Statuses[q.Status], func(q *customs.Query) { q.Status = "" })
	add(q.Mode != "", modeWords(l, q.Mode), g.byMode(q.Mode), func(q *customs.Query) { q.Mode = "" })
	add(q.Waiting != "", waitingWords(l, q.Waiting), g.List.Waiting[q.Waiting], func(q *customs.Query) { q.Waiting = "" })
	add(q.From != "", l.T("goods.chip_from", "day", l.Day(q.From)), -1, func(q *customs.Query) { q.From = "" })
	add(q.To != "", l.T("goods.chip_to", "day", l.Day(q.To)), -1, func(q *customs.Query) { q.To = "" })
	if len(out) == 1 {
		out[0].count = g.List.Total
	}
	return out
}

// atCheckpoint is how many registrations a checkpoint holds.
func (g *GoodsView) atCheckpoint(code string) int {
	for _, c := range g.List.All {
		if c.Checkpoint == code {
			return c.Count
		}
	}
	return 0
}

func (g *GoodsView) byMode(mode string) int {
	n, err := strconv.Atoi(mode)
	if err != nil {
		return 0
	}
	return g.List.Modes[n]
}
