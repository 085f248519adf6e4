package intake_test

import (
	"bytes"
	"testing"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/feed/sample"
	"customs.gov.az/portal/intake"
)

// BenchmarkRun takes consignments of a national feed into a fresh database:
// bytes a second of the feed.
func BenchmarkRun(b *testing.B) {
	var lines bytes.Buffer
	if err := sample.Generate(&lines, sample.Options{Seed: 1, Consignments: 20_000, Latest: true, Now: time.Now().Add(-time.Hour)}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(lines.Len()))
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		d, err := db.Open(b.Context(), dbtest.New(b).URL, db.Options{MaxConns: 4})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		_, err = intake.Run(b.Context(), bytes.NewReader(lines.Bytes()), intake.Options{DB: d, Now: time.Now})
		b.StopTimer()
		d.Close()
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
