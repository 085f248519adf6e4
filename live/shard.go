package live

import (
	"io"
	"iter"
	"slices"
	"sync"
	"time"
)

// The event stream, by the HTML standard's section on server-sent events.
const (
	opening = "retry: 3000\nevent: open\ndata:\n\n" // with it, when to come back after a break
	look    = "event: look\ndata:\n\n"
	lost    = "event: lost\ndata:\n\n" // until the next look nobody here hears of changes
	end     = "event: end\ndata:\n\n"  // whoever listens may not any longer
	beat    = "event: beat\ndata:\n\n" // nothing has changed, and the stream is still one
)

const (
	pace     = time.Second            // a page hears of changes at most this often
	quiet    = 20 * time.Second       // then, or up to 20 seconds later, a beat, for proxies that give up on a silent stream, and for pages that are to notice one that is dead
	doubtful = 45 * time.Second       // so long after it was asked about a page is asked about again
	round    = 5 * time.Second        // so often is looked who has heard nothing, or is to be asked about
	patience = 100 * time.Millisecond // what one connection may hold up the others; what is sent fits into its buffer
)

// listener is an open page (conn) or somebody in this program (c).
type listener struct {
	topic   string
	c       chan struct{}
	conn    Conn
	key     string    // by which is asked whether it may still listen
	opened  bool      // the beginning was written
	changed bool      // it has to look again
	looked  time.Time // when it was last told to
	spoken  time.Time // when anything was last said
	asked   time.Time // when it was last asked about; zero: since then there were doubts
	leased  time.Time // until then it may listen without being asked about
	unknown bool      // when it was last asked about, nobody knew
	told    bool      // that nobody here hears of changes
}

// shard is a part of the hub's pages, by topic. One goroutine writes to
// all of them, from the first page until the shard closes.
type shard struct {
	hub    *Hub
	mu     sync.Mutex
	topics map[string]map[*listener]struct{}
	due    []*listener // who has to look again
	hears  bool        // what Doubt is for, so that a lease is worth something
	deaf   bool        // it did, and does not any longer
	doubts int         // how often a lease was doubted
	urgent bool        // who has no lease is to be asked about now
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
		s.start.Do(func() { s.runs.Go(s.run) })
		s.runs.Go(func() { s.wait(l) })
	}
	return true
}

// open writes the beginning of the answer. Changes that come meanwhile wait.
func (s *shard) open(l *listener, beginning []byte) {
	if err := l.write(string(beginning)); err != nil {
		s.remove(l)
		return
	}
	s.mu.Lock()
	l.opened = true
	s.mu.Unlock()
	s.nudge()
}

// wait returns when the page has gone. A browser says nothing on such a
// connection: whatever comes is its end.
func (s *shard) wait(l *listener) {
	var nothing [1]byte
	_, _ = l.conn.Read(nothing[:])
	s.remove(l)
}

// remove forgets a listener and closes its connection; once, however often it
// is called.
func (s *shard) remove(l *listener) {
	s.mu.Lock()
	_, here := s.topics[l.topic][l]
	if here {
		delete(s.topics[l.topic], l)
		if l.changed {
			s.due = slices.DeleteFunc(s.due, func(other *listener) bool { return other == l })
		}
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

// publish notes who has to hear of a change and wakes the writer if anybody has.
func (s *shard) publish(topic string) {
	s.mu.Lock()
	if topic != "" {
		s.note(s.topics[topic])
	} else {
		for _, t := range s.topics {
			s.note(t)
		}
	}
	due := len(s.due) > 0
	s.mu.Unlock()
	if due {
		s.nudge()
	}
}

// count is how many of a topic are here.
func (s *shard) count(topic string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.topics[topic])
}

// pages are all that are open; under the lock.
func (s *shard) pages() iter.Seq[*listener] {
	return func(yield func(*listener) bool) {
		for _, t := range s.topics {
			for l := range t {
				if l.conn != nil && !yield(l) {
					return
				}
			}
		}
	}
}

// nudge has the writer look at who is due.
func (s *shard) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *shard) note(listeners map[*listener]struct{}) {
	for l := range listeners {
		if l.conn != nil {
			s.change(l)
			continue
		}
		select {
		case l.c <- struct{}{}:
		default:
		}
	}
}

// change notes that a page has to look.
func (s *shard) change(l *listener) {
	if !l.changed {
		l.changed = true
		s.due = append(s.due, l)
	}
}

// run says what is to be said until the shard closes.
func (s *shard) run() {
	rounds := time.NewTicker(round)
	defer rounds.Stop()
	later := time.NewTimer(0)
	defer later.Stop()
	for {
		ask := false
		select {
		case <-s.done:
			return
		case <-s.wake:
		case <-later.C:
		case <-rounds.C:
			for some := range slices.Chunk(s.silent(time.Now()), together) {
				s.tell() // news does not wait behind beats, nor behind questions
				s.say(some, beat)
			}
			ask = true
		}
		if s.hurry() || ask {
			for some := range slices.Chunk(s.unasked(time.Now()), together) {
				s.tell()
				s.ask(some)
			}
		}
		if wait := s.tell(); wait > 0 {
			later.Reset(wait)
		}
		s.write(s.untold(), lost)
	}
}

// untold are the pages that take what they show for current, while nobody here
// hears of changes. To say so gives nothing away: it needs no lease.
func (s *shard) untold() (chosen []*listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.deaf {
		return nil
	}
	for l := range s.pages() {
		if l.opened && !l.told {
			l.told = true
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// tell has those look again whose turn it is, and says how long to wait for the
// next; 0: there is none.
func (s *shard) tell() time.Duration {
	turn, wait := s.ready(time.Now())
	for some := range slices.Chunk(turn, together) {
		s.say(some, look)
	}
	return wait
}

// ready takes those whose turn it is out of the due ones, and says how long to
// wait for the next.
func (s *shard) ready(now time.Time) (turn []*listener, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := s.due[:0]
	for _, l := range s.due {
		left := pace - now.Sub(l.looked)
		switch {
		case !l.opened, l.unknown: // it nudges, or is asked about in the next round
			rest = append(rest, l)
			continue
		case left > 0:
			rest = append(rest, l)
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		l.changed, l.told = false, false // after it the page takes itself for current
		turn = append(turn, l)
	}
	clear(s.due[len(rest):])
	s.due = rest
	return turn, wait
}

// silent are the pages that have heard nothing for long, no more of them than so
// that all are spread over the time between two beats: thousands that were told
// of the same would beat at the same moment ever after, and hold up news.
func (s *shard) silent(now time.Time) (chosen []*listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := 0
	for l := range s.pages() {
		all++
		if l.opened && now.Sub(l.spoken) >= quiet {
			chosen = append(chosen, l)
		}
	}
	return chosen[:min(len(chosen), all/int(quiet/round)+1)]
}

// say writes to pages: first to those that have leases, then to those that are
// given one. Of whom nobody knows whether they may listen, they are told nothing
// but beats; what they have to hear waits.
func (s *shard) say(pages []*listener, text string) {
	sure, rest := s.sure(pages)
	s.write(sure, text)
	may, unknown := s.ask(rest)
	s.write(may, text)
	if text == beat {
		s.write(unknown, text)
	} else {
		s.again(unknown)
	}
}

// again notes for later that pages have to look.
func (s *shard) again(pages []*listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range pages {
		if _, here := s.topics[l.topic][l]; here {
			s.change(l)
		}
	}
}

// write writes to pages and lets those go to which nothing can be written at
// once.
func (s *shard) write(pages []*listener, text string) {
	for _, l := range pages {
		l.spoken = time.Now()
		if text == look {
			l.looked = l.spoken
		}
		if err := l.write(text); err != nil {
			s.remove(l)
		}
	}
}

func (l *listener) write(text string) error {
	if err := l.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := io.WriteString(l.conn, text)
	return err
}

// close ends everything and waits for it.
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
	for _, l := range pages {
		s.remove(l)
	}
	s.runs.Wait()
}
