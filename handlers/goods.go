package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

const (
	pageSize = 25  // registrations on a page of the list
	maxCode  = 100 // bytes of a registration code in an address; the feed allows 40
)

// goods is the list: one call into the database, one entry in the register, and
// the first byte only when the entry is durable.
func (p *Portal) goods(c echo.Context, key db.SessionKey) error {
	ctx := c.Request().Context()
	q, ignored := readQuery(parameters(c.Request().URL.RawQuery))
	s, list, err := p.reading.Goods(ctx, key, q, pageSize)
	if odd := p.strange(&q, list.Fresh, list.Statuses); err == nil && odd != nil {
		ignored = append(ignored, odd...)
		s, list, err = p.reading.Goods(ctx, key, q, pageSize)
	}
	if err != nil {
		return p.failed(c, key, register.ListGoods, err)
	}
	q.Page = list.Page
	took := elapsed(c)
	entry := p.Register.Submit(ctx, p.entry(c, s, register.ListGoods, listOutcome(list), list.Total, took))
	frame, view := p.greeted(c, s), &views.GoodsView{
		Query: list.Answers(q), Asked: q.Text, List: list, Checkpoints: p.Checkpoints, Ignored: ignored, Elapsed: took, PageSize: pageSize, Receipt: p.receiptPath(c),
		Downloads: s.AsOf.IsZero(), Paces: p.pacesNow(ctx),
	}
	page, err := render(c, views.Goods(frame, view))
	if err != nil {
		return err
	}
	if s.AsOf.IsZero() { // else even what says how old the data is must come anew
		head, foot := views.GoodsVolatile(frame, view)
		if page, err = page.tagged(c, head, foot); err != nil {
			return err
		}
	}
	return sendRegistered(c, entry, page, http.StatusOK)
}

// knows reports whether a checkpoint's code means anything.
func (p *Portal) knows(code string, fresh customs.Ages) bool {
	_, listed := p.Checkpoints.Get(code)
	_, sent := fresh.Of(code)
	return listed || sent
}

// strange takes out of a query, and names, what only the goods can show to be
// unknown: a checkpoint that nobody knows, or a status that neither the portal
// has words for nor any of the trader's goods.
func (p *Portal) strange(q *customs.Query, fresh customs.Ages, statuses map[customs.Status]int) (names []string) {
	if q.Checkpoint != "" && !p.knows(q.Checkpoint, fresh) {
		q.Checkpoint = ""
		names = append(names, "checkpoint")
	}
	if q.Status != "" && !slices.Contains(customs.PendingStatuses, q.Status) && statuses[q.Status] == 0 {
		q.Status = ""
		names = append(names, "status")
	}
	return names
}

func listOutcome(l customs.List) register.Outcome {
	if l.AllTotal == 0 {
		return register.NothingPending
	}
	return register.Answered
}

// detail is one registration. Another trader's is not found, exactly like one
// that does not exist.
func (p *Portal) detail(c echo.Context, key db.SessionKey) error {
	ctx := c.Request().Context()
	s, d, err := p.reading.Detail(ctx, key, registrationCode(c))
	if errors.Is(err, db.ErrNotFound) {
		return p.notFound(c, s)
	}
	if err != nil {
		return p.failed(c, key, register.ShowGoods, err)
	}
	took := elapsed(c)
	entry := p.Register.Submit(ctx, p.entry(c, s, register.ShowGoods, register.Answered, 1, took))
	place, _ := p.Checkpoints.Get(d.Consignment.Checkpoint)
	page, err := render(c, views.Details(p.personal(c, "", s), views.DetailView{
		Detail: d, Checkpoint: place, ItemsPage: itemsPage(c.QueryParam("items")), Elapsed: took, Receipt: p.receiptPath(c),
		Pace: p.pacesNow(ctx)[d.Consignment.Checkpoint],
	}))
	if err != nil {
		return err
	}
	return sendRegistered(c, entry, page, http.StatusOK)
}

// registrationCode is the code in the address. A code may hold slashes, which
// stand encoded; text that no code can be is "", which no registration has.
func registrationCode(c echo.Context) string {
	code := c.Param("code")
	if c.Request().URL.RawPath != "" { // then the router matched the address as it was sent
		var err error
		if code, err = url.PathUnescape(code); err != nil {
			return ""
		}
	}
	if !registrationText(code) {
		return ""
	}
	return code
}

// registrationText reports whether a text could be a registration code.
func registrationText(code string) bool {
	return len(code) <= maxCode && utf8.ValidString(code) && !strings.ContainsFunc(code, unicode.IsControl)
}

// itemsPage reads the page of goods items; nonsense is the first.
func itemsPage(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxPage {
		return 1
	}
	return n
}

func (p *Portal) notFound(c echo.Context, s db.Session) error {
	entry := p.Register.Submit(c.Request().Context(), p.entry(c, s, register.ShowGoods, register.NotFound, 0, elapsed(c)))
	page, err := render(c, views.Error(p.personal(c, "", s), views.ErrorView{Status: http.StatusNotFound}))
	if err != nil {
		return err
	}
	return sendRegistered(c, entry, page, http.StatusNotFound)
}

// entry is the register entry of this request.
func (p *Portal) entry(c echo.Context, s db.Session, action register.Action, o register.Outcome, results int, took time.Duration) register.Entry {
	e := register.Entry{
		RequestID: requestID(c), Channel: "web", Actor: "trader", Session: s.ID, Subject: s.Person.VOEN,
		Action: action, Asked: c.Request().URL.RequestURI(), Outcome: o, Results: results, Elapsed: took,
		Unattended: c.Request().Header.Get(liveHeader) != "", Aside: !s.AsOf.IsZero(),
	}
	if s.Person.Method == db.MethodSystem { // the portal asks itself: no trader's request
		e.Actor, e.Subject = "system", ""
	}
	return e
}

// sendRegistered sends a page once its register entry is durable, and never
// otherwise.
func sendRegistered(c echo.Context, entry *db.Pending, page rendered, status int) error {
	if err := entry.Wait(c.Request().Context()); err != nil {
		page.discard()
		return err
	}
	return page.send(c, status)
}

// failed deals with a read that went wrong: without a session the person signs
// in again; a failure is registered too, if that much can still be done.
func (p *Portal) failed(c echo.Context, key db.SessionKey, action register.Action, err error) error {
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	if p.DB.FromStandby() {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), time.Second)
	defer cancel()
	if s, sessionErr := p.DB.Session(ctx, key); sessionErr == nil {
		// The answer is an error page in any case: whether this entry could
		// be written changes nothing for the reader.
		_ = p.Register.Submit(ctx, p.entry(c, s, action, register.Failed, 0, elapsed(c))).Wait(ctx)
	}
	return err
}
