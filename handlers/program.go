package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// Addresses of the interface for a trader's own programs.
const (
	programPath     = "/api/v1/consignments"
	programCodePath = programPath + "/:code"
	programAPIPath  = "/api/v1/openapi.yaml"
)

// caller is a program that may ask now, and the key that it came with.
type caller struct {
	db.Program
	key db.TokenKey
}

// program guards a route for programs: a token that is good and within its rate
// passes, and nothing else does, a signed-in browser's cookie least of all. What
// goes wrong is answered in JSON and English, whatever it is.
func (p *Portal) program(action register.Action, next func(echo.Context, caller) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		plainHeaders(c)
		ctx := c.Request().Context()
		key, ok := bearer(c.Request())
		if !ok {
			return unknownToken(c)
		}
		who, allowed, err := p.DB.UseToken(ctx, key, p.Rates.Program)
		switch {
		case errors.Is(err, db.ErrNoToken):
			return unknownToken(c)
		case err != nil:
			return p.refuseProgram(c, err)
		case !allowed:
			askAgainIn(c, p.Rates.Program.Every)
			return refuse(c, http.StatusTooManyRequests, "too_many_requests", "Ask again after the seconds that Retry-After says.")
		}
		err = next(c, caller{who, key})
		if err == nil || c.Response().Committed {
			return err
		}
		if errors.Is(err, db.ErrNoToken) { // it ended between the two looks
			return unknownToken(c)
		}
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		// The answer is an error in any case: whether this entry could be
		// written changes nothing for the program.
		_ = p.Register.Submit(late, p.programEntry(c, who, action, register.Failed, 0)).Wait(late)
		return p.refuseProgram(c, err)
	}
}

// plainHeaders takes away what only pages need: no answer to a program depends
// on a cookie or a language.
func plainHeaders(c echo.Context) {
	h := c.Response().Header()
	h.Del("Content-Language")
	h.Set(echo.HeaderVary, "Authorization, Accept-Encoding")
	h.Set("Cache-Control", "private, no-cache")
}

// bearer is the token of the Authorization header (RFC 6750 §2.1), the only
// place where one counts.
func bearer(r *http.Request) (db.TokenKey, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return db.TokenKey{}, false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return db.TokenKey{}, false
	}
	key, err := db.ParseTokenKey(strings.TrimSpace(token))
	return key, err == nil
}

func unknownToken(c echo.Context) error {
	c.Response().Header().Set("WWW-Authenticate", `Bearer realm="api", error="invalid_token"`)
	return refuse(c, http.StatusUnauthorized, "unknown_token",
		"Send a token that is good as Authorization: Bearer. It may have expired or been withdrawn; a signed-in person makes another one.")
}

// refuseProgram tells a program of an error, by the table of all errors.
func (p *Portal) refuseProgram(c echo.Context, err error) error {
	if errors.Is(c.Request().Context().Err(), context.Canceled) {
		return err // nobody waits any more
	}
	if bad, ok := errors.AsType[parameterError](err); ok {
		return refuse(c, http.StatusBadRequest, "bad_parameter", "This parameter is unknown, malformed or given twice: "+string(bad)+".")
	}
	status, _ := outcome(err)
	switch status {
	case http.StatusNotFound:
		return refuse(c, status, "not_found", "There is no such registration under the token's taxpayer number.")
	case http.StatusServiceUnavailable:
		askAgainIn(c, retryAfter)
		return refuse(c, status, "unavailable", "The data or the register of requests cannot be reached; ask again in a moment.")
	}
	p.Log.Error("program", "request", requestID(c).String(), "error", err)
	return refuse(c, http.StatusInternalServerError, "internal", "Something failed here; tell the operator the request's number.")
}

// parameterError names a parameter that cannot be understood. A page leaves such
// a one out and says so; a program would take the wrong rows for the right ones.
type parameterError string

// Error implements error.
func (b parameterError) Error() string { return "handlers: a parameter cannot be understood" }

// noSuchAddress answers for what is not an address of the interface.
func noSuchAddress(c echo.Context) error {
	plainHeaders(c)
	return refuse(c, http.StatusNotFound, "no_such_address", "The addresses stand in "+programAPIPath+".")
}

// readOnly answers methods that the interface does not have.
func readOnly(c echo.Context) error {
	plainHeaders(c)
	c.Response().Header().Set("Allow", "GET, HEAD")
	return refuse(c, http.StatusMethodNotAllowed, "read_only", "The interface reads and changes nothing: GET and HEAD.")
}

// programEntry is the register entry of a program's call. It stands for the
// trader whose token it is; the session is the token.
func (p *Portal) programEntry(c echo.Context, who db.Program, action register.Action, o register.Outcome, results int) register.Entry {
	return register.Entry{
		RequestID: requestID(c), Channel: "api", Actor: "trader", Session: who.Token, Subject: who.VOEN,
		Action: action, Asked: c.Request().URL.RequestURI(), Outcome: o, Results: results, Elapsed: elapsed(c),
	}
}

// sendProgram sends an answer once its register entry is durable. Its first part
// says as of when it is and changes with every call; the entity tag is over the
// second part, so that a program which has that already is sent no body
// (RFC 9110 §13.1.2).
func sendProgram(c echo.Context, entry *db.Pending, moment, content any) error {
	head, err := json.Marshal(moment)
	if err != nil {
		return err
	}
	var tail bytes.Buffer
	e := json.NewEncoder(&tail)
	e.SetEscapeHTML(false) // nobody reads this as HTML
	if err := e.Encode(content); err != nil {
		return err
	}
	if err := entry.Wait(c.Request().Context()); err != nil {
		return err
	}
	h := c.Response().Header()
	page := rendered{tag: `W/"` + strconv.FormatUint(xxhash.Sum64(tail.Bytes()), 36) + `"`}
	h.Set("ETag", page.tag)
	if page.known(c) {
		return c.NoContent(http.StatusNotModified)
	}
	body := slices.Concat(head[:len(head)-1], []byte{','}) // two objects become one
	body = append(body, tail.Bytes()[1:]...)
	h.Set(echo.HeaderContentType, "application/json")
	if b := packed(c.Request(), body); b != nil {
		defer rendered{buf: b}.discard()
		h.Set(echo.HeaderContentEncoding, "gzip")
		body = b.Bytes()
	}
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err = c.Response().Write(body)
	return err
}
