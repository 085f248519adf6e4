package handlers

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"customs.gov.az/portal/customs"
)

// paceEvery is how long the times of checkpoints are kept: they change hourly,
// and a page has something better to do than to ask for them.
const (
	paceEvery = time.Minute
	paceSoon  = 5 * time.Second // where nothing was measured yet
	paceWait  = time.Second     // how long a page waits for them
)

// paces keeps how long clearance took at each checkpoint. The zero value is
// ready and safe for concurrent use.
type paces struct {
	asking sync.Mutex
	kept   atomic.Pointer[keptPaces]
}

type keptPaces struct {
	by map[string]customs.Pace
	at time.Time
}

// get answers what is known by checkpoint. One request in a while reads it anew;
// the others do not wait, and what cannot be read now stays as it was.
func (s *paces) get(ctx context.Context, now time.Time, read func(context.Context) (map[string]customs.Pace, error)) map[string]customs.Pace {
	kept := s.kept.Load()
	if (kept == nil || now.Sub(kept.at) >= paceEvery) && s.asking.TryLock() {
		defer s.asking.Unlock()
		by, err := read(ctx)
		if err != nil && kept != nil {
			by = kept.by
		}
		kept = &keptPaces{by, now}
		if len(by) == 0 {
			kept.at = now.Add(paceSoon - paceEvery)
		}
		s.kept.Store(kept)
	}
	if kept == nil {
		return nil
	}
	return kept.by
}

func (p *Portal) pacesNow(ctx context.Context) map[string]customs.Pace {
	ctx, cancel := context.WithTimeout(ctx, paceWait)
	defer cancel()
	return p.paces.get(ctx, p.Now(), p.DB.Paces)
}
