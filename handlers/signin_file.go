package handlers

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/views"
)

const (
	challengePath = "/sign-in/file/challenge"
	challengeLife = 15 * time.Minute
	fileForm      = esign.MaxSignature + 8<<10 // bytes of the form with the signature
	thrownAway    = 32 << 20                   // bytes read of a form that is too large
)

// signInFile offers the text to sign and takes the signature.
func (p *Portal) signInFile(c echo.Context) error {
	return p.showSignInFile(c, http.StatusOK, safeReturn(c.QueryParam("return")), "")
}

func (p *Portal) showSignInFile(c echo.Context, status int, back string, problem views.SignInProblem) error {
	j := p.jar(c)
	if _, ok := j.browser(); !ok {
		j.bind()
		if err := j.save(c); err != nil {
			return err
		}
	}
	frame := p.page(c, "")
	if c.Request().Method != http.MethodGet {
		frame.Path = withReturn("/sign-in/file", back)
	}
	return html(c, status, views.SignInFile(frame, views.SignInFileView{
		Methods: p.methods(c), ChallengeURL: challengePath, ChallengeName: challengeName,
		Valid: challengeLife, MaxBytes: esign.MaxSignature, Return: back, Problem: problem,
	}))
}

// challengeName is the name under which the text to sign is saved.
const challengeName = "sorgu.txt"

// challenge makes a one-time text for this browser and sends it as a file.
func (p *Portal) challenge(c echo.Context) error {
	j := p.jar(c)
	content := newChallenge(p.origin(c.Request()), p.Now())
	if err := p.DB.CreateChallenge(c.Request().Context(), j.bind(), content, challengeLife); err != nil {
		return err
	}
	if err := j.save(c); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": challengeName}))
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", content)
}

// newChallenge is a text that says what is signed, where and until when, with
// 256 random bits. Lines end in CRLF, so that programs which turn text into its
// canonical form before signing (S/MIME) leave it as it is.
func newChallenge(origin string, now time.Time) []byte {
	var nonce [32]byte
	rand.Read(nonce[:])
	code := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(nonce[:])
	return []byte(strings.Join([]string{
		"Sərhəddə qeydə alınan mallarım / My goods at the border",
		"Dövlət Gömrük Komitəsi / State Customs Committee",
		"",
		"Bu fayl yalnız xidmətə daxil olmaq üçün imzalanır.",
		"This file is signed only to enter the service.",
		"",
		"URL: " + origin,
		"Until: " + now.Add(challengeLife).UTC().Format(time.RFC3339),
		fmt.Sprintf("Code: %s", code),
		"",
	}, "\r\n"))
}

// signWithFile takes the signature over a challenge. The first signature that
// holds consumes it; others use up one of its few attempts.
func (p *Portal) signWithFile(c echo.Context) error {
	back := safeReturn(c.QueryParam("return"))
	file, err := readSignatureForm(c)
	if err != nil {
		return p.fileProblem(c, back, err)
	}
	id, err := p.verifyFile(c, file)
	if err != nil {
		return p.fileProblem(c, back, err)
	}
	return p.enter(c, people(id, views.MethodFile), back)
}

// problemError is a refusal by the portal's own steps around a signature.
type problemError views.SignInProblem

func (e problemError) Error() string { return "handlers: sign-in: " + string(e) }

func (p *Portal) verifyFile(c echo.Context, file []byte) (esign.Identity, error) {
	var none esign.Identity
	ctx := c.Request().Context()
	signature, err := esign.ParseSignature(file)
	if err != nil {
		return none, err
	}
	browser, bound := p.jar(c).browser()
	_, digest := signature.Digest()
	found, err := p.DB.FindChallenge(ctx, browser, digest)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return none, problemError(views.ProblemChallengeUnknown)
	case err != nil:
		return none, err
	case found.Used: // first, since a browser gets a new secret when it signs in
		return none, problemError(views.ProblemChallengeUsed)
	case found.Spent:
		return none, problemError(views.ProblemChallengeSpent)
	case !bound || !found.SameOwner:
		return none, problemError(views.ProblemChallengeOtherClient)
	case found.Expired:
		return none, problemError(views.ProblemChallengeExpired)
	}
	if err := p.DB.TryChallenge(ctx, browser, found.ID); errors.Is(err, db.ErrNotFound) {
		return none, problemError(views.ProblemChallengeSpent) // by attempts beside this one
	} else if err != nil {
		return none, err
	}
	id, err := p.Verifier.Signature(ctx, signature, found.Content)
	if err != nil {
		return none, err
	}
	// Of many copies of one signature that hold, one comes past this.
	return id, usedUp(p.DB.UseChallenge(ctx, browser, found.ID))
}

// usedUp says that a challenge is not there for this attempt any more.
func usedUp(err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return problemError(views.ProblemChallengeUsed)
	}
	return err
}

// fileProblem shows the form again with what went wrong; a failure of the
// portal itself goes on as such.
func (p *Portal) fileProblem(c echo.Context, back string, err error) error {
	var what views.SignInProblem
	var own problemError
	reason := esign.ReasonOf(err)
	switch {
	case errors.As(err, &own):
		what = views.SignInProblem(own)
	case reason != "":
		what = views.SignInProblem(reason)
	default:
		return err
	}
	p.refused(c, views.MethodFile, string(what), err)
	status := http.StatusUnprocessableEntity
	if what == views.ProblemTooLarge {
		status = http.StatusRequestEntityTooLarge
	}
	return p.showSignInFile(c, status, back, what)
}

// readSignatureForm reads the multipart form (RFC 7578): one file in the field
// signature, at most esign.MaxSignature bytes.
func readSignatureForm(c echo.Context) ([]byte, error) {
	whole := c.Request().Body
	c.Request().Body = http.MaxBytesReader(c.Response(), whole, fileForm)
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return nil, problemError(views.ProblemFileMissing)
	}
	var file []byte
	files := 0
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, formError(err, whole)
		}
		if part.FormName() != "signature" {
			continue
		}
		if file, err = io.ReadAll(io.LimitReader(part, esign.MaxSignature+1)); err != nil {
			return nil, formError(err, whole)
		}
		files++
	}
	switch {
	case files > 1:
		return nil, problemError(views.ProblemSeveralFiles)
	case len(file) == 0:
		return nil, problemError(views.ProblemFileMissing)
	case len(file) > esign.MaxSignature:
		return nil, problemError(views.ProblemTooLarge)
	}
	return file, nil
}

// formError tells a form that is too large from one that is broken. A browser
// shows the answer only once it could send all of its request, so the rest of
// a large one is read and thrown away, within reason.
func formError(err error, rest io.Reader) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		_, _ = io.CopyN(io.Discard, rest, thrownAway) // the answer is the same
		return problemError(views.ProblemTooLarge)
	}
	return problemError(views.ProblemFileMissing)
}
