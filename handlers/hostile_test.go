package handlers_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"customs.gov.az/portal/handlers"
)

// A panic costs one request: the reader gets a page with its number, the log
// gets the place, the next request is answered.
func TestPanic(t *testing.T) {
	var broken atomic.Bool
	s := newEmptySite(t, func(o *handlers.Options) {
		o.Now = func() time.Time {
			if broken.CompareAndSwap(true, false) {
				panic("the clock is out of order")
			}
			return time.Now()
		}
	})
	b := s.browser().english()
	broken.Store(true)
	a := b.want(b.get("/help"), http.StatusInternalServerError)
	b.explains(a, "en", "error.500")
	if strings.Contains(a.body, "clock") || a.Header.Get("Content-Security-Policy") == "" {
		t.Error("the page tells of the inside, or is not strict")
	}
	if log := s.log.String(); !strings.Contains(log, "out of order") || !strings.Contains(log, "hostile_test.go") || !strings.Contains(log, `"status":500`) {
		t.Errorf("the log: %s", log)
	}
	b.want(b.get("/help"), http.StatusOK)
}
