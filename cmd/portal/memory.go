package main

import (
	"os"
	"runtime/debug"
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
