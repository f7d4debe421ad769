package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/asm"
	"mixq/internal/isatest"
)

// A PointwiseF32 computes the bits of a ConvF32, in any shares, with and without
// bias and residual, which may be the output.
func TestPointwiseF32(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	act := Clamp{-.5, 6}
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range []struct{ cin, h, w, panels, stride int }{
			{1, 1, 1, 1, 1}, {3, 7, 7, 2, 1}, {17, 5, 10, 3, 1}, {64, 14, 14, 5, 1}, {700, 21, 10, 2, 1}, {2, 200, 200, 1, 1},
			{1, 1, 1, 1, 2}, {3, 14, 13, 2, 2}, {700, 41, 20, 2, 2}, {2, 3, 300, 1, 2},
		} {
			p := square(1, tt.stride, 1, 0, 1)
			oh, ow := p.OutSize(tt.h, tt.w)
			cout := tt.panels * asm.PointwiseF32For().MR
			if !PointwiseFits(p, cout) {
				continue // the level has no kernel of its own, and the generic one rounds otherwise
			}
			x, w, bias, res := randoms(rng, tt.cin*tt.h*tt.w), randoms(rng, cout*tt.cin), randoms(rng, cout), randoms(rng, cout*oh*ow)
			conv := NewConvF32(p, tt.cin, tt.h, tt.w, cout, w)
			c := NewPointwiseF32(p, tt.cin, tt.h, tt.w, cout, w)
			scratch := nans(c.Scratch())
			for _, with := range []struct{ bias, res []float32 }{{}, {bias, nil}, {nil, res}, {bias, res}} {
				want, got := slices.Clone(res), slices.Clone(res)
				run(conv, want, x, with.bias, with.res, act)
				r := with.res
				if r != nil {
					r = got
				}
				for lo := 0; lo < c.Tiles(); lo += 2 {
					c.Run(got, x, with.bias, r, act, Range{lo, min(lo+2, c.Tiles())}, scratch)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%+v, bias %v, residual %v: not what ConvF32 computes", tt, with.bias != nil, with.res != nil)
				}
			}
			if a := testing.AllocsPerRun(2, func() { c.Run(res, x, nil, nil, act, Range{0, c.Tiles()}, scratch) }); a != 0 {
				t.Errorf("%+v: %v allocations", tt, a)
			}
		}
	})
}

func TestPointwiseFits(t *testing.T) {
	padded := square(1, 1, 1, 0, 1)
	padded.PadRight = 1
	for _, p := range []Conv2dParams{square(3, 1, 1, 0, 1), square(1, 3, 1, 0, 1), square(1, 1, 1, 0, 2), padded} {
		if PointwiseFits(p, 64) {
			t.Errorf("%+v fits", p)
		}
	}
	if PointwiseFits(square(1, 1, 1, 0, 1), 63) {
		t.Error("63 channels fill panels")
	}
}

// BenchmarkPointwiseF32 runs layers of MobileNetV2 and ResNet-50, all tiles.
func BenchmarkPointwiseF32(b *testing.B) {
	for _, s := range []struct{ cin, positions, cout int }{
		{16, 12544, 96}, {144, 3136, 24}, {32, 784, 192}, {384, 196, 64}, {960, 49, 160}, {256, 3136, 64}, {256, 196, 1024},
	} {
		b.Run(fmt.Sprintf("shape=%dx%dx%d", s.cin, s.positions, s.cout), func(b *testing.B) {
			c := NewPointwiseF32(square(1, 1, 1, 0, 1), s.cin, 1, s.positions, s.cout, make([]float32, s.cin*s.cout))
			dst, x, bias := make([]float32, s.cout*s.positions), make([]float32, s.cin*s.positions), make([]float32, s.cout)
			for b.Loop() {
				c.Run(dst, x, bias, nil, unbounded, Range{0, c.Tiles()}, nil)
			}
			b.ReportMetric(float64(len(dst)*s.cin)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
