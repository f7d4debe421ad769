package asm

import (
	"math"
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

func TestPoolSteps(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	isatest.Each(t, func(t *testing.T) {
		for n := range 150 {
			x, top, sums := newGuarded[uint8](n), newGuarded[uint8](n), newGuarded[int32](n)
			wantTop, wantSum := make([]uint8, n), make([]int32, n)
			for i := range n {
				x.s[i], top.s[i], sums.s[i] = uint8(rng.Uint32()), uint8(rng.Uint32()), int32(rng.Uint32())
				if i%7 == 0 {
					sums.s[i] = math.MaxInt32
				}
				wantTop[i], wantSum[i] = max(x.s[i], top.s[i]), sums.s[i]+int32(x.s[i])
			}
			MaxU8(top.s, x.s)
			AddU8(sums.s, x.s)
			x.check(t)
			top.check(t)
			sums.check(t)
			for i := range n {
				if top.s[i] != wantTop[i] || sums.s[i] != wantSum[i] {
					t.Fatalf("n=%d: element %d: maximum %d and sum %d, want %d and %d", n, i, top.s[i], sums.s[i], wantTop[i], wantSum[i])
				}
			}
		}
	})
	wantPanic(t, "MaxU8", badLength, func() { MaxU8(make([]uint8, 1), nil) })
	wantPanic(t, "AddU8", badLength, func() { AddU8(make([]int32, 1), nil) })
}

// BenchmarkMaxU8 takes one step of a window of 64 channels.
func BenchmarkMaxU8(b *testing.B) {
	x, y := make([]uint8, 64), make([]uint8, 64)
	b.SetBytes(64)
	for b.Loop() {
		MaxU8(x, y)
	}
}
