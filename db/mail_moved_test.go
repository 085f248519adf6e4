package db_test

import (
	"testing"
)

// News of what was given to another taxpayer does not reach the former one, not
// even in a mail that waits already.
func TestNewsOfWhatHasMovedIsNotTold(t *testing.T) {
	_, d := open(t)
	subscribe(t, d, signIn(t, d, aysel), "a@example.az", everything)
	store(t, d, goodsOf(aysel, "MOVED", 1), goodsOf(aysel, "KEPT", 1))
	store(t, d, goodsOf(rashad, "MOVED", 2))
	m, got := news(t, d)
	if got != "KEPT registered registered" {
		t.Errorf("told %s", got)
	}
	deliver(t, d, m)

	store(t, d, goodsOf(aysel, "GATHERED", 1))
	if n := gather(t, d); n != 1 {
		t.Fatalf("%d mails", n)
	}
	store(t, d, goodsOf(rashad, "GATHERED", 2))
	if _, got := news(t, d); got != "" {
		t.Errorf("a mail that waited told %s", got)
	}
	store(t, d, goodsOf(aysel, "NEXT", 1))
	if _, got := news(t, d); got != "NEXT registered registered" {
		t.Errorf("the next mail told %s", got)
	}
}
