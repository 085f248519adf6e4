package handlers

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// mailFigures asks the database how the outbox stands when monitoring asks, so
// that every process answers the same, also one that does not send.
type mailFigures struct {
	p                           *Portal
	due, oldest, ended, failing *prometheus.Desc
}

func newMailFigures(p *Portal) *mailFigures {
	return &mailFigures{
		p:       p,
		due:     prometheus.NewDesc("portal_mail_due", "Mails that are due and not yet taken over by the mail server.", nil, nil),
		oldest:  prometheus.NewDesc("portal_mail_oldest_seconds", "For how long the oldest of them has been due.", nil, nil),
		ended:   prometheus.NewDesc("portal_mail_ended", "Mails of the last 30 days by how they ended: sent, failed, unknown, withdrawn.", []string{"outcome"}, nil),
		failing: prometheus.NewDesc("portal_mail_failing_addresses", "Addresses that nothing is sent to because they refuse mail.", nil, nil),
	}
}

// Describe lists the figures.
func (f *mailFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.due, f.oldest, f.ended, f.failing} {
		ch <- d
	}
}

// Collect asks for them. Without a database there are none.
func (f *mailFigures) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	m, err := f.p.DB.MailFigures(ctx)
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(f.due, float64(m.Due))
	gauge(f.oldest, m.Oldest.Seconds())
	gauge(f.failing, float64(m.Failing))
	for outcome, n := range m.Ended {
		gauge(f.ended, float64(n), outcome)
	}
}
