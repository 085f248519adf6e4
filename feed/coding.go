package feed

import (
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Coding is a content coding of a transfer (RFC 9110 §8.4.1).
type Coding string

// The codings that a feed may travel in.
const (
	Identity Coding = ""
	Gzip     Coding = "gzip" // RFC 1952
	Zstd     Coding = "zstd" // RFC 8878
)

// Bounds on what a compressed input may become. A real feed shrinks to a tenth
// or a twentieth; an input made to exhaust a machine swells a thousandfold.
const (
	window   = 8 << 20  // the most memory that a decoder keeps of what it wrote
	free     = 32 << 20 // so much of the output is never questioned
	maxSwell = 200      // beyond that, output for each byte of input
)

var (
	// ErrCoding says that the input is not in the coding it claims.
	ErrCoding = errors.New("feed: damaged compression")
	// ErrSwells says that the input becomes far larger than any feed would.
	ErrSwells = errors.New("feed: the input swells beyond what a feed can be")
	// ErrUnknownCoding says that the coding is none of the known.
	ErrUnknownCoding = errors.New("feed: unknown content coding")
)

// Decode returns what r holds without its coding. The memory used does not
// depend on the input. Reading fails with ErrCoding, ErrSwells or the error of
// r; Decode itself with ErrUnknownCoding. Close frees the decoder, not r.
func Decode(r io.Reader, c Coding) (io.ReadCloser, error) {
	d := &decoder{in: counter{r: r}}
	switch c {
	case Identity:
		return io.NopCloser(r), nil
	case Gzip:
		d.open = func() (io.Reader, func(), error) {
			z, err := gzip.NewReader(&d.in)
			return z, func() {}, err
		}
	case Zstd:
		d.open = func() (io.Reader, func(), error) {
			z, err := zstd.NewReader(&d.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(1<<40))
			if err != nil {
				return nil, nil, err
			}
			return z, z.Close, nil
		}
	default:
		return nil, ErrUnknownCoding
	}
	return d, nil
}

// decoder opens its library's reader at the first Read, since that waits for
// input.
type decoder struct {
	in    counter
	open  func() (io.Reader, func(), error)
	r     io.Reader
	close func()
	out   int64
	err   error
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.r == nil && d.err == nil {
		if d.r, d.close, d.err = d.open(); d.err != nil {
			d.r, d.err = nil, d.blame(d.err)
		}
	}
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.r.Read(p)
	d.out += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		d.err = d.blame(err)
		return n, d.err
	}
	if d.out > free && d.out/maxSwell > d.in.n {
		d.err = ErrSwells
		return 0, d.err
	}
	return n, err
}

// blame tells the input's own failure, or its end, from a wrong coding.
func (d *decoder) blame(err error) error {
	switch {
	case d.in.err != nil && !errors.Is(d.in.err, io.EOF):
		return d.in.err
	case errors.Is(err, io.EOF) && d.in.n == 0:
		return io.EOF // nothing at all is an empty feed
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return ErrSwells
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return ErrCoding
}

// Close frees what the decoder holds.
func (d *decoder) Close() error {
	if d.close != nil {
		d.close()
		d.close = nil
	}
	d.err = io.ErrClosedPipe
	return nil
}

// counter counts what was read and remembers why reading ended.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil {
		c.err = err
	}
	return n, err
}

// Encoder writes in a coding.
type Encoder interface {
	io.WriteCloser
	Flush() error // makes all that was written readable at the other end
}

// Encode returns a writer to w in a coding. Close ends the coding, not w.
// It fails with ErrUnknownCoding.
func Encode(w io.Writer, c Coding) (Encoder, error) {
	switch c {
	case Identity:
		return plain{w}, nil
	case Gzip:
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case Zstd:
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(window/4))
	}
	return nil, ErrUnknownCoding
}

type plain struct{ io.Writer }

func (plain) Flush() error { return nil }
func (plain) Close() error { return nil }
