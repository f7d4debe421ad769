package infer

import (
	"math"
	"math/rand/v2"
	"testing"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// everything is a network with a layer of every kind and odd sizes: strided,
// dilated, grouped, depthwise, asymmetrically padded and fused convolutions. Kinds
// that have no integer form are left out on request.
func everything(t testing.TB, integer bool) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("everything")
	x := b.Input("x", 1, 5, 11, 9)
	x = b.Conv2d("stem", x, 8, 3, nn.ConvOpts{Stride: 2, Same: true})
	if !integer {
		x = b.BatchNorm("bn", x, 1e-3)
		x = b.Apply("quant", &nn.Quantize{}, x)
		x = b.Apply("dequant", &nn.Dequantize{}, x)
	}
	x = b.Activate("relu", x, nn.ReLU)
	x = b.Conv2d("depthwise", x, 8, 3, nn.ConvOpts{Pad: 2, Dilation: 2, Groups: 8})
	x = b.Conv2d("grouped", x, 12, 3, nn.ConvOpts{Pad: 1, Groups: 2, NoBias: true})
	p := b.Conv2d("pointwise", x, 20, 1, nn.ConvOpts{})
	q := b.Conv2d("dilated", x, 20, 3, nn.ConvOpts{Pad: 2, Dilation: 2})
	x = b.Apply("add", &nn.Add{Act: nn.ReLU6}, p, q)
	y := b.Apply("maxpool", &nn.MaxPool{Pool2dParams: kernel.Pool2dParams{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, CeilMode: true}}, x)
	z := b.Apply("avgpool", &nn.AvgPool{Pool2dParams: kernel.Pool2dParams{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, CeilMode: true}}, x)
	x = b.Apply("concat", &nn.Concat{}, y, z, y)
	x = b.Apply("pad", &nn.Pad{Top: 1, Right: 2, Bottom: 3}, x)
	s := b.Apply("subsample", &nn.Subsample{Stride: 2, Before: 1, After: 3}, x)
	x = b.Conv2d("strided", x, 64, 2, nn.ConvOpts{Stride: 2, Same: true})
	x = b.Apply("shortcut", &nn.Add{}, x, s)
	u := b.Apply("included", &nn.AvgPool{Pool2dParams: kernel.Pool2dParams{KernelH: 2, KernelW: 3, StrideH: 1, StrideW: 2, PadLeft: 1, PadRight: 1, CountIncludePad: true}}, x)
	u = b.Apply("global", &nn.GlobalAvgPool{}, u)
	x = b.Apply("adaptive", &nn.AdaptiveAvgPool{OutH: 3, OutW: 2}, x)
	u = b.Flatten("flatvector", u)
	x = b.Flatten("flatten", x)
	x = b.Linear("fc", x, 7)
	u = b.Linear("head", u, 33)
	if !integer {
		u = b.Apply("softmax", &nn.Softmax{}, u)
	}
	g, err := b.Build(x, u)
	if err != nil {
		t.Fatal(err)
	}
	bindRandom(g, rand.New(rand.NewPCG(7, 7)))
	return g
}

// bindRandom gives every parameter values that keep activations near one.
func bindRandom(g *nn.Graph, rng *rand.Rand) {
	for _, n := range g.Nodes {
		for i, v := range n.In {
			if v.Data != nil || i == 0 || len(activations(n)) > i && n.In[i] == activations(n)[i] {
				continue
			}
			v.Data = randomParam(n, i, v.Type.Shape, rng)
		}
	}
}

func randomParam(n *nn.Node, i int, s tensor.Shape, rng *rand.Rand) *tensor.Tensor {
	d := tensor.New(tensor.Float32, s...)
	spread := 2 / math.Sqrt(float64(s[1:].Elems()))
	for j := range d.Float32() {
		switch {
		case n.Op.Kind() == nn.KindBatchNorm && i == 4: // a variance
			d.Float32()[j] = rng.Float32() + .5
		default:
			d.Float32()[j] = float32(rng.NormFloat64() * spread)
		}
	}
	return d
}

// randomReal makes n images for input v.
func randomReal(rng *rand.Rand, v *nn.Value, n int) *tensor.Tensor {
	s := v.Type.Shape.Clone()
	s[0] = n
	x := tensor.New(tensor.Float32, s...)
	for i := range x.Float32() {
		x.Float32()[i] = float32(rng.NormFloat64())
	}
	return x
}
