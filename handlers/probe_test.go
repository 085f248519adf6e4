package handlers_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// watching runs what supervision lives on until the test ends.
func (s *site) watching() {
	s.Helper()
	ctx, stop := context.WithCancel(s.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.portal.Watch(ctx) }()
	s.Cleanup(func() { stop(); <-ended })
}

// figures are what monitoring reads.
func (s *site) figures() string {
	s.Helper()
	res, err := http.Get(s.ops.URL + "/metrics")
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	return string(b)
}

// wait waits until a query answers true.
func (s *site) wait(what, query string, args ...any) {
	s.Helper()
	for until := time.Now().Add(patience); !look[bool](s, query, args...); {
		if time.Now().After(until) {
			s.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

const probed = `select count(*) > 0 from register_entry where actor = 'system' and subject is null and outcome = $1`

// The portal asks itself through everything a trader's request goes through; it
// is no trader's request, shows on supervision and among the figures, and its
// silence is an alarm.
func TestProbe(t *testing.T) {
	s, supervisor, _ := supervised(t)
	supervisor.readsEnglish()
	if text := words(supervisor.get("/supervision").body); !strings.Contains(text, "The portal has never asked itself") {
		t.Errorf("silence is read as health: %s", text)
	}
	if ops := s.figures(); !strings.Contains(ops, "portal_probe_ok 0") || !strings.Contains(ops, "portal_probe_last_seconds 0") {
		t.Errorf("silence is read as health: %s", ops)
	}
	s.watching()
	s.wait("the portal's own request", probed, "nothing_pending")
	s.wait("what waits at checkpoints", `select count(*) > 0 from checkpoint_hour`)
	text := words(supervisor.get("/supervision").body)
	if strings.Contains(text, "asked itself") || !strings.Contains(text, "No alarms.") || !strings.Contains(text, "answered at") || !strings.Contains(text, "Requests 1 ") {
		t.Errorf("with a request of its own: %s", text)
	}
	if ops := s.figures(); !strings.Contains(ops, "portal_probe_ok 1") {
		t.Error("the figures do not say that the portal answers")
	}
	if n := look[int](s, `select count(*) from register_entry where subject = '0000000000'`); n != 0 {
		t.Errorf("%d entries about a taxpayer that does not exist", n)
	}
	s.sql(`set session_replication_role = replica; update register_entry set at = at - interval '4 minutes' where actor = 'system'`)
	if text = words(supervisor.get("/supervision").body); !strings.Contains(text, "own request was last answered 4 minutes ago") {
		t.Errorf("after four minutes of silence: %s", text)
	}
	if ops := s.figures(); !strings.Contains(ops, "portal_probe_ok 0") {
		t.Error("the figures say that a silent portal answers")
	}
}

// A request of its own that has no good answer is in the register as failed.
func TestProbeFails(t *testing.T) {
	s, supervisor, _ := supervised(t)
	supervisor.readsEnglish()
	s.sql(`revoke select on pending from portal_app`)
	s.watching()
	s.wait("the failure", probed, "failed")
	if text := words(supervisor.want(supervisor.get("/supervision"), http.StatusOK).body); !strings.Contains(text, "own request failed at") {
		t.Errorf("%s", text)
	}
}

// Senders that are late, or never came, show by name.
func TestSilentSenders(t *testing.T) {
	_, supervisor, _ := supervised(t, senders(t))
	supervisor.readsEnglish()
	text := words(supervisor.get("/supervision").body)
	if !strings.Contains(text, "Late or silent checkpoint systems: ") || !strings.Contains(text, "Silent: never heard") {
		t.Errorf("%s", text)
	}
}
