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
	defer s.mu.Unlock()
	s.hears = now
	for l := range s.pages() {
		s.forget(l)
	}
}

// doubt forgets the leases of some pages and has the writer ask about them.
func (s *shard) doubt(prefix string) {
	s.mu.Lock()
	for l := range s.pages() {
		if strings.HasPrefix(l.key, prefix) {
			s.forget(l)
			s.doubts = append(s.doubts, l)
		}
	}
	doubts := len(s.doubts) > 0
	s.mu.Unlock()
	if doubts {
		s.nudge()
	}
}

// forget has the page asked about before anything is said to it.
func (s *shard) forget(l *listener) {
	l.asked, l.leased = time.Time{}, time.Time{}
	s.doubted++
}

// unasked are the pages whose leases would run out before long, or that have
// none, so that news need not wait for a question. Leases that are worth nothing
// are not asked for before there is something to say.
func (s *shard) unasked(now time.Time) (chosen []*listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hears {
		return nil
	}
	for l := range s.pages() {
		if l.opened && now.Sub(l.asked) >= silence {
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// doubtful are the pages that have to be asked about.
func (s *shard) doubtful() (chosen []*listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := s.doubts[:0]
	for _, l := range s.doubts {
		if l.opened {
			chosen = append(chosen, l)
		} else {
			rest = append(rest, l) // it nudges
		}
	}
	clear(s.doubts[len(rest):])
	s.doubts = rest
	return chosen
}

// ask asks how long pages may listen. Those that may not any longer are told
// that this is the end and let go; the others are returned.
func (s *shard) ask(pages []*listener) (stay []*listener) {
	if len(pages) == 0 {
		return nil
	}
	s.mu.Lock()
	doubted := s.doubted
	s.mu.Unlock()
	keys := make([]string, len(pages))
	for i, l := range pages {
		keys[i] = l.key
	}
	now := time.Now()
	leases := s.hub.lease(keys)
	s.mu.Lock()
	for i, l := range pages {
		if leases[i] <= 0 {
			continue
		}
		stay = append(stay, l)
		if s.hears && s.doubted == doubted { // what was doubted meanwhile the answer did not know
			l.asked, l.leased = now, now.Add(min(leases[i], trust))
		}
	}
	s.mu.Unlock()
	for i, l := range pages {
		if leases[i] <= 0 {
			_ = l.write(end) // it goes anyway
			s.remove(l)
		}
	}
	return stay
}
