package infer

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"mixq/infer/artifact"
	"mixq/internal/golden"
	"mixq/internal/isatest"
	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// tiny is a classifier of 16 by 16 colour images with integer layers only.
func tiny(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("tiny")
	x := b.Conv2d("stem", b.Input("image", 1, 3, 16, 16), 8, 3, nn.ConvOpts{Stride: 2, Pad: 1})
	y := b.Conv2d("depthwise", x, 8, 3, nn.ConvOpts{Pad: 1, Groups: 8})
	y = b.Conv2d("pointwise", y, 12, 1, nn.ConvOpts{})
	z := b.Apply("shortcut", &nn.Subsample{Stride: 1, Before: 2, After: 2}, x)
	x = b.Apply("add", &nn.Add{Act: nn.ReLU}, y, z)
	x = b.Apply("pool", &nn.MaxPool{Pool2dParams: kernel.Pool2dParams{KernelH: 2, KernelW: 2, StrideH: 2, StrideW: 2}}, x)
	y = b.Conv2d("grouped", x, 20, 3, nn.ConvOpts{Pad: 2, Dilation: 2, Groups: 4})
	x = b.Apply("concat", &nn.Concat{}, x, y)
	x = b.Conv2d("head", x, 21, 3, nn.ConvOpts{Same: true, Stride: 2})
	x = b.Flatten("flatten", b.Apply("mean", &nn.GlobalAvgPool{}, x))
	g, err := b.Build(b.Linear("fc", x, 10))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(4, 2))
	bindRandom(g, rng)
	g = quantizeRandom(g, 4, rng)
	g.Pixels = make(nn.PixelTable, 3)
	for c := range g.Pixels {
		for p := range g.Pixels[c] {
			g.Pixels[c][p] = (float32(p) - 120) / 60
		}
	}
	return g
}

// TestGolden runs a file that is kept and compares the bits of its outputs with
// recorded ones: they are the same on every machine. The flag -update, which
// package golden defines, makes both anew.
func TestGolden(t *testing.T) {
	const path = "testdata/tiny.mixq"
	if flag.Lookup("update").Value.String() == "true" {
		if err := artifact.Write(path, tiny(t), artifact.Meta{Labels: strings.Split("zero one two three four five six seven eight nine", " ")}); err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(8, 9))
	x := tensor.New(tensor.Uint8, 4, 3, 16, 16)
	for i := range x.Uint8() {
		x.Uint8()[i] = uint8(rng.Uint32())
	}
	isatest.Each(t, func(t *testing.T) {
		p, err := Open(path, Options{Batch: 4})
		if err != nil {
			t.Fatal(err)
		}
		s := p.NewSession()
		defer s.Close()
		out, err := s.Run(x)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i, v := range out[0].Float32() {
			fmt.Fprintf(&b, "%d.%d %08x %v\n", i/10, i%10, math.Float32bits(v), v)
		}
		golden.Text(t, "tiny.txt", b.String())
	})
}
