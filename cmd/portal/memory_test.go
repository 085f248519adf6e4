package main

import (
	"runtime/debug"
	"testing"
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
