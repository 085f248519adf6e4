package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// OpsHandler answers on the listener for operations, which is never public:
// alive, ready and in figures.
func (p *Portal) OpsHandler() http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if !c.Response().Committed {
			status, _ := outcome(err)
			_ = c.String(status, http.StatusText(status)+"\n") // the caller may be gone
		}
	}
	get(e, "/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	get(e, "/readyz", p.ready)
	get(e, "/metrics", echo.WrapHandler(promhttp.HandlerFor(p.metrics.registry, promhttp.HandlerOpts{})))
	return e
}

// ready answers 200 only when a goods page could be served: the goods can be
// read and a register entry could be written, or both can be done without the
// primary.
func (p *Portal) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	check := p.DB.Ready
	if p.DB.FromStandby() {
		check = p.DB.StandbyReady
	}
	if err := check(ctx); err != nil {
		p.Log.Warn("not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
