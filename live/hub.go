// Package live tells open pages that something they show has changed. A hub
// carries no data: it only says "look again", and the page asks as usual, so
// that permission is checked in one place.
//
// Ten thousand pages may be open at once, so an idle one must cost little: the
// hub takes over their connections and writes to them itself, with one
// goroutine for each of a few shards instead of one for each page.
package live

import (
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Hub passes changes on to open pages. The zero value is not usable; see New.
type Hub struct {
	shards []*shard
	last   atomic.Uint64 // counts pages, to spread them
	limit  int64
	count  atomic.Int64
	closed atomic.Bool
	lease  func(keys []string) []time.Duration
}

// shardCount bounds how much of the hub a slow connection can hold up, and how
// many processors can write at once.
const shardCount = 8

// share is the part of the hub, one of so many, that the pages of one topic may
// take: who opens pages without end takes none away from others.
const share = 4

// New returns a hub for at most limit open pages.
func New(limit int) *Hub {
	h := &Hub{limit: int64(limit), lease: everybody}
	for range shardCount {
		h.shards = append(h.shards, newShard(h))
	}
	return h
}

// Ask has the hub ask how long some pages may listen from now on, by the keys
// that they came with and in their order; 0: not any more. It must be called
// before the first page is held. Nobody asked: all may.
func (h *Hub) Ask(lease func(keys []string) []time.Duration) { h.lease = lease }

// Leases that are no time.
const (
	Now     = time.Nanosecond  // it may listen, but is to be asked about again before the next word
	Unknown = -time.Nanosecond // nobody knows at the moment: it stays, and is told nothing
)

func everybody(keys []string) []time.Duration {
	return slices.Repeat([]time.Duration{Now}, len(keys))
}

// Hear says whether the hub hears from now on of changes, and of what Doubt is
// for. Only while it does is a lease believed, and none that is older. When it
// does not any longer, pages are told that what they show may be out of date;
// whoever says that it does again has them look, see Publish.
func (h *Hub) Hear(now bool) {
	for _, s := range h.shards {
		s.hear(now)
	}
}

// Doubt has the pages whose keys begin with this asked about at once, whatever
// their leases: they may not listen any longer, perhaps.
func (h *Hub) Doubt(prefix string) {
	for _, s := range h.shards {
		s.doubt(prefix)
	}
}

// shard is where the next page lives. Pages of one topic are spread, since a
// trader may have a thousand open and all shall hear soon.
func (h *Hub) shard() *shard { return h.shards[h.last.Add(1)%shardCount] }

// enter counts one more page, unless the hub is full.
func (h *Hub) enter() bool {
	if h.count.Add(1) > h.limit {
		h.count.Add(-1)
		return false
	}
	return true
}

// Subscribe opens a subscription to a topic for somebody who listens in this
// program. It is nil when the hub is full or closed.
func (h *Hub) Subscribe(topic string) *Subscription {
	if !h.enter() {
		return nil
	}
	c := make(chan struct{}, 1)
	s := &Subscription{C: c, listener: &listener{topic: topic, c: c}, shard: h.shard()}
	if !s.shard.add(s.listener) {
		h.count.Add(-1)
		return nil
	}
	return s
}

// Subscription is somebody who listens in this program.
type Subscription struct {
	C        <-chan struct{} // receives after a change; closed when the hub closes
	listener *listener
	shard    *shard
}

// Close ends the subscription. It may be called after the hub was closed.
func (s *Subscription) Close() { s.shard.remove(s.listener) }

// Conn is what the hub needs of the connection of a page: that of net.Conn. A
// Read ends with the page; a Write must not last.
type Conn interface {
	io.ReadWriteCloser
	SetWriteDeadline(t time.Time) error
}

// Hold gives the connection of an open page to the hub, which writes the head of
// the answer and the stream to it: an event after each change of the topic, at
// most one a second, and a beat when nothing happens for long. No other event goes
// to a page without a lease; a page that may not listen any longer is told so
// and its connection closed, as it is when the page is gone or too slow, or
// when the hub closes. A change after Hold began is never missed. It
// reports false when the hub is full or closed: the connection then remains the
// caller's.
func (h *Hub) Hold(topic, key string, c Conn, head []byte) bool {
	if !h.enter() {
		return false
	}
	l := &listener{topic: topic, key: key, conn: c, spoken: time.Now()}
	s := h.shard()
	if !s.add(l) {
		h.count.Add(-1)
		return false
	}
	s.open(l, append(head, opening...))
	return true
}

// Publish tells the pages of a topic, or all of them for "", to look again. It
// never waits for a page: one unread notice is as good as many.
func (h *Hub) Publish(topic string) {
	for _, s := range h.shards {
		s.publish(topic)
	}
}

// Room reports whether another page of a topic should be held now.
func (h *Hub) Room(topic string) bool {
	if h.closed.Load() || h.count.Load() >= h.limit {
		return false
	}
	n := 0
	for _, s := range h.shards {
		n += s.count(topic)
	}
	return n < max(int(h.limit)/share, 1)
}

// Len is the number of open pages and subscriptions.
func (h *Hub) Len() int { return int(h.count.Load()) }

// Close ends all subscriptions, closes all connections and refuses new ones. It
// returns when nothing of the hub runs any more.
func (h *Hub) Close() {
	h.closed.Store(true)
	var wg sync.WaitGroup
	for _, s := range h.shards {
		wg.Go(s.close)
	}
	wg.Wait()
}
