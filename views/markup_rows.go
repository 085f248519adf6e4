package views

import (
	"net/url"
	"time"

	"customs.gov.az/portal/customs"
	"github.com/a-h/templ"
)

// rowSheet is the sheet on which rows of a list are written.
type rowSheet struct {
	*sheet
	p    *Page
	now  time.Time
	list string // the list's address

	// What stands in every row, ready for HTML.
	code, packages, gross string
}

func newRowSheet(s *sheet, p *Page, now time.Time) rowSheet {
	ready := func(id string) string { return string(p.L.AppendHTML(nil, id)) }
	return rowSheet{s, p, now, templ.EscapeString(p.goodsPath()), ready("goods.code"), ready("goods.col_packages"), ready("goods.col_gross")}
}

// row is one registration.
func (s *rowSheet) row(r *customs.Pending) {
	s.registration(r)
	s.goods(r)
	s.vehicle(r)
	s.amounts(r)
	s.state(r)
}

// registration begins the row: the code, which leads to everything about it,
// and since when the goods lie there.
func (s *rowSheet) registration(r *customs.Pending) {
	l, mark := s.p.L, markOf(r, s.now)
	s.add(`<tr role="row"`)
	if mark != "" {
		s.add(` class="is-new"`)
	}
	s.add(` data-v="`)
	s.out = appendVersion(s.out, r.ReceivedAt)
	s.add(`"><th role="rowheader" scope="row" class="c-reg"><a class="reg" href="`)
	s.add(s.list, `/`)
	s.words(url.PathEscape(r.Registration))
	s.add(`">`)
	s.words(r.Registration)
	s.add(`</a> `)
	if mark != "" {
		s.add(`<span class="new">`)
		s.said(l, mark)
		s.add(`</span>`)
	}
	s.add(`</th><td role="cell" class="c-time"><time datetime="`)
	s.out = l.AppendMachine(s.out, r.RegisteredAt)
	s.add(`">`)
	s.out = l.AppendDateTime(s.out, r.RegisteredAt)
	s.add(`</time> <span class="sub">`)
	s.text = l.AppendAgo(s.text[:0], s.now.Sub(r.RegisteredAt))
	s.escaped()
	s.add(`</span></td>`)
}

// goods says what it is.
func (s *rowSheet) goods(r *customs.Pending) {
	l := s.p.L
	s.add(`<td role="cell" class="c-goods">`)
	s.words(shorten(r.GoodsDescription, descriptionShown))
	s.add(` <span class="sub">`, s.code, ` <span class="code nowrap">`)
	s.text = r.CommodityCode.Append(s.text[:0])
	s.escaped()
	s.add(`</span> `)
	if r.GoodsCount > 1 {
		s.add(`<span class="more">`)
		s.said(l, "goods.more_goods", "n", r.GoodsCount-1)
		s.add(`</span>`)
	}
	s.add(`</span></td>`)
}

// vehicle says what brought it, and under which document.
func (s *rowSheet) vehicle(r *customs.Pending) {
	l := s.p.L
	s.add(`<td role="cell" class="c-veh"><span class="veh">`)
	drawing{s.p.Assets, modeIcon(r.Mode)}.on(s.sheet)
	s.add(`<span><span class="vh">`)
	s.words(l.Mode(r.Mode))
	s.add(`: </span> `)
	if r.Vehicle != "" {
		s.add(`<span class="nowrap">`)
		s.words(r.Vehicle)
		s.add(`</span> `)
	} else {
		s.said(l, "goods.vehicle_none")
		s.add(` `)
	}
	if r.DocumentNumber != "" {
		s.add(`<span class="sub">`)
		s.words(l.DocumentShort(r.DocumentType))
		s.add(` `)
		s.words(r.DocumentNumber)
		s.add(`</span>`)
	}
	s.add(`</span></span></td>`)
}

// amounts are packages and kilograms.
func (s *rowSheet) amounts(r *customs.Pending) {
	l := s.p.L
	s.add(`<td role="cell" class="c-pk n" data-label="`, s.packages, `">`)
	if r.Packages != nil {
		s.out = l.AppendInt(s.out, *r.Packages)
	} else {
		missingValue{l}.on(s.sheet)
	}
	s.add(`</td><td role="cell" class="c-kg n" data-label="`, s.gross, `">`)
	if r.GrossMass != nil {
		s.out = l.AppendMass(s.out, *r.GrossMass)
	} else {
		missingValue{l}.on(s.sheet)
	}
	s.add(`</td>`)
}

// state ends the row: the status, who must act, and by when.
func (s *rowSheet) state(r *customs.Pending) {
	l := s.p.L
	s.add(`<td role="cell" class="c-status">`)
	statusBadge{s.p.Assets, l, r.Status, r.NextWho}.on(s.sheet)
	s.add(` `)
	if r.NextWho != "" {
		s.add(`<span class="step"><b>`)
		s.words(actorWords(l, r.NextWho, r.NextAgency))
		s.add(`:</b> `)
		s.words(stepWords(l, r.NextCode, r.NextWho, r.NextNote))
		s.add(`</span> `)
	}
	if r.NextDue != nil {
		deadline{l, *r.NextDue, s.now}.on(s.sheet)
	}
	s.add(`</td></tr>`)
}
