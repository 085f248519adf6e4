package live_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"customs.gov.az/portal/live"
)

// page is an open page: the browser's end of a connection that a hub holds.
type page struct {
	conn   net.Conn
	events chan string // each as it arrives; closed with the connection
}

// open has the hub hold a page whose browser reads all that comes.
func open(t *testing.T, h *live.Hub, topic, key string) *page {
	t.Helper()
	p := hold(t, h, topic, key)
	p.want(t, "head open")
	return p
}

func hold(t *testing.T, h *live.Hub, topic, key string) *page {
	t.Helper()
	browser, server := net.Pipe()
	p := &page{browser, make(chan string, 1000)}
	go p.read()
	if !h.Hold(topic, key, server, []byte("head\n\n")) {
		t.Fatal("the hub takes no page")
	}
	return p
}

func (p *page) read() {
	defer close(p.events)
	lines := bufio.NewScanner(p.conn)
	event := ""
	for lines.Scan() {
		if line := lines.Text(); line != "" {
			event += line + "|"
			continue
		}
		p.events <- event
		event = ""
	}
}

// got are the events that arrived since the last call, by their kind.
func (p *page) got() string {
	synctest.Wait()
	var all []string
	for {
		select {
		case e, ok := <-p.events:
			if !ok {
				return strings.Join(append(all, "closed"), " ")
			}
			kind := map[string]string{"head|": "head", "retry: 3000|event: open|data:|": "open", "event: look|data:|": "look", "event: lost|data:|": "lost", "event: end|data:|": "end", "event: beat|data:|": "beat"}[e]
			if kind == "" {
				kind = "?" + e
			}
			all = append(all, kind)
		default:
			return strings.Join(all, " ")
		}
	}
}

func (p *page) want(t *testing.T, what string) {
	t.Helper()
	if got := p.got(); got != what {
		t.Errorf("the page got %q, want %q", got, what)
	}
}

func TestPageHearsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(10)
		defer h.Close()
		mine, other := open(t, h, "a", "in"), open(t, h, "b", "in")
		mine.want(t, "")
		h.Publish("a")
		mine.want(t, "look")
		other.want(t, "")
		h.Publish("")
		other.want(t, "look")
	})
}

func TestPageHearsOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(10)
		defer h.Close()
		p := open(t, h, "a", "in")
		for range 100 { // ten seconds of a change every tenth of one
			h.Publish("a")
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		if n := strings.Count(p.got(), "look"); n < 10 || n > 11 {
			t.Errorf("%d events in ten seconds of changes", n)
		}
		time.Sleep(10 * time.Second)
		p.want(t, "")
		h.Publish("a")
		p.want(t, "look") // the last change is never lost, the next never late
	})
}

func TestSilentPageGetsBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(10)
		defer h.Close()
		p := open(t, h, "a", "in")
		time.Sleep(19 * time.Second)
		p.want(t, "")
		time.Sleep(6 * time.Second)
		p.want(t, "beat")
		time.Sleep(40 * time.Second)
		p.want(t, "beat beat")
	})
}

// Pages that were told of the same beat one after the other, and none too late
// for a page that takes 45 seconds of silence for the end.
func TestBeatsAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(2000)
		defer h.Close()
		var pages []*page
		for range 320 {
			pages = append(pages, open(t, h, "a", "in"))
		}
		silent := make([]int, len(pages)) // for so many rounds
		for turn := range 60 {
			time.Sleep(5 * time.Second)
			beats := 0
			for i, p := range pages {
				silent[i]++
				if n := strings.Count(p.got(), "beat"); n > 0 {
					beats, silent[i] = beats+n, 0
				}
				if silent[i] > 7 {
					t.Fatalf("a page heard nothing for %d rounds", silent[i])
				}
			}
			if beats > 100 || turn > 8 && beats < 40 {
				t.Errorf("in round %d %d of 320 pages beat", turn, beats)
			}
		}
	})
}

func TestPageThatMayNotListenEnds(t *testing.T) {
	for what, say := range map[string]func(*live.Hub){
		"before it hears of a change": func(h *live.Hub) { h.Publish("a") },
		"before the next beat":        func(*live.Hub) { time.Sleep(time.Minute) },
	} {
		synctest.Test(t, func(t *testing.T) {
			h := live.New(10)
			defer h.Close()
			var signedOut atomic.Bool
			h.Ask(func(keys []string) []time.Duration {
				leases := make([]time.Duration, len(keys))
				for i, key := range keys {
					if key != "out" || !signedOut.Load() {
						leases[i] = time.Hour // which nobody believes who hears of no end
					}
				}
				return leases
			})
			p, other := open(t, h, "a", "out"), open(t, h, "a", "in")
			h.Publish("a")
			p.want(t, "look")
			signedOut.Store(true)
			time.Sleep(2 * time.Second)
			say(h)
			p.want(t, "end closed")
			if got := other.got(); strings.Contains(got, "end") || !strings.HasPrefix(got, "look") {
				t.Errorf("%s: the other page got %q", what, got)
			}
			if h.Len() != 1 {
				t.Errorf("%s: %d still open", what, h.Len())
			}
		})
	}
}

func TestPageThatLeftIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(1)
		defer h.Close()
		p := open(t, h, "a", "in")
		p.conn.Close()
		synctest.Wait()
		if h.Len() != 0 {
			t.Error("the hub still holds a page that is gone")
		}
		open(t, h, "b", "in")
	})
}

func TestSlowPageIsDroppedAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(10)
		defer h.Close()
		browser, server := net.Pipe()
		go h.Hold("a", "in", server, nil)
		if _, err := io.ReadFull(browser, make([]byte, len("retry: 3000\nevent: open\ndata:\n\n"))); err != nil {
			t.Fatal(err)
		}
		p := open(t, h, "a", "in")
		h.Publish("a") // the first reads no more
		time.Sleep(200 * time.Millisecond)
		p.want(t, "look")
		if h.Len() != 1 {
			t.Errorf("%d open: the slow one must go and the other stay", h.Len())
		}
		if _, err := browser.Read(make([]byte, 1)); err == nil {
			t.Error("the slow page's connection is still open")
		}
	})
}

// A page that does not even take the beginning is let go.
func TestPageThatTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(1)
		defer h.Close()
		browser, server := net.Pipe()
		defer browser.Close()
		if !h.Hold("a", "in", server, nil) || h.Len() != 0 {
			t.Error("the hub holds on to it")
		}
	})
}

func TestFullOrClosedHubLeavesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(1)
		p := open(t, h, "a", "in")
		browser, server := net.Pipe()
		defer browser.Close()
		if h.Hold("a", "in", server, nil) {
			t.Error("a full hub takes a page")
		}
		h.Close()
		p.want(t, "closed")
		if h.Hold("a", "in", server, nil) || h.Len() != 0 {
			t.Error("a closed hub takes a page")
		}
		go server.Write([]byte("x"))
		if _, err := browser.Read(make([]byte, 1)); err != nil {
			t.Errorf("the connection was to remain open: %v", err)
		}
	})
}

// One topic may not take the whole hub.
func TestATopicHasAShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(40)
		defer h.Close()
		for range 9 {
			if !h.Room("greedy") {
				t.Fatal("there is room")
			}
			open(t, h, "greedy", "k")
		}
		last := open(t, h, "greedy", "k")
		if h.Room("greedy") || !h.Room("modest") {
			t.Errorf("room for the eleventh: %v, for another topic: %v", h.Room("greedy"), h.Room("modest"))
		}
		last.conn.Close()
		synctest.Wait()
		if !h.Room("greedy") {
			t.Error("one has gone and there is no room")
		}
	})
}

// A change while the beginning of the answer is on its way is not lost, and
// comes after it.
func TestChangeDuringTheBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(1)
		defer h.Close()
		browser, server := net.Pipe()
		go h.Hold("a", "in", server, nil)
		synctest.Wait() // it writes, and nobody reads yet
		h.Publish("a")
		synctest.Wait()
		p := &page{browser, make(chan string, 10)}
		go p.read()
		p.want(t, "open look")
	})
}

// A browser that sends more than it asked for is let go.
func TestPageThatSpeaksIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(1)
		defer h.Close()
		p := open(t, h, "a", "in")
		if _, err := p.conn.Write([]byte("G")); err != nil {
			t.Fatal(err)
		}
		p.want(t, "closed")
	})
}

// A thousand pages on real connections: all of them hear, and none is left.
func TestManyPages(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := live.New(1000)
	heard := make(chan error, 1000)
	for n := range 1000 {
		browser, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer browser.Close()
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if !h.Hold(string(rune('a'+n%26)), "in", server, nil) {
			t.Fatal("the hub takes no page")
		}
		go func() {
			var err error
			for line, r := "", bufio.NewReader(browser); err == nil && line != "event: look\n"; {
				line, err = r.ReadString('\n')
			}
			heard <- err
		}()
	}
	h.Publish("")
	for range 1000 {
		if err := <-heard; err != nil {
			t.Error(err)
		}
	}
	h.Close()
	if h.Len() != 0 {
		t.Errorf("%d left", h.Len())
	}
}
