package asm

import (
	"math"
	"testing"

	"mixq/internal/isatest"
)

// lines are three rows of n elements with NaNs, infinities and ordinary values.
func lines(n int) (dst, x, y guarded[float32]) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	special := []float32{nan, inf, -inf, 0, 1, -1, 5.5, -7, 100, .1, 6}
	dst, x, y = newGuarded[float32](n), newGuarded[float32](n), newGuarded[float32](n)
	for i := range n {
		x.s[i], y.s[i] = special[i%len(special)], special[i*7%len(special)]
	}
	return dst, x, y
}

// wantEqual fails unless got is want or both are NaN.
func wantEqual(t *testing.T, n, i int, got, want float32) {
	t.Helper()
	if got != want && !(got != got && want != want) {
		t.Fatalf("n=%d: element %d = %v, want %v", n, i, got, want)
	}
}

func TestLinesF32(t *testing.T) {
	for _, tt := range []struct {
		name string
		run  func(dst, x, y []float32)
		want func(x, y float32) float32
	}{
		{"AffineF32", func(dst, x, _ []float32) { AffineF32(dst, x, .3, -.7, -2, 6) }, func(x, _ float32) float32 {
			return float32(math.Min(math.Max(float64(float32(x*.3)-.7), -2), 6))
		}},
		{"CombineF32", func(dst, x, y []float32) { CombineF32(dst, x, y, .3, -.7, .1) }, func(x, y float32) float32 {
			return float32(.3*x) + float32(-.7*y) + .1
		}},
		{"MaskF32", func(dst, x, y []float32) { MaskF32(dst, x, y, 0, 6) }, func(x, y float32) float32 {
			if y > 0 && y < 6 {
				return x
			}
			return 0
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			isatest.Each(t, func(t *testing.T) {
				for n := range 100 {
					dst, x, y := lines(n)
					tt.run(dst.s, x.s, y.s)
					dst.check(t)
					for i, got := range dst.s {
						wantEqual(t, n, i, got, tt.want(x.s[i], y.s[i]))
					}
					_, again, _ := lines(n)
					tt.run(again.s, again.s, y.s)
					for i, got := range again.s {
						wantEqual(t, n, i, got, dst.s[i])
					}
				}
				x := make([]float32, 4)
				wantPanic(t, tt.name, badLength, func() { tt.run(x, x[1:], x) })
			})
		})
	}
}

// Whole numbers have exact sums.
func TestMomentsF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for n := range 100 {
			x, y := iota32(n), newGuarded[float32](n)
			var s, sy float32
			for i := range y.s {
				y.s[i] = float32(i*i%11) - 4
				s += x.s[i]
				sy += x.s[i] * (y.s[i] - 3)
			}
			if gs, gsy := MomentsF32(x.s, y.s, 3); gs != s || gsy != sy {
				t.Fatalf("n=%d: MomentsF32 = %v, %v, want %v, %v", n, gs, gsy, s, sy)
			}
		}
		x := make([]float32, 4)
		wantPanic(t, "MomentsF32", badLength, func() { MomentsF32(x, x[1:], 0) })
	})
}

func TestTransposeF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for rows := range 20 {
			for columns := range 36 {
				dstStride, srcStride := rows+columns%3, columns+rows%3
				dst := newGuarded[float32](max(0, (columns-1)*dstStride+rows))
				for i := range dst.s {
					dst.s[i] = guardWord
				}
				src := iota32(max(0, (rows-1)*srcStride+columns))
				TransposeF32(dst.s, dstStride, src.s, srcStride, rows, columns)
				dst.check(t)
				for p, got := range dst.s {
					want := float32(guardWord)
					if j, i := p/dstStride, p%dstStride; i < rows {
						want = src.s[i*srcStride+j]
					}
					if got != want {
						t.Fatalf("%dx%d: element %d = %v, want %v", rows, columns, p, got, want)
					}
				}
			}
		}
		x := make([]float32, 16)
		wantPanic(t, "TransposeF32", badStride, func() { TransposeF32(x, -1, x, 1, 1, 1) })
		wantPanic(t, "TransposeF32", shortDst, func() { TransposeF32(x[1:], 2, x, 8, 2, 8) })
		wantPanic(t, "TransposeF32", shortSrc, func() { TransposeF32(x, 2, x[1:], 8, 2, 8) })
	})
}
