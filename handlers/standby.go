package handlers

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// standbyFigures are the figures about reading without the primary.
type standbyFigures struct {
	p                      *Portal
	from, waiting, refused *prometheus.Desc
}

func newStandbyFigures(p *Portal) *standbyFigures {
	return &standbyFigures{
		p:       p,
		from:    prometheus.NewDesc("portal_from_standby", "1 while lists and details are read from a standby, else 0.", nil, nil),
		waiting: prometheus.NewDesc("portal_register_journal_waiting", "Entries of answers from a standby that the register has not yet.", nil, nil),
		refused: prometheus.NewDesc("portal_register_journal_refused", "Those that the register would not have; they stay in the journal.", nil, nil),
	}
}

// Describe lists the figures.
func (f *standbyFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.from, f.waiting, f.refused} {
		ch <- d
	}
}

// Collect reads them; they are not a number of a journal that cannot be read.
func (f *standbyFigures) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	from := 0.0
	if f.p.DB.FromStandby() {
		from = 1
	}
	gauge(f.from, from)
	waiting, refused, err := f.p.DB.Journalled()
	if err != nil {
		gauge(f.waiting, math.NaN())
		gauge(f.refused, math.NaN())
		return
	}
	gauge(f.waiting, float64(waiting))
	gauge(f.refused, float64(refused))
}
