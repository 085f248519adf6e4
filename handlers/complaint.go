package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// complaintForm bounds the builder's form: what a person may type, several
// times over, so that a text that is too long comes back with a word about it.
const complaintForm = 512 << 10

// complaint is the builder: prefilled for who is signed in, explained to who is
// not.
func (p *Portal) complaint(c echo.Context) error {
	key, ok := p.jar(c).key()
	if !ok {
		return html(c, http.StatusOK, views.ComplaintSignIn(p.page(c, ""), c.Request().URL.RequestURI()))
	}
	s, drafts, err := p.DB.Drafts(c.Request().Context(), key)
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	if err != nil {
		return err
	}
	v := views.ComplaintView{Content: p.prefill(s), Drafts: draftLines(drafts)}
	v.Content.Registration = c.QueryParam("registration")
	v.Content.Tidy()
	if c.QueryParam("deleted") != "" {
		v.Notice = views.NoticeDeleted
	}
	return p.showComplaint(c, key, s, v)
}

// prefill is what the certificate and the settings know of a complaint. The
// document is in Azerbaijani, whatever the reader's language.
func (p *Portal) prefill(s db.Session) customs.Complaint {
	az := p.Catalogue.For("az")
	out := customs.Complaint{
		Body: p.Contacts.Body, BodyAddress: p.Contacts.BodyAddress, Name: s.Person.Name,
		Standing: az.T("complaint.sheet.standing_default"), Grounds: az.T("complaint.sheet.grounds_default"),
	}
	// Who trades alone signs for nobody else.
	if own := s.Person.VOEN.Natural() && s.Person.Source != "representative"; s.Person.Organisation != "" && !own {
		out.Name, out.Representative = s.Person.Organisation, s.Person.Name
	}
	return out
}

// continueComplaint is the builder with a draft of the person's own.
func (p *Portal) continueComplaint(c echo.Context, key db.SessionKey) error {
	s, draft, err := p.DB.Draft(c.Request().Context(), key, uuidParam(c, "draft"))
	if err != nil {
		return p.noDraft(c, s, err)
	}
	v := views.ComplaintView{ID: draft.ID, Content: draft.Content}
	if c.QueryParam("saved") != "" {
		v.Notice = views.NoticeSaved
	}
	_, drafts, err := p.DB.Drafts(c.Request().Context(), key)
	if err != nil {
		return err
	}
	v.Drafts = draftLines(drafts)
	return p.showComplaint(c, key, s, v)
}

// showComplaint shows the builder. If it is about a registration, what is known
// of it is shown too, and that is entered in the register.
func (p *Portal) showComplaint(c echo.Context, key db.SessionKey, s db.Session, v views.ComplaintView) error {
	ctx := c.Request().Context()
	v.Kept, v.VOEN = db.DraftKept, s.Person.VOEN
	if v.Content.Registration == "" {
		return html(c, complaintStatus(v), views.Complaint(p.personal(c, "", s), v))
	}
	outcome, results := register.NotFound, 0
	_, d, err := p.DB.Detail(ctx, key, v.Content.Registration)
	switch {
	case errors.Is(err, db.ErrNotFound):
		v.Problems = withUnknown(v.Problems)
	case err != nil:
		return p.failed(c, key, register.FillComplaint, err)
	default:
		outcome, results = register.Answered, 1
		v.Found, v.Receipt = &d, p.receiptPath(c)
		v.Checkpoint, _ = p.Checkpoints.Get(d.Consignment.Checkpoint)
	}
	v.Elapsed = elapsed(c)
	entry := p.entry(c, s, register.FillComplaint, outcome, results, v.Elapsed)
	entry.Asked = views.ComplaintAbout(v.Content.Registration) // also when a form asked
	return p.htmlRegistered(c, entry, complaintStatus(v), views.Complaint(p.personal(c, "", s), v))
}

// complaintStatus is that of a form which was taken, or else why it was not.
func complaintStatus(v views.ComplaintView) int {
	switch {
	case v.Notice == views.NoticeMoved:
		return http.StatusConflict
	case len(v.Problems) > 0:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// withUnknown adds that the registration is unknown, where the form has it.
func withUnknown(list []customs.ComplaintProblem) []customs.ComplaintProblem {
	unknown := customs.ComplaintProblem{Field: "registration", Fault: customs.FaultUnknown}
	order := new(customs.Complaint).Fields()
	place := func(field string) int {
		for i, f := range order {
			if f.Name == field {
				return i
			}
		}
		return len(order)
	}
	var out []customs.ComplaintProblem
	done := false
	for _, e := range list {
		if e.Field == unknown.Field {
			return list // something else is wrong with it
		}
		if !done && place(e.Field) > place(unknown.Field) {
			out, done = append(out, unknown), true
		}
		out = append(out, e)
	}
	if !done {
		out = append(out, unknown)
	}
	return out
}

// keepComplaint takes the builder's form: it keeps a draft, looks a registration
// up, or draws the document up. Whatever happens, what was typed comes back.
func (p *Portal) keepComplaint(c echo.Context) error {
	v, do, err := readComplaint(c)
	if err != nil {
		return err
	}
	key, ok := p.jar(c).key()
	if !ok {
		return p.giveBack(c, v, db.ErrNoSession)
	}
	ctx := c.Request().Context()
	s, drafts, err := p.DB.Drafts(ctx, key)
	if err != nil {
		return p.giveBack(c, v, err)
	}
	v.Drafts = draftLines(drafts)
	if v.VOEN != "" && v.VOEN != s.Person.VOEN {
		v.ID, v.Notice = uuid.Nil, views.NoticeMoved
		return p.showComplaint(c, key, s, v)
	}
	v.Problems = v.Content.Check(do == views.DoMake, locale(c).ISODay(p.Now()))
	if len(v.Problems) > 0 || do == views.DoLook {
		return p.showComplaint(c, key, s, v)
	}
	if do == views.DoMake {
		return p.drawUp(c, key, s, v)
	}
	id, err := p.DB.SaveDraft(ctx, key, v.ID, v.Content)
	if err != nil {
		return p.giveBack(c, v, err)
	}
	return c.Redirect(http.StatusSeeOther, views.DraftURL(id)+"?saved=1")
}

// giveBack shows the form with what was typed when it could not be kept.
func (p *Portal) giveBack(c echo.Context, v views.ComplaintView, err error) error {
	status, _ := outcome(err)
	v.Notice = views.NoticeFailed
	switch {
	case errors.Is(err, db.ErrNoSession):
		status, v.Notice = http.StatusUnauthorized, views.NoticeEnded
	case errors.Is(err, db.ErrTooManyDrafts):
		status, v.Notice = http.StatusConflict, views.NoticeTooMany
	default:
		p.Log.Error("complaint not kept", "request", requestID(c).String(), "error", err)
	}
	v.Kept, v.Drafts, v.Problems = db.DraftKept, nil, nil
	return html(c, status, views.Complaint(p.page(c, ""), v))
}

// readComplaint reads the builder's form.
func readComplaint(c echo.Context) (v views.ComplaintView, do string, err error) {
	form, err := readForm(c, complaintForm)
	if err != nil {
		return v, "", err
	}
	v.ID, v.Content = uuidParam(c, "draft"), complaintOf(form)
	v.VOEN, _ = customs.ParseVOEN(form.Get(views.FormCompany)) // what is none, no form of ours has
	switch do = form.Get("do"); do {
	case views.DoLook, views.DoMake:
	default:
		do = views.DoSave
	}
	return v, do, nil
}

func complaintOf(form url.Values) customs.Complaint {
	var out customs.Complaint
	for _, f := range out.Fields() {
		*f.Value = form.Get(f.Name)
	}
	out.Tidy()
	return out
}

func draftLines(list []db.DraftLine) []views.DraftLine {
	out := make([]views.DraftLine, 0, len(list))
	for _, d := range list {
		out = append(out, views.DraftLine(d))
	}
	return out
}

// noDraft answers for a draft that is none of the person's.
func (p *Portal) noDraft(c echo.Context, s db.Session, err error) error {
	switch {
	case errors.Is(err, db.ErrNoSession):
		return p.expired(c)
	case errors.Is(err, db.ErrNotFound):
		return html(c, http.StatusNotFound, views.Error(p.personal(c, "", s), views.ErrorView{Status: http.StatusNotFound}))
	}
	return err
}

// askDeleteComplaint asks once more; deleteComplaint deletes.
func (p *Portal) askDeleteComplaint(c echo.Context, key db.SessionKey) error {
	s, d, err := p.DB.Draft(c.Request().Context(), key, uuidParam(c, "draft"))
	if err != nil {
		return p.noDraft(c, s, err)
	}
	return html(c, http.StatusOK, views.ComplaintDelete(p.personal(c, "", s), views.DraftLine{
		ID: d.ID, Registration: d.Content.Registration, Kind: d.Content.Kind, Facts: d.Content.Facts, ChangedAt: d.ChangedAt,
	}))
}

func (p *Portal) deleteComplaint(c echo.Context, key db.SessionKey) error {
	err := p.DB.DeleteDraft(c.Request().Context(), key, uuidParam(c, "draft"))
	if errors.Is(err, db.ErrNoSession) {
		return p.expired(c)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.ComplaintPath+"?deleted=1")
}
