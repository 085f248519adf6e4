package handlers

import (
	"context"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"rsc.io/qr"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// sealWait is how long what needs the seal on an entry waits for it.
const sealWait = 4 * time.Second

// receiptPath is the address of the receipt of the answer to this request.
func (p *Portal) receiptPath(c echo.Context) string {
	if p.Seals == nil {
		return ""
	}
	return views.ReceiptsPath + requestID(c).String()
}

// receipt is the page of a receipt, or says that it is on its way: sealing
// takes seconds.
func (p *Portal) receipt(c echo.Context, key db.SessionKey) error {
	s, a, r, err := p.findReceipt(c, key)
	switch {
	case errors.Is(err, db.ErrNoSession):
		return p.expired(c)
	case errors.Is(err, db.ErrNotSealed):
		c.Response().Header().Set("Refresh", "3")
		return html(c, http.StatusOK, views.ReceiptPending(p.personal(c, "receipt.title", s)))
	case errors.Is(err, db.ErrNotFound):
		return html(c, http.StatusNotFound, views.Error(p.personal(c, "", s), views.ErrorView{Status: http.StatusNotFound}))
	case err != nil:
		return err
	}
	proved, err := p.Seals.Check(r)
	if err != nil {
		return err
	}
	entry := p.entry(c, s, register.OpenReceipt, register.Answered, 0, elapsed(c))
	return p.htmlRegistered(c, entry, http.StatusOK, views.Receipt(p.personal(c, "receipt.title", s), views.ReceiptView{
		Answer: answerView(proved), Code: checkCode(a, proved), Address: p.URL.Host + views.VerifyPath,
	}))
}

// answerView is what a proof says of an answer.
func answerView(p register.Proved) views.Answer {
	return views.Answer{
		Record: p.Record, VOEN: p.Opened[register.Subject], Asked: p.Opened[register.Asked],
		LeafHash: p.LeafHash, Origin: p.Checkpoint.Origin, Size: p.Checkpoint.Tree.N,
	}
}

// receiptJSON is the receipt as a file, to keep and to check without the portal.
func (p *Portal) receiptJSON(c echo.Context, key db.SessionKey) error {
	return p.receiptFile(c, key, "application/json; charset=utf-8", "receipt-%.json", func(_ db.Answer, r register.Receipt) ([]byte, error) {
		return r.JSON()
	})
}

// receiptProof is the receipt's proof in the format C2SP tlog-proof.
func (p *Portal) receiptProof(c echo.Context, key db.SessionKey) error {
	return p.receiptFile(c, key, "text/plain; charset=utf-8", "receipt-%.tlog-proof", func(_ db.Answer, r register.Receipt) ([]byte, error) {
		return []byte(r.TlogProof()), nil
	})
}

// receiptQR is the address of the check as a QR code.
func (p *Portal) receiptQR(c echo.Context, key db.SessionKey) error {
	return p.receiptFile(c, key, "image/png", "", func(a db.Answer, r register.Receipt) ([]byte, error) {
		proved, err := p.Seals.Check(r)
		if err != nil {
			return nil, err
		}
		address := *p.URL
		address.Path, address.RawQuery = views.VerifyPath, checkCode(a, proved)
		code, err := qr.Encode(address.String(), qr.M)
		if err != nil {
			return nil, err
		}
		code.Scale = 4
		return code.PNG(), nil
	})
}

// receiptFile answers with a form of the receipt that make makes.
func (p *Portal) receiptFile(c echo.Context, key db.SessionKey, kind, name string, makeIt func(db.Answer, register.Receipt) ([]byte, error)) error {
	s, a, r, err := p.sealedReceipt(c, key, uuidParam(c, "id"))
	switch {
	case errors.Is(err, db.ErrNoSession):
		return p.expired(c)
	case errors.Is(err, db.ErrNotSealed):
		return echo.NewHTTPError(http.StatusServiceUnavailable)
	case err != nil:
		return err
	}
	b, err := makeIt(a, r)
	if err != nil {
		return err
	}
	if before, after, ok := strings.Cut(name, "%"); ok { // the code's picture is a part of the page, which has an entry
		ctx := c.Request().Context()
		entry := p.entry(c, s, register.DownloadReceipt, register.Answered, 0, elapsed(c))
		if err := p.Register.Submit(ctx, entry).Wait(ctx); err != nil {
			return err
		}
		name = before + strconv.FormatInt(a.ID, 10) + after
		c.Response().Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	return c.Blob(http.StatusOK, kind, b)
}

// sealedReceipt is the receipt of a request, for whose seal it waits a little:
// an entry is sealed within seconds. Errors: as of findReceipt.
func (p *Portal) sealedReceipt(c echo.Context, key db.SessionKey, id uuid.UUID) (s db.Session, a db.Answer, r register.Receipt, err error) {
	ctx, cancel := context.WithTimeout(c.Request().Context(), sealWait)
	defer cancel()
	for tick := time.NewTicker(200 * time.Millisecond); ; {
		if s, a, r, err = p.receiptOf(c, key, id); !errors.Is(err, db.ErrNotSealed) {
			return s, a, r, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return s, a, r, err
		}
	}
}

// findReceipt puts together the receipt of the request in the address, if it
// is the trader's own. Errors: db.ErrNoSession, ErrNotFound and ErrNotSealed,
// the last two with the session.
func (p *Portal) findReceipt(c echo.Context, key db.SessionKey) (db.Session, db.Answer, register.Receipt, error) {
	return p.receiptOf(c, key, uuidParam(c, "id"))
}

// receiptOf is findReceipt for a request that is known.
func (p *Portal) receiptOf(c echo.Context, key db.SessionKey, id uuid.UUID) (db.Session, db.Answer, register.Receipt, error) {
	var r register.Receipt
	ctx := c.Request().Context()
	s, a, err := p.DB.Answer(ctx, key, id)
	if err != nil {
		return s, a, r, err
	}
	in, err := p.DB.Include(ctx, a.ID)
	if err != nil {
		return s, a, r, err
	}
	if _, err := p.signedHead(in.Head); err != nil {
		return s, a, r, err
	}
	r, err = register.NewReceipt(a.Record, a.Values, a.Salts, in.Proof, in.Head.Note)
	return s, a, r, err
}

// checkCode is the query of a check: the entry's number, the hash of its leaf,
// which only who has seen the receipt knows, and the salt of the VÖEN, so that
// a VÖEN on paper can be compared.
func checkCode(a db.Answer, p register.Proved) string {
	return url.Values{
		"i": {strconv.FormatInt(p.Record.ID, 10)},
		"h": {base64.RawURLEncoding.EncodeToString(p.LeafHash[:])},
		"k": {base64.RawURLEncoding.EncodeToString(a.Salts[:register.SaltSize])},
	}.Encode()
}
