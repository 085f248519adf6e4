package handlers

import (
	"math"
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
	for _, f := range []struct {
		name, help string
		read       func(waiting, refused int) int
	}{
		{"portal_register_journal_waiting", "Entries of answers from a standby that the register has not yet.", func(waiting, _ int) int { return waiting }},
		{"portal_register_journal_refused", "Those that the register would not have; they stay in the journal.", func(_, refused int) int { return refused }},
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: f.name, Help: f.help}, func() float64 {
			waiting, refused, err := p.DB.Journalled()
			if err != nil {
				return math.NaN()
			}
			return float64(f.read(waiting, refused))
		}))
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "portal_from_standby", Help: "1 while lists and details are read from a standby, else 0.",
	}, func() float64 {
		if p.DB.FromStandby() {
			return 1
		}
		return 0
	}))
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
