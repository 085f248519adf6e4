package handlers

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// drawUp keeps the draft and draws its document up. What the portal holds about
// the registration becomes evidence: its bytes are named by their SHA-256 in
// the entry of the register that is made for this request, before anybody sees
// them.
func (p *Portal) drawUp(c echo.Context, key db.SessionKey, s db.Session, v views.ComplaintView) error {
	ctx := c.Request().Context()
	var evidence []byte
	if v.Content.Registration != "" {
		_, d, err := p.DB.Detail(ctx, key, v.Content.Registration)
		if errors.Is(err, db.ErrNotFound) {
			return p.showComplaint(c, key, s, v) // which says so
		}
		if err != nil {
			return p.giveBack(c, v, err)
		}
		place, _ := p.Checkpoints.Get(d.Consignment.Checkpoint)
		if evidence, err = evidenceOf(d, place); err != nil {
			return p.giveBack(c, v, err)
		}
	}
	id, err := p.DB.SaveDraft(ctx, key, v.ID, v.Content)
	if err != nil {
		return p.giveBack(c, v, err)
	}
	v.ID = id
	if evidence != nil {
		entry := p.entry(c, s, register.SealEvidence, register.Answered, 1, elapsed(c))
		entry.Asked = askedOf(id, v.Content.Registration, digestOf(evidence))
		if err := p.Register.Submit(ctx, entry).Wait(ctx); err != nil {
			return p.giveBack(c, v, err)
		}
	}
	if err := p.DB.DrawUp(ctx, key, id, requestID(c), evidence); err != nil {
		return p.giveBack(c, v, err)
	}
	return c.Redirect(http.StatusSeeOther, views.DraftURL(id)+"/document")
}

// evidenceOf are the bytes of the evidence: JSON that a person can read too.
func evidenceOf(d customs.Detail, place customs.Checkpoint) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(customs.NewEvidence(d, place)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func digestOf(evidence []byte) string {
	h := sha256.Sum256(evidence)
	return hex.EncodeToString(h[:])
}

// askedOf is what the register's entry says was asked: the address of the
// evidence, with the registration and the SHA-256 of the bytes.
func askedOf(id uuid.UUID, registration, digest string) string {
	return views.DraftURL(id) + "/evidence.json?" + url.Values{"registration": {registration}, "sha256": {digest}}.Encode()
}

// complaintDocument shows the document, with the evidence as it was when it was
// drawn up.
func (p *Portal) complaintDocument(c echo.Context, key db.SessionKey) error {
	ctx := c.Request().Context()
	s, draft, err := p.DB.Draft(ctx, key, uuidParam(c, "draft"))
	if err != nil {
		return p.noDraft(c, s, err)
	}
	if draft.DrawnAt == nil {
		return c.Redirect(http.StatusSeeOther, views.DraftURL(draft.ID))
	}
	v := views.ComplaintDocumentView{
		ID: draft.ID, Content: draft.Content, VOEN: s.Person.VOEN, DrawnAt: *draft.DrawnAt, Sheet: p.Catalogue.For("az"),
	}
	if l := locale(c); l.Lang() != v.Sheet.Lang() {
		v.Preview = l
	}
	if draft.Evidence == nil {
		return html(c, http.StatusOK, views.ComplaintDocument(p.personal(c, "", s), v))
	}
	v.Evidence, v.Digest, v.Request = new(customs.Evidence), digestOf(draft.Evidence), draft.RequestID
	if err := json.Unmarshal(draft.Evidence, v.Evidence); err != nil {
		return err
	}
	if err := p.seal(c, key, draft, &v); err != nil {
		return err
	}
	v.Elapsed, v.Receipt = elapsed(c), p.receiptPath(c)
	if v.Seal == views.Unsealed {
		c.Response().Header().Set("Refresh", "3")
	}
	entry := p.entry(c, s, register.ShowComplaint, register.Answered, 1, v.Elapsed)
	return p.htmlRegistered(c, entry, http.StatusOK, views.ComplaintDocument(p.personal(c, "", s), v))
}

// seal finds the register's entry of the evidence and proves that it is in the
// log and names these bytes.
func (p *Portal) seal(c echo.Context, key db.SessionKey, draft db.Draft, v *views.ComplaintDocumentView) error {
	if p.Seals == nil {
		return nil
	}
	_, a, r, err := p.receiptOf(c, key, draft.RequestID)
	switch {
	case errors.Is(err, db.ErrNotSealed):
		v.Seal = views.Unsealed
		return nil
	case errors.Is(err, db.ErrNotFound): // its personal data was deleted in time
		return nil
	case err != nil:
		return err
	}
	proved, err := p.Seals.Check(r)
	if err != nil {
		return err
	}
	if asked := proved.Opened[register.Asked]; asked == nil || *asked != askedOf(draft.ID, v.Evidence.Registration, v.Digest) {
		p.Log.Error("the register names other evidence", "request", requestID(c).String(), "entry", a.ID)
		return nil
	}
	v.Seal, v.Answer = views.Sealed, answerView(proved)
	v.Code, v.Address = checkCode(a, proved), p.URL.Host+views.VerifyPath
	return nil
}

// complaintEvidence is the evidence as a file: exactly the bytes whose SHA-256
// the register's entry names.
func (p *Portal) complaintEvidence(c echo.Context, key db.SessionKey) error {
	ctx := c.Request().Context()
	s, draft, err := p.DB.Draft(ctx, key, uuidParam(c, "draft"))
	if err == nil && draft.Evidence == nil {
		err = db.ErrNotFound
	}
	if err != nil {
		return p.noDraft(c, s, err)
	}
	if err := p.Register.Submit(ctx, p.entry(c, s, register.ShowComplaint, register.Answered, 1, elapsed(c))).Wait(ctx); err != nil {
		return err
	}
	name := "evidence-" + strings.ToLower(digestOf(draft.Evidence)[:12]) + ".json"
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, "application/json; charset=utf-8", draft.Evidence)
}
