package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/esign/democa"
)

// slowLine is a connection that takes nothing while it is held, and afterwards
// not much at a time. It counts what it takes.
type slowLine struct {
	net.Conn
	held  *sync.RWMutex
	taken *atomic.Int64
}

func (l slowLine) Read(b []byte) (int, error) {
	l.held.RLock()
	l.held.RUnlock() //nolint:staticcheck // to have passed is all
	if len(b) > 8<<10 {
		b = b[:8<<10]
		time.Sleep(time.Millisecond)
	}
	n, err := l.Conn.Read(b)
	l.taken.Add(int64(n))
	return n, err
}

// Over HTTP/2 an event does not wait behind all of a file that is under way: it
// overtakes what a slow line has not taken yet. Counted in bytes of the file
// that come first; without a limit of what is unsent they are millions.
func TestEventOvertakesFile(t *testing.T) {
	people := t.TempDir()
	if err := democa.Create(people, time.Now()); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(people, "tls/server.pem"), filepath.Join(people, "tls/server.key"))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(people, "tls/ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	var written atomic.Int64
	happens := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
		for piece := make([]byte, 16<<10); ; {
			n, err := w.Write(piece)
			if err != nil {
				return
			}
			written.Add(int64(n))
		}
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush() // what cannot be sent is not received below
		select {
		case <-happens:
			_, _ = io.WriteString(w, "!")
		case <-r.Context().Done():
		}
	})
	server := newServer(mux)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	start(ctx, g, server, listener)

	line := slowLine{held: new(sync.RWMutex), taken: new(atomic.Int64)}
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.RootCAs.AppendCertsFromPEM(ca)
	browser := &http.Client{Timeout: patience, Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: config,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return slowLine{c, line.held, line.taken}, c.(*net.TCPConn).SetReadBuffer(64 << 10)
		},
	}}
	get := func(path string) io.ReadCloser {
		r, err := browser.Get("https://" + listener.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		if r.ProtoMajor != 2 {
			t.Fatalf("%s came over %s", path, r.Proto)
		}
		return r.Body
	}
	events, file := get("/events"), get("/file")
	go func() { _, _ = io.Copy(io.Discard, file) }()

	// The connection gets going, as the system gives more room to one that does.
	for line.taken.Load() < 2<<20 {
		time.Sleep(time.Millisecond)
	}
	line.held.Lock()
	for before := int64(-1); before != written.Load(); time.Sleep(200 * time.Millisecond) {
		before = written.Load()
	}
	before := line.taken.Load()
	close(happens)
	time.Sleep(100 * time.Millisecond) // it is in the queue of the connection
	line.held.Unlock()
	if what, err := io.ReadAll(events); string(what) != "!" || err != nil {
		t.Fatalf("the event is %q: %v", what, err)
	}
	if first := line.taken.Load() - before; first > 512<<10 {
		t.Errorf("%d bytes came before the event", first)
	} else {
		t.Logf("%d bytes came before the event", first)
	}
	file.Close()
	browser.CloseIdleConnections()
	end()
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
