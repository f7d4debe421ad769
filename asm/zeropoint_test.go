package asm

import (
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

func TestSumRowsU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	isatest.Each(t, func(t *testing.T) {
		for k := range 100 {
			for _, act := range []func() uint8{func() uint8 { return 255 }, func() uint8 { return uint8(rng.Uint32()) }} {
				rows, stride := k%4, k%3*k/2 // overlapping, touching and equal rows
				a, sums := newGuarded[uint8](max(0, (rows-1)*stride+k)), newGuarded[int32](rows)
				for i := range a.s {
					a.s[i] = act()
				}
				SumRowsU8(sums.s, a.s, stride, k)
				sums.check(t)
				for i, got := range sums.s {
					var want int32
					for l := range k {
						want += int32(a.s[i*stride+l])
					}
					if got != want {
						t.Fatalf("k=%d: sum of row %d = %d, want %d", k, i, got, want)
					}
				}
			}
		}
		long := make([]uint8, 1<<23) // the sum just fits
		for i := range long {
			long[i] = 255
		}
		var sum [1]int32
		if SumRowsU8(sum[:], long, 0, len(long)); sum[0] != 255<<23 {
			t.Errorf("sum of 2^23 codes of 255 = %d, want %d", sum[0], 255<<23)
		}
	})
	a := make([]uint8, 10)
	wantPanic(t, "SumRowsU8", badSize, func() { SumRowsU8(make([]int32, 1), a, 1, -1) })
	wantPanic(t, "SumRowsU8", badStride, func() { SumRowsU8(make([]int32, 1), a, -1, 1) })
	wantPanic(t, "SumRowsU8", shortA, func() { SumRowsU8(make([]int32, 2), a, 8, 8) })
}

// BenchmarkSumRowsU8 sums the patches of a tile.
func BenchmarkSumRowsU8(b *testing.B) {
	const rows, k = 12, 144
	a, sums := make([]uint8, rows*k), make([]int32, rows)
	b.SetBytes(rows * k)
	for b.Loop() {
		SumRowsU8(sums, a, k, k)
	}
}
