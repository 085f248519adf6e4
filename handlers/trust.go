package handlers

import (
	"github.com/prometheus/client_golang/prometheus"
)

// trustFigures tells, at every scrape, how long the authorities hold that
// signatures are checked against.
type trustFigures struct {
	portal *Portal
	days   *prometheus.Desc
}

func newTrustFigures(p *Portal) trustFigures {
	return trustFigures{portal: p, days: prometheus.NewDesc("portal_trust_days_left",
		"Days until a trusted authority's certificate ends.", []string{"profile", "role", "certificate"}, nil)}
}

// Describe names the figure.
func (t trustFigures) Describe(ch chan<- *prometheus.Desc) { ch <- t.days }

// Collect goes through the profiles as they are now. A file named twice in a
// profile counts once: two equal figures would fail the scrape.
func (t trustFigures) Collect(ch chan<- prometheus.Metric) {
	seen := map[[3]string]bool{}
	for _, a := range t.portal.Verifier.Trust().Authorities() {
		labels := [3]string{a.Profile, a.Role, a.Fingerprint()}
		if !seen[labels] {
			seen[labels] = true
			ch <- prometheus.MustNewConstMetric(t.days, prometheus.GaugeValue, a.Days(t.portal.Now()), labels[:]...)
		}
	}
}
