package asm

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isatest"
)

func TestAddU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	isatest.Each(t, func(t *testing.T) {
		for n := range 150 {
			x, sums := newGuarded[uint8](n), newGuarded[int32](n)
			want := make([]int32, n)
			for i := range n {
				x.s[i], sums.s[i] = uint8(rng.Uint32()), int32(rng.Uint32())
				if i%7 == 0 {
					sums.s[i] = math.MaxInt32
				}
				want[i] = sums.s[i] + int32(x.s[i])
			}
			AddU8(sums.s, x.s)
			x.check(t)
			sums.check(t)
			if !slices.Equal(sums.s, want) {
				t.Fatalf("n=%d: sums %d, want %d", n, sums.s, want)
			}
		}
	})
	wantPanic(t, "AddU8", badLength, func() { AddU8(make([]int32, 1), nil) })
}

func TestMaxTapsU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	isatest.Each(t, func(t *testing.T) {
		for channels := range 100 {
			for positions := range 4 {
				checkMaxTaps(t, rng, rng.IntN(11), positions, rng.IntN(2*channels+1), channels)
			}
		}
	})
	x, dst := make([]uint8, 16), make([]uint8, 16)
	call := func(x, dst []uint8, tap int32, step, channels int) func() {
		return func() { MaxTapsU8(dst, x, []int32{tap}, 1, step, channels) }
	}
	wantPanic(t, "MaxTapsU8", badChannels, call(x, dst, 0, 0, -1))
	wantPanic(t, "MaxTapsU8", badChannels, call(x, dst, 0, -1, 16))
	wantPanic(t, "MaxTapsU8", badStride, call(x, dst, -1, 0, 16))
	wantPanic(t, "MaxTapsU8", shortSrc, call(x, dst, 1, 0, 16))
	wantPanic(t, "MaxTapsU8", shortDst, call(x, dst[1:], 0, 0, 16))
}

func checkMaxTaps(t *testing.T, rng *rand.Rand, ntaps, positions, step, channels int) {
	t.Helper()
	taps, last := make([]int32, ntaps), 0
	for i := range taps {
		taps[i] = rng.Int32N(200)
		last = max(last, int(taps[i]))
	}
	x, dst := newGuarded[uint8](max(0, (positions-1)*step+last+channels)), newGuarded[uint8](positions*channels)
	for i := range x.s {
		x.s[i] = uint8(rng.Uint32())
	}
	MaxTapsU8(dst.s, x.s, taps, positions, step, channels)
	x.check(t)
	dst.check(t)
	for i, got := range dst.s {
		var want uint8
		for _, tap := range taps {
			want = max(want, x.s[i/channels*step+int(tap)+i%channels])
		}
		if got != want {
			t.Fatalf("taps=%v step=%d channels=%d: element %d = %d, want %d", taps, step, channels, i, got, want)
		}
	}
}

// BenchmarkMaxTapsU8 takes a row of the pooling of ResNet-18.
func BenchmarkMaxTapsU8(b *testing.B) {
	const channels, positions, width = 64, 56, 114
	x, dst := make([]uint8, 3*width*channels), make([]uint8, positions*channels)
	var taps []int32
	for i := range 9 {
		taps = append(taps, int32((i/3*width+i%3)*channels))
	}
	b.SetBytes(int64(len(x)))
	for b.Loop() {
		MaxTapsU8(dst, x, taps, positions, 2*channels, channels)
	}
}
