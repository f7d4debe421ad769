package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// poolCase is a pooling geometry for planes of h by w.
type poolCase struct {
	h, w int
	p    Pool2dParams
}

func poolCases() []poolCase {
	return []poolCase{
		{1, 1, Pool2dParams{KernelH: 1, KernelW: 1, StrideH: 1, StrideW: 1}},
		{8, 8, Pool2dParams{KernelH: 2, KernelW: 2, StrideH: 2, StrideW: 2}},
		{9, 7, Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1}},
		{9, 7, Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, CountIncludePad: true}},
		{6, 5, Pool2dParams{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 3, CeilMode: true}},
		{6, 5, Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, CeilMode: true, CountIncludePad: true}},
		{7, 8, Pool2dParams{KernelH: 3, KernelW: 4, StrideH: 1, StrideW: 2, PadBottom: 2, PadRight: 1}},
	}
}

const poolPlanes = 3

// each calls f with every output, its window's pixels (indices into a plane)
// and the number of window places that are pixels or padding.
func (c poolCase) each(f func(o int, pixels []int, places int)) {
	oh, ow := c.p.OutSize(c.h, c.w)
	for i := range oh {
		for j := range ow {
			var pixels []int
			places := 0
			for a := range c.p.KernelH {
				for b := range c.p.KernelW {
					y, x := i*c.p.StrideH+a-c.p.PadTop, j*c.p.StrideW+b-c.p.PadLeft
					if y < c.h+c.p.PadBottom && x < c.w+c.p.PadRight {
						places++
					}
					if y >= 0 && y < c.h && x >= 0 && x < c.w {
						pixels = append(pixels, y*c.w+x)
					}
				}
			}
			f(i*ow+j, pixels, places)
		}
	}
}

// poolTest compares a pooling and its gradient with a definition that gives
// for every output the weights of the pixels in it.
func poolTest(t *testing.T, h, w, out int, forward func(y, x []float32, r Range), backward func(dx, dy, x []float32, r Range),
	weights func(plane []float32, f func(o, pixel int, weight float64))) {
	r := rand.New(rand.NewPCG(9, 9))
	n := h * w
	x, dy := randoms(r, poolPlanes*n), randoms(r, poolPlanes*out)
	y, dx := make([]float32, len(dy)), make([]float32, len(x))
	forward(y, x, Range{0, 1})
	forward(y, x, Range{1, poolPlanes})
	backward(dx, dy, x, Range{0, 2})
	backward(dx, dy, x, Range{2, poolPlanes})
	wantY, magY := make([]float64, len(y)), make([]float64, len(y))
	wantDX, magDX := make([]float64, len(x)), make([]float64, len(x))
	for p := range poolPlanes {
		weights(x[p*n:][:n], func(o, pixel int, weight float64) {
			at, from := p*out+o, p*n+pixel
			wantY[at] += weight * float64(x[from])
			magY[at] += math.Abs(weight * float64(x[from]))
			wantDX[from] += weight * float64(dy[at])
			magDX[from] += math.Abs(weight * float64(dy[at]))
		})
	}
	near(t, y, wantY, magY, n)
	near(t, dx, wantDX, magDX, n)
}

func TestPooling(t *testing.T) {
	for _, tt := range poolCases() {
		oh, ow := tt.p.OutSize(tt.h, tt.w)
		t.Run(fmt.Sprintf("max/%+v", tt), func(t *testing.T) {
			poolTest(t, tt.h, tt.w, oh*ow,
				func(y, x []float32, r Range) { MaxPool(y, x, tt.p, tt.h, tt.w, r) },
				func(dx, dy, x []float32, r Range) { MaxPoolBackward(dx, dy, x, tt.p, tt.h, tt.w, r) },
				func(plane []float32, f func(o, pixel int, weight float64)) {
					tt.each(func(o int, pixels []int, _ int) {
						best := pixels[0]
						for _, p := range pixels {
							if plane[p] > plane[best] {
								best = p
							}
						}
						f(o, best, 1)
					})
				})
		})
		t.Run(fmt.Sprintf("avg/%+v", tt), func(t *testing.T) {
			poolTest(t, tt.h, tt.w, oh*ow,
				func(y, x []float32, r Range) { AvgPool(y, x, tt.p, tt.h, tt.w, r) },
				func(dx, dy, _ []float32, r Range) { AvgPoolBackward(dx, dy, tt.p, tt.h, tt.w, r) },
				func(_ []float32, f func(o, pixel int, weight float64)) {
					tt.each(func(o int, pixels []int, places int) {
						if !tt.p.CountIncludePad {
							places = len(pixels)
						}
						for _, p := range pixels {
							f(o, p, 1/float64(places))
						}
					})
				})
		})
	}
}

func TestAdaptiveAvgPool(t *testing.T) {
	for _, tt := range []struct{ h, w, oh, ow int }{{1, 1, 1, 1}, {8, 8, 1, 1}, {7, 5, 3, 2}, {4, 6, 4, 6}, {3, 3, 5, 7}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			poolTest(t, tt.h, tt.w, tt.oh*tt.ow,
				func(y, x []float32, r Range) { AdaptiveAvgPool(y, x, tt.h, tt.w, tt.oh, tt.ow, r) },
				func(dx, dy, _ []float32, r Range) { AdaptiveAvgPoolBackward(dx, dy, tt.h, tt.w, tt.oh, tt.ow, r) },
				func(_ []float32, f func(o, pixel int, weight float64)) {
					// A pixel is in window o of n inputs when the intervals
					// [o/out, (o+1)/out) and [i/n, (i+1)/n) overlap.
					in := func(o, out, i, n int) bool { return o*n < (i+1)*out && i*out < (o+1)*n }
					for o := range tt.oh * tt.ow {
						var pixels []int
						for p := range tt.h * tt.w {
							if in(o/tt.ow, tt.oh, p/tt.w, tt.h) && in(o%tt.ow, tt.ow, p%tt.w, tt.w) {
								pixels = append(pixels, p)
							}
						}
						for _, p := range pixels {
							f(o, p, 1/float64(len(pixels)))
						}
					}
				})
		})
	}
}

// A NaN wins, as in PyTorch, and of equal values the first gets the gradient.
func TestMaxPoolSpecial(t *testing.T) {
	nan := float32(math.NaN())
	p := Pool2dParams{KernelH: 2, KernelW: 2, StrideH: 2, StrideW: 2}
	var y [1]float32
	MaxPool(y[:], []float32{1, nan, 3, 2}, p, 2, 2, Range{0, 1})
	if y[0] == y[0] {
		t.Errorf("maximum of a window with a NaN = %v, want NaN", y[0])
	}
	var dx [4]float32
	MaxPoolBackward(dx[:], []float32{5}, []float32{1, 3, 3, 3}, p, 2, 2, Range{0, 1})
	if dx != [4]float32{0, 5, 0, 0} {
		t.Errorf("gradient among equals = %v, want it all in the first", dx)
	}
}
