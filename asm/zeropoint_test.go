package asm

import (
	"math"
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

func TestSumU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	isatest.Each(t, func(t *testing.T) {
		for n := range 100 {
			for _, act := range []func() uint8{func() uint8 { return 255 }, func() uint8 { return uint8(rng.Uint32()) }} {
				a := newGuarded[uint8](n)
				var want int32
				for i := range a.s {
					a.s[i] = act()
					want += int32(a.s[i])
				}
				if got := SumU8(a.s); got != want {
					t.Fatalf("n=%d: SumU8 = %d, want %d", n, got, want)
				}
			}
		}
		long := make([]uint8, 1<<23) // the sum just fits
		for i := range long {
			long[i] = 255
		}
		if got := SumU8(long); got != 255<<23 {
			t.Errorf("SumU8 of 2^23 codes of 255 = %d, want %d", got, 255<<23)
		}
	})
}

func TestAxpyS32(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	isatest.Each(t, func(t *testing.T) {
		for n := range 100 {
			for _, s := range []int32{0, 1, -1, math.MaxInt32, math.MinInt32, int32(rng.Uint32())} {
				x, y := newGuarded[int32](n), newGuarded[int32](n)
				want := make([]int32, n)
				for i := range x.s {
					x.s[i], y.s[i] = int32(rng.Uint32()), int32(rng.Uint32())
					want[i] = int32(int64(y.s[i]) + int64(s)*int64(x.s[i]))
				}
				AxpyS32(y.s, x.s, s)
				y.check(t)
				for i, got := range y.s {
					if got != want[i] {
						t.Fatalf("n=%d s=%d: y[%d] = %d, want %d", n, s, i, got, want[i])
					}
				}
			}
		}
	})
	wantPanic(t, "AxpyS32", badLength, func() { AxpyS32(make([]int32, 1), make([]int32, 2), 1) })
}

func BenchmarkSumU8(b *testing.B) {
	a := make([]uint8, 576)
	b.SetBytes(int64(len(a)))
	for b.Loop() {
		SumU8(a)
	}
}
