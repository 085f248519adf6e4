package handlers

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzip"

	"customs.gov.az/portal/static"
)

// worthPacking is the size below which a page fits into one packet anyway.
const worthPacking = 1400 // bytes

var packers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant of the library
	}
	return w
}}

// packed is a page in the coding gzip (RFC 9110 §8.4.1.3) if the browser takes
// it and it is worth the work: a list shrinks to a sixth, which on a slow line
// counts for more than the tenth of a millisecond. Lengths of packed pages tell
// an eavesdropper who can make the browser search no more than lengths of plain
// ones do: whether something is found. Nothing secret, such as a token, stands
// in a page. It returns nil for a page that stays as it is.
func packed(r *http.Request, page []byte) *bytes.Buffer {
	if len(page) < worthPacking || !static.TakesGzip(r.Header.Values("Accept-Encoding")) {
		return nil
	}
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(b)
	// Writing to memory does not fail.
	_, _ = w.Write(page)
	_ = w.Close()
	return b
}
