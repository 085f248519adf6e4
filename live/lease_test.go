package live_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"customs.gov.az/portal/live"
)

// desk answers how long pages may listen, by their keys, and counts how often
// each was asked about.
type desk struct {
	mu     sync.Mutex
	leases map[string]time.Duration // 0: not any more
	asked  map[string]int
	during func() // see meanwhile
}

func newDesk(leases map[string]time.Duration) *desk {
	return &desk{leases: leases, asked: map[string]int{}}
}

func (d *desk) lease(keys []string) []time.Duration {
	found := make([]time.Duration, len(keys))
	d.mu.Lock()
	for i, key := range keys {
		found[i] = d.leases[key]
		d.asked[key]++
	}
	during := d.during
	d.mu.Unlock()
	if during != nil {
		during()
	}
	return found
}

// meanwhile has something happen while each answer is on its way.
func (d *desk) meanwhile(what func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.during = what
}

func (d *desk) set(key string, lease time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leases[key] = lease
}

// times is how often was asked about a page since the last call.
func (d *desk) times(key string) int {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	defer delete(d.asked, key)
	return d.asked[key]
}

// leased runs a test on a hub that hears of ended sessions and asks the desk.
func leased(t *testing.T, leases map[string]time.Duration, test func(t *testing.T, h *live.Hub, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h, d := live.New(10), newDesk(leases)
		h.Ask(d.lease)
		h.Hear(true)
		defer h.Close()
		test(t, h, d)
	})
}

func TestNewsDoesNotWaitForAQuestion(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": time.Hour}, func(t *testing.T, h *live.Hub, d *desk) {
		p := open(t, h, "a", "1.x")
		h.Publish("a")
		p.want(t, "look")
		if n := d.times("1.x"); n != 1 {
			t.Errorf("before the first word it was asked about %d times", n)
		}
		for range 20 {
			time.Sleep(2 * time.Second)
			h.Publish("a")
			p.want(t, "look")
		}
		if n := d.times("1.x"); n != 0 {
			t.Errorf("within the lease it was asked about %d times", n)
		}
		time.Sleep(10 * time.Minute)
		if n := d.times("1.x"); n < 12 || n > 15 {
			t.Errorf("in ten minutes it was asked about %d times", n)
		}
		if p.got(); d.times("1.x") != 0 {
			t.Error("beats need no questions of their own")
		}
	})
}

func TestANewPageSoonHasALease(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": time.Hour}, func(t *testing.T, h *live.Hub, d *desk) {
		p := open(t, h, "a", "1.x")
		time.Sleep(6 * time.Second)
		if n := d.times("1.x"); n != 1 {
			t.Errorf("asked about %d times", n)
		}
		h.Publish("a")
		p.want(t, "look")
		if n := d.times("1.x"); n != 0 {
			t.Errorf("and again %d times", n)
		}
	})
}

func TestDoubtEndsAPageAtOnce(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": time.Hour, "2.x": time.Hour}, func(t *testing.T, h *live.Hub, d *desk) {
		p, other := open(t, h, "a", "1.x"), open(t, h, "a", "2.x")
		time.Sleep(6 * time.Second)
		d.set("1.x", 0)
		h.Doubt("1.")
		p.want(t, "end closed")
		other.want(t, "")
		if n := d.times("2.x"); n != 1 || h.Len() != 1 {
			t.Errorf("the other was asked about %d times; %d are open", n, h.Len())
		}
		h.Doubt("2.") // without a reason
		other.want(t, "")
		h.Publish("a")
		other.want(t, "look")
		if n := d.times("2.x"); n != 1 {
			t.Errorf("doubted, it was asked about %d times", n)
		}
	})
}

// What comes after the end is never said, whatever was just answered.
func TestDoubtDuringTheAnswer(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": time.Hour}, func(t *testing.T, h *live.Hub, d *desk) {
		p := open(t, h, "a", "1.x")
		d.meanwhile(func() {
			d.meanwhile(nil)
			d.set("1.x", 0)
			h.Doubt("1.")
			h.Publish("a")
		})
		h.Publish("a") // asks, and is told that it may
		p.want(t, "look end closed")
	})
}

func TestALeaseRunsOut(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": 20 * time.Second, "2.x": live.Now}, func(t *testing.T, h *live.Hub, d *desk) {
		p, careful := open(t, h, "a", "1.x"), open(t, h, "a", "2.x")
		time.Sleep(6 * time.Second)
		d.set("1.x", 0) // time ends it: nobody says so
		h.Publish("a")
		p.want(t, "look")
		if careful.want(t, "look"); d.times("2.x") != 2 {
			t.Error("who may listen only now is asked about each time")
		}
		time.Sleep(20 * time.Second)
		h.Publish("a")
		p.want(t, "end closed")
	})
}

// An end of which nobody heard is found: time's in the next round, another before
// long, since a long lease is not believed.
func TestAnUnheardEndIsFound(t *testing.T) {
	for lease, within := range map[time.Duration]time.Duration{10 * time.Second: 15 * time.Second, 8 * time.Hour: time.Minute} {
		leased(t, map[string]time.Duration{"1.x": lease}, func(t *testing.T, h *live.Hub, d *desk) {
			p := open(t, h, "a", "1.x")
			time.Sleep(6 * time.Second)
			d.set("1.x", 0)
			time.Sleep(within)
			if got := p.got(); !strings.HasSuffix(got, "end closed") {
				t.Errorf("%v: it got %q within %v", lease, got, within)
			}
		})
	}
}

// While nobody knows, no page ends and none is told of a change, which it hears
// of as soon as somebody does; beats keep its connection.
func TestWhileNobodyKnows(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": time.Hour, "2.x": time.Hour}, func(t *testing.T, h *live.Hub, d *desk) {
		p, ended := open(t, h, "a", "1.x"), open(t, h, "a", "2.x")
		time.Sleep(6 * time.Second)
		d.set("1.x", live.Unknown)
		d.set("2.x", live.Unknown)
		h.Doubt("1.")
		h.Doubt("2.")
		h.Publish("a")
		p.want(t, "")
		time.Sleep(25 * time.Second)
		p.want(t, "beat")
		ended.want(t, "beat")
		d.set("1.x", time.Hour)
		d.set("2.x", 0)
		time.Sleep(5 * time.Second)
		p.want(t, "look")
		ended.want(t, "end closed")
		time.Sleep(10 * time.Second)
		if p.want(t, ""); d.times("1.x") > 20 {
			t.Error("it was asked about without end")
		}
	})
}

// A question that takes long holds up only whom it is about.
func TestSlowQuestions(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": time.Hour, "2.x": time.Hour}, func(t *testing.T, h *live.Hub, d *desk) {
		sure := open(t, h, "a", "1.x")
		time.Sleep(6 * time.Second)
		var others []*page
		for range 8 { // one lives where sure does
			others = append(others, open(t, h, "a", "2.x"))
		}
		d.meanwhile(func() { time.Sleep(1900 * time.Millisecond) })
		h.Publish("a")
		time.Sleep(time.Millisecond)
		sure.want(t, "look")
		others[7].want(t, "")
		h.Doubt("2.")
		h.Publish("a")
		time.Sleep(1900 * time.Millisecond) // one question at a time
		sure.want(t, "look")
	})
}

// However long the question took, a page looks at most once a second.
func TestPaceAfterASlowQuestion(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": live.Now}, func(t *testing.T, h *live.Hub, d *desk) {
		p := open(t, h, "a", "1.x")
		d.meanwhile(func() { time.Sleep(1900 * time.Millisecond) })
		h.Publish("a")
		time.Sleep(time.Second)
		h.Publish("a")
		time.Sleep(900 * time.Millisecond)
		p.want(t, "look")
		d.meanwhile(nil)
		time.Sleep(900 * time.Millisecond)
		p.want(t, "")
		time.Sleep(200 * time.Millisecond)
		p.want(t, "look")
	})
}

// A hub that hears of no ends asks before each word, as it does again when it
// hears anew, since ends may have been missed.
func TestWhoHearsNothingAsks(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": time.Hour}, func(t *testing.T, h *live.Hub, d *desk) {
		p := open(t, h, "a", "1.x")
		time.Sleep(6 * time.Second)
		d.times("1.x")
		for _, hears := range []bool{false, true} {
			h.Hear(hears)
			h.Publish("a")
			if p.want(t, map[bool]string{false: "look lost", true: "look"}[hears]); d.times("1.x") != 1 {
				t.Errorf("hears %v: it was not asked about", hears)
			}
			time.Sleep(2 * time.Second)
		}
		h.Publish("a")
		if p.want(t, "look"); d.times("1.x") != 0 {
			t.Error("a lease of the new time counts")
		}
		h.Hear(false)
		p.want(t, "lost")
		for range 2 {
			time.Sleep(2 * time.Second)
			h.Publish("a")
			if p.want(t, "look lost"); d.times("1.x") != 1 {
				t.Error("it was not asked about")
			}
		}
	})
}

// A page must not take itself for current while nobody here hears of changes,
// also one that is opened meanwhile, and whatever is known of its session.
func TestPagesAreToldThatNobodyHears(t *testing.T) {
	leased(t, map[string]time.Duration{"1.x": time.Hour, "2.x": live.Unknown}, func(t *testing.T, h *live.Hub, _ *desk) {
		known, unknown := open(t, h, "a", "1.x"), open(t, h, "b", "2.x")
		h.Hear(false)
		known.want(t, "lost")
		unknown.want(t, "lost")
		meanwhile := hold(t, h, "a", "1.x")
		meanwhile.want(t, "head open lost")
		time.Sleep(15 * time.Second)
		known.want(t, "")
		h.Hear(true)
		h.Publish("")
		known.want(t, "look")
		meanwhile.want(t, "look")
		h.Hear(false)
		h.Hear(true)
		time.Sleep(2 * time.Second)
		known.want(t, "")
	})
}
