package register

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

func newKey(t testing.TB) (private, public string) {
	t.Helper()
	private, public, err := NewKey("portal.example/register")
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

// A key that is named twice, such as one that is listed as retired while it
// still signs, is one key: it signs once, and its signatures count.
func TestKeysNamedTwice(t *testing.T) {
	private, own := newKey(t)
	_, other := newKey(t)
	keys, err := ParseKeys(private+", "+private, "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := keys.Sign(tlog.Tree{N: 1, Hash: Hash{1}})
	if err != nil || strings.Count(c.Note, "\n— ") != 1 {
		t.Errorf("%q, %v", c.Note, err)
	}
	for _, retired := range [][]string{nil, {own}, {own, own}, {other, own, other}} {
		v, err := keys.Verifiers(retired...)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := v.Open(c.Note); err != nil || again.Tree != c.Tree {
			t.Errorf("retired %v: %v", retired, err)
		}
		if sorted := slices.Sorted(slices.Values(v.Keys)); len(slices.Compact(sorted)) != len(v.Keys) {
			t.Errorf("retired %v: keys %v", retired, v.Keys)
		}
	}
}

// FuzzKeys reads anything as keys: what is taken signs and is believed, and no
// error shows what was given.
func FuzzKeys(f *testing.F) {
	private, public := newKey(f)
	f.Add(private, "a/b", public)
	f.Add(strings.Repeat("5a", 32), "a/b", "")
	f.Add(strings.Repeat("5a", 32)+"\n"+strings.Repeat("a5", 32), "a b", public+" "+public)
	f.Add("PRIVATE+KEY+a+00000000+AQ==", "", "a+00000000+AQ==")
	f.Fuzz(func(t *testing.T, text, origin, retired string) {
		keys, err := ParseKeys(text, origin)
		if err != nil {
			if !errors.Is(err, ErrKeys) || len(text) > 20 && strings.Contains(err.Error(), text) {
				t.Fatalf("%v", err)
			}
			return
		}
		v, err := keys.Verifiers(retired)
		if err != nil {
			if !errors.Is(err, ErrKeys) {
				t.Fatal(err)
			}
			if v, err = keys.Verifiers(); err != nil {
				t.Fatalf("its own keys are no verifiers: %v", err)
			}
		}
		c, err := keys.Sign(tlog.Tree{N: 7, Hash: Hash{7}})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := v.Open(c.Note); err != nil || again != c {
			t.Fatalf("%q is not believed: %v", c.Note, err)
		}
	})
}

func TestProbeSilence(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration) *time.Time { a := now.Add(-ago); return &a }
	for what, c := range map[string]struct {
		probe Probe
		want  bool
	}{
		"there was none":        {Probe{}, true},
		"never at all, though":  {Probe{OK: true}, true},
		"just now":              {Probe{At: at(0), OK: true}, false},
		"three minutes ago":     {Probe{At: at(ProbeLate), OK: true}, false},
		"a moment too long ago": {Probe{At: at(ProbeLate + 1), OK: true}, true},
		"just now, and failed":  {Probe{At: at(0), GoodAt: at(time.Minute)}, true},
		"in the future":         {Probe{At: at(-time.Minute), OK: true}, false},
	} {
		if got := c.probe.Silent(now); got != c.want {
			t.Errorf("%s: silent %v", what, got)
		}
	}
}

func TestCounts(t *testing.T) {
	var c Counts
	for i, o := range []Outcome{Answered, NothingPending, NotFound, Failed, "of another version"} {
		c.Add(o, []string{"trader", "operator"}[i%2], int64(i+1))
	}
	if want := (Counts{Requests: 15, Found: 1, NothingPending: 2, NotFound: 3, Failed: 4, OnBehalf: 2 + 4}); c != want || c.Answered() != 11 {
		t.Errorf("%+v, want %+v", c, want)
	}
}

// Quantiles from buckets are those of the times themselves, but for the width
// of half a bucket.
func TestQuantiles(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	if got := (Times{}).Quantile(0.5); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
	for range 50 {
		times, all := Times{}, []time.Duration{}
		for range 1 + r.IntN(300) {
			d := time.Duration(1+r.Int64N(1<<(4+r.IntN(30)))) * time.Microsecond
			times[int(math.Log2(float64(d.Microseconds()+1))*16)]++ // as the database has it, migration 010
			all = append(all, d)
		}
		slices.Sort(all)
		for _, q := range []float64{0.01, 0.5, 0.95, 1} {
			got := times.Quantile(q)
			n := min(max(int(q*float64(len(all))+0.999999)-1, 0), len(all)-1)
			low, high := all[max(n-1, 0)], all[min(n+1, len(all)-1)]
			if float64(got) < 0.95*float64(low)-1000 || float64(got) > 1.05*float64(high)+1000 {
				t.Errorf("%v of %d times: %s, want %s", q, len(all), got, all[n])
			}
		}
	}
}
