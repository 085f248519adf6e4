package handlers

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// verifyForm bounds the form: the receipt as a file and as text.
const verifyForm = 2*register.MaxReceipt + 16<<10

// verify is the page that checks receipts; with the code of a receipt in its
// address it checks that one.
func (p *Portal) verify(c echo.Context) error {
	v := views.VerifyView{Keys: p.Seals.Keys, MaxSize: register.MaxReceipt}
	if q := c.Request().URL.Query(); q.Has("i") || q.Has("h") {
		if err := p.verifyCode(c, q, &v); err != nil {
			return err
		}
	}
	return p.showVerify(c, v)
}

// checkReceipt checks the receipt, or the VÖEN on a printed one, that a form
// brings.
func (p *Portal) checkReceipt(c echo.Context) error {
	v := views.VerifyView{Keys: p.Seals.Keys, MaxSize: register.MaxReceipt}
	text, q, err := readVerifyForm(c)
	switch {
	case errors.Is(err, errNothingSent):
		v.Verdict = views.VerdictNothing
	case err != nil:
		return err
	case q.Has("i"):
		err = p.verifyCode(c, q, &v)
	default:
		err = p.verifyReceipt(c, text, &v)
	}
	if err != nil && !errors.Is(err, errNothingSent) {
		return err
	}
	return p.showVerify(c, v)
}

func (p *Portal) showVerify(c echo.Context, v views.VerifyView) error {
	status := http.StatusOK
	if v.Verdict != "" && v.Verdict != views.VerdictProved && v.Verdict != views.VerdictPending {
		status = http.StatusUnprocessableEntity
	}
	frame := p.page(c, "")
	if key, ok := p.jar(c).key(); ok {
		if s, err := p.DB.Session(c.Request().Context(), key); err == nil {
			frame = p.personal(c, "", s)
		}
	}
	return html(c, status, views.Verify(frame, v))
}

// verifyReceipt checks a receipt, and whether today's log still begins with the
// tree that the receipt's checkpoint signs.
func (p *Portal) verifyReceipt(c echo.Context, text []byte, v *views.VerifyView) error {
	r, err := register.ParseReceipt(text)
	var proved register.Proved
	if err == nil {
		proved, err = p.Seals.Check(r)
	}
	if err != nil {
		v.Verdict = verdict(err)
		return nil
	}
	extends, head, err := p.DB.Extends(c.Request().Context(), proved.Checkpoint.Tree)
	if err != nil {
		return err
	}
	if !extends {
		v.Verdict = views.VerdictForked
		return nil
	}
	v.Verdict, v.Answer, v.Now = views.VerdictProved, answerView(proved), head.Size
	return nil
}

// verdict is what is told of a receipt that proves nothing.
func verdict(err error) views.Verdict {
	switch {
	case errors.Is(err, register.ErrOpening):
		return views.VerdictValues
	case errors.Is(err, register.ErrCheckpoint):
		return views.VerdictSignature
	case errors.Is(err, register.ErrInclusion):
		return views.VerdictInclusion
	default:
		return views.VerdictForm
	}
}

// verifyCode checks the code of a printed receipt: the entry of that number
// has that hash, and is in the log. What the entry says is shown only to who
// knows the salt of its VÖEN too, which only the receipt has; the VÖEN is never
// shown, only compared.
func (p *Portal) verifyCode(c echo.Context, q url.Values, v *views.VerifyView) error {
	ctx := c.Request().Context()
	v.Verdict = views.VerdictCode
	id, err := strconv.ParseInt(q.Get("i"), 10, 64)
	hash, hashErr := base64.RawURLEncoding.Strict().DecodeString(q.Get("h"))
	salt, saltErr := base64.RawURLEncoding.Strict().DecodeString(q.Get("k"))
	if err := errors.Join(err, hashErr, saltErr); err != nil || id < 1 || len(hash) != len(register.Hash{}) || len(salt) != register.SaltSize {
		return nil
	}
	record, open, err := p.DB.Leaf(ctx, id, salt)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := record.Append(nil)
	if err != nil {
		return err
	}
	if register.LeafHash(text) != register.Hash(hash) {
		return nil
	}
	in, err := p.DB.Include(ctx, id)
	if errors.Is(err, db.ErrNotSealed) {
		v.Verdict = views.VerdictPending
		return nil
	}
	if err != nil {
		return err
	}
	signed, err := p.signedHead(in.Head)
	if err != nil {
		return err
	}
	v.Verdict, v.Now = views.VerdictProved, in.Head.Size
	v.Answer = views.Answer{Record: record, LeafHash: register.Hash(hash), Origin: signed.Origin, Size: signed.Tree.N}
	v.Code = url.Values{"i": q["i"], "h": q["h"], "k": q["k"]}
	err = p.compareVOEN(c, q, salt, v)
	v.Closed = !open && !v.Same
	return err
}

// compareVOEN compares a VÖEN that a person read off a paper with the entry's.
// Only a form brings one: an address would leave it in logs. One address may
// ask only so often, lest somebody try them all.
func (p *Portal) compareVOEN(c echo.Context, q url.Values, salt []byte, v *views.VerifyView) error {
	if !q.Has("voen") || c.Request().Method != http.MethodPost {
		return nil
	}
	ok, err := p.DB.Take(c.Request().Context(), "verify", neighbourhood(c.RealIP()), compareRate())
	if err != nil {
		return err
	}
	if !ok {
		askAgainIn(c, compareRate().Every)
		return echo.NewHTTPError(http.StatusTooManyRequests)
	}
	v.Compared = strings.TrimSpace(q.Get("voen"))
	voen, err := customs.ParseVOEN(v.Compared)
	v.Same = err == nil && register.Commit(salt, []byte(voen)) == v.Answer.Commitments[register.Subject]
	return nil
}

// compareRate is how often one address may compare VÖENs.
func compareRate() db.Rate { return db.Rate{Every: 6 * time.Second, Burst: 20} }

// errNothingSent is a form without a receipt.
var errNothingSent = errors.New("handlers: no receipt was sent")

// readVerifyForm reads the form: a receipt as the file “receipt” or as text, or
// the values of a code with a VÖEN.
func readVerifyForm(c echo.Context) ([]byte, url.Values, error) {
	r := c.Request()
	if !strings.HasPrefix(r.Header.Get(echo.HeaderContentType), echo.MIMEMultipartForm) {
		form, err := readForm(c, verifyForm)
		if err != nil {
			return nil, nil, err
		}
		return orNothing([]byte(form.Get("text")), form)
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, verifyForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, brokenForm(err)
	}
	var file, text []byte
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, brokenForm(err)
		}
		b, err := io.ReadAll(io.LimitReader(part, register.MaxReceipt+1))
		if err != nil {
			return nil, nil, brokenForm(err)
		}
		switch part.FormName() {
		case "receipt":
			file = b
		case "text":
			text = b
		}
	}
	if len(file) > 0 {
		text = file
	}
	return orNothing(text, nil)
}

func orNothing(text []byte, q url.Values) ([]byte, url.Values, error) {
	if len(strings.TrimSpace(string(text))) == 0 && !q.Has("i") {
		return nil, nil, errNothingSent
	}
	return text, q, nil
}
