package journeys_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// sightings is what a window saw behind the pages: requests, their weight, and
// complaints. A browser reports a breach of the content security policy as a
// complaint.
type sightings struct {
	hosts []string
	told  map[string]string // refusals, with what led to them

	mu         sync.Mutex
	strangers  []string // requests to other hosts
	complaints []string
	away       bool // the network, or the database, was taken away on purpose
	names      map[network.RequestID]string
	bytes      map[string]int // over the wire, by address
}

// goAway tells that the network, or the database, is taken away on purpose: a
// journey says so before it does it.
func (s *sightings) goAway() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = true
}

func newSightings(hosts ...string) *sightings {
	return &sightings{hosts: hosts, told: map[string]string{}, names: map[network.RequestID]string{}, bytes: map[string]int{}}
}

// note takes an event of the browser; it runs in the browser's loop.
func (s *sightings) note(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		s.names[e.RequestID] = e.Request.URL
		if !s.own(e.Request.URL) {
			s.strangers = append(s.strangers, e.Request.URL)
		}
	case *network.EventLoadingFinished:
		if strings.HasPrefix(s.names[e.RequestID], "data:") {
			return // the browser's own pictures
		}
		s.bytes[s.names[e.RequestID]] += int(e.EncodedDataLength)
	case *runtime.EventExceptionThrown:
		s.complaints = append(s.complaints, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		for _, a := range e.Args {
			s.complaints = append(s.complaints, fmt.Sprintf("console.%s: %s%s", e.Type, a.Value, a.Description))
		}
	case *log.EventEntryAdded:
		// Error pages are no complaint, since the tests ask for some; nor is
		// the news that the cache was cleared as asked.
		if strings.Contains(e.Entry.Text, "the server responded with a status of 4") || strings.HasPrefix(e.Entry.Text, "Clear-Site-Data") {
			return
		}
		if s.away && (strings.Contains(e.Entry.Text, "ERR_INTERNET_DISCONNECTED") || strings.Contains(e.Entry.Text, "the server responded with a status of 503")) {
			return
		}
		s.complaints = append(s.complaints, string(e.Entry.Source)+": "+e.Entry.Text)
	}
}

// own says whether an address is the portal's, or no address at all.
func (s *sightings) own(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return true // the browser's own pages and pictures
	}
	return slices.Contains(s.hosts, u.Host)
}

// weigh returns the bytes since the last weighing, in all and by address.
func (s *sightings) weigh() (total int, by map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.bytes {
		total += n
	}
	by, s.bytes = s.bytes, map[string]int{}
	return total, by
}

// check fails the test if a page talked to others or complained.
func (s *sightings) check(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.strangers {
		t.Errorf("a page asked another host: %s", u)
	}
	for _, c := range s.complaints {
		t.Errorf("the browser complained: %s", c)
	}
}

// quote writes a text as a JavaScript string.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string has a JSON form
	}
	return string(b)
}
