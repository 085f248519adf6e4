package live_test

import (
	"fmt"
	"sync"
	"testing"

	"customs.gov.az/portal/live"
)

// told reports whether a notice waits, and takes it.
func told(s *live.Subscription) bool {
	select {
	case _, ok := <-s.C:
		return ok
	default:
		return false
	}
}

// ended reports whether the hub closed the subscription.
func ended(s *live.Subscription) bool {
	select {
	case _, ok := <-s.C:
		return !ok
	default:
		return false
	}
}

func TestPublish(t *testing.T) {
	h := live.New(10)
	a, b, other := h.Subscribe("1499000151"), h.Subscribe("1499000151"), h.Subscribe("1499000152")
	for _, test := range []struct {
		topic       string
		mine, their bool
	}{
		{"1499000151", true, false}, {"1499000152", false, true}, {"", true, true}, {"nobody", false, false},
	} {
		h.Publish(test.topic)
		if got := told(a); got != test.mine || told(b) != test.mine {
			t.Errorf("%q: own pages told %v", test.topic, got)
		}
		if got := told(other); got != test.their {
			t.Errorf("%q: other pages told %v", test.topic, got)
		}
	}
}

// One unread notice is as good as many, and nobody is waited for.
func TestSlowPage(t *testing.T) {
	h := live.New(1)
	s := h.Subscribe("a")
	for range 1000 {
		h.Publish("a")
	}
	if !told(s) || told(s) {
		t.Error("not exactly one notice waits")
	}
	h.Publish("a")
	if !told(s) {
		t.Error("a notice after the first was read is lost")
	}
}

func TestLimit(t *testing.T) {
	h := live.New(2)
	a, b := h.Subscribe("a"), h.Subscribe("b")
	if h.Subscribe("c") != nil || h.Len() != 2 {
		t.Errorf("a third page of two, %d open", h.Len())
	}
	a.Close()
	a.Close() // closing twice frees one place only
	if h.Len() != 1 {
		t.Errorf("%d open", h.Len())
	}
	if h.Subscribe("c") == nil || h.Subscribe("d") != nil {
		t.Error("a free place is not taken once")
	}
	h.Publish("a")
	if told(a) {
		t.Error("a closed page is told")
	}
	h.Publish("b")
	if !told(b) {
		t.Error("the other page is not told")
	}
	if live.New(0).Subscribe("a") != nil {
		t.Error("a hub without places has one")
	}
}

func TestClose(t *testing.T) {
	h := live.New(10)
	a, b := h.Subscribe("a"), h.Subscribe("b")
	h.Close()
	h.Close()
	if !ended(a) || !ended(b) || h.Len() != 0 {
		t.Errorf("pages stay open: %d", h.Len())
	}
	a.Close()
	h.Publish("a")
	h.Publish("")
	if h.Subscribe("a") != nil || h.Len() != 0 {
		t.Error("a closed hub takes a page")
	}
}

// A notice that waits when the hub closes is still read before the end.
func TestLastNotice(t *testing.T) {
	h := live.New(1)
	s := h.Subscribe("a")
	h.Publish("a")
	h.Close()
	if !told(s) || !ended(s) {
		t.Error("the last notice is lost")
	}
}

// Everything at once, for the race detector; in the end nothing is left.
func TestManyAtOnce(t *testing.T) {
	h := live.New(50)
	var pages, feeds sync.WaitGroup
	done := make(chan struct{})
	for i := range 8 {
		pages.Go(func() {
			for range 200 {
				s := h.Subscribe(fmt.Sprint(i % 3))
				if s == nil {
					t.Error("no place although few are open")
					return
				}
				<-s.C
				s.Close()
			}
		})
	}
	feeds.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				h.Publish([]string{"", "0", "1", "2"}[i%4])
			}
		}
	})
	pages.Wait()
	close(done)
	feeds.Wait()
	if h.Len() != 0 {
		t.Errorf("%d pages are left", h.Len())
	}
}
