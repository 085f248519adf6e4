package journeys_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// forgetter passes connections on, and forgets those of event streams when it is
// told to, as a router does whose table is full: neither side is told of it, and
// nothing arrives any more.
type forgetter struct {
	addr    string
	streams atomic.Int64 // that were ever opened
	mu      sync.Mutex
	memory  map[*atomic.Bool]struct{} // of the streams that are open
}

func newForgetter(t *testing.T, to string) *forgetter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	f := &forgetter{addr: l.Addr().String(), memory: map[*atomic.Bool]struct{}{}}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go f.pass(from, to)
		}
	}()
	return f
}

func (f *forgetter) pass(from net.Conn, to string) {
	defer from.Close()
	on, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer on.Close()
	forgotten := new(atomic.Bool)
	go func() {
		defer from.Close()
		_, _ = io.Copy(remembered{from, forgotten}, on)
	}()
	for piece := make([]byte, 32<<10); ; {
		n, err := from.Read(piece)
		if bytes.HasPrefix(piece[:n], []byte("GET /goods/events")) {
			f.mu.Lock()
			f.memory[forgotten] = struct{}{}
			f.mu.Unlock()
			f.streams.Add(1)
		}
		if err != nil {
			return
		}
		if _, err := (remembered{on, forgotten}).Write(piece[:n]); err != nil {
			return
		}
	}
}

// forget has what is sent on the streams that are open vanish.
func (f *forgetter) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for m := range f.memory {
		m.Store(true)
	}
	clear(f.memory)
}

// remembered writes to a connection until it is forgotten.
type remembered struct {
	io.Writer
	forgotten *atomic.Bool
}

func (r remembered) Write(b []byte) (int, error) {
	if r.forgotten.Load() {
		return len(b), nil
	}
	return r.Writer.Write(b)
}

// forgottenStream leaves a list open whose event stream looks open and is dead:
// the page notices by itself and hears again of what changes.
func forgottenStream(t *testing.T, w *world) {
	t.Parallel()
	portal := w.portal.beside(t, "forgotten") // the goods of its trader move elsewhere too
	between := newForgetter(t, portal.addr)
	w = &world{portal: portal, words: w.words, browser: newBrowser(t, chromedp.Flag("host-resolver-rules", "MAP "+portal.addr+" "+between.addr))}
	w.border(t, lorry(kamrans, "F", 1))
	v := w.visit(t).as("kamran")
	v.open("/goods?q=livef")
	v.listening()
	before := between.streams.Load()
	if before == 0 {
		t.Fatal("no event stream goes the way that forgets")
	}
	between.forget()
	for limit := time.Now().Add(2 * patience); between.streams.Load() == before; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the page does not notice that its stream is dead")
		}
	}
	v.until(state + ` === ` + quote(v.words.T("goods.live")))
	w.border(t, lorry(kamrans, "FN", 1, now))
	v.until(row("LIVEFN"))
}
