package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isatest"
)

// winogradCases cover maps from one pixel up, every remainder of a tile,
// asymmetric padding, several blocks and chunks, and a sum cut in depth.
func winogradCases() []convCase {
	var cases []convCase
	for n := 1; n <= 18; n++ {
		cases = append(cases, convCase{1 + n%5, n, 19 - n, 1 + 7*n%43, square(3, 1, 1, 1, 1)})
	}
	asym, none, wide := square(3, 1, 1, 0, 1), square(3, 1, 1, 0, 1), square(3, 1, 1, 2, 1)
	asym.PadTop, asym.PadRight = 1, 1
	end := asym
	end.PadTop, end.PadRight, end.PadBottom, end.PadLeft = 0, 0, 1, 1
	return append(cases,
		convCase{3, 9, 10, 33, asym},
		convCase{3, 10, 9, 33, end},
		convCase{2, 6, 6, 8, none}, // the frame is the input
		convCase{2, 3, 3, 5, none},
		convCase{4, 11, 7, 9, wide},
		convCase{300, 6, 9, 70, square(3, 1, 1, 1, 1)},
		convCase{130, 40, 38, 10, square(3, 1, 1, 1, 1)},
	)
}

func (c convCase) winograd(weight []float32) *WinogradF32 {
	return NewWinogradF32(c.p, c.cin, c.h, c.w, c.cout, weight)
}

// nans is scratch that betrays reads before writes.
func nans(n int) []float32 { return slices.Repeat([]float32{float32(math.NaN())}, n) }

// winogradMatrices are |Bᵀ| and |Aᵀ|; |G| comes from winogradG.
var (
	winogradAbsB = [6][6]float64{{4, 0, 5, 0, 1, 0}, {0, 4, 4, 1, 1, 0}, {0, 4, 4, 1, 1, 0}, {0, 2, 1, 2, 1, 0}, {0, 2, 1, 2, 1, 0}, {0, 4, 0, 5, 0, 1}}
	winogradAbsA = [4][6]float64{{1, 1, 1, 1, 1, 0}, {0, 1, 1, 2, 2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, 1, 8, 8, 1}}
)

// winogradMagnitude is the algorithm with all terms made positive, for one
// output: what the roundings are relative to. Its window is at (top, left).
func (c convCase) winogradMagnitude(x []float32, u [][36]float64, top, left, i, j int) float64 {
	var m [36]float64
	for ch := range c.cin {
		for p := range m {
			var v float64
			for k := range 6 {
				for l := range 6 {
					if y, z := top+k, left+l; y >= 0 && y < c.h && z >= 0 && z < c.w {
						v += winogradAbsB[p/6][k] * winogradAbsB[p%6][l] * math.Abs(float64(x[(ch*c.h+y)*c.w+z]))
					}
				}
			}
			m[p] += v * u[ch][p]
		}
	}
	var sum float64
	for p, v := range m {
		sum += winogradAbsA[i][p/6] * winogradAbsA[j][p%6] * v
	}
	return sum
}

// absWeights is |G|·|w|·|Gᵀ| of every kernel.
func absWeights(w []float32) [][36]float64 {
	u := make([][36]float64, len(w)/9)
	for n := range u {
		for p := range 36 {
			for k, v := range w[9*n:][:9] {
				u[n][p] += math.Abs(winogradG[p/6][k/3] * winogradG[p%6][k%3] * float64(v))
			}
		}
	}
	return u
}

// An element takes at most 3 roundings on the way through Bᵀ on each side, one
// of its weight, one for the product, cin-1 for the chain, 3 through Aᵀ on each
// side, and 2 for bias and residual.
func winogradRoundings(cin int) float64 { return float64(3+3+1+1+cin-1+3+3+2) / (1 << 24) }

func TestWinogradF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range winogradCases() {
			t.Run(tt.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				nx, nw, ny := tt.sizes()
				x, w, bias, res := randoms(r, nx), randoms(r, nw), randoms(r, tt.cout), randoms(r, ny)
				want := make([]float64, ny)
				tt.eachTap(func(xi, wi, yi int) { want[yi] += float64(x[xi]) * float64(w[wi]) })
				c := tt.winograd(w)
				got := make([]float32, ny)
				c.Run(got, x, nil, nil, unbounded, Range{0, c.Tiles()}, nans(c.Scratch()))
				fused := slices.Clone(res)
				c.Run(fused, x, bias, fused, Clamp{-.5, 1}, Range{0, c.Tiles()}, nans(c.Scratch()))

				u := absWeights(w)
				oh, ow := tt.p.OutSize(tt.h, tt.w)
				for k := 0; k < ny; k += 1 + ny/97 {
					o, i, j := k/(oh*ow), k/ow%oh, k%ow
					mag := tt.winogradMagnitude(x, u[o*tt.cin:][:tt.cin], i/4*4-tt.p.PadTop, j/4*4-tt.p.PadLeft, i%4, j%4)
					if tol := winogradRoundings(tt.cin) * mag; !(math.Abs(float64(got[k])-want[k]) <= tol) {
						t.Fatalf("y[%d,%d,%d] = %v, want %v +- %v", o, i, j, got[k], want[k], tol)
					}
					if y := min(max(got[k]+bias[o]+res[k], -.5), 1); fused[k] != y {
						t.Fatalf("y[%d,%d,%d] with bias, residual and clamp = %v, want %v", o, i, j, fused[k], y)
					}
				}
			})
		}
	})
}

// On data of unit variance the error is below a hundred-thousandth of the
// result, which is what infer.Options promises.
func TestWinogradF32Accuracy(t *testing.T) {
	tt := convCase{64, 28, 28, 64, square(3, 1, 1, 1, 1)}
	isatest.Each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 1))
		nx, nw, ny := tt.sizes()
		x, w := randoms(r, nx), randoms(r, nw)
		direct, got := make([]float32, ny), make([]float32, ny)
		run(NewConvF32(tt.p, tt.cin, tt.h, tt.w, tt.cout, w), direct, x, nil, nil, unbounded)
		c := tt.winograd(w)
		c.Run(got, x, nil, nil, unbounded, Range{0, c.Tiles()}, nans(c.Scratch()))
		var noise, power float64
		for i, y := range direct {
			d := float64(got[i] - y)
			noise, power = noise+d*d, power+float64(y)*float64(y)
		}
		if e := math.Sqrt(noise / power); e > 1e-5 {
			t.Errorf("relative error %.2g, want at most 1e-5", e)
		}
	})
}

// However the output is cut, every element has the same bits and nothing else
// is written.
func TestWinogradF32Split(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range []convCase{
			{5, 14, 11, 70, square(3, 1, 1, 1, 1)},
			{200, 29, 30, 100, square(3, 1, 1, 1, 1)}, // two blocks
		} {
			r := rand.New(rand.NewPCG(3, 4))
			nx, nw, ny := tt.sizes()
			x, w := randoms(r, nx), randoms(r, nw)
			c := tt.winograd(w)
			whole := make([]float32, ny)
			c.Run(whole, x, nil, nil, unbounded, Range{0, c.Tiles()}, nans(c.Scratch()))
			for _, step := range []int{1, 2, 3} {
				const guard = 16
				all := nans(ny + 2*guard)
				got := all[guard : guard+ny : guard+ny]
				for lo := 0; lo < c.Tiles(); lo += step {
					c.Run(got, x, nil, nil, unbounded, Range{lo, min(lo+step, c.Tiles())}, nans(c.Scratch()))
				}
				if !slices.Equal(got, whole) {
					t.Errorf("%v: in parts of %d tiles of %d it differs", tt, step, c.Tiles())
				}
				for _, v := range slices.Concat(all[:guard], all[guard+ny:]) {
					if v == v {
						t.Fatalf("%v: wrote outside the output", tt)
					}
				}
			}
		}
	})
}

func TestWinogradF32Allocs(t *testing.T) {
	tt := convCase{8, 14, 14, 40, square(3, 1, 1, 1, 1)}
	nx, nw, ny := tt.sizes()
	x, dst := make([]float32, nx), make([]float32, ny)
	c := tt.winograd(make([]float32, nw))
	scratch := make([]float32, c.Scratch())
	if n := testing.AllocsPerRun(5, func() { c.Run(dst, x, nil, nil, unbounded, Range{0, c.Tiles()}, scratch) }); n != 0 {
		t.Errorf("Run allocates %v times", n)
	}
}

func TestWinogradPays(t *testing.T) {
	dilated, uneven := square(3, 1, 2, 2, 1), square(3, 1, 1, 1, 1)
	uneven.KernelW = 1
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range []struct {
			c    convCase
			want bool
		}{
			{convCase{64, 56, 56, 64, square(3, 1, 1, 1, 1)}, true},
			{convCase{128, 28, 28, 128, square(3, 1, 1, 1, 1)}, true},
			{convCase{256, 28, 28, 256, square(3, 1, 1, 1, 1)}, true},
			{convCase{512, 7, 7, 512, square(3, 1, 1, 1, 1)}, false}, // weights of 38 MB for four tiles
			{convCase{3, 224, 224, 32, square(3, 1, 1, 1, 1)}, false},
			{convCase{64, 1, 1, 64, square(3, 1, 1, 1, 1)}, false},
			{convCase{64, 56, 56, 64, square(3, 2, 1, 1, 1)}, false},
			{convCase{64, 56, 56, 64, square(3, 1, 1, 1, 64)}, false},
			{convCase{64, 56, 56, 64, square(5, 1, 1, 2, 1)}, false},
			{convCase{64, 56, 56, 64, dilated}, false},
			{convCase{64, 56, 56, 64, uneven}, false},
		} {
			if got := WinogradPays(tt.c.p, tt.c.cin, tt.c.h, tt.c.w, tt.c.cout); got != tt.want {
				t.Errorf("WinogradPays(%v) = %v, want %v", tt.c, got, tt.want)
			}
		}
	})
}

func TestNewWinogradF32Panics(t *testing.T) {
	for want, c := range map[string]convCase{
		badWeight:   {3, 8, 8, 2, square(3, 1, 1, 1, 1)},
		badWinograd: {3, 8, 8, 1, square(3, 2, 1, 1, 1)},
	} {
		func() {
			defer func() {
				if v := recover(); v != want {
					t.Errorf("recovered %v, want %q", v, want)
				}
			}()
			c.winograd(make([]float32, 27))
		}()
	}
}

// BenchmarkConv3x3 compares the two algorithms on layers of ResNet-18.
func BenchmarkConv3x3(b *testing.B) {
	for _, s := range []convCase{
		{64, 56, 56, 64, square(3, 1, 1, 1, 1)},
		{128, 28, 28, 128, square(3, 1, 1, 1, 1)},
		{256, 14, 14, 256, square(3, 1, 1, 1, 1)},
		{512, 7, 7, 512, square(3, 1, 1, 1, 1)},
	} {
		r := rand.New(rand.NewPCG(1, 1))
		nx, nw, ny := s.sizes()
		x, w, dst := randoms(r, nx), randoms(r, nw), make([]float32, ny)
		direct, winograd := NewConvF32(s.p, s.cin, s.h, s.w, s.cout, w), s.winograd(w)
		shape := fmt.Sprintf("shape=%dx%dx%d", s.cin, s.h, s.w)
		b.Run("direct/"+shape, func(b *testing.B) {
			scratch := make([]float32, direct.Scratch())
			for b.Loop() {
				direct.Run(dst, x, nil, nil, unbounded, Range{0, direct.Tiles()}, scratch)
			}
			b.ReportMetric(float64(nw*s.h*s.w)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
		b.Run("winograd/"+shape, func(b *testing.B) {
			scratch := make([]float32, winograd.Scratch())
			for b.Loop() {
				winograd.Run(dst, x, nil, nil, unbounded, Range{0, winograd.Tiles()}, scratch)
			}
			b.ReportMetric(float64(nw*s.h*s.w)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
