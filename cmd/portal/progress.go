package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// terminal is standard error if it is a terminal on which a progress bar is
// wanted.
func terminal(e env, quiet bool) (*os.File, bool) {
	f, ok := e.stderr.(*os.File)
	return f, ok && !quiet && term.IsTerminal(int(f.Fd()))
}

// newBar is a progress bar up to a size, -1: unknown. Errors of what it does
// count for nothing: the terminal may be gone.
func newBar(w io.Writer, size int64, more ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(size, append(more, progressbar.OptionSetWriter(w), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))...)
}
