package pgserver_test

import (
	"os"
	"testing"

	"customs.gov.az/portal/db/pgserver"
)

// The demo's first and second start lean on these two.
func BenchmarkStart(b *testing.B) {
	for name, fresh := range map[string]bool{"nothing": true, "existing": false} {
		b.Run(name, func(b *testing.B) {
			dir, err := os.MkdirTemp("/tmp", "pgserver-bench-")
			if err == nil {
				err = os.Chmod(dir, 0o755)
			}
			if err != nil {
				b.Fatal(err)
			}
			defer os.RemoveAll(dir)
			up := func(fresh bool) {
				s, err := pgserver.Start(b.Context(), pgserver.Options{Dir: dir, Fresh: fresh})
				b.StopTimer()
				if err == nil {
					err = s.Stop()
				}
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			up(true)
			b.ResetTimer()
			for range b.N {
				up(fresh)
			}
		})
	}
}
