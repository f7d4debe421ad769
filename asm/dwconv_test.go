package asm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

func TestDWConvU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	isatest.Each(t, func(t *testing.T) {
		for taps := range 27 {
			for _, channels := range []int{16, 32, 80} {
				for _, extreme := range []bool{false, true} {
					checkDWConvU8(t, rng, taps, channels, 1+taps%4, extreme)
				}
			}
		}
	})
	x, acc, packed := make([]uint8, 16), make([]int32, 16), make([]int16, 32)
	call := func(x []uint8, acc []int32, packed []int16, tap int32, step, channels int) func() {
		return func() { DWConvU8(acc, x, []int32{tap}, packed, 1, step, channels) }
	}
	wantPanic(t, "DWConvU8", badChannels, call(x, acc, packed, 0, 0, 15))
	wantPanic(t, "DWConvU8", badChannels, call(x, acc, packed, 0, -1, 16))
	wantPanic(t, "DWConvU8", badStride, call(x, acc, packed, -1, 0, 16))
	wantPanic(t, "DWConvU8", shortA, call(x, acc, packed, 1, 0, 16))
	wantPanic(t, "DWConvU8", shortB, call(x, acc, packed[1:], 0, 0, 16))
	wantPanic(t, "DWConvU8", shortC, call(x, acc[1:], packed, 0, 0, 16))
	wantPanic(t, "PackDWConvU8", shortW, func() { PackDWConvU8(packed, make([]int16, 15), 1, 16) })
	wantPanic(t, "PackDWConvU8", shortDst, func() { PackDWConvU8(packed[1:], make([]int16, 16), 1, 16) })
}

func checkDWConvU8(t *testing.T, rng *rand.Rand, taps, channels, positions int, extreme bool) {
	t.Helper()
	step := channels + rng.IntN(5)
	offs := make([]int32, taps)
	for i := range offs {
		offs[i] = rng.Int32N(100)
	}
	if taps > 0 {
		offs[rng.IntN(taps)] = 100
	}
	x := newGuarded[uint8]((positions-1)*step + 100 + channels)
	w := make([]int16, taps*channels)
	for i := range x.s {
		x.s[i] = uint8(rng.Uint32())
		if extreme {
			x.s[i] = 255
		}
	}
	for i := range w {
		w[i] = int16(rng.IntN(511) - 255)
		if extreme {
			w[i] = -255
		}
	}
	packed := newGuarded[int16](DWConvU8Packed(taps, channels))
	PackDWConvU8(packed.s, w, taps, channels)
	packed.check(t)
	acc := newGuarded[int32](positions * channels)
	DWConvU8(acc.s, x.s, offs, packed.s, positions, step, channels)
	acc.check(t)
	for i, got := range acc.s {
		var want int32
		for tap, at := range offs {
			want += int32(x.s[i/channels*step+int(at)+i%channels]) * int32(w[tap*channels+i%channels])
		}
		if got != want {
			t.Fatalf("taps=%d channels=%d: sum %d = %d, want %d", taps, channels, i, got, want)
		}
	}
}

// BenchmarkDWConvU8 computes rows of layers of MobileNet.
func BenchmarkDWConvU8(b *testing.B) {
	for _, s := range []struct{ channels, positions int }{{32, 112}, {256, 28}} {
		b.Run(fmt.Sprintf("c=%d", s.channels), func(b *testing.B) {
			row := (s.positions + 2) * s.channels
			x, acc := make([]uint8, 3*row), make([]int32, s.positions*s.channels)
			packed := make([]int16, DWConvU8Packed(9, s.channels))
			var taps []int32
			for i := range 9 {
				taps = append(taps, int32(i/3*row+i%3*s.channels))
			}
			for b.Loop() {
				DWConvU8(acc, x, taps, packed, s.positions, s.channels, s.channels)
			}
			reportGMACs(b, s.positions*s.channels*9)
		})
	}
}
