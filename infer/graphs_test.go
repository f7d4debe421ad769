package infer

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// everything is a network with a layer of every kind and odd sizes: strided,
// dilated, grouped, depthwise, asymmetrically padded and fused convolutions.
func everything(t testing.TB) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("everything")
	x := b.Input("x", 1, 5, 11, 9)
	x = b.Conv2d("stem", x, 8, 3, nn.ConvOpts{Stride: 2, Same: true})
	x = b.Apply("dequant", &nn.Dequantize{}, x)
	x = b.BatchNorm("bn", x, 1e-3)
	x = b.Apply("quant", &nn.Quantize{}, x)
	x = b.Activate("relu", x, nn.ReLU)
	e := b.Conv2d("excite", b.GlobalAvgPool("squeeze", x), 8, 1, nn.ConvOpts{})
	x = b.Apply("scale", &nn.Mul{}, x, b.Activate("sigmoid", e, nn.Sigmoid))
	x = b.Apply("shuffle", &nn.Select{Channels: []int{7, 0, 3, 3, 1, 2, 6, 5}}, b.Activate("silu", x, nn.SiLU))
	x = b.Apply("product", &nn.Mul{}, b.Activate("hardswish", x, nn.HardSwish), b.Activate("hardsigmoid", x, nn.HardSigmoid))
	x = b.Conv2d("depthwise", x, 8, 3, nn.ConvOpts{Pad: 2, Dilation: 2, Groups: 8})
	x = b.Conv2d("grouped", x, 12, 3, nn.ConvOpts{Pad: 1, Groups: 2, NoBias: true})
	p := b.Conv2d("pointwise", x, 20, 1, nn.ConvOpts{})
	q := b.Conv2d("dilated", x, 20, 3, nn.ConvOpts{Pad: 2, Dilation: 2})
	x = b.Apply("add", &nn.Add{Act: nn.ReLU6}, p, q)
	x = b.Apply("fused", &nn.Conv2d{Conv2dParams: kernel.Conv2dParams{KernelH: 3, KernelW: 1, StrideH: 1, StrideW: 1,
		DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, Groups: 1}, Residual: true, Act: nn.ReLU}, x, b.Param("fused.weight", 20, 20, 3, 1), p)
	y := b.Apply("maxpool", &nn.MaxPool{Pool2dParams: kernel.Pool2dParams{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, CeilMode: true}}, x)
	z := b.Apply("avgpool", &nn.AvgPool{Pool2dParams: kernel.Pool2dParams{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, CeilMode: true}}, x)
	x = b.Apply("concat", &nn.Concat{}, y, z, y)
	x = b.Apply("pad", &nn.Pad{Top: 1, Right: 2, Bottom: 3}, x)
	s := b.Apply("subsample", &nn.Subsample{Stride: 2, Before: 1, After: 3}, x)
	x = b.Conv2d("strided", x, 64, 2, nn.ConvOpts{Stride: 2, Same: true})
	x = b.Apply("shortcut", &nn.Add{}, x, s)
	u := b.Apply("included", &nn.AvgPool{Pool2dParams: kernel.Pool2dParams{KernelH: 2, KernelW: 3, StrideH: 1, StrideW: 2, PadLeft: 1, PadRight: 1, CountIncludePad: true}}, x)
	u = b.Apply("global", &nn.GlobalAvgPool{}, u)
	v := b.Conv2d("realconv", x, 9, 3, nn.ConvOpts{Pad: 1})
	x = b.Apply("adaptive", &nn.AdaptiveAvgPool{OutH: 3, OutW: 2}, x)
	u = b.Flatten("flatvector", u)
	x = b.Flatten("flatten", x)
	x = b.Linear("fc", x, 7)
	u = b.Linear("head", u, 33)
	w := b.Apply("headreal", &nn.Dequantize{}, u)
	w = b.Apply("softmax", &nn.Softmax{}, w)
	g, err := b.Build(x, u, v, w)
	if err != nil {
		t.Fatal(err)
	}
	bindRandom(g, rand.New(rand.NewPCG(7, 7)))
	return g
}

// realNodes are the layers of everything whose outputs stay real in its
// quantized form.
var realNodes = []string{"dequant", "bn", "realconv", "fc", "headreal", "softmax"}

// quantizeRandom gives the layers of g grids that fit the values of one image,
// random weight grids of the given bits (8 for the others) and int32 biases.
func quantizeRandom(g *nn.Graph, bits uint8, rng *rand.Rand) *nn.Graph {
	g = g.Clone()
	x := randomReal(rng, g.Inputs[0], 1)
	vals := runOracle(g, [][]float64{image64(x, 0)}, realOracle)
	setGrid := func(v *nn.Value) {
		lo, hi := min(slices.Min(vals[v].v), 0), max(slices.Max(vals[v].v), 0)
		scale := (hi-lo)/255 + 1e-3
		v.Type.DType = tensor.Uint8
		v.Type.Quant = &nn.Quant{Bits: 8, Axis: -1, Scale: []float32{float32(scale)}, Zero: []int32{int32(-lo / scale)}}
	}
	setGrid(g.Inputs[0])
	for _, n := range g.Nodes {
		out := n.Out[0]
		switch {
		case slices.Contains(realNodes, n.Name):
		case n.Op.Kind().CodesMove():
			for _, v := range n.In[1:] { // concat: one grid for all
				v.Type = nn.Type{Shape: v.Type.Shape, DType: tensor.Uint8, Quant: n.In[0].Type.Quant}
			}
			out.Type.DType, out.Type.Quant = tensor.Uint8, n.In[0].Type.Quant
		default:
			setGrid(out)
		}
	}
	for _, n := range g.Nodes {
		if o, ok := n.Operands(); ok {
			quantizeLayer(o, bits, rng)
		}
	}
	return g
}

// quantizeLayer puts the weights of a layer on affine grids.
func quantizeLayer(o nn.Operands, bits uint8, rng *rand.Rand) {
	n := o.Weight.Type.Shape[0]
	w := o.Weight.Data.Float32()
	row := len(w) / n
	q := &nn.Quant{Bits: bits, Scale: make([]float32, n), Zero: make([]int32, n)}
	codes := make([]int8, len(w))
	lo, hi := nn.SignedRange(bits)
	for c := range n {
		q.Zero[c] = lo + rng.Int32N(hi-lo+1)
		top := slices.Max(w[c*row : (c+1)*row])
		q.Scale[c] = max(top-slices.Min(w[c*row:(c+1)*row]), .01) / float32(hi-lo)
		for i := c * row; i < (c+1)*row; i++ {
			codes[i] = int8(min(max(int32(math.RoundToEven(float64(w[i]/q.Scale[c])))+q.Zero[c], lo), hi))
		}
	}
	o.Weight.Type = nn.Type{Shape: o.Weight.Type.Shape, DType: tensor.Int8, Quant: q}
	o.Weight.Data = tensor.FromInt8(codes, o.Weight.Type.Shape...)
	if o.Bias == nil {
		return
	}
	b := make([]int32, n)
	for c, v := range o.Bias.Data.Float32() {
		b[c] = int32(v / (o.X.Type.Quant.Scale[0] * q.Scale[c]))
	}
	o.Bias.Type.DType = tensor.Int32
	o.Bias.Data = tensor.FromInt32(b, n)
}

// bindRandom gives every parameter values that keep activations near one.
func bindRandom(g *nn.Graph, rng *rand.Rand) {
	for _, v := range g.Params() {
		v.Data = tensor.New(tensor.Float32, v.Type.Shape...)
		spread := 2 / math.Sqrt(float64(v.Type.Shape[1:].Elems()))
		for j := range v.Data.Float32() {
			v.Data.Float32()[j] = float32(rng.NormFloat64() * spread)
			if strings.HasSuffix(v.Name, "running_var") {
				v.Data.Float32()[j] = rng.Float32() + .5
			}
		}
	}
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
