package handlers

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// searchRegister is a page of what a supervisor searches for.
func (p *Portal) searchRegister(c echo.Context, s staffSession) error {
	v := readSearch(parameters(c.Request().URL.RawQuery))
	var err error
	if !v.Unclear {
		if v.Found, err = p.DB.FindEntries(c.Request().Context(), s.Key, v.Search, registerPage); err != nil {
			return p.unsupervised(c, s, register.SearchRegister, err)
		}
	}
	frame := p.official(c, "supervision.register_heading", s.Staff)
	frame.Error = v.Unclear
	return p.lookedAt(c, s, register.SearchRegister, lookedUp(v.Search, v.Found), len(v.Found.Rows), views.SupervisionRegister(frame, v))
}

// lookedUp is the one taxpayer whose requests a supervisor sees, or is told the
// number of, and who is told of it: the one that was searched for, or the only
// one that what was found is about. None if it is about several.
func lookedUp(search register.Search, found register.Found) customs.VOEN {
	one := cmp.Or(search.VOEN, found.Only)
	for _, r := range found.Rows {
		switch {
		case r.Subject == "" || r.Subject == one:
		case one != "":
			return ""
		default:
			one = r.Subject
		}
	}
	return one
}

// caseNumber is the form of a case's number.
var caseNumber = regexp.MustCompile(`^M-[0-9]{4}-[0-9]{6,}$`)

// word is the form of the register's words.
var word = regexp.MustCompile(`^[a-z0-9_.-]{1,40}$`)

// readSearch reads a search from an address. What is unknown, malformed or
// given twice is left out and named.
func readSearch(values url.Values) (v views.RegisterView) {
	v.Ignored = readParameters(values, &v.Search.From, &v.Search.To, func(name, value string) bool { return setSearch(&v, name, value) })
	if v.Search.Before.ID != 0 && v.Search.After.ID != 0 {
		v.Search.After = register.Cursor{}
		v.Ignored = append(v.Ignored, "after")
	}
	v.Ignored = v.Ignored[:min(len(v.Ignored), maxIgnored)]
	return v
}

// setSearch sets one parameter; an empty value is a field left alone.
func setSearch(v *views.RegisterView, name, value string) (ok bool) {
	s := &v.Search
	set := func(field *string, ok bool) bool {
		if ok {
			*field = value
		}
		return ok
	}
	switch name {
	case "q":
		if !searchable(value) {
			return false
		}
		v.Text = value
		v.Unclear = !setText(s, value)
		return true
	case "outcome":
		known := []string{"", string(register.Answered), string(register.NothingPending), string(register.NotFound), string(register.Failed)}
		return set((*string)(&s.Outcome), slices.Contains(known, value))
	case "actor":
		return set(&s.Actor, value == "" || word.MatchString(value))
	case "channel":
		return set(&s.Channel, value == "" || word.MatchString(value))
	case "action":
		return set(&s.Action, value == "" || word.MatchString(value))
	case "from":
		return set(&s.From, value == "" || day(value))
	case "to":
		return set(&s.To, value == "" || day(value))
	case "before":
		return setCursor(&s.Before, value)
	case "after":
		return setCursor(&s.After, value)
	case "lang":
		return value == "az" || value == "en"
	}
	return false
}

// setText finds out what was typed: a taxpayer number, a request's code, an
// entry's number or a case's.
func setText(s *register.Search, text string) bool {
	if text == "" {
		return true
	}
	if v, err := customs.ParseVOEN(text); err == nil {
		s.VOEN = v
		return true
	}
	if id, err := uuid.Parse(text); err == nil && len(text) == 36 && id != uuid.Nil {
		s.Request = id
		return true
	}
	if n, err := strconv.ParseInt(strings.TrimPrefix(text, "№"), 10, 64); err == nil && n > 0 {
		s.Entry = n
		return true
	}
	if number := strings.ToUpper(text); caseNumber.MatchString(number) {
		s.CaseNo = number
		return true
	}
	return false
}

// setCursor reads what views.CursorText wrote.
func setCursor(c *register.Cursor, text string) bool {
	if text == "" {
		return true
	}
	micros, number, ok := strings.Cut(text, ".")
	at, err := strconv.ParseInt(micros, 10, 64)
	id, idErr := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || idErr != nil || id < 1 || at < 0 || at > 1<<52 {
		return false
	}
	*c = register.Cursor{At: time.UnixMicro(at), ID: id}
	return true
}

// registerColumns are those of a file of entries, in the order of entryCells.
var registerColumns = []column{
	{"supervision.col_entry", 12},
	{"supervision.col_time", 20},
	{"supervision.col_voen", 14},
	{"supervision.col_what", 30},
	{"supervision.col_asked", 40},
	{"supervision.col_who", 16},
	{"supervision.col_officer", 12},
	{"supervision.col_channel", 16},
	{"supervision.col_case", 18},
	{"supervision.col_outcome", 22},
	{"supervision.col_results", 12},
	{"supervision.col_elapsed_ms", 14},
	{"supervision.col_request", 38},
}

// entryCells fills the cells of a row, in the words of the pages.
func entryCells(l *locales.Locale, r *register.Row, cells []tableCell) []tableCell {
	for i, c := range [...]tableCell{
		numberCell(r.ID, 0), timeCell(r.At), textCell(string(r.Subject)), textCell(views.ActionWords(l, r.Action)), textCell(r.Asked),
		textCell(views.ActorWords(l, r.Actor)), textCell(r.Officer), textCell(views.ChannelWords(l, r.Channel)), textCell(r.CaseNo),
		textCell(views.OutcomeWords(l, *r)), numberCell(int64(r.Results), 0), numberCell(r.Elapsed.Microseconds(), 3), textCell(r.RequestID.String()),
	} {
		cells[i] = c
	}
	return cells
}

// registerLife is how long a file of the register may take: it may hold
// millions of entries.
const registerLife = 15 * time.Minute

// registerFile is the whole searched set as a file, out of one state of the
// register. The entry about it is durable before the first byte.
func (p *Portal) registerFile(format tableFormat) func(echo.Context, staffSession) error {
	return func(c echo.Context, s staffSession) error {
		v := readSearch(parameters(c.Request().URL.RawQuery))
		if v.Unclear { // the page says what is wrong
			return c.Redirect(http.StatusSeeOther, views.SupervisionRegisterPath+"?"+c.Request().URL.RawQuery)
		}
		v.Search.Before, v.Search.After = register.Cursor{}, register.Cursor{}
		return p.download(c, s.Session, registerLife, func(ctx context.Context, file *tableAnswer) error {
			return p.writeRegister(ctx, c, s, v.Search, format, file)
		}, func(err error) error { return p.unsupervised(c, s, register.DownloadRegister, err) })
	}
}

func (p *Portal) writeRegister(ctx context.Context, c echo.Context, s staffSession, search register.Search, format tableFormat, file *tableAnswer) error {
	l := locale(c)
	cells := make([]tableCell, len(registerColumns))
	begin := func(total int64, only customs.VOEN, asOf time.Time) (bool, error) {
		e := p.staffEntry(c, s, register.DownloadRegister, register.Answered)
		e.Subject, e.Results = cmp.Or(search.VOEN, only), int(min(total, maxResults))
		if err := p.Register.Submit(ctx, e).Wait(ctx); err != nil {
			return false, err
		}
		return file.start(tableFile{
			format: format, name: l.T("supervision.file_name") + "-" + asOf.In(l.Zone()).Format("2006-01-02-1504"),
			title: l.T("supervision.file_title"), rows: int(total), columns: headed(l, registerColumns),
			about: l.T("supervision.file_about", "time", l.DateTime(asOf), "request", requestID(c).String(), "number", s.Number),
		})
	}
	return p.DB.ExportEntries(ctx, s.Key, search, begin, func(r *register.Row) error { return file.row(entryCells(l, r, cells)) })
}
