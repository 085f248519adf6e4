package live

import (
	"strings"
	"time"
)

// A page has a lease: for how long it may listen without being asked about. So
// news does not wait for a question, as long as the hub hears of what ends a
// lease before its time.

const (
	trust    = time.Minute // a lease is believed for at most so long, and renewed before
	together = 64          // of so many pages is asked at once
)

// hear notes whether leases are worth something, and forgets all there are.
func (s *shard) hear(now bool) {
	s.mu.Lock()
	s.hears, s.deaf = now, !now
	for l := range s.pages() {
		s.forget(l)
		l.told = false
	}
	s.mu.Unlock()
	s.nudge()
}

// doubt forgets the leases of some pages and has the writer ask about them.
func (s *shard) doubt(prefix string) {
	s.mu.Lock()
	for l := range s.pages() {
		if strings.HasPrefix(l.key, prefix) {
			s.forget(l)
			s.urgent = true
		}
	}
	urgent := s.urgent
	s.mu.Unlock()
	if urgent {
		s.nudge()
	}
}

// forget has the page asked about before anything is said to it.
func (s *shard) forget(l *listener) {
	l.asked, l.leased, l.unknown = time.Time{}, time.Time{}, false
	s.doubts++
}

// unasked are the pages that have no lease, or whose lease would run out before
// long or has, so that neither news nor its end need wait, and those of which
// nobody knew. Leases that are worth nothing are not asked for before there is
// something to say.
func (s *shard) unasked(now time.Time) (chosen []*listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.pages() {
		over := !l.leased.IsZero() && !now.Before(l.leased)
		if l.opened && (l.unknown || s.hears && (over || now.Sub(l.asked) >= doubtful)) {
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// hurry reports, once, whether questions do not wait for the next round.
func (s *shard) hurry() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	urgent := s.urgent
	s.urgent = false
	return urgent
}

// sure are those of the pages that have leases.
func (s *shard) sure(pages []*listener) (sure, rest []*listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, l := range pages {
		if s.hears && now.Before(l.leased) {
			sure = append(sure, l)
		} else {
			rest = append(rest, l)
		}
	}
	return sure, rest
}

// ask asks how long pages may listen. Those that may not any longer are told
// that this is the end and let go. Of whom nobody knows is asked again in the
// next round.
func (s *shard) ask(pages []*listener) (may, unknown []*listener) {
	s.mu.Lock()
	doubts, closed := s.doubts, s.closed
	s.mu.Unlock()
	if len(pages) == 0 || closed {
		return nil, nil
	}
	keys := make([]string, len(pages))
	for i, l := range pages {
		keys[i] = l.key
	}
	now := time.Now()
	leases := s.hub.lease(keys)
	var over []*listener
	s.mu.Lock()
	for i, l := range pages {
		lease := leases[i]
		l.unknown = lease < 0
		switch {
		case lease == 0:
			over = append(over, l)
		case lease < 0:
			unknown = append(unknown, l)
		default:
			may = append(may, l)
			if s.hears && s.doubts == doubts { // what was doubted meanwhile the answer did not know
				l.grant(now, lease)
			}
		}
	}
	s.mu.Unlock()
	for _, l := range over {
		_ = l.write(end) // it goes anyway
		s.remove(l)
	}
	return may, unknown
}

// grant notes a lease that was asked for at this time.
func (l *listener) grant(asked time.Time, lease time.Duration) {
	l.asked, l.leased = asked, time.Time{}
	if lease > Now {
		l.leased = asked.Add(min(lease, trust))
	}
}
