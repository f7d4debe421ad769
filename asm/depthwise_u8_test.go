package asm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

// The kernel computes what DWConvU8 and Requant do in two steps.
func TestDepthwiseU8(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 1))
		for taps := 1; taps <= 26; taps++ {
			for _, channels := range []int{1, 15, 16, 32, 47, 64, 80, 144} {
				checkDepthwiseU8(t, rng, taps, channels, 1+taps%4, false)
				checkDepthwiseU8(t, rng, taps, channels, 1+taps%4, true)
			}
		}
	})
}

// checkDepthwiseU8 takes extreme weights, with or without zero points, large codes, and
// multipliers that reach both bounds.
func checkDepthwiseU8(t *testing.T, rng *rand.Rand, taps, channels, positions int, zeros bool) {
	t.Helper()
	d := DepthwiseU8{Channels: channels, Taps: make([]int32, taps), Lo: 3, Hi: 250, Zero: 20}
	step := channels + rng.IntN(5)
	for i := range d.Taps {
		d.Taps[i] = rng.Int32N(101)
	}
	padded := roundUp(channels, dwBlock)
	w, wide := make([]int16, taps*channels), make([]int16, taps*padded)
	bias, mult := make([]int32, channels), make([]float32, channels)
	zero := make([]int32, channels)
	for c := range channels {
		if zeros {
			zero[c] = []int32{-128, 127, 0, int32(int8(rng.Uint32()))}[rng.IntN(4)]
		}
		bias[c], mult[c] = int32(rng.IntN(20001)-10000), []float32{rng.Float32() / 128, 1e9, 1e38}[max(0, rng.IntN(20)-17)]
	}
	for i := range w {
		code := []int32{-128, 127, int32(int8(rng.Uint32()))}[rng.IntN(3)]
		w[i] = int16(code - zero[i%channels])
		wide[i/channels*padded+i%channels] = w[i]
	}
	x := newGuarded[uint8]((positions-1)*step + 100 + padded)
	for i := range x.s {
		x.s[i] = max(uint8(rng.Uint32()), uint8(rng.Uint32()))
	}
	d.Pack(w, zero, bias, mult)
	dst := newGuarded[uint8](positions * channels)
	d.Run(dst.s, x.s, positions, step)
	dst.check(t)

	packed, acc, want := make([]int16, DWConvU8Packed(taps, padded)), make([]int32, positions*padded), make([]uint8, positions*channels)
	PackDWConvU8(packed, wide, taps, padded)
	dwConvU8Generic(acc, x.s, d.Taps, packed, positions, step, padded)
	requantGeneric(&Requant{Dst: want, DstStride: channels, Acc: acc, AccStride: padded, Rows: positions, Cols: channels,
		Bias: bias, Mult: mult, Lo: d.Lo, Hi: d.Hi, Zero: d.Zero}, 0)
	for i, got := range dst.s {
		if got != want[i] {
			t.Fatalf("taps=%d channels=%d: code %d = %d, want %d", taps, channels, i, got, want[i])
		}
	}
}

func TestDepthwiseU8Panics(t *testing.T) {
	x := make([]uint8, 16)
	d := DepthwiseU8{Channels: 4, Taps: []int32{0, 4}}
	w, bias, mult := make([]int16, 8), make([]int32, 4), make([]float32, 4)
	wantPanic(t, "Pack", badSize, func() { (&DepthwiseU8{Channels: 1}).Pack(w, bias, bias, mult) })
	wantPanic(t, "Pack", badSize, func() { (&DepthwiseU8{Channels: 1, Taps: make([]int32, 129)}).Pack(w, bias, bias, mult) })
	wantPanic(t, "Pack", shortW, func() { d.Pack(w[1:], bias, bias, mult) })
	wantPanic(t, "Pack", shortColumns, func() { d.Pack(w, bias, bias, mult[1:]) })
	d.Pack(w, bias, bias, mult)
	wantPanic(t, "Run", shortDst, func() { d.Run(x[:11], x, 3, 4) })
	wantPanic(t, "Run", shortSrc, func() { d.Run(x, x[1:], 3, 4) })
	wantPanic(t, "Run", badStride, func() { d.Run(x, x, 1, -1) })
}

// BenchmarkDepthwiseU8 computes rows of layers of MobileNetV2.
func BenchmarkDepthwiseU8(b *testing.B) {
	for _, s := range []struct{ channels, positions int }{{32, 112}, {144, 56}, {384, 14}, {960, 7}} {
		b.Run(fmt.Sprintf("shape=%dx%d", s.positions, s.channels), func(b *testing.B) {
			d := DepthwiseU8{Channels: s.channels, Hi: 255}
			for i := range int32(9) {
				d.Taps = append(d.Taps, (i/3*int32(s.positions+2)+i%3)*int32(s.channels))
			}
			d.Pack(make([]int16, 9*s.channels), make([]int32, s.channels), make([]int32, s.channels), make([]float32, s.channels))
			dst, x := make([]uint8, s.channels*s.positions), make([]uint8, 3*s.channels*(s.positions+2))
			for b.Loop() {
				d.Run(dst, x, s.positions, s.channels)
			}
			reportGMACs(b, 9*len(dst))
		})
	}
}
