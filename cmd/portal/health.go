package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

type healthCommand struct {
	OpsAddr string `env:"PORTAL_OPS_ADDR" default:"127.0.0.1:9090" help:"Address of the health and metrics listener."`
}

// Run asks /readyz and fails unless the answer is 200.
func (h *healthCommand) Run(ctx context.Context, e env) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := listenAddress("PORTAL_OPS_ADDR", h.OpsAddr); err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(h.OpsAddr)
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "127.0.0.1"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("no portal answers: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", answer.Status)
	}
	_, err = fmt.Fprintln(e.stdout, "ready")
	return err
}
