package infer

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// resnet20 is the folded and fused form of the CIFAR ResNet-20 (He et al. 2016,
// section 4.2), which is what runs after quantization.
func resnet20(tb testing.TB) *nn.Graph {
	tb.Helper()
	b := nn.NewBuilder("resnet20")
	x := b.Conv2d("conv1", b.Input("x", 1, 3, 32, 32), 16, 3, nn.ConvOpts{Pad: 1})
	for i, cout := range []int{16, 16, 16, 32, 32, 32, 64, 64, 64} {
		s := b.Scope(fmt.Sprint("block", i))
		cin, stride, shortcut := x.Type.Shape[1], 1, x
		if cin != cout {
			stride = 2
			pad := (cout - cin) / 2
			shortcut = s.Apply("shortcut", &nn.Subsample{Stride: 2, Before: pad, After: cout - cin - pad}, x)
		}
		p := kernel.Conv2dParams{KernelH: 3, KernelW: 3, StrideH: stride, StrideW: stride, DilationH: 1, DilationW: 1,
			PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, Groups: 1}
		x = s.Apply("conv1", &nn.Conv2d{Conv2dParams: p, Act: nn.ReLU}, x, s.Param("conv1.weight", cout, cin, 3, 3))
		p.StrideH, p.StrideW = 1, 1
		x = s.Apply("conv2", &nn.Conv2d{Conv2dParams: p, Residual: true, Act: nn.ReLU}, x, s.Param("conv2.weight", cout, cout, 3, 3), shortcut)
	}
	x = b.Flatten("flatten", b.Apply("pool", &nn.GlobalAvgPool{}, x))
	g, err := b.Build(b.Linear("fc", x, 10))
	if err != nil {
		tb.Fatal(err)
	}
	bindRandom(g, rand.New(rand.NewPCG(1, 1)))
	return g
}

func BenchmarkResNet20(b *testing.B) {
	g := resnet20(b)
	for _, c := range []struct {
		name string
		mode Mode
		bits uint8
	}{{"float", Float, 0}, {"simulate", Simulate, 4}, {"integer4", Integer, 4}, {"integer8", Integer, 8}} {
		net := g
		if c.bits != 0 {
			net = quantizeRandom(g, c.bits, rand.New(rand.NewPCG(1, 1)))
		}
		for _, batch := range []int{1, 128} {
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/batch=%d/threads=%d", c.name, batch, threads), func(b *testing.B) {
					benchmarkRun(b, net, Options{Mode: c.mode, Batch: batch, Threads: threads})
				})
			}
		}
	}
}

func benchmarkRun(b *testing.B, g *nn.Graph, o Options) {
	p, err := Compile(g, o)
	if err != nil {
		b.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	shape := g.Inputs[0].Type.Shape.Clone()
	shape[0] = o.Batch
	x := tensor.New(tensor.Float32, shape...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Run(x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*o.Batch)/b.Elapsed().Seconds(), "images/s")
}
