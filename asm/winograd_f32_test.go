package asm

import (
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isa"
	"mixq/internal/isatest"
)

// The matrices of Lavin and Gray, section 4.3, as they print them.
var (
	winogradBT = [6][6]float64{
		{4, 0, -5, 0, 1, 0},
		{0, -4, -4, 1, 1, 0},
		{0, 4, -4, -1, 1, 0},
		{0, -2, -1, 2, 1, 0},
		{0, 2, -1, -2, 1, 0},
		{0, 4, 0, -5, 0, 1},
	}
	winogradAT = [4][6]float64{
		{1, 1, 1, 1, 1, 0},
		{0, 1, -1, 2, -2, 0},
		{0, 1, 1, 4, 4, 0},
		{0, 1, -1, 8, -8, 1},
	}
)

// integers are small enough for every transform to be exact.
func integers(r *rand.Rand, n int) guarded[float32] {
	g := newGuarded[float32](n)
	for i := range g.s {
		g.s[i] = float32(r.IntN(2001) - 1000)
	}
	return g
}

// sandwich is element (i, j) of m·d·mᵀ.
func sandwich(m [][6]float64, d func(i, j int) float32, i, j int) float32 {
	var sum float64
	for k := range 6 {
		for l := range 6 {
			sum += m[i][k] * m[j][l] * float64(d(k, l))
		}
	}
	return float32(sum)
}

func TestWinogradInputF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		for channels := range 12 {
			for _, mr := range []int{4, 8} {
				stride := 6 + channels%3
				plane := 9*stride + channels
				matrix := 8*channels + channels%5
				offsets := [8]int32{0, 4, 1, int32(3 * stride), int32(3*stride + stride - 6), 2, 4, 0}
				src := integers(r, channels*plane)
				dst := newGuarded[float32](max(0, 35*matrix+8*channels))
				for i := range dst.s {
					dst.s[i] = guardWord
				}
				WinogradInputF32(dst.s, matrix, mr, src.s, plane, stride, &offsets, channels)
				dst.check(t)
				want := slices.Repeat([]float32{guardWord}, len(dst.s))
				for c := range channels {
					for l, o := range offsets {
						d := func(i, j int) float32 { return src.s[c*plane+int(o)+i*stride+j] }
						for p := range 36 {
							want[p*matrix+l/mr*channels*mr+c*mr+l%mr] = sandwich(winogradBT[:], d, p/6, p%6)
						}
					}
				}
				if !slices.Equal(dst.s, want) {
					t.Fatalf("%d channels, panels of %d rows: wrong", channels, mr)
				}
			}
		}
	})
}

func TestWinogradOutputF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(2, 1))
		for tiles := range 12 {
			row := 8 + tiles%4
			matrix := tiles*row + tiles%5
			stride := 4*tiles + tiles%3
			plane := 4*stride + tiles%2
			src := integers(r, max(0, 35*matrix+(tiles-1)*row+8))
			dst := newGuarded[float32](7*plane + 3*stride + 4*tiles)
			for i := range dst.s {
				dst.s[i] = guardWord
			}
			WinogradOutputF32(dst.s, plane, stride, src.s, matrix, row, tiles)
			dst.check(t)
			want := slices.Repeat([]float32{guardWord}, len(dst.s))
			for u := range tiles {
				for c := range 8 {
					m := func(i, j int) float32 { return src.s[(6*i+j)*matrix+u*row+c] }
					for p := range 16 {
						want[c*plane+p/4*stride+4*u+p%4] = sandwich(winogradAT[:], m, p/4, p%4)
					}
				}
			}
			if !slices.Equal(dst.s, want) {
				t.Fatalf("%d tiles: wrong", tiles)
			}
		}
	})
}

// Real values round alike at every level.
func TestWinogradF32Bits(t *testing.T) {
	const channels, tiles, side = 5, 3, 14
	r := rand.New(rand.NewPCG(3, 1))
	src := make([]float32, max(channels*side*side, 36*tiles*8))
	for i := range src {
		src[i] = float32(r.NormFloat64())
	}
	offsets := [8]int32{0, 4, 8, 4 * side, 4*side + 4, 4*side + 8, 8 * side, 8*side + 8}
	var in, out []float32
	compute := func() (a, b []float32) {
		a, b = make([]float32, 36*8*channels), make([]float32, 8*16*tiles)
		WinogradInputF32(a, 8*channels, 4, src, side*side, side, &offsets, channels)
		WinogradOutputF32(b, 16*tiles, 4*tiles, src, 8*tiles, 8, tiles)
		return a, b
	}
	restore := isa.Force(isa.Generic)
	in, out = compute()
	restore()
	isatest.Each(t, func(t *testing.T) {
		if a, b := compute(); !slices.Equal(a, in) || !slices.Equal(b, out) {
			t.Error("differs from the generic level")
		}
	})
}

func TestWinogradF32Panics(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		const channels, matrix, plane, stride = 2, 16, 48, 6
		dst, src := make([]float32, 35*matrix+8*channels), make([]float32, plane+5*stride+6)
		input := func(dst []float32, matrix, mr int, src []float32, offset int32) func() {
			offsets := [8]int32{7: offset}
			return func() { WinogradInputF32(dst, matrix, mr, src, plane, stride, &offsets, channels) }
		}
		wantPanic(t, "input", badPanel, input(dst, matrix, 6, src, 0))
		wantPanic(t, "input", badStride, input(dst, -1, 4, src, 0))
		wantPanic(t, "input", shortDst, input(dst[1:], matrix, 4, src, 0))
		wantPanic(t, "input", shortSrc, input(dst, matrix, 4, src[1:], 0))
		wantPanic(t, "input", shortSrc, input(dst, matrix, 4, src, 1))
		wantPanic(t, "input", shortSrc, input(dst, matrix, 4, src, -1))

		dst, src = make([]float32, 7*32+3*8+8), make([]float32, 35*16+8+8)
		wantPanic(t, "output", badStride, func() { WinogradOutputF32(dst, 32, -8, src, 16, 8, 2) })
		wantPanic(t, "output", shortDst, func() { WinogradOutputF32(dst[1:], 32, 8, src, 16, 8, 2) })
		wantPanic(t, "output", shortSrc, func() { WinogradOutputF32(dst, 32, 8, src[1:], 16, 8, 2) })
	})
}

// BenchmarkWinogradF32 transforms windows and products of a map of 64 x 56 x 56.
func BenchmarkWinogradF32(b *testing.B) {
	const channels, side, matrix = 64, 58, 104*64 + 16
	src, dst := make([]float32, channels*side*side), make([]float32, 36*matrix)
	b.Run("input", func(b *testing.B) {
		b.SetBytes(36 * 4 * 8 * channels)
		offsets := [8]int32{0, 4, 8, 12, 16, 20, 24, 28}
		for b.Loop() {
			WinogradInputF32(dst, matrix, 8, src, side*side, side, &offsets, channels)
		}
	})
	b.Run("output", func(b *testing.B) {
		b.SetBytes(36 * 4 * 8 * 14)
		for b.Loop() {
			WinogradOutputF32(src, side*side, side, dst, matrix, 32, 14)
		}
	})
}
