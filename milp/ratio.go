package milp

import (
	"cmp"
	"math/bits"
)

// ratio is num/den with den >= 0; 1/0 is infinite. Numerators are within ±2^62.
type ratio struct{ num, den int64 }

func (a ratio) float() float64 { return float64(a.num) / float64(a.den) }

// compare returns -1, 0 or 1 as a is less than, equal to or greater than b.
func (a ratio) compare(b ratio) int { return compareProducts(a.num, b.den, b.num, a.den) }

// compareProducts compares a·b with c·d exactly, in 128 bits.
func compareProducts(a, b, c, d int64) int {
	h1, l1 := product(a, b)
	h2, l2 := product(c, d)
	if h1 != h2 {
		return cmp.Compare(h1, h2)
	}
	return cmp.Compare(l1, l2)
}

// product returns a·b as a 128-bit two's complement number.
func product(a, b int64) (hi int64, lo uint64) {
	h, lo := bits.Mul64(uint64(a), uint64(b))
	hi = int64(h)
	if a < 0 {
		hi -= b
	}
	if b < 0 {
		hi -= a
	}
	return hi, lo
}
