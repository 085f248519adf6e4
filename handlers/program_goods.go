package handlers

import (
	_ "embed" // the description of the interface
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// How many consignments a page holds, unless the program says.
const (
	programPage    = 100
	programPageMax = 500
)

// programMoment says as of when an answer is: now, and each checkpoint's data.
type programMoment struct {
	AsOf        time.Time          `json:"as_of"`
	Checkpoints []programFreshness `json:"checkpoints"`
}

type programFreshness struct {
	Checkpoint string     `json:"checkpoint"`
	AsOf       *time.Time `json:"as_of"`       // by its own heartbeat
	ReceivedAt *time.Time `json:"received_at"` // when anything of it was last stored
}

// programList is a page of a trader's pending goods.
type programList struct {
	VOEN         customs.VOEN  `json:"voen"`
	Total        int           `json:"total"`
	Consignments []db.Received `json:"consignments"`
	NextCursor   *string       `json:"next_cursor"`
}

// programDetail is one registration with its history.
type programDetail struct {
	Consignment db.Received    `json:"consignment"`
	Events      []programEvent `json:"events"` // newest first
}

type programEvent struct {
	Revision   int64          `json:"revision"`
	Status     customs.Status `json:"status"`
	StatusAt   time.Time      `json:"status_at"`
	ReceivedAt time.Time      `json:"received_at"`
}

// programGoods is a page of the pending goods, oldest registration first.
func (p *Portal) programGoods(c echo.Context, who caller) error {
	q, after, size, err := readProgramQuery(c.Request().URL.RawQuery)
	if err != nil {
		return err
	}
	l, err := p.DB.Consignments(c.Request().Context(), who.key, q, after, size)
	if err != nil {
		return err
	}
	m := programMoment{l.AsOf.UTC(), []programFreshness{}}
	known := q.Checkpoint == ""
	for _, f := range l.Fresh {
		known = known || f.Checkpoint == q.Checkpoint
		m.Checkpoints = append(m.Checkpoints, freshnessOf(f))
	}
	if _, listed := p.Checkpoints.Get(q.Checkpoint); !known && !listed {
		return parameterError("checkpoint")
	}
	outcome := register.Answered
	if l.Total == 0 && !q.Filtered() {
		outcome = register.NothingPending
	}
	entry := p.Register.Submit(c.Request().Context(), p.programEntry(c, who.Program, register.ListGoods, outcome, len(l.Rows)))
	content := programList{VOEN: who.VOEN, Total: l.Total, Consignments: []db.Received{}}
	for _, r := range l.Rows {
		r.ReceivedAt = r.ReceivedAt.UTC()
		content.Consignments = append(content.Consignments, r)
	}
	if l.Next != nil {
		next := encodeCursor(*l.Next)
		content.NextCursor = &next
	}
	return sendProgram(c, entry, m, content)
}

// readProgramQuery reads the query of a page. Its filters are the list's own;
// what the list would leave out is a parameterError here.
func readProgramQuery(raw string) (q customs.Query, after db.Position, size int, err error) {
	size = programPage
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, after, size, parameterError("the query itself")
	}
	for _, name := range []string{"sort", "page", "lang"} { // of pages only
		if values.Has(name) {
			return q, after, size, parameterError(name)
		}
	}
	if given, ok := values["limit"]; ok {
		if size, err = strconv.Atoi(given[0]); err != nil || size < 1 || size > programPageMax || len(given) > 1 {
			return q, after, programPage, parameterError("limit")
		}
	}
	if given, ok := values["cursor"]; ok {
		if after, err = parseCursor(given[0]); err != nil || len(given) > 1 {
			return q, db.Position{}, size, parameterError("cursor")
		}
	}
	values.Del("limit")
	values.Del("cursor")
	q, ignored := readQuery(values)
	if len(ignored) > 0 {
		return q, after, size, parameterError(ignored[0])
	}
	if q.Status != "" && !slices.Contains(customs.PendingStatuses, q.Status) {
		return q, after, size, parameterError("status")
	}
	return q, after, size, nil
}

// programCode is one registration. Another trader's is not found, exactly like
// one that does not exist.
func (p *Portal) programCode(c echo.Context, who caller) error {
	ctx := c.Request().Context()
	if values := c.QueryParams(); len(values) > 0 {
		for name := range values {
			return parameterError(printable(name))
		}
	}
	d, err := p.DB.ConsignmentOf(ctx, who.key, registrationCode(c))
	if outcomeStatus, _ := outcome(err); err != nil && outcomeStatus == http.StatusNotFound {
		if err := p.Register.Submit(ctx, p.programEntry(c, who.Program, register.ShowGoods, register.NotFound, 0)).Wait(ctx); err != nil {
			return err
		}
		return p.refuseProgram(c, db.ErrNotFound)
	}
	if err != nil {
		return err
	}
	entry := p.Register.Submit(ctx, p.programEntry(c, who.Program, register.ShowGoods, register.Answered, 1))
	content := programDetail{db.Received{Consignment: d.Consignment, ReceivedAt: d.ReceivedAt.UTC()}, []programEvent{}}
	for _, e := range d.Events {
		content.Events = append(content.Events, programEvent{e.Revision, e.Status, e.At.UTC(), e.Received.UTC()})
	}
	return sendProgram(c, entry, programMoment{d.AsOf.UTC(), []programFreshness{freshnessOf(d.Freshness)}}, content)
}

func freshnessOf(f customs.Freshness) programFreshness {
	utc := func(t *time.Time) *time.Time {
		if t == nil {
			return nil
		}
		u := t.UTC()
		return &u
	}
	return programFreshness{f.Checkpoint, utc(f.AsOf), utc(f.ReceivedAt)}
}

//go:embed program.openapi.yaml
var programDescription []byte

// programAPI is the OpenAPI description of the interface.
func programAPI(c echo.Context) error {
	keepable(c, "public, max-age=3600")
	return c.Blob(http.StatusOK, "application/yaml", programDescription)
}
