package asm

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"mixq/internal/isa"
)

// eachPointwiseF32 runs f on every row of the table that this machine can run.
func eachPointwiseF32(tb testing.TB, f func(p PointwiseF32)) {
	for _, p := range pointwiseF32s {
		if slices.Contains(isa.Available(), p.Level) {
			f(p)
		} else {
			tb.Logf("%s: level %v is not available", p.Name, p.Level)
		}
	}
}

// Products and sums of small whole numbers are exact.
func TestPointwiseF32(t *testing.T) {
	eachPointwiseF32(t, func(p PointwiseF32) {
		for n := range 100 {
			for _, k := range []int{1, 2, 3, 17} {
				for _, residual := range []bool{false, true} {
					checkPointwiseF32Kernel(t, p, n, k, n+k%3, residual)
				}
			}
		}
	})
}

func checkPointwiseF32Kernel(t *testing.T, p PointwiseF32, n, k, stride int, residual bool) {
	t.Helper()
	const lo, hi = -60, 200
	xStride := stride + 1
	reach := max(0, (p.MR-1)*stride+n)
	dst, x, w, bias := newGuarded[float32](reach), newGuarded[float32]((k-1)*xStride+n), newGuarded[float32](k*p.MR), iota32(p.MR)
	for i := range dst.s {
		dst.s[i] = float32(i % 13)
	}
	for i := range x.s {
		x.s[i] = float32(i*i%23 - 11)
	}
	for i := range w.s {
		w.s[i] = float32(i*i%7 - 3)
	}
	old := slices.Clone(dst.s)
	var res []float32
	if residual {
		res = dst.s
	}
	p.Run(dst.s, stride, x.s, xStride, w.s, k, bias.s, res, n, lo, hi)
	dst.check(t)
	for at, got := range dst.s {
		i, j, want := at/stride, at%stride, old[at]
		if j < n {
			v := bias.s[i]
			for l := range k {
				v += w.s[l*p.MR+i] * x.s[l*xStride+j]
			}
			if residual {
				v += old[at]
			}
			want = min(max(v, lo), hi)
		}
		if got != want {
			t.Fatalf("%s: n=%d k=%d residual=%v: element %d,%d = %v, want %v", p.Name, n, k, residual, i, j, got, want)
		}
	}
}

// The rounding is that of the matrix product of the level, wherever a position
// is, and bounds let a NaN through.
func TestPointwiseF32Bits(t *testing.T) {
	const k, n = 40, 75
	eachPointwiseF32(t, func(p PointwiseF32) {
		for _, g := range gemmF32s {
			if g.Level != p.Level {
				continue
			}
			x, w, a, bias := make([]float32, k*n), make([]float32, k*p.MR), make([]float32, k*g.MR), make([]float32, p.MR)
			for i := range x {
				x[i] = float32(math.Sin(float64(i)))
			}
			for i := range w {
				w[i] = float32(math.Cos(float64(i)))
			}
			x[n/2] = float32(math.NaN())
			for l := range k {
				a[l*g.MR] = w[l*p.MR]
			}
			got, want := make([]float32, p.MR*n), make([]float32, g.MR*g.NR)
			p.Run(got, n, x, n, w, k, bias, nil, n, -1, 1)
			for j := range n {
				b := make([]float32, k*g.NR)
				for l := range k {
					b[l*g.NR] = x[l*n+j]
				}
				clear(want)
				g.Run(want, g.NR, a, b, k)
				wantEqual(t, n, j, got[j], min(max(want[0], -1), 1))
			}
		}
	})
}

func TestPointwiseF32Panics(t *testing.T) {
	const k, n, stride, xStride = 2, 5, 6, 7
	eachPointwiseF32(t, func(p PointwiseF32) {
		dst, x := make([]float32, (p.MR-1)*stride+n), make([]float32, (k-1)*xStride+n)
		w, bias := make([]float32, k*p.MR), make([]float32, p.MR)
		for want, call := range map[string]func(){
			badSize:      func() { p.Run(dst, stride, x, xStride, w, 0, bias, nil, n, 0, 1) },
			badStride:    func() { p.Run(dst, -1, x, xStride, w, k, bias, nil, n, 0, 1) },
			shortDst:     func() { p.Run(dst[1:], stride, x, xStride, w, k, bias, nil, n, 0, 1) },
			shortSrc:     func() { p.Run(dst, stride, x[1:], xStride, w, k, bias, nil, n, 0, 1) },
			shortW:       func() { p.Run(dst, stride, x, xStride, w[1:], k, bias, nil, n, 0, 1) },
			shortColumns: func() { p.Run(dst, stride, x, xStride, w, k, bias[1:], nil, n, 0, 1) },
			shortRes:     func() { p.Run(dst, stride, x, xStride, w, k, bias, dst[1:], n, 0, 1) },
		} {
			wantPanic(t, p.Name, want, call)
		}
	})
}

// BenchmarkPointwiseF32 takes planes of MobileNetV2 through one block of channels.
func BenchmarkPointwiseF32(b *testing.B) {
	eachPointwiseF32(b, func(p PointwiseF32) {
		for _, tt := range []struct{ k, n int }{{16, 12544}, {144, 3136}, {384, 196}, {960, 49}} {
			b.Run(fmt.Sprintf("%s/k=%d/n=%d", p.Name, tt.k, tt.n), func(b *testing.B) {
				dst, x := make([]float32, p.MR*tt.n), make([]float32, tt.k*tt.n)
				w, bias := make([]float32, tt.k*p.MR), make([]float32, p.MR)
				for b.Loop() {
					p.Run(dst, tt.n, x, tt.n, w, tt.k, bias, nil, tt.n, 0, 6)
				}
				reportGMACs(b, p.MR*tt.k*tt.n)
			})
		}
	})
}
