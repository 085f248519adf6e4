package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestReadAnswer(t *testing.T) {
	const id = "0190aaaa-0000-7000-8000-000000000000"
	for text, want := range map[string]struct {
		status, size int
		id           string
		bad          bool
	}{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Request-Id: " + id + "\r\n\r\nabc": {status: 200, size: 3, id: id},
		"HTTP/1.1 304 Not Modified\r\nETag: W/\"x\"\r\n\r\n":                          {status: 304},
		"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n":                                {status: 200},
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":              {bad: true},
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc":                             {bad: true},
		"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nabc":                            {bad: true},
		"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n":                                {bad: true},
		"SSH-2.0-OpenSSH\r\n": {bad: true},
		"":                    {bad: true},
	} {
		status, size, id, err := readAnswer(bufio.NewReader(strings.NewReader(text)))
		if (err != nil) != want.bad || !want.bad && (status != want.status || size != want.size || id != want.id) {
			t.Errorf("%q: %d, %d bytes, id %q, %v", text, status, size, id, err)
		}
	}
}

// site answers with what the address asks for.
func site(t *testing.T) target {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-ID", r.URL.Path)
		switch r.URL.Path {
		case "/known":
			w.WriteHeader(http.StatusNotModified)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		default:
			fmt.Fprintf(w, "%s for %s", strings.Repeat("x", 100), r.Header.Get("Cookie"))
		}
	}))
	t.Cleanup(s.Close)
	return target{name: "site", addr: s.Listener.Addr().String(), status: 200, least: 100}
}

func TestLoad(t *testing.T) {
	site := site(t)
	var mu sync.Mutex
	seen := map[string]int{}
	site.answers = func(id string) { mu.Lock(); defer mu.Unlock(); seen[id]++ }
	site.also = http.StatusNotModified
	site.least = 0
	for _, path := range []string{"/a", "/b", "/known"} {
		site.requests = append(site.requests, request(site.addr, path, "k=v"))
	}
	s, err := load(t.Context(), site, 2, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.times) == 0 || s.rate <= 0 || s.bytes == 0 || s.at(0) <= 0 || s.at(0.5) > s.at(1) {
		t.Errorf("%d answers, %.0f a second, %d bytes, %s to %s", len(s.times), s.rate, s.bytes, s.at(0), s.at(1))
	}
	if seen["/a"] == 0 || seen["/b"] == 0 || seen["/known"] != 0 {
		t.Errorf("answers of the expected status are told, others not: %v", seen)
	}
}

func TestLoadRefusesOtherAnswers(t *testing.T) {
	for what, edit := range map[string]func(*target){
		"another status": func(s *target) { s.requests = [][]byte{request(s.addr, "/gone", "")} },
		"too short":      func(s *target) { s.least = 1000 },
		"nobody there":   func(s *target) { s.addr = "127.0.0.1:1" },
	} {
		s := site(t)
		s.requests = [][]byte{request(s.addr, "/", "")}
		edit(&s)
		if _, err := load(t.Context(), s, 1, 5*time.Second); err == nil || !strings.HasPrefix(err.Error(), "site: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	s := site(t)
	s.requests = [][]byte{request(s.addr, "/", "")}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := load(ctx, s, 2, time.Hour); err == nil || time.Since(began) > time.Minute {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	if _, err := load(ctx, s, 2, time.Hour); !errors.Is(err, context.DeadlineExceeded) && err == nil {
		t.Error("a load begins after the end")
	}
}

func TestQuantileOfNothing(t *testing.T) {
	if got := (turnResult{}).at(0.99); got != 0 {
		t.Error(got)
	}
}
