package main

import (
	"runtime"
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

var kept [][]byte // in use

// What is in use all the time is not returned only to be fetched again; at rest
// memory is returned.
func TestGiveBack(t *testing.T) {
	defer func() { kept = nil }()
	debug.FreeOSMemory()
	before, _ := heap()
	for range 64 {
		kept = append(kept, make([]byte, 1<<20))
	}
	clear(kept[:32])
	runtime.GC()
	at := giveBackSince(before)
	if _, ready := heap(); at < before+64<<20 || ready < 16<<20 {
		t.Fatalf("%d bytes were allocated; of those that were used only %d are held", at-before, ready)
	}
	giveBackSince(at)
	if _, ready := heap(); ready > 16<<20 {
		t.Errorf("at rest %d bytes are still held", ready)
	}
}
