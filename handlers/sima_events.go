package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/db"
)

// simaLook is how often an open page's code is looked at even if no notice
// came: notices are lost with a connection to the database.
const simaLook = 10 * time.Second

// watchSIMA holds the stream until the code has moved on, has ended or the page
// was closed. What happened is not said: the page asks as usual.
func (p *Portal) watchSIMA(c echo.Context, seen db.Operation, changes <-chan struct{}) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	page := patient{c.Response(), http.NewResponseController(c.Response().Writer), deadline}
	write := func(text string) bool { return page.send([]byte(text)) == nil }
	if !write("retry: 3000\n\n") {
		return nil
	}
	look := time.NewTicker(simaLook)
	defer look.Stop()
	ctx := c.Request().Context()
	for {
		o, err := p.operation(c, p.jar(c))
		if err == nil && (!o.Open() || o.Fetched != seen.Fetched) {
			write("event: look\ndata:\n\n")
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-changes:
			if !ok {
				return nil
			}
		case <-look.C:
			if !write(": still here\n\n") {
				return nil
			}
		}
	}
}
