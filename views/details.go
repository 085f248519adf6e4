package views

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
)

// DetailView is everything about one registration.
type DetailView struct {
	Detail     customs.Detail
	Checkpoint customs.Checkpoint
	ItemsPage  int           // page of the goods items, from 1; out of range shows the nearest
	Elapsed    time.Duration // how long the request took to process
	Receipt    string        // address of this answer's receipt; "": there is none
	Path       string        // address of the list; "": GoodsPath
	Pace       customs.Pace  // how long clearance takes at the checkpoint
}

// itemsPerPage is how many goods items a page shows; a registration can hold
// thousands.
const itemsPerPage = 100

// descriptionShown is how many letters of a description stand where all of it
// is one step away; a description may have four thousand.
const descriptionShown = 160

// stagesShown is how many stages fit beside each other.
const stagesShown = 5

// frame fills in what the frame of the page takes from the registration.
func (d DetailView) frame(p Page) Page {
	p = p.inUse()
	p.Tab, p.Noindex, p.Live = TabGoods, true, true
	if p.Title == "" {
		p.Title = p.L.T("detail.title", "code", d.Detail.Consignment.Registration)
	}
	return p
}

// next is who decides the badge: the actor of the foremost requirement.
func (d DetailView) next() customs.Actor {
	if r := d.Detail.Consignment.Next(); r != nil {
		return r.Who
	}
	return ""
}

// requires splits the requirements into the trader's own and the others', each
// in the order in which they stand.
func (d DetailView) requires() (own, others []customs.Requirement) {
	for _, r := range d.Detail.Consignment.Requires {
		if r.Who == customs.You {
			own = append(own, r)
		} else {
			others = append(others, r)
		}
	}
	return own, others
}

// nextHeading is the heading of the box that says what the trader has to do.
func nextHeading(l *locales.Locale, own []customs.Requirement) string {
	if len(own) > 1 {
		return l.N("detail.next_many", len(own))
	}
	if what := l.Requirement(own[0].Code); what != "" {
		return l.T("detail.next_one", "what", what)
	}
	return l.T("detail.next_unnamed")
}

// sinceWords says how long something has been waited for.
func sinceWords(l *locales.Locale, since, now time.Time) string {
	span := l.Span(now.Sub(since))
	if span == "" {
		return l.T("detail.since_now", "time", l.DateTime(since))
	}
	return l.T("detail.since", "time", l.DateTime(since), "span", span)
}

// stages lists the statuses that the events prove, oldest first, at most the
// last few. The last one is the current stage.
func (d DetailView) stages() []customs.Event {
	events := slices.Clone(d.Detail.Events)
	slices.Reverse(events)
	var out []customs.Event
	for _, e := range events {
		if len(out) == 0 || out[len(out)-1].Status != e.Status {
			out = append(out, e)
		}
	}
	return out[max(0, len(out)-stagesShown):]
}

// items is the page of goods items that is shown, with its place in the whole.
func (d DetailView) items() (shown []customs.GoodsItem, page, pages int) {
	all := d.Detail.Consignment.Goods
	pages = max(1, (len(all)+itemsPerPage-1)/itemsPerPage)
	page = min(max(d.ItemsPage, 1), pages)
	from := (page - 1) * itemsPerPage
	return all[from:min(from+itemsPerPage, len(all))], page, pages
}

// itemsURL is this page with another part of the goods items.
func (d DetailView) itemsURL(page int) string {
	list := d.Path
	if list == "" {
		list = GoodsPath
	}
	u := detailURL(list, d.Detail.Consignment.Registration)
	if page > 1 {
		u += "?" + url.Values{"items": {strconv.Itoa(page)}}.Encode()
	}
	return u + "#items"
}

// transportDocument is the first transport document of a registration, which
// may have only others; nil if there is none. By UNTDID 1001 these are the bills
// of lading, waybills and consignment notes, TIR and ATA carnets.
func transportDocument(list []customs.Document) *customs.Document {
	for i := range list {
		switch list[i].Type {
		case "704", "705", "710", "720", "722", "730", "740", "741", "750", "760", "952", "955":
			return &list[i]
		}
	}
	return nil
}

// values sums the invoice values by currency, in order of the code.
func (d DetailView) values(l *locales.Locale) []string {
	sums := map[string]customs.Amount{}
	for _, g := range d.Detail.Consignment.Goods {
		if g.Value != nil {
			if sum := sums[g.Currency]; sum > math.MaxInt64-*g.Value {
				sums[g.Currency] = math.MaxInt64 // of a line that came before the feed had a limit
			} else {
				sums[g.Currency] = sum + *g.Value
			}
		}
	}
	currencies := make([]string, 0, len(sums))
	for c := range sums {
		currencies = append(currencies, c)
	}
	slices.Sort(currencies)
	out := make([]string, 0, len(sums))
	for _, c := range currencies {
		out = append(out, l.Amount(sums[c], c))
	}
	return out
}

// lede is the sentence below the heading: what the goods are and where.
func (d DetailView) lede(l *locales.Locale) (goods, before, after string) {
	c := &d.Detail.Consignment
	place := d.Checkpoint.Name(l.Lang())
	if len(c.Goods) > 0 {
		goods = shorten(c.Goods[0].Description, descriptionShown)
	}
	if mass := c.Totals().GrossMass; mass != nil {
		before, after = l.Split("detail.lede_mass", "goods", "mass", l.Mass(*mass), "place", place)
	} else {
		before, after = l.Split("detail.lede", "goods", "place", place)
	}
	return goods, before, after
}

// shorten cuts a text that may have thousands of letters at a word, for places
// where all of it stands elsewhere on the page.
func shorten(s string, letters int) string {
	if len(s) <= letters {
		return s
	}
	runes := []rune(s)
	if len(runes) <= letters {
		return s
	}
	for cut := letters; cut > letters/2; cut-- {
		if runes[cut] == ' ' {
			return string(runes[:cut]) + "…"
		}
	}
	return string(runes[:letters]) + "…" // one long word, or a language without spaces
}

// partySub prints what stands below a party's name.
func partySub(l *locales.Locale, p customs.Party) string {
	out := ""
	for _, s := range [...]string{voenWords(l, p.VOEN), country(l, p.Country), p.Address} {
		if s == "" {
			continue
		}
		if out != "" {
			out += " · "
		}
		out += s
	}
	return out
}

func voenWords(l *locales.Locale, v customs.VOEN) string {
	if v == "" {
		return ""
	}
	return l.T("site.voen") + " " + string(v)
}

func country(l *locales.Locale, code string) string {
	if code == "" {
		return ""
	}
	return l.Country(code)
}

// vehicleSub prints what stands below the number of the means of transport.
func vehicleSub(l *locales.Locale, t customs.Transport) string {
	out := l.Mode(t.Mode)
	if t.Nationality != "" {
		out += " · " + l.Country(t.Nationality)
	}
	if t.Trailer != "" {
		out += " · " + l.T("detail.trailer", "number", t.Trailer)
	}
	return out
}
