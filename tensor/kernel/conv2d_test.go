package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mixq/internal/isatest"
)

// convCase is a convolution with every size that matters.
type convCase struct {
	cin, h, w, cout int
	p               Conv2dParams
}

func (c convCase) String() string {
	return fmt.Sprintf("%dx%dx%d-%d/%+v", c.cin, c.h, c.w, c.cout, c.p)
}

// square is k by k with one stride, dilation and padding for all sides.
func square(k, stride, dilation, pad, groups int) Conv2dParams {
	return Conv2dParams{KernelH: k, KernelW: k, StrideH: stride, StrideW: stride, DilationH: dilation, DilationW: dilation,
		PadTop: pad, PadLeft: pad, PadBottom: pad, PadRight: pad, Groups: groups}
}

// convCases cover strides, dilation, groups, depthwise, asymmetric and excess
// padding, kernels that do not reach the end, several tiles and ragged edges.
func convCases() []convCase {
	asym := square(3, 2, 1, 0, 1)
	asym.PadBottom, asym.PadRight = 1, 1
	odd := Conv2dParams{KernelH: 2, KernelW: 5, StrideH: 3, StrideW: 1, DilationH: 2, DilationW: 1, PadTop: 3, PadRight: 4, Groups: 1}
	flat := Conv2dParams{KernelH: 1, KernelW: 3, StrideH: 3, StrideW: 2, DilationH: 1, DilationW: 1, PadTop: 1, PadLeft: 1, PadBottom: 3, Groups: 1}
	asymDW := asym
	asymDW.Groups = 6
	return []convCase{
		{1, 1, 1, 1, square(1, 1, 1, 0, 1)},
		{3, 8, 8, 5, square(3, 1, 1, 1, 1)},
		{16, 32, 32, 16, square(3, 1, 1, 1, 1)},
		{4, 9, 7, 9, square(3, 2, 1, 1, 1)},
		{3, 10, 11, 7, asym},
		{5, 11, 12, 3, odd},
		{5, 11, 12, 9, flat},
		{3, 13, 13, 4, square(3, 1, 2, 2, 1)},
		{3, 17, 17, 6, square(7, 2, 1, 3, 1)},
		{8, 7, 7, 33, square(1, 1, 1, 0, 1)},
		{8, 8, 8, 10, square(1, 2, 1, 0, 1)},
		{4, 5, 5, 4, square(1, 1, 1, 1, 1)},
		{2, 6, 6, 3, square(1, 2, 1, 2, 1)},
		{2, 3, 4, 3, square(3, 1, 1, 4, 1)},
		{6, 9, 9, 4, square(3, 1, 1, 1, 2)},
		{6, 9, 9, 9, square(3, 2, 1, 1, 3)},
		{6, 9, 9, 6, square(3, 1, 1, 1, 6)},
		{6, 10, 9, 6, asymDW},
		{3, 12, 11, 3, square(5, 1, 1, 2, 3)},
		{4, 12, 11, 4, square(5, 2, 2, 4, 4)},
		{4, 7, 7, 8, square(3, 1, 1, 1, 4)},
		{70, 5, 5, 200, square(2, 1, 1, 0, 1)},
		{30, 30, 40, 5, square(3, 1, 1, 1, 1)}, // blocks of the depth, tiles of positions
	}
}

func randoms(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// eachTap calls f for every product of the convolution: input, weight and
// output index.
func (c convCase) eachTap(f func(x, w, y int)) {
	p := c.p
	oh, ow := p.OutSize(c.h, c.w)
	cg, og := c.cin/p.Groups, c.cout/p.Groups
	for o := range c.cout {
		for i := range oh {
			for j := range ow {
				for ch := range cg {
					for kh := range p.KernelH {
						for kw := range p.KernelW {
							y, x := i*p.StrideH+kh*p.DilationH-p.PadTop, j*p.StrideW+kw*p.DilationW-p.PadLeft
							if y >= 0 && y < c.h && x >= 0 && x < c.w {
								f(((o/og*cg+ch)*c.h+y)*c.w+x, ((o*cg+ch)*p.KernelH+kh)*p.KernelW+kw, (o*oh+i)*ow+j)
							}
						}
					}
				}
			}
		}
	}
}

func (c convCase) sizes() (x, w, y int) {
	oh, ow := c.p.OutSize(c.h, c.w)
	return c.cin * c.h * c.w, c.cout * c.cin / c.p.Groups * c.p.KernelH * c.p.KernelW, c.cout * oh * ow
}

// near fails the test where got differs from the float64 result want by more
// than the rounding of a chain of n additions of terms that sum to mag.
func near(t *testing.T, got []float32, want, mag []float64, n int) {
	t.Helper()
	for i, g := range got {
		if tol := float64(n+3) * mag[i] / (1 << 24); !(math.Abs(float64(g)-want[i]) <= tol) {
			t.Fatalf("element %d = %v, want %v +- %v", i, g, want[i], tol)
		}
	}
}

func run(c *ConvF32, dst, x, bias, residual []float32, act Clamp) {
	scratch := make([]float32, c.Scratch())
	for i := range scratch {
		scratch[i] = float32(math.NaN())
	}
	c.Run(dst, x, bias, residual, act, Range{0, c.Tiles()}, scratch)
}

func TestConvF32(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range convCases() {
			t.Run(tt.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				nx, nw, ny := tt.sizes()
				x, w, bias, res := randoms(r, nx), randoms(r, nw), randoms(r, tt.cout), randoms(r, ny)
				want, mag := make([]float64, ny), make([]float64, ny)
				tt.eachTap(func(xi, wi, yi int) {
					want[yi] += float64(x[xi]) * float64(w[wi])
					mag[yi] += math.Abs(float64(x[xi]) * float64(w[wi]))
				})
				c := NewConvF32(tt.p, tt.cin, tt.h, tt.w, tt.cout, w)
				got := make([]float32, ny)
				run(c, got, x, nil, nil, unbounded)
				near(t, got, want, mag, nw/tt.cout)

				for i := range want {
					b, rs := float64(bias[i*tt.cout/ny]), float64(res[i])
					mag[i] += math.Abs(b) + math.Abs(rs)
					want[i] = min(max(want[i]+b+rs, -.5), 1)
				}
				run(c, got, x, bias, res, Clamp{-.5, 1})
				near(t, got, want, mag, nw/tt.cout)
				run(c, res, x, bias, res, Clamp{-.5, 1})
				if !slices.Equal(res, got) {
					t.Error("writing over the residual gives another result")
				}
			})
		}
	})
}

// Every tile alone must give the bits of the whole and touch nothing else.
func TestConvF32Tiles(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range convCases() {
			t.Run(tt.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(3, 4))
				nx, nw, ny := tt.sizes()
				x, w := randoms(r, nx), randoms(r, nw)
				c := NewConvF32(tt.p, tt.cin, tt.h, tt.w, tt.cout, w)
				want, got := make([]float32, ny), make([]float32, ny)
				run(c, want, x, nil, nil, unbounded)
				scratch := make([]float32, c.Scratch())
				for i := range got {
					got[i] = float32(math.NaN())
				}
				written := 0
				for _, tile := range r.Perm(c.Tiles()) {
					before := count(got)
					c.Run(got, x, nil, nil, unbounded, Range{tile, tile + 1}, scratch)
					written += before - count(got)
				}
				if !slices.Equal(got, want) || written != ny {
					t.Errorf("tiles differ from the whole; %d elements written, want %d", written, ny)
				}
				if a := testing.AllocsPerRun(2, func() { c.Run(got, x, nil, nil, unbounded, Range{0, c.Tiles()}, scratch) }); a != 0 {
					t.Errorf("Run allocates %v times, want 0", a)
				}
			})
		}
	})
}

// count is the number of NaNs in x.
func count(x []float32) int {
	n := 0
	for _, v := range x {
		if v != v {
			n++
		}
	}
	return n
}

func TestIm2col(t *testing.T) {
	for _, tt := range convCases() {
		t.Run(tt.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			nx, nw, ny := tt.sizes()
			x, w := randoms(r, nx), randoms(r, nw)
			k := nw / tt.cout
			positions := ny / tt.cout
			want, mag := make([]float64, ny), make([]float64, ny)
			tt.eachTap(func(xi, wi, yi int) {
				want[yi] += float64(x[xi]) * float64(w[wi])
				mag[yi] += math.Abs(float64(x[xi]) * float64(w[wi]))
			})
			pos := make([]int32, positions)
			for i, q := range r.Perm(positions) {
				pos[i] = int32(q)
			}
			got, patches := make([]float32, ny), make([]float32, positions*k)
			for o := range tt.cout {
				Im2col(patches, x, 0, tt.p, tt.cin, tt.h, tt.w, o*tt.p.Groups/tt.cout, pos)
				for i, q := range pos {
					for l, v := range patches[i*k:][:k] {
						got[o*positions+int(q)] += float32(v * w[o*k+l])
					}
				}
			}
			near(t, got, want, mag, k)
		})
	}
}

// The gradients against the sums of the definition.
func TestConvGrads(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range convCases() {
			t.Run(tt.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(7, 8))
				nx, nw, ny := tt.sizes()
				w := randoms(r, nw)
				const images = 3
				x, dy := randoms(r, images*nx), randoms(r, images*ny)
				dx, dxMag := make([]float64, nx), make([]float64, nx)
				dw, dwMag := make([]float64, nw), make([]float64, nw)
				tt.eachTap(func(xi, wi, yi int) {
					dx[xi] += float64(w[wi]) * float64(dy[yi])
					dxMag[xi] += math.Abs(float64(w[wi]) * float64(dy[yi]))
					for n := range images {
						v := float64(x[n*nx+xi]) * float64(dy[n*ny+yi])
						dw[wi] += v
						dwMag[wi] += math.Abs(v)
					}
				})
				got := make([]float32, nx)
				run(NewConvDataGrad(tt.p, tt.cin, tt.h, tt.w, tt.cout, w), got, dy, nil, nil, unbounded)
				near(t, got, dx, dxMag, nw/tt.cin*tt.p.Groups)

				grad := NewConvWeightGrad(tt.p, tt.cin, tt.h, tt.w, tt.cout)
				scratch := make([]float32, grad.Scratch())
				for i := range scratch {
					scratch[i] = float32(math.NaN())
				}
				got = make([]float32, nw)
				grad.Run(got, dy, x, Range{0, 2}, scratch)
				grad.Run(got, dy, x, Range{2, images}, scratch)
				near(t, got, dw, dwMag, images*ny/tt.cout)
			})
		}
	})
}

// BenchmarkResNet18 goes through the different convolutions of ResNet-18, with
// Winograd where it pays, so that each finds its weights where the others left
// them, and reports the best speed of each.
func BenchmarkResNet18(b *testing.B) {
	layers := []struct {
		name string
		c    convCase
	}{
		{"conv1", convCase{3, 224, 224, 64, square(7, 2, 1, 3, 1)}},
		{"layer1", convCase{64, 56, 56, 64, square(3, 1, 1, 1, 1)}},
		{"layer2.0", convCase{64, 56, 56, 128, square(3, 2, 1, 1, 1)}},
		{"layer2", convCase{128, 28, 28, 128, square(3, 1, 1, 1, 1)}},
		{"layer3.0", convCase{128, 28, 28, 256, square(3, 2, 1, 1, 1)}},
		{"layer3", convCase{256, 14, 14, 256, square(3, 1, 1, 1, 1)}},
		{"layer4.0", convCase{256, 14, 14, 512, square(3, 2, 1, 1, 1)}},
		{"layer4", convCase{512, 7, 7, 512, square(3, 1, 1, 1, 1)}},
	}
	r := rand.New(rand.NewPCG(1, 1))
	runs, best := make([]func(), len(layers)), slices.Repeat([]time.Duration{time.Hour}, len(layers))
	for i, l := range layers {
		nx, nw, ny := l.c.sizes()
		x, w, dst := randoms(r, nx), randoms(r, nw), make([]float32, ny)
		if WinogradPays(l.c.p, l.c.cin, l.c.h, l.c.w, l.c.cout) {
			c := l.c.winograd(w)
			scratch := make([]float32, c.Scratch())
			runs[i] = func() { c.Run(dst, x, nil, nil, unbounded, Range{0, c.Tiles()}, scratch) }
			continue
		}
		c := NewConvF32(l.c.p, l.c.cin, l.c.h, l.c.w, l.c.cout, w)
		scratch := make([]float32, c.Scratch())
		runs[i] = func() { c.Run(dst, x, nil, nil, unbounded, Range{0, c.Tiles()}, scratch) }
	}
	for b.Loop() {
		for i, run := range runs {
			start := time.Now()
			run()
			best[i] = min(best[i], time.Since(start))
		}
	}
	for i, l := range layers {
		_, nw, ny := l.c.sizes()
		b.ReportMetric(float64(ny)*float64(nw/l.c.cout)/best[i].Seconds()/1e9, l.name+"-GMAC/s")
	}
}

func BenchmarkConvF32(b *testing.B) {
	for _, bc := range []struct {
		name string
		c    convCase
	}{
		{"cifar16", convCase{16, 32, 32, 16, square(3, 1, 1, 1, 1)}},
		{"cifar32", convCase{32, 16, 16, 32, square(3, 1, 1, 1, 1)}},
		{"cifar64", convCase{64, 8, 8, 64, square(3, 1, 1, 1, 1)}},
		{"cifar32s2", convCase{16, 32, 32, 32, square(3, 2, 1, 1, 1)}},
		{"resnet18stem", convCase{3, 224, 224, 64, square(7, 2, 1, 3, 1)}},
		{"resnet18l2", convCase{128, 28, 28, 128, square(3, 1, 1, 1, 1)}},
		{"mobilenet1x1", convCase{192, 28, 28, 192, square(1, 1, 1, 0, 1)}},
		{"mobilenet3x3dw", convCase{192, 28, 28, 192, square(3, 1, 1, 1, 192)}},
		{"mobilenet3x3dws2", convCase{96, 56, 56, 96, square(3, 2, 1, 1, 96)}},
	} {
		b.Run("shape="+bc.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			nx, nw, ny := bc.c.sizes()
			x, dst := randoms(r, nx), make([]float32, ny)
			c := NewConvF32(bc.c.p, bc.c.cin, bc.c.h, bc.c.w, bc.c.cout, randoms(r, nw))
			scratch := make([]float32, c.Scratch())
			b.ReportAllocs()
			for b.Loop() {
				c.Run(dst, x, nil, nil, unbounded, Range{0, c.Tiles()}, scratch)
			}
			macs := float64(ny) * float64(nw/bc.c.cout)
			b.ReportMetric(macs*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
