package handlers

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/labstack/echo/v4"
)

// tagged gives a page an entity tag (RFC 9110 §8.8.3), so that a browser which
// has it already is sent no body. The tag is weak: one part near the page's head
// and one near its foot are volatile and do not count. A part that the page does
// not hold in these very bytes counts, which costs a body and is never wrong.
func (r rendered) tagged(c echo.Context, head, foot component) (rendered, error) {
	page := r.buf.Bytes()
	digest := xxhash.New()
	cut, err := render(c, head)
	if err != nil {
		return r, err
	}
	if at := bytes.Index(page, cut.buf.Bytes()); at >= 0 {
		_, _ = digest.Write(page[:at]) // a digest takes everything
		page = page[at+cut.buf.Len():]
	}
	cut.discard()
	if cut, err = render(c, foot); err != nil {
		return r, err
	}
	if at := bytes.LastIndex(page, cut.buf.Bytes()); at >= 0 {
		_, _ = digest.Write(page[at+cut.buf.Len():])
		page = page[:at]
	}
	cut.discard()
	_, _ = digest.Write(page)
	r.tag = `W/"` + strconv.FormatUint(digest.Sum64(), 36) + `"`
	return r, nil
}

// known reports whether the browser says that it has the tagged page
// (RFC 9110 §13.1.2; the comparison is weak).
func (r rendered) known(c echo.Context) bool {
	if r.tag == "" {
		return false
	}
	for tag := range strings.SplitSeq(strings.Join(c.Request().Header.Values("If-None-Match"), ","), ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(r.tag, "W/") {
			return true
		}
	}
	return false
}

// sendTag tells a page that is still open, and asks, whether it is still the
// same. It reports whether that was the whole answer. The browser may not store
// the page: what it may store it also brings back, as it was left, to whoever
// goes back after the trader has signed out.
func (r rendered) sendTag(c echo.Context, status int) bool {
	if r.tag == "" || status != http.StatusOK {
		return false
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", r.tag)
	// A script cannot read the headers of the page that it is part of, save this
	// one (W3C Server Timing).
	h.Set("Server-Timing", `page;desc=`+strings.TrimPrefix(r.tag, "W/"))
	if !r.known(c) {
		return false
	}
	c.Response().WriteHeader(http.StatusNotModified)
	return true
}
