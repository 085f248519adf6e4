package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// collectSeldom lets garbage grow to twice what is in use before it is
// collected. A serving portal holds a few megabytes, and every page leaves some
// tens of kilobytes: by Go's default a tenth of the processor time goes into
// collecting, and the memory saved is not worth it. Whoever sets GOGC, or
// GOMEMLIMIT for a hard bound, is not overruled.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// giveBack returns memory to the system after each interval in which less was
// allocated than is held ready: what ten thousand pages took to open would
// otherwise stay for as long as they are open.
func giveBack(ctx context.Context, every time.Duration) {
	allocated, _ := heap()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
			allocated = giveBackSince(allocated)
		}
	}
}

// giveBackSince returns memory if not much was allocated since so much had been,
// and says how much has been by now.
func giveBackSince(before uint64) uint64 {
	allocated, ready := heap()
	if allocated-before < ready {
		debug.FreeOSMemory()
	}
	return allocated
}

// heap is, in bytes, how much was ever allocated, and how much is held of the
// system without anything in it.
func heap() (allocated, ready uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}
