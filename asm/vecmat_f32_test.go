package asm

import (
	"math"
	"testing"

	"mixq/internal/isa"
	"mixq/internal/isatest"
)

// The bits are those of a tile of the matrix product.
func TestVecMatF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		g := GemmF32For()
		for n := range 11 {
			for _, k := range []int{1, 2, 3, 64, 99} {
				dst, x, panels := newGuarded[float32](n*g.NR), newGuarded[float32](k), newGuarded[float32](n*g.NR*k)
				for i := range x.s {
					x.s[i] = float32(math.Sin(float64(i)))
				}
				for i := range panels.s {
					panels.s[i] = float32(math.Cos(float64(i)))
				}
				if !VecMatF32(dst.s, x.s, panels.s, g.NR) {
					if g.Level == isa.AVX2 || g.Level == isa.AVX512VNNI {
						t.Fatalf("no kernel for panels of %d", g.NR)
					}
					continue
				}
				dst.check(t)
				for p := range n {
					a, c := make([]float32, g.MR*k), make([]float32, g.MR*g.NR)
					for l, v := range x.s {
						a[l*g.MR] = v
					}
					g.Run(c, g.NR, a, panels.s[p*g.NR*k:], k)
					for j, want := range c[:g.NR] {
						wantEqual(t, n, p*g.NR+j, dst.s[p*g.NR+j], want)
					}
				}
			}
		}
		x := make([]float32, 64)
		wantPanic(t, "VecMatF32", badLength, func() { VecMatF32(x[:33], x[:1], x, 32) })
		wantPanic(t, "VecMatF32", shortB, func() { VecMatF32(x[:32], x[:2], x[:63], 32) })
	})
}

// BenchmarkVecMatF32 runs the last layer of MobileNetV2 on its weights in memory.
func BenchmarkVecMatF32(b *testing.B) {
	const k, copies = 1280, 8
	g := GemmF32For()
	n := roundUp(1000, g.NR)
	dst, x, panels := make([]float32, n), make([]float32, k), make([]float32, copies*n*k)
	for i := range panels {
		panels[i] = 1 // pages that were never written share one page of zeros
	}
	b.SetBytes(int64(4 * n * k))
	for i := 0; b.Loop(); i++ {
		if !VecMatF32(dst, x, panels[i%copies*n*k:], g.NR) {
			b.Skip("the level has no kernel")
		}
	}
}
