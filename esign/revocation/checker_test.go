package revocation

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customs.gov.az/portal/esign"
)

// office is an issuer's server: it says what a test wants and counts.
type office struct {
	*httptest.Server
	asked      atomic.Int32
	ocsp, list func() ([]byte, int) // nil: 404
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		f := o.list
		if r.Method == http.MethodPost {
			f = o.ocsp
		}
		if f == nil {
			http.NotFound(w, r)
			return
		}
		b, status := f()
		w.WriteHeader(status)
		_, _ = w.Write(b)
	}))
	t.Cleanup(o.Close)
	return o
}

func always(b []byte) func() ([]byte, int) { return func() ([]byte, int) { return b, http.StatusOK } }

func newChecker(t testing.TB, edit ...func(*Options)) *Checker {
	t.Helper()
	o := Options{Now: clock, Timeout: 20 * time.Second}
	for _, e := range edit {
		e(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func quick(o *Options) { o.Timeout = 2 * time.Second }

func (w world) check(t testing.TB, c *Checker, r esign.RevocationRule) error {
	t.Helper()
	return c.Check(t.Context(), w.person.Certificate, w.ca.Certificate, r)
}

func TestModes(t *testing.T) {
	w := newWorld(t)
	good := w.answer().make(t)
	revoked, unknown, forged := w.answer(), w.answer(), w.answer()
	revoked.status, unknown.status = statusRevoked(1), statusUnknown
	forged.signer, forged.embed = w.other, w.other.Certificate
	held := crl(t, w.ca, entry(w.person.Certificate, 6))
	for _, tt := range []struct {
		name string
		mode esign.RevocationMode
		ocsp []byte
		list []byte
		want esign.Reason
	}{
		{"OCSP good", esign.RevocationOCSP, good, held, ""},
		{"OCSP revoked", esign.RevocationOCSP, revoked.make(t), nil, esign.Revoked},
		{"OCSP unknown", esign.RevocationOCSP, unknown.make(t), nil, esign.RevocationUnknown},
		{"OCSP forged", esign.RevocationOCSP, forged.make(t), nil, esign.RevocationUnknown},
		{"OCSP absent, list not wanted", esign.RevocationOCSP, nil, held, esign.RevocationUnknown},
		{"list good", esign.RevocationCRL, revoked.make(t), crl(t, w.ca), ""},
		{"list on hold", esign.RevocationCRL, good, held, esign.Suspended},
		{"list absent", esign.RevocationCRL, good, nil, esign.RevocationUnknown},
		{"list forged", esign.RevocationCRL, good, crl(t, w.elsewhere), esign.RevocationUnknown},
		{"both, OCSP good", esign.RevocationBoth, good, held, ""},
		{"both, OCSP says unknown", esign.RevocationBoth, unknown.make(t), crl(t, w.ca), esign.RevocationUnknown},
		{"both, OCSP forged, list good", esign.RevocationBoth, forged.make(t), crl(t, w.ca), ""},
		{"both, OCSP absent, list on hold", esign.RevocationBoth, nil, held, esign.Suspended},
		{"both absent", esign.RevocationBoth, nil, nil, esign.RevocationUnknown},
		{"no mode", "", good, crl(t, w.ca), esign.RevocationUnknown},
		{"too large an answer", esign.RevocationOCSP, make([]byte, maxOCSP+1), nil, esign.RevocationUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			if tt.ocsp != nil {
				o.ocsp = always(tt.ocsp)
			}
			if tt.list != nil {
				o.list = always(tt.list)
			}
			err := w.check(t, newChecker(t), esign.RevocationRule{Mode: tt.mode, OCSP: []string{o.URL}, CRL: []string{o.URL + "/list"}})
			wantReason(t, err, tt.want)
		})
	}
}

func TestNonceIsAskedForAndCompared(t *testing.T) {
	w := newWorld(t)
	o := newOffice(t)
	o.ocsp = always(w.answer().make(t)) // an older answer, replayed
	rule := esign.RevocationRule{Mode: esign.RevocationOCSP, OCSP: []string{o.URL}}
	wantReason(t, w.check(t, newChecker(t), rule), "")
	rule.Nonce = true
	wantReason(t, w.check(t, newChecker(t), rule), esign.RevocationUnknown)
}

func TestSecondResponderIsAsked(t *testing.T) {
	w := newWorld(t)
	dead, alive := newOffice(t), newOffice(t)
	dead.Close()
	alive.ocsp = always(w.answer().make(t))
	err := w.check(t, newChecker(t), esign.RevocationRule{Mode: esign.RevocationOCSP, OCSP: []string{dead.URL, alive.URL}})
	wantReason(t, err, "")
}

func TestAnswersAreKept(t *testing.T) {
	w := newWorld(t)
	o := newOffice(t)
	o.ocsp = always(w.answer().make(t))
	at := now
	c := newChecker(t, func(o *Options) { o.Now = func() time.Time { return at } })
	rule := esign.RevocationRule{Mode: esign.RevocationOCSP, OCSP: []string{o.URL}}
	for range 5 {
		wantReason(t, w.check(t, c, rule), "")
	}
	if n := o.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	at = now.Add(keepAnswer)
	wantReason(t, w.check(t, c, rule), "")
	if n := o.asked.Load(); n != 2 {
		t.Errorf("asked %d times after the answer had run out", n)
	}
}

// TestOneQuestionAtATime has many people wait for one answer.
func TestOneQuestionAtATime(t *testing.T) {
	w := newWorld(t)
	o := newOffice(t)
	b, open, arrived := w.answer().make(t), make(chan struct{}), make(chan struct{}, 100)
	o.ocsp = func() ([]byte, int) { arrived <- struct{}{}; <-open; return b, http.StatusOK }
	c := newChecker(t)
	rule := esign.RevocationRule{Mode: esign.RevocationOCSP, OCSP: []string{o.URL}}
	var wg sync.WaitGroup
	first, gone := context.WithCancel(t.Context())
	wg.Go(func() {
		err := c.Check(first, w.person.Certificate, w.ca.Certificate, rule)
		wantReason(t, err, esign.RevocationUnknown)
	})
	<-arrived
	gone() // who asked first does not wait; the others get the answer all the same
	for range 20 {
		wg.Go(func() { wantReason(t, w.check(t, c, rule), "") })
	}
	close(open)
	wg.Wait()
	if n := o.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestSlowResponder never answers: a check ends at its deadline, and the next
// does not wait at all.
func TestSlowResponder(t *testing.T) {
	w := newWorld(t)
	o := newOffice(t)
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	o.ocsp = func() ([]byte, int) { <-forever; return nil, http.StatusOK }
	o.list = always(crl(t, w.ca))
	for _, tt := range []struct {
		mode esign.RevocationMode
		want esign.Reason
	}{{esign.RevocationOCSP, esign.RevocationUnknown}, {esign.RevocationBoth, ""}} {
		c := newChecker(t, quick)
		rule := esign.RevocationRule{Mode: tt.mode, OCSP: []string{o.URL}, CRL: []string{o.URL + "/list"}}
		began := time.Now()
		wantReason(t, w.check(t, c, rule), tt.want)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: %v", tt.mode, took)
		}
		// The asking may outlast the check; at its end the address is known as dead.
		_, _, _ = c.flight.Do(question(w.person.Certificate, w.ca.Certificate, rule), func() (any, error) { return nil, nil })
		before := o.asked.Load()
		w2 := w
		w2.person = w.other
		wantReason(t, w2.check(t, c, rule), tt.want)
		if o.asked.Load() != before {
			t.Errorf("%s: an address that did not answer was asked again at once", tt.mode)
		}
	}
}

func TestDeadAddressIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	o := newOffice(t)
	at, b := now, w.answer().make(t)
	o.ocsp = func() ([]byte, int) { return nil, http.StatusBadGateway }
	c := newChecker(t, func(o *Options) { o.Now = func() time.Time { return at } })
	rule := esign.RevocationRule{Mode: esign.RevocationOCSP, OCSP: []string{o.URL}}
	wantReason(t, w.check(t, c, rule), esign.RevocationUnknown)
	o.ocsp = always(b)
	wantReason(t, w.check(t, c, rule), esign.RevocationUnknown)
	at = now.Add(deadFor)
	wantReason(t, w.check(t, c, rule), "")
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(10)
	for i := range 1000 {
		m.put(string(rune(i)), verdict{until: now.Add(time.Hour)}, now)
	}
	if len(m.m) != 10 {
		t.Errorf("%d answers are kept", len(m.m))
	}
	l := newLists("")
	for i := range 200 {
		l.put(string(rune(i)), &list{fetched: now.Add(time.Duration(i) * time.Second)})
	}
	if len(l.m) != maxLists || l.m[string(rune(199))] == nil || l.m[string(rune(0))] != nil {
		t.Errorf("%d lists are kept, or the wrong ones", len(l.m))
	}
}

func TestNewNeedsAClockAndAFolder(t *testing.T) {
	for _, o := range []Options{{}, {Now: clock, Folder: "/nowhere/at/all"}} {
		if c, err := New(o); err == nil || c != nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
