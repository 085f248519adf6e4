package live_test

import (
	"fmt"
	"sync"
	"testing"

	"customs.gov.az/portal/live"
)

// heard reports whether a change waits.
func heard(s *live.Subscription) bool {
	select {
	case _, ok := <-s.C:
		return ok
	default:
		return false
	}
}

// over reports whether the subscription was ended by the hub.
func over(s *live.Subscription) bool {
	select {
	case _, ok := <-s.C:
		return !ok
	default:
		return false
	}
}

func TestOnlyTheTopicHears(t *testing.T) {
	h := live.New(10)
	defer h.Close()
	a, also, b := h.Subscribe("a"), h.Subscribe("a"), h.Subscribe("b")
	h.Publish("a")
	if !heard(a) || !heard(also) || heard(b) {
		t.Error("a change of a is heard by its two listeners and nobody else")
	}
	h.Publish("nobody's")
	if heard(a) || heard(b) {
		t.Error("a topic without listeners is nobody's business")
	}
	h.Publish("")
	if !heard(a) || !heard(also) || !heard(b) {
		t.Error("no topic means all of them")
	}
}

func TestManyChangesAreOneNotice(t *testing.T) {
	h := live.New(1)
	defer h.Close()
	s := h.Subscribe("a")
	for range 1000 {
		h.Publish("a") // nobody reads, nobody waits
	}
	if !heard(s) || heard(s) {
		t.Error("a thousand unread changes are one notice")
	}
}

func TestLimit(t *testing.T) {
	h := live.New(2)
	defer h.Close()
	a, b := h.Subscribe("a"), h.Subscribe("b")
	if a == nil || b == nil || h.Room("c") || h.Subscribe("c") != nil {
		t.Fatal("two fit and a third does not")
	}
	a.Close()
	a.Close()
	if h.Len() != 1 || !h.Room("c") {
		t.Errorf("%d open after one of two left", h.Len())
	}
	if h.Subscribe("c") == nil {
		t.Error("whoever leaves makes room")
	}
}

func TestCloseEndsSubscriptions(t *testing.T) {
	h := live.New(10)
	a, b := h.Subscribe("a"), h.Subscribe("b")
	h.Close()
	h.Close()
	if !over(a) || !over(b) || h.Len() != 0 {
		t.Error("closing ends every subscription")
	}
	a.Close()
	h.Publish("a")
	h.Publish("")
	if h.Room("c") || h.Subscribe("a") != nil || h.Len() != 0 {
		t.Error("a closed hub takes nobody")
	}
}

func TestEverythingAtOnce(t *testing.T) {
	h := live.New(50)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			topic := fmt.Sprint(n % 3)
			for range 500 {
				if s := h.Subscribe(topic); s != nil {
					h.Publish(topic)
					heard(s)
					s.Close()
				}
				h.Publish("")
			}
		})
	}
	wg.Go(func() {
		for range 100 {
			h.Len()
		}
	})
	wg.Wait()
	if h.Len() != 0 {
		t.Errorf("%d left", h.Len())
	}
	h.Close()
}
