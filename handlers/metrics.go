package handlers

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are the figures of this process, in the Prometheus form.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	signIns  *prometheus.CounterVec
}

func newMetrics(p *Portal) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "portal_request_seconds", Help: "Time to answer a request, by route and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5, 10},
		}, []string{"route", "status"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portal_sign_ins_total", Help: "Attempts to sign in, by method and outcome.",
		}, []string{"method", "outcome"}),
	}
	m.registry.MustRegister(m.requests, m.signIns, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(p.feeds.lines, newSenderFigures(p))
	m.registry.MustRegister(newTrustFigures(p), newProbeFigures(p))
	if p.Notifications {
		m.registry.MustRegister(newMailFigures(p))
	}
	m.registry.MustRegister(newStandbyFigures(p))
	if p.Hub != nil {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "portal_open_pages", Help: "Pages that listen for changes.",
		}, func() float64 { return float64(p.Hub.Len()) }))
	}
	return m
}

// measure times requests by route, so that an address never becomes a label.
func (p *Portal) measure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		err := next(c)
		p.metrics.requests.WithLabelValues(c.Path(), strconv.Itoa(c.Response().Status)).Observe(time.Since(began).Seconds())
		return err
	}
}
