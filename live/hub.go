// Package live tells open pages that something they show has changed. A hub
// carries no data: it only says "look again", and the page asks as usual, so
// that permission is checked in one place.
package live

import "sync"

// Hub passes changes on to subscribers. The zero value is not usable; see New.
type Hub struct {
	mu     sync.Mutex
	topics map[string]map[*Subscription]struct{}
	count  int
	limit  int
	closed bool
}

// Subscription is one open page.
type Subscription struct {
	C     <-chan struct{} // receives after a change; closed when the hub closes
	c     chan struct{}
	hub   *Hub
	topic string
}

// New returns a hub for at most limit open pages.
func New(limit int) *Hub {
	return &Hub{topics: map[string]map[*Subscription]struct{}{}, limit: limit}
}

// Subscribe opens a subscription to a topic, a VÖEN. It is nil when the hub is
// full or closed: the page then simply does not move by itself.
func (h *Hub) Subscribe(topic string) *Subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.count >= h.limit {
		return nil
	}
	c := make(chan struct{}, 1)
	s := &Subscription{C: c, c: c, hub: h, topic: topic}
	if h.topics[topic] == nil {
		h.topics[topic] = map[*Subscription]struct{}{}
	}
	h.topics[topic][s] = struct{}{}
	h.count++
	return s
}

// Close ends the subscription. It may be called after the hub was closed.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.topics[s.topic][s]; !ok {
		return
	}
	delete(h.topics[s.topic], s)
	if len(h.topics[s.topic]) == 0 {
		delete(h.topics, s.topic)
	}
	h.count--
}

// Publish tells the subscribers of a topic, or all of them for "", to look
// again. It never waits: one unread notice is as good as many.
func (h *Hub) Publish(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if topic != "" {
		notify(h.topics[topic])
		return
	}
	for _, t := range h.topics {
		notify(t)
	}
}

func notify(subscribers map[*Subscription]struct{}) {
	for s := range subscribers {
		select {
		case s.c <- struct{}{}:
		default:
		}
	}
}

// Len is the number of open subscriptions.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Close ends all subscriptions and refuses new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	for _, t := range h.topics {
		for s := range t {
			close(s.c)
		}
	}
	h.topics, h.count = map[string]map[*Subscription]struct{}{}, 0
}
