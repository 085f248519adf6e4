package feed_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/sample"
)

// BenchmarkReader reads the current snapshots of 2,000 sample consignments.
func BenchmarkReader(b *testing.B) {
	var in bytes.Buffer
	if err := sample.Generate(&in, sample.Options{Seed: 1, Consignments: 2000, Now: now(), Latest: true}); err != nil {
		b.Fatal(err)
	}
	lines := bytes.Count(in.Bytes(), []byte("\n"))
	b.SetBytes(int64(in.Len()))
	b.ReportAllocs()
	start := time.Now()
	for b.Loop() {
		r := feed.NewReader(bytes.NewReader(in.Bytes()), feed.Options{Now: now})
		n := 0
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || !rec.OK() {
				b.Fatal(err, rec.Problems)
			}
			n++
		}
		if n != lines {
			b.Fatalf("%d records of %d lines", n, lines)
		}
	}
	b.ReportMetric(float64(lines*b.N)/time.Since(start).Seconds(), "lines/s")
}
