package handlers

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/views"
)

// The application learns whether it went well, and nothing else: what is wrong
// is told to the person at the browser.
var (
	simaSuccess = map[string]string{"status": "success"}
	simaFailed  = map[string]string{"status": "failed"}
)

// errPhone ends a request of a telephone that is not worth a record.
var errPhone = errors.New("handlers: not a request of this operation")

// phone guards what telephones ask: rates by address first, since everything
// after costs, and one answer for everything that goes wrong.
func (p *Portal) phone(next func(echo.Context) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		ok, err := p.DB.Take(c.Request().Context(), "sima-phone", neighbourhood(c.RealIP()), p.Rates.Phone)
		if err != nil {
			return p.phoneFailed(c, http.StatusServiceUnavailable, err)
		}
		if !ok {
			askAgainIn(c, p.Rates.Phone.Every)
			return c.JSON(http.StatusTooManyRequests, simaFailed)
		}
		if err := next(c); err != nil {
			return p.phoneFailed(c, http.StatusBadRequest, err)
		}
		return nil
	}
}

func (p *Portal) phoneFailed(c echo.Context, status int, err error) error {
	if db.IsFailure(err) {
		status = http.StatusServiceUnavailable
	}
	p.Log.Info("sima request refused", "request", requestID(c).String(), "reason", string(esign.ReasonOf(err)), "error", err)
	return c.JSON(status, simaFailed)
}

// simaFile gives the challenge to the application that scanned the code: the
// address must be the issued one, byte for byte.
func (p *Portal) simaFile(c echo.Context) error {
	const name = "tsquery="
	query := c.Request().URL.RawQuery
	if len(query) <= len(name) || query[:len(name)] != name {
		return errPhone
	}
	o, err := p.DB.IssuedOperation(c.Request().Context(), query[len(name):])
	if err != nil {
		return err
	}
	return p.giveChallenge(c, o, p.SIMA.Path+simaFilePath+"?"+name+o.Query)
}

// simaData is the same by DataInfo.DataURI, which protocols from 1.1 name.
func (p *Portal) simaData(c echo.Context) error {
	const name = "operationId="
	query := c.Request().URL.RawQuery
	if len(query) <= len(name) || query[:len(name)] != name {
		return errPhone
	}
	id, err := uuid.Parse(query[len(name):])
	if err != nil {
		return errPhone
	}
	o, err := p.DB.FindOperation(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return p.giveChallenge(c, o, p.SIMA.Path+simaDataPath+"?"+name+o.ID.String())
}

// giveChallenge checks who asks and notes their certificate. target is the
// request target that was issued: the application signs exactly that.
func (p *Portal) giveChallenge(c echo.Context, o db.Operation, target string) error {
	if c.Request().RequestURI != target {
		return errPhone
	}
	if err := p.takeTurn(c, o); err != nil {
		return err
	}
	proof, err := esign.ParseSIMA(c.Request().Header.Values)
	if err != nil {
		return err
	}
	id, err := p.Verifier.SIMARequest(c.Request().Context(), proof, []byte(target))
	if err != nil && (esign.ReasonOf(err) == "" || esign.Unsigned(err)) {
		return err
	}
	fetched := p.DB.FetchOperation(c.Request().Context(), o.ID, proof.Fingerprint())
	if errors.Is(fetched, db.ErrNotFound) {
		p.Log.Warn("sima operation asked for by another certificate, or too late", "request", requestID(c).String())
	}
	if fetched != nil {
		return fetched
	}
	if code, problem := simaVerdict(o, id, err); code != "" {
		return p.closeSIMA(c, o, proof, code, problem)
	}
	// The name is spelled as in AzInTelecom's own answer.
	return c.JSON(http.StatusOK, map[string]string{"filename": "challange", "data": base64.StdEncoding.EncodeToString(o.Challenge)})
}

// takeTurn counts the requests about one operation, and refuses those about one
// that has ended.
func (p *Portal) takeTurn(c echo.Context, o db.Operation) error {
	ok, err := p.DB.Take(c.Request().Context(), "sima-operation", o.ID.String(), p.Rates.Operation)
	if err != nil {
		return err
	}
	if !ok || o.Cancelled || !o.Now.Before(o.ExpiresAt) {
		return errPhone
	}
	return nil
}

// simaVerdict is the reason's code for which an operation ends, or "".
func simaVerdict(o db.Operation, id esign.Identity, err error) (string, error) {
	if reason := esign.ReasonOf(err); reason != "" {
		return string(reason), err
	}
	if o.Assignee != "" && id.PIN != o.Assignee {
		return string(views.ProblemWrongPerson), &esign.Error{
			Reason: esign.Reason(views.ProblemWrongPerson), Check: "assignee", Issuer: id.Issuer, Serial: id.Serial,
		}
	}
	return "", nil
}

// closeSIMA ends an operation that its own certificate cannot answer; the
// browser says why.
func (p *Portal) closeSIMA(c echo.Context, o db.Operation, proof *esign.UnverifiedSIMA, code string, why error) error {
	p.refused(c, views.MethodSIMA, code, why)
	err := p.DB.AnswerOperation(c.Request().Context(), o.ID, proof.Fingerprint(), code, nil)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	return c.JSON(http.StatusBadRequest, simaFailed)
}

// simaDone takes the answer. A second one by the same certificate gets the
// same answer and changes nothing; another certificate's is refused.
func (p *Portal) simaDone(c echo.Context) error {
	body, err := readCallback(c)
	if err != nil {
		return err
	}
	proof, err := esign.ParseSIMA(c.Request().Header.Values)
	if err != nil {
		return err
	}
	answer, err := esign.ParseCallback(body)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(answer.OperationID)
	if err != nil || id.String() != answer.OperationID || answer.Type != "Auth" {
		return errPhone
	}
	o, err := p.DB.FindOperation(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if o.Outcome != "" {
		return p.repeatAnswer(c, o, proof, answer)
	}
	if err := p.takeTurn(c, o); err != nil {
		return err
	}
	return p.takeAnswer(c, o, proof, answer)
}

// repeatAnswer answers what was answered already, from what is stored.
func (p *Portal) repeatAnswer(c echo.Context, o db.Operation, proof *esign.UnverifiedSIMA, answer *esign.UnverifiedCallback) error {
	if !proof.Repeats(answer, o.Certifier) {
		p.Log.Warn("sima operation answered by another certificate", "request", requestID(c).String())
		return errPhone
	}
	if o.Outcome != db.Confirmed {
		return c.JSON(http.StatusBadRequest, simaFailed)
	}
	return c.JSON(http.StatusOK, simaSuccess)
}

func (p *Portal) takeAnswer(c echo.Context, o db.Operation, proof *esign.UnverifiedSIMA, answer *esign.UnverifiedCallback) error {
	ctx := c.Request().Context()
	if !proof.Is(o.Certifier) {
		p.Log.Warn("sima operation answered by another certificate", "request", requestID(c).String())
		return errPhone
	}
	identity, err := p.Verifier.SIMAAnswer(ctx, proof, answer, o.Challenge, p.SIMA.DataSignature)
	if err != nil && (esign.ReasonOf(err) == "" || esign.Unsigned(err)) {
		return err
	}
	if code, problem := simaVerdict(o, identity, err); code != "" {
		return p.closeSIMA(c, o, proof, code, problem)
	}
	err = p.DB.AnswerOperation(ctx, o.ID, proof.Fingerprint(), db.Confirmed, people(identity, views.MethodSIMA))
	if errors.Is(err, db.ErrNotFound) { // another request was first: say what it said
		if o, err = p.DB.FindOperation(ctx, o.ID); err == nil && o.Outcome != "" {
			return p.repeatAnswer(c, o, proof, answer)
		}
		return errPhone
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, simaSuccess)
}

// readCallback reads the raw body: its bytes are what the application signs.
func readCallback(c echo.Context) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEApplicationJSON {
		return nil, errPhone
	}
	return io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, esign.MaxCallback))
}
