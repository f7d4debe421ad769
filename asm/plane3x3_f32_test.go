package asm

import (
	"fmt"
	"math"
	"testing"

	"mixq/internal/isatest"
)

// Products and sums of small whole numbers are exact, fused or not.
func TestPlane3x3F32(t *testing.T) {
	w := [9]float32{1, -2, 3, 7, -5, 4, -1, 6, 2}
	isatest.Each(t, func(t *testing.T) {
		for height := range 17 {
			for width := range 40 {
				for stride := 1; stride <= 2; stride++ {
					p := Plane3x3F32{Height: height, Width: width, Stride: stride, Top: height % 3, Left: width % 3}
					p.Rows, p.Columns = (height+1)/stride, (width+2*(width%2))/stride
					checkPlane3x3F32(t, p, &w)
				}
			}
		}
	})
}

func checkPlane3x3F32(t *testing.T, p Plane3x3F32, w *[9]float32) {
	t.Helper()
	const lo, hi = -30, 300
	dst, src := newGuarded[float32](p.Rows*p.Columns), newGuarded[float32](p.Height*p.Width)
	for i := range src.s {
		src.s[i] = float32(i * i % 101)
	}
	p.Plan()
	p.Run(dst.s, src.s, w, 11, lo, hi)
	dst.check(t)
	for i := range p.Rows {
		for j := range p.Columns {
			want := float32(11)
			for k := range 3 {
				for l := range 3 {
					y, x := i*p.Stride+k-p.Top, j*p.Stride+l-p.Left
					if y >= 0 && y < p.Height && x >= 0 && x < p.Width {
						want += w[3*k+l] * src.s[y*p.Width+x]
					}
				}
			}
			want = min(max(want, lo), hi)
			if got := dst.s[i*p.Columns+j]; got != want {
				t.Fatalf("%+v: element %d,%d = %v, want %v", p, i, j, got, want)
			}
		}
	}
}

// The bounds let a NaN through and stop an infinity.
func TestPlane3x3F32NotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	w := [9]float32{4: 1}
	isatest.Each(t, func(t *testing.T) {
		p := Plane3x3F32{Height: 1, Width: 4, Stride: 1, Left: 1, Top: 1, Rows: 1, Columns: 4}
		p.Plan()
		for i, v := range []float32{nan, inf, -inf, 3} {
			src, dst := make([]float32, 4), make([]float32, 4)
			src[1] = v
			w[3], w[5] = 0, 0
			p.Run(dst, src, &w, 0, 0, 6)
			wantEqual(t, 4, i, dst[1], []float32{nan, 6, 0, 3}[i])
		}
	})
}

func TestPlane3x3F32Panics(t *testing.T) {
	x := make([]float32, 16)
	p := Plane3x3F32{Height: 4, Width: 4, Stride: 1, Rows: 4, Columns: 4}
	p.Plan()
	wantPanic(t, "Run", shortDst, func() { p.Run(x[1:], x, new([9]float32), 0, 0, 1) })
	wantPanic(t, "Run", shortSrc, func() { p.Run(x, x[1:], new([9]float32), 0, 0, 1) })
	wantPanic(t, "Plan", badStride, func() { (&Plane3x3F32{Stride: 3}).Plan() })
	wantPanic(t, "Plan", badSize, func() { (&Plane3x3F32{Stride: 1, Top: -1}).Plan() })
}

// BenchmarkPlane3x3F32 runs planes of MobileNetV2.
func BenchmarkPlane3x3F32(b *testing.B) {
	for _, n := range []int{7, 14, 28, 56, 112} {
		for stride := 1; stride <= 2; stride++ {
			p := Plane3x3F32{Height: n, Width: n, Stride: stride, Top: 1, Left: 1, Rows: n / stride, Columns: n / stride}
			p.Plan()
			dst, src, w := make([]float32, p.Rows*p.Columns), make([]float32, n*n), new([9]float32)
			b.Run(fmt.Sprintf("plane=%dx%d/stride=%d", n, n, stride), func(b *testing.B) {
				for b.Loop() {
					p.Run(dst, src, w, 0, 0, 6)
				}
				reportGMACs(b, 9*p.Rows*p.Columns)
			})
		}
	}
}
