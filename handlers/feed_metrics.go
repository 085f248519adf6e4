package handlers

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// senderFigures asks the database for the figures of senders and checkpoints
// when monitoring asks for them, so that silence shows although nothing
// happens, and every process answers the same.
type senderFigures struct {
	p                                              *Portal
	running, known, seen, stored, lag, asOf, moved *prometheus.Desc
}

func newSenderFigures(p *Portal) *senderFigures {
	bySender := []string{"sender"}
	return &senderFigures{
		p:       p,
		running: prometheus.NewDesc("portal_feeds_running", "Feeds that this process takes in at this moment.", nil, nil),
		known:   prometheus.NewDesc("portal_sender_known", "Senders that may send, by the settings.", bySender, nil),
		seen:    prometheus.NewDesc("portal_sender_last_seen_seconds", "When anything of the sender was last taken in, Unix time; 0: never.", bySender, nil),
		stored:  prometheus.NewDesc("portal_sender_last_stored_seconds", "When the sender last brought something new, Unix time; 0: never.", bySender, nil),
		lag:     prometheus.NewDesc("portal_sender_lag_seconds", "How old the sender's newest news was on arrival.", bySender, nil),
		moved:   prometheus.NewDesc("portal_feed_moved_total", "Registrations that the sender gave to another taxpayer, ever.", bySender, nil),
		asOf:    prometheus.NewDesc("portal_checkpoint_as_of_seconds", "As of when the checkpoint's data is by its own heartbeat, Unix time.", []string{"checkpoint"}, nil),
	}
}

// Describe lists the figures.
func (f *senderFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.running, f.known, f.seen, f.stored, f.lag, f.asOf, f.moved} {
		ch <- d
	}
}

// Collect asks for them. Without a database there are only those of the process.
func (f *senderFigures) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(f.running, float64(f.p.feeds.running()))
	for _, name := range f.p.Senders.Names() {
		gauge(f.known, 1, name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	senders, err := f.p.DB.Senders(ctx)
	if err != nil {
		return
	}
	silent := map[string]bool{}
	for _, name := range f.p.Senders.Names() {
		silent[name] = true
	}
	for _, s := range senders {
		delete(silent, s.Name)
		gauge(f.seen, unix(s.LastSeen), s.Name)
		ch <- prometheus.MustNewConstMetric(f.moved, prometheus.CounterValue, float64(s.Moved), s.Name)
		if s.StoredAt != nil {
			gauge(f.stored, unix(*s.StoredAt), s.Name)
		}
		if s.Lag != nil {
			gauge(f.lag, s.Lag.Seconds(), s.Name)
		}
	}
	for name := range silent {
		gauge(f.seen, 0, name)
	}
	fresh, err := f.p.DB.Freshness(ctx)
	if err != nil {
		return
	}
	for _, c := range fresh {
		if c.AsOf != nil {
			gauge(f.asOf, unix(*c.AsOf), c.Checkpoint)
		}
	}
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
