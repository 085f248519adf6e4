package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"
	"github.com/prometheus/client_golang/prometheus"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// probe asks the portal for a goods page the way a browser does, through every
// layer but the network: middleware, cookie, session, rights, list, register,
// page. So a silent portal is told from one that nobody asks.
type probe struct {
	p       *Portal
	site    http.Handler
	key     db.SessionKey
	renewed time.Time
}

const (
	probeEvery   = 50 * time.Second // by any process, so once a minute with what waiting costs
	probeSession = 30 * time.Minute // after which a new session is begun
)

func (p *Portal) newProbe() *probe { return &probe{p: p, site: p.Handler()} }

// errProbe says that the portal did not answer itself as it should.
var errProbe = errors.New("handlers: the portal's own request had no good answer")

// ask asks if it is this process's turn. A request that fails is registered as
// one, if that much can still be done; without a new entry supervision raises
// the alarm by itself.
func (b *probe) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*deadline)
	defer cancel()
	_, err := b.p.DB.AloneForProbe(ctx, probeEvery, func(ctx context.Context) error {
		if err := b.renew(ctx); err != nil {
			return err
		}
		began := time.Now()
		status, err := b.request(ctx)
		if err == nil && status == http.StatusOK {
			return nil
		}
		b.renewed = time.Time{}
		e := register.Entry{
			RequestID: uuid.Must(uuid.NewV7()), Channel: "web", Actor: "system", Session: b.key.ID, Action: register.ProbeFailed,
			Asked: views.GoodsPath, Outcome: register.Failed, Elapsed: time.Since(began),
		}
		return errors.Join(fmt.Errorf("%w: status %d", errProbe, status), err, b.p.Register.Submit(ctx, e).Wait(ctx))
	})
	return err
}

// renew begins a session unless there is one that is young enough.
func (b *probe) renew(ctx context.Context) error {
	if time.Since(b.renewed) < probeSession {
		return nil
	}
	b.end()
	key, err := b.p.DB.StartSystemSession(ctx, db.Limits{Idle: 5 * time.Minute, Absolute: 2 * probeSession})
	if err != nil {
		return err
	}
	b.key, b.renewed = key, time.Now()
	return nil
}

// end ends the session.
func (b *probe) end() {
	if b.key == (db.SessionKey{}) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = b.p.DB.EndSession(ctx, b.key) // it ends by itself as well
	b.key, b.renewed = db.SessionKey{}, time.Time{}
}

// request asks for the page and returns the status of the answer.
func (b *probe) request(ctx context.Context) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.p.URL.JoinPath(views.GoodsPath).String(), nil)
	if err != nil {
		return 0, err
	}
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	s := sessions.NewSession(b.p.cookies, b.p.cookie)
	s.Options = &sessions.Options{Path: "/"}
	s.Values[valueKey] = b.key.String()
	jar := &probeAnswer{head: http.Header{}}
	if err := s.Save(r, jar); err != nil {
		return 0, err
	}
	for _, line := range jar.head.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil {
			r.AddCookie(c)
		}
	}
	answer := &probeAnswer{head: http.Header{}}
	b.site.ServeHTTP(answer, r)
	return answer.status, nil
}

// probeAnswer takes an answer of which only the head matters.
type probeAnswer struct {
	head   http.Header
	status int
}

// Header implements http.ResponseWriter.
func (a *probeAnswer) Header() http.Header { return a.head }

// WriteHeader implements http.ResponseWriter.
func (a *probeAnswer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *probeAnswer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return len(b), nil
}

// probeFigures are the figures about the portal's own request. They come from
// the register when monitoring asks, so every process answers the same and
// silence shows.
type probeFigures struct {
	p              *Portal
	last, good, ok *prometheus.Desc
}

func newProbeFigures(p *Portal) *probeFigures {
	return &probeFigures{
		p:    p,
		last: prometheus.NewDesc("portal_probe_last_seconds", "When the portal last asked itself, Unix time; 0: never.", nil, nil),
		good: prometheus.NewDesc("portal_probe_good_seconds", "When the portal last answered itself, Unix time; 0: never.", nil, nil),
		ok:   prometheus.NewDesc("portal_probe_ok", "1 if the newest of the portal's own requests was answered and is younger than three minutes, else 0.", nil, nil),
	}
}

// Describe lists the figures.
func (f *probeFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.last, f.good, f.ok} {
		ch <- d
	}
}

// Collect asks for them. A database that does not answer is no sign of health
// either: then the portal is not well.
func (f *probeFigures) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	probe, err := f.p.DB.Probe(ctx)
	if err != nil {
		gauge(f.ok, 0)
		return
	}
	since := func(t *time.Time) float64 {
		if t == nil {
			return 0
		}
		return unix(*t)
	}
	gauge(f.last, since(probe.At))
	gauge(f.good, since(probe.GoodAt))
	well := 1.0
	if probe.Silent(f.p.Now()) {
		well = 0
	}
	gauge(f.ok, well)
}
