package handlers

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"rsc.io/qr"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/views"
)

// SIMA are the settings of SİMA İmza. What AzInTelecom has not published is
// here rather than in the program.
type SIMA struct {
	MasterKey     []byte              // shared with AzInTelecom: signs what the application is asked
	Client        esign.SIMAClient    // ID, Name, IconURI and HostNames; the addresses are the portal's
	Version       string              // of the protocol: 1.0, 1.1 or 1.3
	Path          string              // where the application's requests arrive, such as /sima
	Link          string              // before the code's text: opens the application on the same device
	Life          time.Duration       // of a code, at most 5 minutes
	DataSignature esign.DataSignature // what the answer must hold
}

const (
	simaPath     = "/sign-in/sima"
	simaQRPath   = "/sign-in/sima/qr.png"
	simaFilePath = "/Home/GetFile/"              // below SIMA.Path
	simaDataPath = "/Home/GetFileByOperationId/" // the same, by DataInfo.DataURI
	simaDonePath = "/Home/Callback"
	maxSIMALife  = 5 * time.Minute
	simaRefresh  = 5 // seconds, for browsers without JavaScript
)

// check reports what is missing or impossible.
func (s *SIMA) check() error {
	switch {
	case s == nil:
		return nil
	case len(s.MasterKey) < 16:
		return errors.New("handlers: SIMA.MasterKey is too short")
	case s.Client.Name == "" || s.Version == "":
		return errors.New("handlers: SIMA is incomplete")
	case len(s.Path) < 2 || s.Path[0] != '/' || strings.HasSuffix(s.Path, "/") || strings.ContainsAny(s.Path, "%?#\\:* "):
		return errors.New("handlers: SIMA.Path is not a plain path")
	case s.Life < 30*time.Second || s.Life > maxSIMALife:
		return errors.New("handlers: SIMA.Life is not between 30 seconds and 5 minutes")
	}
	return nil
}

// signInSIMA asks for a code, shows it, or goes on with what the telephone
// confirmed.
func (p *Portal) signInSIMA(c echo.Context) error {
	back := safeReturn(c.QueryParam("return"))
	j := p.jar(c)
	o, err := p.operation(c, j)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return p.showSIMA(c, http.StatusOK, views.SignInSIMAView{Return: back})
	case err != nil:
		return err
	case o.Outcome == db.Confirmed && c.Request().Method == http.MethodGet:
		return p.finishSIMA(c, j, o)
	case o.Open() || o.Outcome == db.Confirmed:
		return p.showSIMA(c, http.StatusOK, views.SignInSIMAView{Return: back, Code: p.code(o)})
	}
	return p.endSIMA(c, j, o)
}

// endSIMA says once why a code can no longer be confirmed.
func (p *Portal) endSIMA(c echo.Context, j jar, o db.Operation) error {
	problem := views.ProblemOperationExpired
	switch {
	case o.Cancelled || o.Finished:
		problem = views.ProblemOperationCancelled
	case o.Outcome != "":
		problem = views.SignInProblem(o.Outcome)
	}
	j.set(valueSIMA, "")
	if err := j.save(c); err != nil {
		return err
	}
	return p.showSIMA(c, http.StatusUnprocessableEntity, views.SignInSIMAView{Return: o.Back, Problem: problem})
}

// finishSIMA begins the session, in the browser that asked for the code.
func (p *Portal) finishSIMA(c echo.Context, j jar, o db.Operation) error {
	browser, _ := j.browser()
	people, err := p.DB.FinishOperation(c.Request().Context(), browser, o.ID)
	if errors.Is(err, db.ErrNotFound) {
		return p.endSIMA(c, j, o)
	}
	if err != nil {
		return err
	}
	return p.enter(c, people, o.Back)
}

// operation is the code that this browser waits for, or db.ErrNotFound.
func (p *Portal) operation(c echo.Context, j jar) (db.Operation, error) {
	browser, bound := j.browser()
	id, err := uuid.Parse(j.text(valueSIMA))
	if err != nil || !bound {
		return db.Operation{}, db.ErrNotFound
	}
	return p.DB.BrowserOperation(c.Request().Context(), browser, id)
}

func (p *Portal) code(o db.Operation) *views.SIMAOperation {
	return &views.SIMAOperation{
		Image: simaQRPath + "?" + o.ID.String()[:8], Link: p.SIMA.Link + p.simaText(o), Client: p.SIMA.Client.Name, PIN: string(o.Assignee),
		Expires: o.ExpiresAt, Left: o.ExpiresAt.Sub(o.Now), Life: p.SIMA.Life, Scanned: o.Fetched,
	}
}

// simaText is what the QR code says: the address from which the application
// fetches what to sign, with the contract in it.
func (p *Portal) simaText(o db.Operation) string {
	return p.simaURL(simaFilePath) + "?tsquery=" + o.Query
}

func (p *Portal) simaURL(path string) string {
	return p.URL.Scheme + "://" + p.URL.Host + p.SIMA.Path + path
}

func (p *Portal) showSIMA(c echo.Context, status int, v views.SignInSIMAView) error {
	v.Methods = p.methods(c)
	frame := p.page(c, "")
	frame.Path = withReturn(simaPath, v.Return)
	if v.Code != nil {
		frame.Refresh = simaRefresh
	}
	return html(c, status, views.SignInSIMA(frame, v))
}

// startSIMA makes a code for this browser, or ends the one there is. A new
// secret keeps out whoever may have given the browser its present cookie.
func (p *Portal) startSIMA(c echo.Context) error {
	form, err := smallPost(c)
	if err != nil {
		return err
	}
	back := safeReturn(c.QueryParam("return"))
	j := p.jar(c)
	if form.Has("cancel") {
		return p.cancelSIMA(c, j, back)
	}
	typed := strings.TrimSpace(form.Get("pin"))
	var pin customs.PIN
	if typed != "" {
		var err error
		if pin, err = customs.ParsePIN(typed); err != nil {
			return p.showSIMA(c, http.StatusUnprocessableEntity, views.SignInSIMAView{Return: back, PIN: typed, PINBad: true})
		}
	}
	j.renew()
	browser := j.bind()
	o, err := p.newOperation(pin, back)
	if err != nil {
		return err
	}
	if err := p.DB.CreateOperation(c.Request().Context(), browser, o); err != nil {
		return err
	}
	j.set(valueSIMA, o.ID.String())
	if err := j.save(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, withReturn(simaPath, back))
}

func (p *Portal) cancelSIMA(c echo.Context, j jar, back string) error {
	o, err := p.operation(c, j)
	if err == nil {
		browser, _ := j.browser()
		err = p.DB.CancelOperation(c.Request().Context(), browser, o.ID)
	}
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	return c.Redirect(http.StatusSeeOther, withReturn(simaPath, back))
}

// newOperation makes id, challenge and contract together; none of them changes
// afterwards.
func (p *Portal) newOperation(pin customs.PIN, back string) (db.Operation, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return db.Operation{}, err
	}
	now := p.Now().Truncate(time.Second)
	o := db.Operation{ID: id, Challenge: make([]byte, 32), Assignee: pin, Back: back, ExpiresAt: now.Add(p.SIMA.Life)}
	rand.Read(o.Challenge)
	contract := esign.SIMAContract{
		Version: p.SIMA.Version, OperationID: id.String(), NotBefore: now, Expires: o.ExpiresAt,
		DataURI: p.simaURL(simaDataPath) + "?operationId=" + id.String(), Data: o.Challenge, Client: p.SIMA.Client,
	}
	contract.Client.Callback = p.simaURL(simaDonePath)
	contract.Client.RedirectURI = p.URL.Scheme + "://" + p.URL.Host + simaPath
	if pin != "" {
		contract.Assignee = []customs.PIN{pin}
	}
	sealed, err := contract.Seal(p.SIMA.MasterKey)
	o.Query = base64.StdEncoding.EncodeToString(sealed)
	return o, err
}

// simaQR draws this browser's own code and nobody else's.
func (p *Portal) simaQR(c echo.Context) error {
	o, err := p.operation(c, p.jar(c))
	if err != nil {
		return err
	}
	if !o.Open() {
		return echo.NewHTTPError(http.StatusNotFound)
	}
	code, err := qr.Encode(p.simaText(o), qr.Q)
	if err != nil {
		return err
	}
	code.Scale = 6
	return c.Blob(http.StatusOK, "image/png", code.PNG())
}

// simaEvents tells the page that waits that its code has moved on.
func (p *Portal) simaEvents(c echo.Context) error {
	if p.SIMA == nil || p.Hub == nil {
		return c.NoContent(http.StatusNoContent)
	}
	o, err := p.operation(c, p.jar(c))
	if errors.Is(err, db.ErrNotFound) {
		return c.NoContent(http.StatusNoContent) // a browser does not come back after 204
	}
	if err != nil {
		return err
	}
	sub := p.Hub.Subscribe(o.Topic())
	if sub == nil {
		askAgainIn(c, time.Minute)
		return c.NoContent(http.StatusServiceUnavailable)
	}
	defer sub.Close()
	return p.watchSIMA(c, o, sub.C)
}
