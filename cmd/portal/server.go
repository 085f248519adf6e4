package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// newServer bounds what a client may send and how slowly. Writing has no limit
// here because event streams stay open: handlers set their own.
func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ConnContext: shared, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
}

// start serves on a listener until ctx ends; open requests then have ten
// seconds.
func start(ctx context.Context, g *errgroup.Group, s *http.Server, l net.Listener) {
	g.Go(func() error {
		var err error
		if s.TLSConfig != nil {
			err = s.ServeTLS(l, "", "")
		} else {
			err = s.Serve(l)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	})
	g.Go(func() error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			return s.Close()
		}
		return nil
	})
}

// unsent is how much of an answer may wait in the kernel without having been
// sent, in bytes.
const unsent = 16 << 10

// shared keeps what answers of one connection do to each other small: over
// HTTP/2 a browser fetches everything over one, and an event would wait behind
// all of a file that the kernel has taken. What is under way does not count, so
// a file is as quick on a long line as it was.
func shared(ctx context.Context, c net.Conn) context.Context {
	if over, ok := c.(*tls.Conn); ok {
		if line, ok := over.NetConn().(*net.TCPConn); ok {
			limitUnsent(line, unsent)
		}
	}
	return ctx
}
