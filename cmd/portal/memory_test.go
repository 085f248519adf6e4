package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestCollectSeldom(t *testing.T) {
	now := debug.SetGCPercent(100)
	defer debug.SetGCPercent(now)
	t.Setenv("GOGC", "100")
	collectSeldom()
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("GOGC is overruled: %d", got)
	}
	t.Setenv("GOGC", "")
	collectSeldom()
	if got := debug.SetGCPercent(100); got != 200 {
		t.Errorf("%d", got)
	}
}

// returned counts how often all memory was returned that is not in use: the
// collections that the program asked for.
func returned() uint64 {
	sample := []metrics.Sample{{Name: "/gc/cycles/forced:gc-cycles"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

var kept [][]byte // in use

// Memory is returned at rest, and what is in use all the time is not returned
// only to be fetched again.
func TestGiveBack(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); giveBack(ctx, 100*time.Millisecond) }()
	defer func() { stop(); <-done; kept = nil }()
	before := returned()
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		kept = nil
		for range 64 {
			kept = append(kept, make([]byte, 1<<20))
		}
	}
	if n := returned() - before; n > 1 { // before the work had begun
		t.Errorf("at work memory was returned %d times", n)
	}
	kept = nil
	for end := time.Now().Add(20 * time.Second); returned() < before+3; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("at rest memory was not returned")
		}
	}
	if _, ready := heap(); ready > 16<<20 {
		t.Errorf("%d bytes are still held", ready)
	}
}
