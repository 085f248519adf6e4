package handlers

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/live"
)

// stalled is the answer to a browser that takes nothing more until it is let go.
type stalled struct {
	http.ResponseWriter
	until chan struct{}
}

func (s stalled) Write([]byte) (int, error)        { <-s.until; return 0, net.ErrClosed }
func (s stalled) FlushError() error                { return nil }
func (s stalled) SetReadDeadline(time.Time) error  { return nil }
func (s stalled) SetWriteDeadline(time.Time) error { return nil }

// Streams over HTTP/2 that take nothing hold up nobody's events, however many
// they are.
func TestStalledStreamsHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Portal{Options: Options{Hub: live.New(1000)}}
		until := make(chan struct{})
		for range 200 {
			c := echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/goods/events", nil), stalled{httptest.NewRecorder(), until})
			go func() { _ = p.relay(c, "greedy", "k") }()
		}
		synctest.Wait()
		if p.Hub.Len() != 200 {
			t.Fatalf("%d pages are open", p.Hub.Len())
		}
		here, there := net.Pipe()
		events := make(chan string, 100)
		go func() {
			for lines := bufio.NewScanner(here); lines.Scan(); {
				if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
					events <- name
				}
			}
		}()
		p.Hub.Hold("modest", "k", there, nil)
		<-events // open
		for range 2 * mailboxSize {
			time.Sleep(time.Second)
			began := time.Now()
			p.Hub.Publish("greedy")
			p.Hub.Publish("modest")
			if got := <-events; got != "look" || time.Since(began) != 0 {
				t.Fatalf("%s after %s", got, time.Since(began))
			}
		}
		if p.Hub.Len() != 1 {
			t.Errorf("%d of the pages that take nothing are still open", p.Hub.Len()-1)
		}
		close(until)
		p.Hub.Close()
	})
}

// What was said before the end arrives before it.
func TestAMailboxIsEmptiedAtTheEnd(t *testing.T) {
	m := newMailbox()
	for _, word := range []string{"one", "two", "end"} {
		if _, err := m.Write([]byte(word)); err != nil {
			t.Fatal(err)
		}
	}
	_ = m.Close()
	var got []string
	m.deliver(func(b []byte) error { got = append(got, string(b)); return nil })
	if strings.Join(got, " ") != "one two end" {
		t.Errorf("delivered %q", got)
	}
	if _, err := m.Write([]byte("late")); err == nil {
		t.Error("something was put in after the end")
	}
}
