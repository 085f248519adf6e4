package live

import (
	"net"
	"sync"
	"time"
)

// The event stream, by the HTML standard's section on server-sent events.
const (
	// Opening is what a stream begins with: when to come back after a break.
	Opening = "retry: 3000\nevent: open\ndata:\n\n"
	look    = "event: look\ndata:\n\n"
	end     = "event: end\ndata:\n\n" // whoever listens may not any longer
	comment = ": still here\n\n"
)

const (
	pace     = time.Second            // a page hears of changes at most this often
	silence  = 25 * time.Second       // then a comment: proxies and people must see that the stream lives
	recheck  = time.Minute            // so often a page must still be allowed to listen
	round    = 5 * time.Second        // so often is looked for silence and rechecks
	patience = 100 * time.Millisecond // what one connection may hold up the others; what is sent fits into its buffer
)

// listener is an open page (conn) or somebody in this program (c).
type listener struct {
	topic   string
	c       chan struct{}
	conn    net.Conn
	alive   func() bool
	changed bool      // something is to be said
	looked  time.Time // when it was last told to look again
	spoken  time.Time // when anything was last said
	checked time.Time // when alive was last asked
}

// shard is a part of the hub's topics with their pages. Its two goroutines run
// from its first page until it closes: one writes, one asks who may still
// listen, which may take a while.
type shard struct {
	hub    *Hub
	mu     sync.Mutex
	topics map[string]map[*listener]struct{}
	due    []*listener // to whom something is to be said
	closed bool
	wake   chan struct{}
	done   chan struct{}
	start  sync.Once
	runs   sync.WaitGroup
}

func newShard(h *Hub) *shard {
	return &shard{hub: h, topics: map[string]map[*listener]struct{}{}, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (s *shard) add(l *listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.topics[l.topic] == nil {
		s.topics[l.topic] = map[*listener]struct{}{}
	}
	s.topics[l.topic][l] = struct{}{}
	if l.conn != nil {
		s.start.Do(func() {
			s.runs.Go(s.write)
			s.runs.Go(s.check)
		})
	}
	return true
}

// remove forgets a listener and closes its connection; once, however often it
// is called.
func (s *shard) remove(l *listener) {
	s.mu.Lock()
	_, here := s.topics[l.topic][l]
	if here {
		delete(s.topics[l.topic], l)
		if len(s.topics[l.topic]) == 0 {
			delete(s.topics, l.topic)
		}
		s.hub.count.Add(-1)
	}
	s.mu.Unlock()
	if here && l.conn != nil {
		_ = l.conn.Close() // nobody is left to tell
	}
}

// publish notes who has to hear of a change and wakes the writer.
func (s *shard) publish(topic string) {
	s.mu.Lock()
	if topic != "" {
		s.note(s.topics[topic])
	} else {
		for _, t := range s.topics {
			s.note(t)
		}
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *shard) note(listeners map[*listener]struct{}) {
	for l := range listeners {
		switch {
		case l.conn == nil:
			select {
			case l.c <- struct{}{}:
			default:
			}
		case !l.changed:
			l.changed = true
			s.due = append(s.due, l)
		}
	}
}

// write says what is to be said until the shard closes.
func (s *shard) write() {
	rounds := time.NewTicker(round)
	defer rounds.Stop()
	later := time.NewTimer(0)
	defer later.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-s.wake:
		case <-later.C:
		case <-rounds.C:
			for _, l := range s.silent(time.Now()) {
				s.say(l, comment)
			}
		}
		now, wait := s.ready(time.Now())
		for _, l := range now {
			s.say(l, look)
		}
		if wait > 0 {
			later.Reset(wait)
		}
	}
}

// ready takes those whose turn it is out of the due ones, and says how long to
// wait for the next.
func (s *shard) ready(now time.Time) (turn []*listener, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := s.due[:0]
	for _, l := range s.due {
		left := pace - now.Sub(l.looked)
		if left > 0 {
			rest = append(rest, l)
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		l.changed, l.looked, l.spoken = false, now, now
		turn = append(turn, l)
	}
	clear(s.due[len(rest):])
	s.due = rest
	return turn, wait
}

// silent are those who have heard nothing for long.
func (s *shard) silent(now time.Time) []*listener {
	return s.choose(func(l *listener) bool {
		if now.Sub(l.spoken) < silence {
			return false
		}
		l.spoken = now
		return true
	})
}

// choose are the pages of which a condition holds, which may note something.
func (s *shard) choose(condition func(*listener) bool) []*listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	var chosen []*listener
	for _, t := range s.topics {
		for l := range t {
			if l.conn != nil && condition(l) {
				chosen = append(chosen, l)
			}
		}
	}
	return chosen
}

// say writes to a page, and lets it go if that does not succeed at once.
func (s *shard) say(l *listener, text string) {
	err := l.conn.SetWriteDeadline(time.Now().Add(patience))
	if err == nil {
		_, err = l.conn.Write([]byte(text))
	}
	if err != nil {
		s.remove(l)
	}
}

// check asks who may still listen until the shard closes.
func (s *shard) check() {
	rounds := time.NewTicker(round)
	defer rounds.Stop()
	for {
		select {
		case <-s.done:
			return
		case now := <-rounds.C:
			for _, l := range s.unchecked(now) {
				if !l.alive() {
					s.say(l, end)
					s.remove(l)
				}
			}
		}
	}
}

func (s *shard) unchecked(now time.Time) []*listener {
	return s.choose(func(l *listener) bool {
		if now.Sub(l.checked) < recheck {
			return false
		}
		l.checked = now
		return true
	})
}

func (s *shard) close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	var pages []*listener
	for _, t := range s.topics {
		for l := range t {
			if l.conn != nil {
				pages = append(pages, l)
			} else {
				close(l.c)
				s.hub.count.Add(-1)
				delete(t, l)
			}
		}
	}
	s.mu.Unlock()
	close(s.done)
	s.runs.Wait()
	for _, l := range pages {
		s.remove(l)
	}
}
