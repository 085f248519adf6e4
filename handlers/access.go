package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

const (
	accessPageSize = 50 // entries on a page
	accessRecent   = 30 // days that are shown if none are asked for
)

// access is who looked at the trader's data. This look is an entry too.
func (p *Portal) access(c echo.Context, key db.SessionKey) error {
	ctx := c.Request().Context()
	q, recent, ignored := p.readAccess(c)
	s, log, err := p.DB.Access(ctx, key, q, accessPageSize)
	if err != nil {
		return p.failed(c, key, register.ListAccess, err)
	}
	q.Page = log.Page
	took := elapsed(c)
	entry := p.entry(c, s, register.ListAccess, register.Answered, log.Total, took)
	v := views.AccessView{
		Query: q, Log: log, Ignored: ignored, Checkpoints: p.Checkpoints, PageSize: accessPageSize, Elapsed: took, Receipt: p.receiptPath(c),
	}
	if recent {
		v.Recent = accessRecent
	}
	for _, a := range log.Rows {
		v.Rows = append(v.Rows, accessRow(a))
	}
	frame := p.personal(c, "nav.access", s)
	frame.Tab = views.TabAccess
	return p.htmlRegistered(c, entry, http.StatusOK, views.Access(frame, v))
}

// readAccess reads the query of the page and of its file. What is unknown or
// malformed is left out and named. Without days it is the recent ones.
func (p *Portal) readAccess(c echo.Context) (q customs.AccessQuery, recent bool, ignored []string) {
	q, ignored = readAccessQuery(parameters(c.Request().URL.RawQuery))
	if recent = q.From == "" && q.To == ""; recent {
		q.From = locale(c).ISODay(p.Now().AddDate(0, 0, 1-accessRecent))
	}
	return q, recent, ignored
}

func readAccessQuery(values url.Values) (q customs.AccessQuery, ignored []string) {
	ignored = readParameters(values, &q.From, &q.To, func(name, value string) bool { return setAccess(&q, name, value) })
	return q, ignored[:min(len(ignored), maxIgnored)]
}

func setAccess(q *customs.AccessQuery, name, value string) bool {
	if value == "" {
		return slices.Contains([]string{"who", "from", "to", "page"}, name)
	}
	n, err := strconv.Atoi(value)
	switch {
	case name == "who" && slices.Contains(customs.Viewers, customs.Viewer(value)):
		q.Viewer = customs.Viewer(value)
	case name == "from" && day(value):
		q.From = value
	case name == "to" && day(value):
		q.To = value
	case name == "page" && err == nil && n >= 1 && n <= maxPage:
		q.Page = n
	default:
		return name == "lang" && (value == "az" || value == "en")
	}
	return true
}

// accessRow reads the address of an entry, so that the page can say in words
// what was asked.
func accessRow(a customs.Access) views.AccessRow {
	r := views.AccessRow{Access: a}
	u, err := url.ParseRequestURI(a.Asked)
	if err != nil {
		return r
	}
	switch a.Action {
	case register.ListGoods, register.DownloadGoods, register.PrintGoods:
		r.Asked, _ = readQuery(parameters(u.RawQuery))
		return r
	case register.ChooseHelp:
		if help := customs.TelephoneHelp(u.Query().Get("help")); slices.Contains(customs.TelephoneHelps, help) {
			r.Help = help
		}
		return r
	case register.ShowGoods:
	default:
		return r
	}
	// /goods/CODE, with what stands before it under a case and what follows
	_, rest, found := strings.Cut(u.EscapedPath(), views.GoodsPath+"/")
	if !found {
		return r
	}
	code, _, _ := strings.Cut(rest, "/")
	if code, err = url.PathUnescape(code); err == nil && registrationText(code) {
		r.Registration = code
	}
	return r
}

// accessCSV is the whole of what the page would show on its pages, as a file.
func (p *Portal) accessCSV(c echo.Context, key db.SessionKey) error {
	return p.download(c, key.ID, downloadLife, func(ctx context.Context, file *tableAnswer) error {
		return p.writeAccess(ctx, c, key, file)
	}, func(err error) error { return p.failed(c, key, register.DownloadAccess, err) })
}

func (p *Portal) writeAccess(ctx context.Context, c echo.Context, key db.SessionKey, file *tableAnswer) error {
	q, _, _ := p.readAccess(c)
	l := locale(c)
	begin := func(s db.Session, total int) (bool, error) {
		entry := p.Register.Submit(ctx, p.entry(c, s, register.DownloadAccess, register.Answered, total, elapsed(c)))
		if err := entry.Wait(ctx); err != nil {
			return false, err
		}
		return file.start(tableFile{
			format: formatCSV, name: "access-" + string(s.Person.VOEN) + "-" + l.ISODay(p.Now()), title: l.T("nav.access"),
			rows: total, columns: headed(l, accessColumns),
		})
	}
	cells := make([]tableCell, 0, len(accessColumns))
	return p.DB.AccessAll(ctx, key, q, begin, func(a customs.Access) error {
		return file.row(accessCells(cells, l, accessRow(a), p.Checkpoints))
	})
}

// accessColumns are those of the file, in the order of accessCells.
var accessColumns = []column{
	{"access.col_time", 20},
	{"access.col_who", 24},
	{"access.col_person", 34},
	{"access.col_what", 50},
	{"access.col_result", 24},
	{"access.col_case", 18},
	{"access.col_why", 40},
	{"access.col_caller", 24},
	{"access.col_confirmed", 30},
	{"access.col_channel", 10},
	{"access.col_request", 38},
}

// accessCells adds the cells of an entry to those there.
func accessCells(cells []tableCell, l *locales.Locale, r views.AccessRow, places customs.Checkpoints) []tableCell {
	confirmed := ""
	if r.Case != "" {
		confirmed = r.ConfirmedWords(l)
	}
	for _, text := range []string{
		l.Stamp(r.At), r.Who(l), r.Whose(l), r.What(l, places), r.Result(l), r.Case, r.ReasonWords(l), r.Caller, confirmed, r.Channel, r.RequestID,
	} {
		cells = append(cells, textCell(text))
	}
	return cells
}
