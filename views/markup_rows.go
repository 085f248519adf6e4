package views

import (
	"context"
	"io"
	"net/url"
	"time"

	"customs.gov.az/portal/customs"
)

// goodsRows are the registrations themselves.
type goodsRows struct {
	p    Page
	now  time.Time
	rows []customs.Pending
}

// Render implements templ.Component.
func (g goodsRows) Render(_ context.Context, w io.Writer) error {
	return onSheet(w, func(s *sheet) {
		row := rowSheet{s, &g.p, g.now, g.p.goodsPath()}
		for i := range g.rows {
			row.registration(&g.rows[i])
			row.goods(&g.rows[i])
			row.vehicle(&g.rows[i])
			row.amounts(&g.rows[i])
			row.state(&g.rows[i])
		}
	})
}

// rowSheet is the sheet on which rows of a list are written.
type rowSheet struct {
	*sheet
	p    *Page
	now  time.Time
	list string // the list's address
}

// registration begins the row: the code, which leads to everything about it,
// and since when the goods lie there.
func (s *rowSheet) registration(r *customs.Pending) {
	l, mark := s.p.L, markOf(r, s.now)
	s.add(`<tr role="row"`)
	if mark != "" {
		s.add(` class="is-new"`)
	}
	s.add(` data-v="`, version(r.ReceivedAt), `"><th role="rowheader" scope="row" class="c-reg"><a class="reg" href="`)
	s.text(s.list)
	s.add(`/`)
	s.text(url.PathEscape(r.Registration))
	s.add(`">`)
	s.text(r.Registration)
	s.add(`</a> `)
	if mark != "" {
		s.add(`<span class="new">`)
		s.text(l.T(mark))
		s.add(`</span>`)
	}
	s.add(`</th><td role="cell" class="c-time"><time datetime="`)
	s.out = l.AppendMachine(s.out, r.RegisteredAt)
	s.add(`">`)
	s.out = l.AppendDateTime(s.out, r.RegisteredAt)
	s.add(`</time> <span class="sub">`)
	s.text(l.Ago(s.now.Sub(r.RegisteredAt)))
	s.add(`</span></td>`)
}

// goods says what it is.
func (s *rowSheet) goods(r *customs.Pending) {
	l := s.p.L
	s.add(`<td role="cell" class="c-goods">`)
	s.text(shorten(r.GoodsDescription, descriptionShown))
	s.add(` <span class="sub">`)
	s.text(l.T("goods.code"))
	s.add(` <span class="code nowrap">`)
	s.text(r.CommodityCode.String())
	s.add(`</span> `)
	if r.GoodsCount > 1 {
		s.add(`<span class="more">`)
		s.text(l.T("goods.more_goods", "n", r.GoodsCount-1))
		s.add(`</span>`)
	}
	s.add(`</span></td>`)
}

// vehicle says what brought it, and under which document.
func (s *rowSheet) vehicle(r *customs.Pending) {
	l := s.p.L
	s.add(`<td role="cell" class="c-veh"><span class="veh">`)
	_ = drawing{s.p.Assets, modeIcon(r.Mode)}.to(s)
	s.add(`<span><span class="vh">`)
	s.text(l.Mode(r.Mode))
	s.add(`: </span> `)
	if r.Vehicle != "" {
		s.add(`<span class="nowrap">`)
		s.text(r.Vehicle)
		s.add(`</span> `)
	} else {
		s.text(l.T("goods.vehicle_none"))
		s.add(` `)
	}
	if r.DocumentNumber != "" {
		s.add(`<span class="sub">`)
		s.text(l.DocumentShort(r.DocumentType))
		s.add(` `)
		s.text(r.DocumentNumber)
		s.add(`</span>`)
	}
	s.add(`</span></span></td>`)
}

// amounts are packages and kilograms.
func (s *rowSheet) amounts(r *customs.Pending) {
	l := s.p.L
	s.add(`<td role="cell" class="c-pk n" data-label="`)
	s.text(l.T("goods.col_packages"))
	s.add(`">`)
	if r.Packages != nil {
		s.text(l.Int64(*r.Packages))
	} else {
		_ = missingValue{l}.to(s)
	}
	s.add(`</td><td role="cell" class="c-kg n" data-label="`)
	s.text(l.T("goods.col_gross"))
	s.add(`">`)
	if r.GrossMass != nil {
		s.text(l.Mass(*r.GrossMass))
	} else {
		_ = missingValue{l}.to(s)
	}
	s.add(`</td>`)
}

// state ends the row: the status, who must act, and by when.
func (s *rowSheet) state(r *customs.Pending) {
	l := s.p.L
	s.add(`<td role="cell" class="c-status">`)
	_ = statusBadge{s.p.Assets, l, r.Status, r.NextWho}.to(s)
	s.add(` `)
	if r.NextWho != "" {
		s.add(`<span class="step"><b>`)
		s.text(actorWords(l, r.NextWho, r.NextAgency))
		s.add(`:</b> `)
		s.text(stepWords(l, r.NextCode, r.NextWho, r.NextNote))
		s.add(`</span> `)
	}
	if r.NextDue != nil {
		_ = deadline{l, *r.NextDue, s.now}.to(s)
	}
	s.add(`</td></tr>`)
}
