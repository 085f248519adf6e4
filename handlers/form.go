package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

const smallForm = 16 << 10 // bytes of a form of a few short fields

// smallPost reads a form without files. What is no text is U+FFFD in its
// values, as a browser shows it: neither the database nor a page takes it
// otherwise.
func smallPost(c echo.Context) (url.Values, error) {
	form, err := readForm(c, smallForm)
	for _, values := range form {
		for i, v := range values {
			values[i] = strings.ReplaceAll(strings.ToValidUTF8(v, "\ufffd"), "\x00", "\ufffd")
		}
	}
	return form, err
}

// readForm reads a form of at most so many bytes, as it came. The error is for
// the table.
func readForm(c echo.Context, limit int64) (url.Values, error) {
	r := c.Request()
	if r.PostForm == nil {
		r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
		if err := r.ParseForm(); err != nil {
			return nil, brokenForm(err)
		}
	}
	return r.PostForm, nil
}

// staffForm reads a small form whose values come without blanks around them.
func staffForm(c echo.Context) (func(string) string, error) {
	form, err := smallPost(c)
	return func(name string) string { return strings.TrimSpace(form.Get(name)) }, err
}

// brokenForm tells a form that is too large from one that cannot be read.
func brokenForm(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return echo.NewHTTPError(http.StatusBadRequest)
}

// uuidParam is a number of the usual form in the address, else that of nothing.
func uuidParam(c echo.Context, name string) uuid.UUID {
	id, err := uuid.Parse(c.Param(name))
	if err != nil || len(c.Param(name)) != 36 {
		return uuid.Nil
	}
	return id
}

// typedText is what a person typed, with the line ends of this system.
func typedText(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
}

// isText reports whether it is text that people can read: lines and words.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
	})
}

// readable is a text without what is none, to be shown again.
func readable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !isText(string(r)) {
			return -1
		}
		return r
	}, s)
}
