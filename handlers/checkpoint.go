package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"
	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

// registerPath is the prefix of the log's public files (C2SP tlog-tiles).
const registerPath = "/register"

// checkpoint is the signed head of the register's log (C2SP tlog-checkpoint).
// There is nothing personal in it or in the tiles.
func (p *Portal) checkpoint(c echo.Context) error {
	h, err := p.DB.Head(c.Request().Context())
	if err != nil {
		return err
	}
	if h.Size == 0 {
		return db.ErrNotFound
	}
	public(c, "public, max-age=2")
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(h.Note))
}

// tile is a part of the log's tree: with the checkpoint enough to compute any
// proof of inclusion or consistency.
func (p *Portal) tile(c echo.Context) error {
	level, n, width, err := register.ParseTilePath(c.Param("*"))
	if err != nil {
		return db.ErrNotFound
	}
	hashes, err := p.DB.Tile(c.Request().Context(), level, n)
	if err != nil {
		return err
	}
	if len(hashes) < width*tlog.HashSize {
		return db.ErrNotFound
	}
	public(c, "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, echo.MIMEOctetStream, hashes[:width*tlog.HashSize])
}

// public lets an answer that is the same for everyone be kept and be read by
// pages of other sites.
func public(c echo.Context, cache string) {
	keepable(c, cache)
	h := c.Response().Header()
	h.Set(echo.HeaderAccessControlAllowOrigin, "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// keepable lets an answer that is the same for everyone be kept: it is in no
// language, and what a cache hands out to others brings nobody's cookie.
func keepable(c echo.Context, cache string) {
	h := c.Response().Header()
	h.Del(echo.HeaderVary)
	h.Del(echo.HeaderSetCookie)
	h.Del("Content-Language")
	h.Set("Cache-Control", cache)
}

// signedHead opens the checkpoint of a head of the log, so that nothing is
// called proved that no known key has signed.
func (p *Portal) signedHead(h db.Head) (register.Checkpoint, error) {
	checkpoint, err := p.Seals.Open(h.Note)
	if err == nil && (checkpoint.Tree.N != h.Size || checkpoint.Tree.Hash != h.Root) {
		err = errors.New("handlers: the stored head is not the one that was signed")
	}
	return checkpoint, err
}
