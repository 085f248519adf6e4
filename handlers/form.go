package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

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

// brokenForm tells a form that is too large from one that cannot be read.
func brokenForm(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return echo.NewHTTPError(http.StatusBadRequest)
}
