package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

// checkMean compares a plan, computed tile by tile from the last on, with the
// formula.
func checkMean(t *testing.T, rng *rand.Rand, m *MeanU8, h, w int, outputs int, window func(o int) (r rect, n int)) {
	t.Helper()
	x, dst := randCodes(rng, h*w*m.c), make([]uint8, outputs*m.c)
	sums := make([]int32, m.Scratch())
	for i := m.Tiles() - 1; i >= 0; i-- {
		m.Run(dst, x, Range{i, i + 1}, sums)
	}
	for o := range outputs {
		r, n := window(o)
		mult := float32(float64(m.in.Scale) / (float64(m.out.Scale) * float64(n)))
		for c := range m.c {
			var sum int32
			for i := r.top; i < r.bottom; i++ {
				for j := r.left; j < r.right; j++ {
					sum += int32(x[(i*w+j)*m.c+c]) - m.in.Zero
				}
			}
			y := math.RoundToEven(float64(float32(sum)*mult)) + float64(m.out.Zero)
			if want := uint8(min(max(y, 0), float64(m.out.Max))); dst[o*m.c+c] != want {
				t.Fatalf("c=%d h=%d w=%d: output %d, channel %d = %d, want %d", m.c, h, w, o, c, dst[o*m.c+c], want)
			}
		}
	}
}

func TestMeanU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	in, out := Grid{0.1, 3, 255}, Grid{0.08, 100, 200}
	isatest.Each(t, func(t *testing.T) {
		for _, c := range []int{1, 15, 16, 17, 64, 80, 130} {
			for _, p := range []Pool2dParams{
				{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1},
				{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, CountIncludePad: true},
				{KernelH: 2, KernelW: 3, StrideH: 2, StrideW: 3},
				{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 2, PadLeft: 1, CeilMode: true},
			} {
				const h, w = 7, 80 // runs as long as can be
				s := newPooling(p, h, w)
				rects, ns := make([]rect, s.oh*s.ow), make([]int, s.oh*s.ow)
				s.each(func(o int, r rect, n int) { rects[o], ns[o] = r, n })
				checkMean(t, rng, NewAvgPoolU8(p, c, h, w, in, out), h, w, len(ns), func(o int) (rect, int) { return rects[o], ns[o] })
			}
			for _, size := range [][4]int{{7, 7, 1, 1}, {7, 5, 3, 2}, {3, 3, 3, 3}, {2, 2, 5, 4}} {
				h, w, oh, ow := size[0], size[1], size[2], size[3]
				checkMean(t, rng, NewAdaptiveAvgPoolU8(c, h, w, oh, ow, in, out), h, w, oh*ow, func(o int) (rect, int) {
					top, bottom := AdaptiveWindow(o/ow, oh, h)
					left, right := AdaptiveWindow(o%ow, ow, w)
					r := rect{top, bottom, left, right}
					return r, r.area()
				})
			}
		}
	})
}

// TestMaxPoolU8 covers windows that see nothing but padding: their result is 0.
func TestMaxPoolU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const h, w = 7, 80
	isatest.Each(t, func(t *testing.T) {
		for _, c := range []int{1, 15, 16, 17, 32, 40, 64} {
			for _, p := range []Pool2dParams{
				{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1},
				{KernelH: 2, KernelW: 2, StrideH: 1, StrideW: 1, PadTop: 3, PadLeft: 3, PadBottom: 3, PadRight: 3},
				{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 2, PadLeft: 1, CeilMode: true},
			} {
				m, s := NewMaxPoolU8(p, c, h, w), newPooling(p, h, w)
				x, dst := randCodes(rng, h*w*c), make([]uint8, s.oh*s.ow*c)
				for i := m.Tiles() - 1; i >= 0; i-- {
					m.Run(dst, x, Range{i, i + 1})
				}
				s.each(func(o int, r rect, _ int) {
					for ch := range c {
						var want uint8
						for i := r.top; i < r.bottom; i++ {
							for j := r.left; j < r.right; j++ {
								want = max(want, x[(i*w+j)*c+ch])
							}
						}
						if got := dst[o*c+ch]; got != want {
							t.Fatalf("%+v: output %d, channel %d = %d, want %d", p, o, ch, got, want)
						}
					}
				})
			}
		}
	})
}
