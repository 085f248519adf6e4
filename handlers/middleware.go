package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// Names of what middleware leaves in the context of a request.
const (
	keyLocale  = "locale"
	keyRequest = "request"
	keyBegan   = "began"
	keyHome    = "home" // where a sign-in by card began
)

// deadline is the most time that one request may take, event streams excepted.
const deadline = 10 * time.Second

// identify numbers the request and starts its clock.
func (p *Portal) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		c.Set(keyRequest, id)
		c.Set(keyBegan, time.Now())
		c.Response().Header().Set(echo.HeaderXRequestID, id.String())
		return next(c)
	}
}

func requestID(c echo.Context) uuid.UUID {
	id, _ := c.Get(keyRequest).(uuid.UUID)
	return id
}

// elapsed is the processing time so far (REG 1.7).
func elapsed(c echo.Context) time.Duration {
	began, _ := c.Get(keyBegan).(time.Time)
	return time.Since(began)
}

// log writes one line for each request: which route, never which address, since
// an address may hold what a person looked for.
func (p *Portal) log(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err != nil {
			c.Error(err) // writes the answer, so that its status can be logged
		}
		r := c.Response()
		attrs := []slog.Attr{
			slog.String("request", requestID(c).String()), slog.String("method", known(c.Request().Method)),
			slog.String("route", c.Path()), slog.Int("status", r.Status), slog.Int64("bytes", r.Size), slog.Duration("took", elapsed(c)),
		}
		level := slog.LevelInfo
		if errors.Is(c.Request().Context().Err(), context.Canceled) {
			attrs = append(attrs, slog.Bool("left", true)) // nobody waits any more: no fault of the portal's
		} else if r.Status >= http.StatusInternalServerError {
			level = slog.LevelError
			attrs = append(attrs, slog.Any("error", err))
		}
		p.Log.LogAttrs(c.Request().Context(), level, "request", attrs...)
		return nil
	}
}

// known is a method that HTTP defines, and "other" for what a client made up:
// free text of strangers has no place in the log.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "other"
}

// survive turns a panic into an error: one request fails, not the program.
func (p *Portal) survive(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler { //nolint:errorlint // the documented sentinel of net/http
					panic(r)
				}
				p.Log.Error("panic", "request", requestID(c).String(), "what", fmt.Sprint(r), "stack", string(debug.Stack()))
				err = echo.NewHTTPError(http.StatusInternalServerError)
			}
		}()
		return next(c)
	}
}

// limit gives the request a deadline.
func limit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		ctx, cancel := context.WithTimeout(r.Context(), deadline)
		defer cancel()
		c.SetRequest(r.WithContext(ctx))
		defer c.SetRequest(r) // an error page is still to be written
		return next(c)
	}
}

const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// harden sets the headers that make browsers strict.
func (p *Portal) harden(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if p.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// sameSite refuses what another site makes a browser send (net/http's
// CrossOriginProtection: Sec-Fetch-Site, else Origin).
func sameSite(guard *http.CrossOriginProtection) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := guard.Check(c.Request()); err != nil {
				return echo.NewHTTPError(http.StatusForbidden)
			}
			return next(c)
		}
	}
}

// speak chooses the language: ?lang= for this page and from now on, else the
// cookie, else Azerbaijani.
func (p *Portal) speak(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		lang := ""
		if cookie, err := c.Cookie(langCookie); err == nil {
			lang = cookie.Value
		}
		if asked := c.QueryParam("lang"); (asked == "az" || asked == "en") && asked != lang {
			lang = asked
			c.SetCookie(&http.Cookie{ //nolint:gosec // Secure wherever browsers see the portal through TLS
				Name: langCookie, Value: lang, Path: "/", MaxAge: int(langKept.Seconds()),
				HttpOnly: true, Secure: p.secure(), SameSite: http.SameSiteLaxMode,
			})
		}
		if lang != "en" {
			lang = "az"
		}
		l := p.Catalogue.For(lang)
		c.Set(keyLocale, l)
		c.Response().Header().Set("Content-Language", lang)
		c.Response().Header().Add(echo.HeaderVary, echo.HeaderCookie)
		return next(c)
	}
}
