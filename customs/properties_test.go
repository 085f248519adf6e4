package customs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The check digit finds each single wrong digit among the first nine: every
// weight is prime to 11. The legal status is not covered by it.
func TestCheckDigitFindsOneWrongDigit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	tried := 0
	for tried < 500 {
		v := VOEN(fmt.Sprintf("%010d", r.Int64N(10_000_000_000)))
		if !v.CheckDigitOK() {
			continue
		}
		tried++
		for i := range 10 {
			for d := byte('0'); d <= '9'; d++ {
				b := []byte(v)
				b[i] = d
				if other := VOEN(b); other != v && other.CheckDigitOK() != (i == 9) {
					t.Fatalf("%s and %s differ at %d", v, other, i)
				}
			}
		}
	}
}

// Of each serial at most one check digit is right.
func TestOneCheckDigit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	none := 0
	const tries = 20_000
	for range tries {
		base := fmt.Sprintf("%08d", r.IntN(100_000_000))
		n := 0
		for d := range 10 {
			if VOEN(fmt.Sprintf("%s%d1", base, d)).CheckDigitOK() {
				n++
			}
		}
		if n > 1 {
			t.Fatalf("%s has %d check digits", base, n)
		}
		none += 1 - n
	}
	if none < tries/15 || none > tries/8 { // a remainder of ten has none: one of eleven
		t.Errorf("%d of %d serials have no check digit", none, tries)
	}
}

// What is printed reads back, and has one form: no zeros at its ends, no point
// without digits.
func TestDecimalsThereAndBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, decimals := range []int{0, 1, 2, 3, 6} {
		limit := int64(1)
		for range 12 + decimals {
			limit *= 10
		}
		for i := range 3000 {
			n := r.Int64N(limit) >> r.IntN(50)
			switch i {
			case 0:
				n = 0
			case 1:
				n = limit - 1
			}
			s := FormatDecimal(n, decimals)
			if back, err := ParseDecimal(s, 12, decimals); err != nil || back != n {
				t.Fatalf("%d with %d decimals is %q, read as %d, %v", n, decimals, s, back, err)
			}
			if strings.Contains(s, ".") && strings.HasSuffix(s, "0") || strings.HasSuffix(s, ".") || len(s) > 1 && s[0] == '0' && s[1] != '.' {
				t.Fatalf("%d with %d decimals is %q", n, decimals, s)
			}
			if more, err := ParseDecimal("00"+s+strings.Repeat("0", 4*strings.Count(s, ".")), 12, decimals); err != nil || more != n {
				t.Fatalf("%q with zeros is %d, %v", s, more, err)
			}
		}
		if _, err := ParseDecimal(FormatDecimal(limit, decimals), 12, decimals); err == nil {
			t.Errorf("thirteen digits with %d decimals are read", decimals)
		}
	}
}

// Sums do not depend on the order of the goods items, and leave none out.
func TestTotalsInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	for range 200 {
		var c Consignment
		var gross Mass
		var packages int64
		some := false
		for range 1 + r.IntN(9) {
			g := GoodsItem{Packages: &Packages{Count: r.Int64N(1000)}}
			packages += g.Packages.Count
			if r.IntN(2) == 0 {
				m := Mass(r.Int64N(1_000_000))
				g.GrossMass, some = &m, true
				gross += m
			}
			c.Goods = append(c.Goods, g)
		}
		r.Shuffle(len(c.Goods), func(i, j int) { c.Goods[i], c.Goods[j] = c.Goods[j], c.Goods[i] })
		got := c.Totals()
		if *got.Packages != packages || got.NetMass != nil || (got.GrossMass != nil) != some || some && *got.GrossMass != gross {
			t.Fatalf("%+v, want %d packages and %d g", got, packages, gross)
		}
	}
}
