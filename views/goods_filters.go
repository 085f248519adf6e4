package views

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// option is one entry of a choice.
type option struct {
	value, words string
	selected     bool
	counted      bool
	count        int // how many registrations it alone leaves, if it is counted
}

// counted is an entry with how many registrations it alone leaves.
func counted(value, words string, n int, selected bool) option {
	return option{value, words, selected, true, n}
}

// anything is the first entry of every filter.
func anything(l *locales.Locale, selected bool) option {
	return option{words: l.T("goods.all"), selected: selected}
}

// checkpointOptions offers the checkpoints that hold something, and the chosen
// one even if it does not.
func (g *GoodsView) checkpointOptions(l *locales.Locale) []option {
	chosen, seen := g.Query.Checkpoint, g.Query.Checkpoint == ""
	out := append(make([]option, 0, len(g.List.All)+2), anything(l, seen))
	for _, c := range g.List.All {
		out = append(out, counted(c.Checkpoint, g.name(l, c.Checkpoint), c.Count, c.Checkpoint == chosen))
		seen = seen || c.Checkpoint == chosen
	}
	if !seen {
		out = append(out, counted(chosen, g.name(l, chosen), 0, true))
	}
	return out
}

// statusOptions offers the known statuses, and those that a checkpoint sent
// under names of its own, with their code to tell them apart.
func (g *GoodsView) statusOptions(l *locales.Locale) []option {
	codes := slices.Clone(customs.PendingStatuses)
	var own []customs.Status
	for s := range g.List.Statuses {
		if !s.Known() {
			own = append(own, s)
		}
	}
	if s := g.Query.Status; s != "" && !slices.Contains(codes, s) && !slices.Contains(own, s) {
		own = append(own, s)
	}
	slices.Sort(own)
	out := append(make([]option, 0, len(codes)+len(own)+1), anything(l, g.Query.Status == ""))
	for _, s := range append(codes, own...) {
		words := l.Status(s)
		if !s.Known() {
			words = l.T("goods.status_code", "words", words, "code", string(s))
		}
		out = append(out, counted(string(s), words, g.List.Statuses[s], s == g.Query.Status))
	}
	return out
}

func (g *GoodsView) waitingOptions(l *locales.Locale) []option {
	out := []option{anything(l, g.Query.Waiting == "")}
	for _, who := range customs.Actors {
		out = append(out, counted(string(who), waitingWords(l, who), g.List.Waiting[who], who == g.Query.Waiting))
	}
	return out
}

// modeOptions offers the modes of transport that occur, and the chosen one.
func (g *GoodsView) modeOptions(l *locales.Locale) []option {
	var modes []int
	for m := range g.List.Modes {
		modes = append(modes, m)
	}
	if chosen, err := strconv.Atoi(g.Query.Mode); err == nil && !slices.Contains(modes, chosen) {
		modes = append(modes, chosen)
	}
	slices.Sort(modes)
	out := []option{anything(l, g.Query.Mode == "")}
	for _, m := range modes {
		value := strconv.Itoa(m)
		out = append(out, counted(value, l.Mode(m), g.List.Modes[m], value == g.Query.Mode))
	}
	return out
}

// sortOptions offers the orders; the default has an empty value, so that plain
// addresses stay plain.
func (g *GoodsView) sortOptions(l *locales.Locale) []option {
	out := make([]option, 0, len(customs.Sorts))
	for _, s := range customs.Sorts {
		o := option{value: string(s), words: l.T("sort." + string(s)), selected: s == g.Query.Sort}
		if s == customs.Newest {
			o.value, o.selected = "", o.selected || g.Query.Sort == ""
		}
		out = append(out, o)
	}
	return out
}

// filterCount is the number of active filters inside the fold, the search text
// and the order not counted.
func (g *GoodsView) filterCount() int {
	n := 0
	for _, set := range [...]bool{
		g.Query.Checkpoint != "", g.Query.Status != "", g.Query.Mode != "",
		g.Query.Waiting != "", g.Query.From != "", g.Query.To != "",
	} {
		if set {
			n++
		}
	}
	return n
}

// ignoredNames lists the parameters that were left out, by the labels of the
// form where it has one.
func (g *GoodsView) ignoredNames(l *locales.Locale) string {
	labels := map[string]string{
		"q": l.T("goods.search"), "checkpoint": l.T("goods.field_checkpoint"), "status": l.T("goods.field_status"),
		"waiting": l.T("goods.field_waiting"), "mode": l.T("goods.field_mode"), "from": l.T("goods.field_from"),
		"to": l.T("goods.field_to"), "sort": l.T("goods.field_sort"), "page": l.T("goods.field_page"),
	}
	names := make([]string, 0, len(g.Ignored))
	for _, param := range g.Ignored {
		label, ok := labels[param]
		if !ok {
			label = l.T("goods.ignored_unknown", "name", param)
		}
		names = append(names, label)
	}
	return strings.Join(names, ", ")
}

// checkpointQuery is the list of one checkpoint in the chosen order; the other
// filters go, because the overview counts everything pending.
func (g *GoodsView) checkpointQuery(code string) customs.Query {
	return customs.Query{Checkpoint: code, Sort: g.Query.Sort}
}

// frame fills in what the frame of the page takes from the list.
func (g *GoodsView) frame(p Page) Page {
	p = p.inUse()
	p.Tab, p.Noindex, p.Live = TabGoods, true, true
	if p.Title == "" {
		p.Title = p.L.T("goods.title_none")
		if !p.Standby.IsZero() {
			p.Title = p.L.T("goods.heading_none_then", "time", p.L.DateTime(p.Standby))
		}
		if g.List.AllTotal > 0 {
			p.Title = p.L.N("goods.title", g.List.Total)
		}
	}
	return p
}

// lagging reports whether a page that was read at some time shows data that is
// not current.
func (p Page) lagging(at time.Time) bool { return !p.Standby.IsZero() || p.Now.Sub(at) > lagAfter }

// dataAt is of when the data is on a page that was read at some time.
func (p Page) dataAt(at time.Time) time.Time {
	if !p.Standby.IsZero() {
		return p.Standby
	}
	return at
}

// milliseconds prints a duration in milliseconds, at least 1.
func milliseconds(l *locales.Locale, d time.Duration) string {
	return l.Int(int(max(d.Round(time.Millisecond), time.Millisecond) / time.Millisecond))
}
