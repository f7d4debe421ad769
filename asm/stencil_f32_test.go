package asm

import (
	"fmt"
	"math"
	"testing"

	"mixq/internal/isatest"
)

// Products and sums of small whole numbers are exact, fused or not.
func TestStencilF32(t *testing.T) {
	w := []float32{1, -2, 3, 7, -5, 4, -1, 6, 2}
	offsets := []int32{5, 0, 40, 7, 7, 13, 1, 39, 2}
	isatest.Each(t, func(t *testing.T) {
		for columns := range 40 {
			for rows := range 18 {
				for _, taps := range []int{0, 1, 2, 3, 9} {
					s := StencilF32{Rows: rows, Columns: columns, Stride: columns + rows%4, Offsets: offsets[:taps]}
					checkStencilF32(t, s, w[:taps])
				}
			}
		}
	})
}

func checkStencilF32(t *testing.T, s StencilF32, w []float32) {
	t.Helper()
	const lo, hi = -300, 3000
	dst, src := newGuarded[float32](s.Rows*s.Columns), newGuarded[float32](max(0, (s.Rows-1)*s.Stride+s.Columns+40))
	for i := range src.s {
		src.s[i] = float32(i * i % 1009)
	}
	s.Run(dst.s, src.s, w, 11, lo, hi)
	dst.check(t)
	for i := range s.Rows {
		for j := range s.Columns {
			want := float32(11)
			for k, o := range s.Offsets {
				want += w[k] * src.s[int(o)+i*s.Stride+j]
			}
			want = min(max(want, lo), hi)
			if got := dst.s[i*s.Columns+j]; got != want {
				t.Fatalf("%+v: element %d,%d = %v, want %v", s, i, j, got, want)
			}
		}
	}
}

func TestStencilF32Max(t *testing.T) {
	nan := float32(math.NaN())
	offsets := []int32{5, 0, 40, 7, 7, 13, 1, 39, 2}
	isatest.Each(t, func(t *testing.T) {
		for columns := range 40 {
			for rows := range 18 {
				s := StencilF32{Rows: rows, Columns: columns, Stride: columns + rows%4, Offsets: offsets[:(rows+columns)%10]}
				dst, src := newGuarded[float32](rows*columns), newGuarded[float32](max(0, (rows-1)*s.Stride+columns+40))
				for i := range src.s {
					src.s[i] = -float32(i * i % 1009)
					if i%31 == 17 {
						src.s[i] = nan
					}
				}
				s.Max(dst.s, src.s)
				dst.check(t)
				for p, got := range dst.s {
					want := float32(math.Inf(-1))
					for _, o := range s.Offsets {
						if v := src.s[int(o)+p/columns*s.Stride+p%columns]; want == want && (v > want || v != v) {
							want = v
						}
					}
					wantEqual(t, columns, p, got, want)
				}
			}
		}
	})
}

// Bounds let a NaN through and stop an infinity; a maximum keeps both.
func TestStencilF32NotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	isatest.Each(t, func(t *testing.T) {
		for n := 1; n < 40; n++ {
			dst, src := make([]float32, n), make([]float32, n)
			for i := range src {
				src[i] = []float32{nan, inf, -inf, 3}[i%4]
			}
			s := StencilF32{Rows: 1, Columns: n, Offsets: []int32{0}}
			s.Run(dst, src, []float32{1}, 0, 0, 6)
			for i, got := range dst {
				wantEqual(t, n, i, got, []float32{nan, 6, 0, 3}[i%4])
			}
			s.Max(dst, src)
			for i, got := range dst {
				wantEqual(t, n, i, got, src[i])
			}
		}
	})
}

func TestStencilF32Panics(t *testing.T) {
	x := make([]float32, 16)
	for _, tt := range []struct {
		want string
		s    StencilF32
		w    int
	}{
		{badLength, StencilF32{1, 8, 0, []int32{0}}, 2},
		{badStride, StencilF32{1, 8, -1, []int32{0}}, 1},
		{shortDst, StencilF32{3, 8, 1, []int32{0}}, 1},
		{shortSrc, StencilF32{2, 8, 8, []int32{0, 1}}, 2},
		{shortSrc, StencilF32{1, 8, 8, []int32{-1}}, 1},
	} {
		wantPanic(t, fmt.Sprintf("%+v", tt.s), tt.want, func() { tt.s.Run(x, x, x[:tt.w], 0, 0, 1) })
		if tt.want != badLength {
			wantPanic(t, fmt.Sprintf("Max of %+v", tt.s), tt.want, func() { tt.s.Max(x, x) })
		}
	}
}

// BenchmarkStencilF32 runs 3x3 stencils on planes of MobileNetV2.
func BenchmarkStencilF32(b *testing.B) {
	w := make([]float32, 9)
	for _, n := range []int{7, 14, 28, 56, 112} {
		s := StencilF32{Rows: n, Columns: n, Stride: n + 2}
		for i := range int32(9) {
			s.Offsets = append(s.Offsets, i/3*int32(s.Stride)+i%3)
		}
		dst, src := make([]float32, n*n), make([]float32, (n+2)*(n+2))
		b.Run(fmt.Sprintf("plane=%dx%d", n, n), func(b *testing.B) {
			for b.Loop() {
				s.Run(dst, src, w, 0, 0, 6)
			}
			reportGMACs(b, 9*n*n)
		})
	}
}
