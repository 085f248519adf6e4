package handlers

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// supervision are the pages of supervisors (REG 3.4). Every look and every file
// is in the register before its first byte leaves.
func (p *Portal) supervision(e *echo.Echo) {
	guard := func(h func(echo.Context, staffSession) error) echo.HandlerFunc {
		return p.staff(h, customs.RoleSupervisor)
	}
	get(e, views.SupervisionPath, limit(guard(p.overview)))
	e.GET(views.SupervisionEventsPath, guard(p.supervisionEvents))
	get(e, views.SupervisionRegisterPath, limit(guard(p.searchRegister)))
	get(e, views.SupervisionRegisterPath+".csv", guard(p.registerFile(formatCSV)))
	get(e, views.SupervisionRegisterPath+".xlsx", guard(p.registerFile(formatXLSX)))
	get(e, views.SupervisionRegisterPath+"/:id", limit(guard(p.registerEntry)))
	get(e, views.SupervisionMonthPath, limit(guard(p.month)))
}

const (
	latestRequests = 15 // on the first page of supervision
	registerPage   = 50 // entries on a page of the search
)

// overview is what is happening now. The figures are counted up to this
// moment first; where that cannot be, they say of when they are.
func (p *Portal) overview(c echo.Context, s staffSession) error {
	ctx := c.Request().Context()
	if _, err := p.DB.CountRegister(ctx); err != nil {
		p.Log.Warn("the register is not counted", "request", requestID(c).String(), "error", err)
	}
	o, err := p.DB.Overview(ctx, s.Key, latestRequests)
	if err != nil {
		return p.unsupervised(c, s, register.Supervise, err)
	}
	return p.lookedAt(c, s, register.Supervise, "", int(min(o.Today.Requests, maxResults)), views.Supervision(p.official(c, "supervision.heading", s.Staff), views.SupervisionView{
		Overview: o, Checkpoints: p.Checkpoints, Known: p.Senders.Names(), Sealing: p.Seals != nil, Paused: c.QueryParam("paused") == "1",
	}))
}

// maxResults is what an entry of the register can hold as a number.
const maxResults = 1<<31 - 1

// lookedAt sends a page once the supervisor's look is in the register.
func (p *Portal) lookedAt(c echo.Context, s staffSession, action register.Action, subject customs.VOEN, results int, page component) error {
	e := p.staffEntry(c, s, action, register.Answered)
	e.Subject, e.Results = subject, results
	return p.htmlRegistered(c, e, http.StatusOK, page)
}

// unsupervised deals with a read that went wrong: a session that has ended
// meanwhile, something that is not there, or a failure, which is registered too
// if that much can still be done.
func (p *Portal) unsupervised(c echo.Context, s staffSession, action register.Action, err error) error {
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	e := p.staffEntry(c, s, action, register.Failed)
	if errors.Is(err, db.ErrNotFound) {
		e.Outcome = register.NotFound
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), time.Second)
	defer cancel()
	if wait := p.Register.Submit(ctx, e).Wait(ctx); wait != nil && e.Outcome == register.NotFound {
		return wait
	}
	if e.Outcome == register.NotFound {
		return html(c, http.StatusNotFound, views.Error(p.official(c, "", s.Staff), views.ErrorView{Status: http.StatusNotFound}))
	}
	return err // the answer is an error page in any case
}

// supervisionTopic is what the hub calls the pages of supervision.
const supervisionTopic = "supervision"

// supervisionEvents tells an open page to look again, every few seconds.
func (p *Portal) supervisionEvents(c echo.Context, s staffSession) error {
	return p.hold(c, supervisionTopic, staffPrefix+s.Key.String())
}

// Watch does until ctx ends what supervision lives on: it counts the register,
// looks at what waits at checkpoints, tells the open pages to look again, and
// asks the portal itself each minute. Any number of processes may do so; the
// database lets one at a time.
func (p *Portal) Watch(ctx context.Context) {
	probe := p.newProbe()
	defer probe.end()
	counting, looking, asking := time.NewTicker(p.watch.count), time.NewTicker(p.watch.look), time.NewTicker(p.watch.ask)
	defer counting.Stop()
	defer looking.Stop()
	defer asking.Stop()
	failing := map[string]bool{}
	note := func(what string, err error) {
		if err != nil && !failing[what] && ctx.Err() == nil {
			p.Log.Warn("supervision: "+what, "error", err)
		}
		failing[what] = err != nil
	}
	note("the portal does not answer itself", probe.ask(ctx))
	note("checkpoints are not looked at", p.DB.LookAtCheckpoints(ctx))
	for {
		select {
		case <-ctx.Done():
			return
		case <-counting.C:
			more, err := true, error(nil)
			for more && err == nil && ctx.Err() == nil {
				more, err = p.DB.CountRegister(ctx)
			}
			note("the register is not counted", err)
			if p.Hub != nil {
				p.Hub.Publish(supervisionTopic)
			}
		case <-looking.C:
			note("checkpoints are not looked at", p.DB.LookAtCheckpoints(ctx))
		case <-asking.C:
			note("the portal does not answer itself", probe.ask(ctx))
		}
	}
}

// pace is how often Watch does what.
type pace struct{ count, look, ask time.Duration }

var usualPace = pace{count: 15 * time.Second, look: time.Minute, ask: 15 * time.Second} // it asks once a minute, whichever process is first

// registerEntry is one entry with its leaf and its proof.
func (p *Portal) registerEntry(c echo.Context, s staffSession) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != c.Param("id") {
		return p.unsupervised(c, s, register.OpenEntry, db.ErrNotFound)
	}
	row, err := p.DB.FindEntry(ctx, s.Key, id)
	if err != nil {
		return p.unsupervised(c, s, register.OpenEntry, err)
	}
	v := views.EntryView{Row: row, Off: p.Seals == nil}
	leaf, err := row.Append(nil)
	if err != nil {
		return p.unsupervised(c, s, register.OpenEntry, err)
	}
	v.Leaf, v.Hash = string(leaf), register.LeafHash(leaf).String()
	if !v.Off {
		if err := p.prove(ctx, &v); err != nil && !errors.Is(err, db.ErrNotSealed) {
			return p.unsupervised(c, s, register.OpenEntry, err)
		}
	}
	frame := p.official(c, "", s.Staff)
	frame.Title = frame.L.T("supervision.entry_no", "n", strconv.FormatInt(id, 10))
	return p.lookedAt(c, s, register.OpenEntry, row.Subject, 1, views.SupervisionEntry(frame, v))
}

// prove adds the proof that the entry is in the log. ErrNotSealed: it is not yet.
func (p *Portal) prove(ctx context.Context, v *views.EntryView) error {
	in, err := p.DB.Include(ctx, v.ID)
	if err != nil {
		return err
	}
	head, err := p.signedHead(in.Head)
	if err != nil {
		return err
	}
	v.Sealed, v.Size, v.Origin, v.Root, v.SignedAt = true, head.Tree.N, head.Origin, head.Tree.Hash.String(), in.Head.SealedAt
	for _, h := range in.Proof {
		v.Proof = append(v.Proof, base64.StdEncoding.EncodeToString(h[:]))
	}
	return nil
}

// month is the report of a month; without one in the address, of this one.
func (p *Portal) month(c echo.Context, s staffSession) error {
	l := locale(c)
	now := p.Now().In(l.Zone())
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, l.Zone())
	if t, err := time.ParseInLocation("2006-01", c.QueryParam("month"), l.Zone()); err == nil && t.Year() >= 2000 && !t.After(now) {
		first = t
	}
	next := first.AddDate(0, 1, 0)
	ctx := c.Request().Context()
	if _, err := p.DB.CountRegister(ctx); err != nil {
		p.Log.Warn("the register is not counted", "request", requestID(c).String(), "error", err)
	}
	m, err := p.DB.SupervisedMonth(ctx, s.Key, first, next)
	if err != nil {
		return p.unsupervised(c, s, register.ReportMonth, err)
	}
	until := next
	if now.Before(until) {
		until = now
	}
	m.ProbesMost = int64(until.Sub(first) / time.Minute)
	v := views.MonthView{Month: m, Now: now, Officer: s.Number, Request: requestID(c), Places: func(code string) string {
		if place, ok := p.Checkpoints.Get(code); ok {
			return place.Name(l.Lang())
		}
		return code
	}}
	return p.lookedAt(c, s, register.ReportMonth, "", int(min(m.Requests, maxResults)), views.SupervisionMonth(p.official(c, "supervision.month", s.Staff), v))
}
