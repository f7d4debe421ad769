package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isatest"
)

func TestLinearF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range []struct{ n, in, out int }{{1, 1, 1}, {1, 7, 10}, {5, 64, 10}, {50, 300, 33}, {97, 3, 65}} {
			t.Run(fmt.Sprint(tt), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 1))
				x, w, bias := randoms(r, tt.n*tt.in), randoms(r, tt.out*tt.in), randoms(r, tt.out)
				l := NewLinearF32(tt.in, tt.out, w)
				got, scratch := make([]float32, tt.n*tt.out), make([]float32, l.Scratch())
				l.Run(got, x, bias, Clamp{-1, 2}, Range{0, tt.n}, Range{0, l.Tiles()}, scratch)
				want, mag := make([]float64, len(got)), make([]float64, len(got))
				for i := range want {
					row, o := i/tt.out, i%tt.out
					want[i], mag[i] = float64(bias[o]), math.Abs(float64(bias[o]))
					for k := range tt.in {
						v := float64(x[row*tt.in+k]) * float64(w[o*tt.in+k])
						want[i], mag[i] = want[i]+v, mag[i]+math.Abs(v)
					}
					want[i] = min(max(want[i], -1), 2)
				}
				near(t, got, want, mag, tt.in)
				alone := make([]float32, len(got))
				for i := range tt.n {
					for tile := range l.Tiles() {
						l.Run(alone, x, bias, Clamp{-1, 2}, Range{i, i + 1}, Range{tile, tile + 1}, scratch)
					}
				}
				if !slices.Equal(alone, got) {
					t.Error("tiles one by one have other bits than together")
				}
				if a := testing.AllocsPerRun(2, func() { l.Run(got, x, nil, unbounded, Range{0, tt.n}, Range{0, l.Tiles()}, scratch) }); a != 0 {
					t.Errorf("Run allocates %v times, want 0", a)
				}
			})
		}
	})
}

// Statistics keep their precision far from zero, where the difference of two
// large sums would have none.
func TestBatchNormStats(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		const n, c, hw = 5, 3, 37
		for _, offset := range []float32{0, 1, -300} {
			x := randoms(rand.New(rand.NewPCG(2, 2)), n*c*hw)
			for i := range x {
				x[i] += offset
			}
			var mean, variance [c]float32
			BatchNormStats(mean[:], variance[:], x, n, hw, Range{0, 2})
			BatchNormStats(mean[:], variance[:], x, n, hw, Range{2, c})
			for ch := range c {
				var s, ss float64
				for i := range n * hw {
					s += float64(x[(i/hw*c+ch)*hw+i%hw])
				}
				mu := s / (n * hw)
				for i := range n * hw {
					d := float64(x[(i/hw*c+ch)*hw+i%hw]) - mu
					ss += d * d
				}
				want := ss / (n * hw)
				// A sum of hw terms of size |x| loses hw·2^-24·|x| at most.
				tol := hw * (1 + math.Abs(float64(offset))) / (1 << 24)
				if math.Abs(float64(mean[ch])-mu) > tol || math.Abs(float64(variance[ch])-want) > 3*tol {
					t.Errorf("offset %v: mean, variance = %v, %v, want %v, %v", offset, mean[ch], variance[ch], mu, want)
				}
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	for _, tt := range []struct {
		name    string
		x, want []float32
	}{
		{"equal", []float32{3, 3}, []float32{.5, .5}},
		{"logarithms", []float32{0, float32(math.Log(3))}, []float32{.25, .75}},
		{"no overflow", []float32{-1000, 1000, 1000}, []float32{0, .5, .5}},
		{"one", []float32{-7}, []float32{1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := make([]float32, 2*len(tt.x))
			Softmax(got, append(slices.Clone(tt.x), tt.x...), len(tt.x), Range{0, 2})
			for i, v := range got {
				if d := math.Abs(float64(v - tt.want[i%len(tt.x)])); d > 1e-7 {
					t.Errorf("Softmax(%v) = %v, want %v", tt.x, got, tt.want)
				}
			}
		})
	}
}

// The moves against pictures.
func TestMoves(t *testing.T) {
	one := []float32{1, 2, 3, 4, 5, 6} // one plane of 2x3, or one of 3x2
	for _, tt := range []struct {
		name string
		n    int
		run  func(dst []float32)
		want []float32
	}{
		{"pad", 12, func(d []float32) { Pad(d, one, 2, 3, 0, 1, 3, 4, Range{0, 1}) },
			[]float32{0, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0}},
		{"pad backward", 6, func(d []float32) {
			PadBackward(d, []float32{9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9}, 2, 3, 0, 1, 3, 4, Range{0, 1})
		}, one},
		{"subsample", 6, func(d []float32) {
			Subsample(d, one, SubsampleParams{C: 1, H: 2, W: 3, Stride: 2, Before: 1, After: 1}, Range{0, 1})
		}, []float32{0, 0, 1, 3, 0, 0}},
		{"subsample backward", 6, func(d []float32) {
			SubsampleBackward(d, []float32{9, 9, 1, 3, 9, 9}, SubsampleParams{C: 1, H: 2, W: 3, Stride: 2, Before: 1, After: 1}, Range{0, 1})
		}, []float32{1, 0, 3, 0, 0, 0}},
		{"concat", 10, func(d []float32) {
			Concat(d, one, 3, 5, 0, Range{0, 2})
			Concat(d, []float32{7, 8, 9, 10}, 2, 5, 3, Range{0, 2})
		}, []float32{1, 2, 3, 7, 8, 4, 5, 6, 9, 10}},
		{"concat backward", 4, func(d []float32) {
			ConcatBackward(d, []float32{1, 2, 3, 7, 8, 4, 5, 6, 9, 10}, 2, 5, 3, Range{0, 2})
		}, []float32{7, 8, 9, 10}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := make([]float32, tt.n)
			for i := range got {
				got[i] = float32(math.NaN())
			}
			tt.run(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
