package asm

import (
	"math"
	"testing"

	"mixq/internal/isatest"
)

// iota32 is 0, 1, 2, ... as floats.
func iota32(n int) guarded[float32] {
	g := newGuarded[float32](n)
	for i := range g.s {
		g.s[i] = float32(i)
	}
	return g
}

func TestCopyRowsF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for n := range 100 {
			rows, dstStride, srcStride := n%5, n+n%2, n+n%3
			dst := newGuarded[float32](max(0, (rows-1)*dstStride+n))
			for i := range dst.s {
				dst.s[i] = guardWord
			}
			src := iota32(max(0, (rows-1)*srcStride+n))
			CopyRowsF32(dst.s, dstStride, src.s, srcStride, rows, n)
			dst.check(t)
			for p, got := range dst.s {
				want := float32(guardWord)
				if i, j := p/dstStride, p%dstStride; j < n {
					want = src.s[i*srcStride+j]
				}
				if got != want {
					t.Fatalf("n=%d: element %d = %v, want %v", n, p, got, want)
				}
			}
		}
		x := make([]float32, 16)
		wantPanic(t, "CopyRowsF32", badStride, func() { CopyRowsF32(x, -1, x, 1, 1, 1) })
		wantPanic(t, "CopyRowsF32", shortDst, func() { CopyRowsF32(x[1:], 8, x, 8, 2, 8) })
		wantPanic(t, "CopyRowsF32", shortSrc, func() { CopyRowsF32(x, 8, x[1:], 8, 2, 8) })
	})
}

func TestSplitRowsF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for n := range 100 {
			rows, half := n%5, (n+1)/2
			dstStride, srcStride := half+n%2, n+n%3
			size := max(0, (rows-1)*dstStride+half)
			even, odd, src := newGuarded[float32](size), newGuarded[float32](size), iota32(max(0, (rows-1)*srcStride+n))
			for i := range even.s {
				even.s[i], odd.s[i] = guardWord, guardWord
			}
			SplitRowsF32(even.s, odd.s, dstStride, src.s, srcStride, rows, n)
			even.check(t)
			odd.check(t)
			for p := range even.s {
				want := [2]float32{guardWord, guardWord}
				for parity := range want {
					if i, j := p/dstStride, 2*(p%dstStride)+parity; j < n {
						want[parity] = src.s[i*srcStride+j]
					}
				}
				if got := [2]float32{even.s[p], odd.s[p]}; got != want {
					t.Fatalf("n=%d: elements %d = %v, want %v", n, p, got, want)
				}
			}
		}
		x := make([]float32, 16)
		wantPanic(t, "SplitRowsF32", badStride, func() { SplitRowsF32(x, x, -1, x, 1, 1, 1) })
		wantPanic(t, "SplitRowsF32", shortDst, func() { SplitRowsF32(x[:7], x, 4, x, 8, 2, 8) })
		wantPanic(t, "SplitRowsF32", shortDst, func() { SplitRowsF32(x, x[:7], 4, x, 8, 2, 8) })
		wantPanic(t, "SplitRowsF32", shortSrc, func() { SplitRowsF32(x, x, 4, x[1:], 8, 2, 8) })
	})
}

func TestGatherF32(t *testing.T) {
	offsets := []int32{40, 0, 13, 7, 0}
	isatest.Each(t, func(t *testing.T) {
		for n := range 100 {
			stride := n + n%3
			dst, src := newGuarded[float32](4*stride+n), iota32(40+n)
			for i := range dst.s {
				dst.s[i] = guardWord
			}
			GatherF32(dst.s, stride, src.s, offsets, n)
			dst.check(t)
			for p, got := range dst.s {
				want := float32(guardWord)
				if i, j := p/stride, p%stride; j < n {
					want = src.s[int(offsets[i])+j]
				}
				if got != want {
					t.Fatalf("n=%d: element %d = %v, want %v", n, p, got, want)
				}
			}
		}
	})
}

func TestGatherF32Panics(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		x := make([]float32, 32)
		for _, offset := range []int32{17, -1, math.MaxInt32, math.MinInt32} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("offset %d did not panic", offset)
					}
				}()
				GatherF32(make([]float32, 32), 16, x, []int32{0, offset}, 16)
			}()
		}
		wantPanic(t, "GatherF32", badStride, func() { GatherF32(x, -1, x, []int32{0}, 1) })
		wantPanic(t, "GatherF32", shortDst, func() { GatherF32(x[1:], 16, x, []int32{0, 0}, 16) })
		wantPanic(t, "GatherF32", shortSrc, func() { GatherF32(x, 16, x[:15], []int32{0}, 16) })
	})
}

func TestFinishF32(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	special := []float32{nan, inf, -inf, 0, 1, -1, 5.5, -7, 100}
	isatest.Each(t, func(t *testing.T) {
		for n := range 100 {
			for _, withRes := range []bool{false, true} {
				dst, acc, res := newGuarded[float32](n), newGuarded[float32](n), newGuarded[float32](n)
				for i := range n {
					acc.s[i], res.s[i] = special[i%len(special)], float32(i%7)
				}
				r := res.s
				if !withRes {
					r = nil
				}
				FinishF32(dst.s, acc.s, 0.25, r, 0, 6)
				dst.check(t)
				for i, got := range dst.s {
					want := float64(acc.s[i]) + 0.25
					if withRes {
						want += float64(res.s[i])
					}
					want = math.Min(math.Max(want, 0), 6)
					if float64(got) != want && !(math.IsNaN(want) && math.IsNaN(float64(got))) {
						t.Fatalf("n=%d: element %d = %v, want %v", n, i, got, want)
					}
				}
			}
		}
		x := make([]float32, 4)
		wantPanic(t, "FinishF32", badLength, func() { FinishF32(x, x[1:], 0, nil, 0, 1) })
		wantPanic(t, "FinishF32", badLength, func() { FinishF32(x, x, 0, x[1:], 0, 1) })
	})
}

// BenchmarkGatherF32 fills a panel of 16 channels of 3x3 patches.
func BenchmarkGatherF32(b *testing.B) {
	const rows, n = 144, 32
	dst, src, offsets := make([]float32, rows*n), make([]float32, 2048), make([]int32, rows)
	for i := range offsets {
		offsets[i] = int32(i * 13)
	}
	b.SetBytes(4 * rows * n)
	for b.Loop() {
		GatherF32(dst, n, src, offsets, n)
	}
}
