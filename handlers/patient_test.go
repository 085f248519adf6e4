package handlers

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// The limit is one for each write: a stream may say nothing for longer, also
// over HTTP/2, where a limit that is left behind ends the stream.
func TestAPatientWriterMayPause(t *testing.T) {
	const limit = 250 * time.Millisecond
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			p := patient{w, http.NewResponseController(w), limit}
			for _, word := range []string{"one\n", "two\n", "three\n"} {
				if p.send([]byte(word)) != nil {
					return
				}
				time.Sleep(limit * 3 / 2)
			}
			for _, word := range []string{"four\n", "five\n"} {
				if _, err := io.WriteString(p, word); err != nil {
					return
				}
				time.Sleep(limit * 3 / 2)
			}
		}))
		s.EnableHTTP2 = proto == "HTTP/2.0"
		s.StartTLS()
		defer s.Close()
		answer, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		if answer.Proto != proto || string(b) != "one\ntwo\nthree\nfour\nfive\n" || err != nil {
			t.Errorf("%s (want %s): %q, %v", answer.Proto, proto, b, err)
		}
	}
}

// Who takes nothing does not hold it up for longer than the limit.
func TestAPatientWriterGivesUp(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		ended, reading := make(chan error, 1), make(chan struct{})
		read := sync.OnceFunc(func() { close(reading) })
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			p := patient{w, http.NewResponseController(w), 50 * time.Millisecond}
			_, _ = io.WriteString(w, "x")
			_ = p.rc.Flush()
			<-reading // until then the limit would be one for a busy machine
			much := []byte(strings.Repeat("x", 1<<20))
			for range 64 {
				if err := p.send(much); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}))
		s.EnableHTTP2 = h2
		s.StartTLS()
		defer s.Close()
		defer read() // the server waits for its handlers
		answer, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if _, err := bufio.NewReader(answer.Body).ReadByte(); err != nil {
			t.Fatal(err)
		}
		read()
		select {
		case err := <-ended:
			if err == nil {
				t.Errorf("HTTP/2 %v: 64 MiB were written to a reader that takes none", h2)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("HTTP/2 %v: it waits for ever", h2)
		}
	}
}
