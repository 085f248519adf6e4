package handlers

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// How many files are written at once, each with a connection to the database:
// in all and for one session, which may have two windows. A file takes seconds;
// one that a reader takes too slowly for downloadLife is broken off.
const (
	downloadsAtOnce  = 4
	downloadsAPerson = 2
	downloadLife     = 5 * time.Minute
)

// downloadDesk counts the files that are being written.
type downloadDesk struct {
	mu  sync.Mutex
	all int
	by  map[uuid.UUID]int
}

func newDownloadDesk() *downloadDesk { return &downloadDesk{by: map[uuid.UUID]int{}} }

// enter takes a place, which leave gives back, or says with which status there
// is none.
func (d *downloadDesk) enter(who uuid.UUID) (leave func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.by[who] >= downloadsAPerson:
		return nil, echo.NewHTTPError(http.StatusTooManyRequests)
	case d.all >= downloadsAtOnce:
		return nil, echo.NewHTTPError(http.StatusServiceUnavailable)
	}
	d.all++
	d.by[who]++
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.all--
		if d.by[who]--; d.by[who] == 0 {
			delete(d.by, who)
		}
	}, nil
}

// download answers with a file that write writes for one session: at most so
// many at once, for at most life, and broken off if it cannot be finished. What
// fails before the first byte is told by the page that failed makes.
func (p *Portal) download(c echo.Context, who uuid.UUID, life time.Duration, write func(context.Context, *tableAnswer) error, failed func(error) error) error {
	leave, err := p.downloads.enter(who)
	if err != nil {
		askAgainIn(c, retryAfter)
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(c.Request().Context(), life)
	defer cancel()
	// The request was read; the connection lives as long as the answer.
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Time{})
	file := &tableAnswer{c: c}
	defer file.abandon()
	if err = write(ctx, file); err == nil {
		err = file.close()
	}
	if err == nil {
		return nil
	}
	if c.Response().Committed {
		return p.breakOff(c, err)
	}
	for _, name := range []string{echo.HeaderContentDisposition, echo.HeaderContentEncoding} { // an error is a page
		c.Response().Header().Del(name)
	}
	return failed(err)
}

// breakOff ends a connection on which a file was begun and cannot be finished,
// in a way that every client notices: nobody may take half a list for a whole.
// It returns only if nothing was sent yet, so that the error can be told.
func (p *Portal) breakOff(c echo.Context, err error) error {
	if !c.Response().Committed {
		return err
	}
	p.Log.Error("a file was broken off", "request", requestID(c).String(), "route", c.Path(),
		"left", c.Request().Context().Err() != nil, "error", err)
	panic(http.ErrAbortHandler)
}

// strangeError is the query without what the goods show to be unknown in it.
type strangeError struct{ without customs.Query }

func (strangeError) Error() string { return "handlers: no such checkpoint or status" }

// goodsFile is the whole filtered set as a file. The address means what it
// means on the page: what cannot be understood is left out, exactly as there.
// Session, counts and rows come from one snapshot, and the entry in the
// register is durable before the first byte.
func (p *Portal) goodsFile(format tableFormat) func(echo.Context, db.SessionKey) error {
	return func(c echo.Context, key db.SessionKey) error {
		q, _ := readQuery(parameters(c.Request().URL.RawQuery))
		return p.download(c, key.ID, downloadLife, func(ctx context.Context, file *tableAnswer) error {
			err := p.writeGoods(ctx, c, key, q, format, file)
			if odd, ok := errors.AsType[strangeError](err); ok {
				err = p.writeGoods(ctx, c, key, odd.without, format, file)
			}
			return err
		}, func(err error) error { return p.failed(c, key, register.DownloadGoods, err) })
	}
}

func (p *Portal) writeGoods(ctx context.Context, c echo.Context, key db.SessionKey, q customs.Query, format tableFormat, file *tableAnswer) error {
	l := locale(c)
	rows := newGoodsCells(l, p.Checkpoints)
	begin := func(s db.Session, e db.Extent) (more bool, err error) {
		if known := q; p.strange(&known, e.Fresh, e.Statuses) != nil {
			return false, strangeError{known}
		}
		outcome := listOutcome(customs.List{AllTotal: e.AllTotal})
		if err := p.Register.Submit(ctx, p.entry(c, s, register.DownloadGoods, outcome, e.Total, elapsed(c))).Wait(ctx); err != nil {
			return false, err
		}
		return file.start(tableFile{
			format: format, name: l.T("file.goods_name") + "-" + e.AsOf.In(l.Zone()).Format("2006-01-02-1504"),
			title: l.T("file.goods_title"), rows: e.Total, columns: headed(l, goodsColumns),
			about: l.T("file.about", "voen", string(s.Person.VOEN), "time", l.DateTime(e.AsOf), "request", requestID(c).String()),
		})
	}
	return p.DB.Export(ctx, key, q, begin, func(r *customs.Pending) error { return file.row(rows.of(r)) })
}

// column is a column by the name of its heading.
type column struct {
	name  string
	width float64
}

func headed(l *locales.Locale, columns []column) []tableColumn {
	out := make([]tableColumn, len(columns))
	for i, c := range columns {
		out[i] = tableColumn{l.T(c.name), c.width}
	}
	return out
}

// goodsColumns are those of a file of registrations, in the order of goodsCells.
var goodsColumns = []column{
	{"file.registration", 22},
	{"file.checkpoint", 24},
	{"file.checkpoint_code", 12},
	{"file.registered", 17},
	{"file.status", 26},
	{"file.status_at", 17},
	{"file.mode", 16},
	{"file.vehicle", 18},
	{"file.document_type", 22},
	{"file.document_number", 20},
	{"file.goods", 50},
	{"file.commodity_code", 14},
	{"file.goods_count", 10},
	{"file.packages", 10},
	{"file.gross", 14},
	{"file.who", 18},
	{"file.step", 34},
	{"file.note", 34},
	{"file.since", 17},
	{"file.due", 17},
	{"file.received", 17},
}

// goodsCells turns a registration into a row, in the words of the pages. Words
// that come again and again are looked up once.
type goodsCells struct {
	l                           *locales.Locale
	checkpoints                 customs.Checkpoints
	places, statuses, documents map[string]string
	steps                       map[[2]string]string
	modes                       map[int]string
	cells                       []tableCell
}

func newGoodsCells(l *locales.Locale, c customs.Checkpoints) *goodsCells {
	return &goodsCells{
		l: l, checkpoints: c, places: map[string]string{}, statuses: map[string]string{}, documents: map[string]string{},
		steps: map[[2]string]string{}, modes: map[int]string{}, cells: make([]tableCell, len(goodsColumns)),
	}
}

// once is the word for a key, found once.
func once[K comparable](known map[K]string, key K, find func() string) string {
	word, ok := known[key]
	if !ok {
		word = find()
		known[key] = word
	}
	return word
}

// of fills the cells anew and returns them.
func (g *goodsCells) of(r *customs.Pending) []tableCell {
	l, c := g.l, g.cells
	c[0] = textCell(r.Registration)
	c[1] = textCell(once(g.places, r.Checkpoint, func() string { place, _ := g.checkpoints.Get(r.Checkpoint); return place.Name(l.Lang()) }))
	c[2] = textCell(r.Checkpoint)
	c[3] = timeCell(r.RegisteredAt)
	c[4] = textCell(once(g.statuses, string(r.Status), func() string { return l.Status(r.Status) }))
	c[5] = timeCell(r.StatusAt)
	c[6] = textCell(once(g.modes, r.Mode, func() string { return l.Mode(r.Mode) }))
	c[7] = textCell(r.Vehicle)
	c[8] = tableCell{}
	if r.DocumentNumber != "" {
		c[8] = textCell(once(g.documents, r.DocumentType, func() string { return l.DocumentType(r.DocumentType) }))
	}
	c[9] = textCell(r.DocumentNumber)
	c[10] = textCell(r.GoodsDescription)
	c[11] = textCell(string(r.CommodityCode))
	c[12] = numberCell(int64(r.GoodsCount), 0)
	c[13] = optional(r.Packages, 0)
	c[14] = optional(r.GrossMass, 3)
	switch {
	case r.NextWho == "":
		c[15] = tableCell{}
	case r.NextAgency != "":
		c[15] = textCell(r.NextAgency)
	default:
		c[15] = textCell(l.Actor(r.NextWho))
	}
	c[16] = textCell(once(g.steps, [2]string{r.NextCode, string(r.NextWho)}, func() string { return views.StepOf(l, r.NextCode, r.NextWho) }))
	c[17] = textCell(r.NextNote)
	c[18] = moment(r.NextSince)
	c[19] = moment(r.NextDue)
	c[20] = timeCell(r.ReceivedAt)
	return c
}

// optional is a number that may not be known.
func optional[N ~int64](n *N, decimals int) tableCell {
	if n == nil {
		return tableCell{}
	}
	return numberCell(int64(*n), decimals)
}

// moment is a time that may not be known.
func moment(t *time.Time) tableCell {
	if t == nil {
		return tableCell{}
	}
	return timeCell(*t)
}
