package artifact_test

import (
	"math/rand/v2"
	"testing"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// testGraph is a network with every form of value that a file can hold: weights
// of all bit-widths, per channel and per tensor, int32 and float parameters,
// real and quantized activations, and a pixel table.
func testGraph(t testing.TB) *nn.Graph {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	b := nn.NewBuilder("test")
	x := b.Input("x", 1, 3, 8, 8)
	for i, name := range []string{"c2", "c3", "c4", "c5", "c6", "c7", "c8"} {
		x = b.Conv2d(name, x, 3+i, 3, nn.ConvOpts{Pad: 1})
	}
	x = b.Apply("deq", &nn.Dequantize{}, x)
	x = b.BatchNorm("bn", x, 1e-5)
	x = b.Flatten("flatten", x)
	g, err := b.Build(b.Linear("fc", x, 4))
	if err != nil {
		t.Fatal(err)
	}
	g.Inputs[0].Type = activation(g.Inputs[0].Type.Shape, .02, 128)
	bits := uint8(2)
	for _, n := range g.Nodes {
		o, ok := n.Operands()
		if _, conv := n.Op.(*nn.Conv2d); ok && conv {
			quantizeWeight(rng, o.Weight, bits)
			o.Bias.Type.DType = tensor.Int32
			o.Bias.Data = tensor.New(tensor.Int32, o.Bias.Type.Shape...)
			for i := range o.Bias.Data.Int32() {
				o.Bias.Data.Int32()[i] = rng.Int32()
			}
			n.Out[0].Type = activation(n.Out[0].Type.Shape, float32(bits), int32(bits)*30)
			bits++
		}
	}
	perTensor := g.Node("c8").In[1].Type.Quant
	perTensor.Axis, perTensor.Scale, perTensor.Zero = -1, perTensor.Scale[:1], perTensor.Zero[:1]
	for _, v := range g.Params() {
		if v.Type.DType == tensor.Float32 {
			v.Data = tensor.New(tensor.Float32, v.Type.Shape...)
			for i := range v.Data.Float32() {
				v.Data.Float32()[i] = rng.Float32()
			}
		}
	}
	g.Pixels = make(nn.PixelTable, 3)
	for c := range g.Pixels {
		for p := range g.Pixels[c] {
			g.Pixels[c][p] = (float32(p) - 120) / float32(50+c)
		}
	}
	return g
}

func activation(s tensor.Shape, scale float32, zero int32) nn.Type {
	return nn.Type{Shape: s, DType: tensor.Uint8,
		Quant: &nn.Quant{Bits: 8, Axis: -1, Scale: []float32{scale}, Zero: []int32{zero}}}
}

func quantizeWeight(rng *rand.Rand, v *nn.Value, bits uint8) {
	n := v.Type.Shape[0]
	q := &nn.Quant{Bits: bits, Scale: make([]float32, n), Zero: make([]int32, n)}
	lo, hi := nn.SignedRange(bits)
	code := func() int32 { return lo + rng.Int32N(hi-lo+1) }
	for c := range n {
		q.Scale[c], q.Zero[c] = rng.Float32()+.1, code()
	}
	v.Type.DType, v.Type.Quant = tensor.Int8, q
	v.Data = tensor.New(tensor.Int8, v.Type.Shape...)
	for i := range v.Data.Int8() {
		v.Data.Int8()[i] = int8(code())
	}
}

// onGrid is the pixel table that a file gives back: rounded to the input's grid.
func onGrid(g *nn.Graph) nn.PixelTable {
	q := g.Inputs[0].Type.Quant
	p := make(nn.PixelTable, len(g.Pixels))
	copy(p, g.Pixels)
	for c := range p {
		kernel.RoundToGrid(p[c][:], kernel.Grid{Scale: q.Scale[0], Zero: q.Zero[0], Max: 255})
	}
	return p
}
