package onnx

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mixq/infer"
	"mixq/internal/golden"
	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// unsupported are the kinds that Encode does not write.
var unsupported []nn.Kind

func TestCoverage(t *testing.T) {
	used := map[nn.Kind]bool{nn.KindDequantize: true}
	for _, n := range everything(t).Nodes {
		used[n.Op.Kind()] = true
	}
	for _, k := range nn.Kinds() {
		has := int(k) < len(exporters) && exporters[k] != nil
		if has == slices.Contains(unsupported, k) {
			t.Errorf("%v: exporter = %v", k, has)
		}
		if !used[k] && k != nn.KindQuantize {
			t.Errorf("%v is missing in the network that the tests export", k)
		}
	}
}

// everything is a network with a layer of every kind, its weights random.
func everything(t testing.TB) *nn.Graph {
	t.Helper()
	pool := kernel.Pool2dParams{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, CeilMode: true}
	counted := pool
	counted.CountIncludePad = true
	b := nn.NewBuilder("everything")
	x := b.Input("x", 1, 3, 12, 10)
	x = b.Conv2d("stem", x, 8, 3, nn.ConvOpts{Pad: 1, NoBias: true})
	x = b.Activate("relu6", b.BatchNorm("bn", x, 1e-3), nn.ReLU6)
	x = b.Activate("silu", b.Conv2d("grouped", x, 8, 3, nn.ConvOpts{Pad: 2, Dilation: 2, Groups: 4}), nn.SiLU)
	e := b.Flatten("squeezed", b.GlobalAvgPool("squeeze", x))
	e = b.Activate("gate", b.Linear("excite", e, 8), nn.HardSigmoid)
	x = b.Apply("scale", &nn.Mul{}, x, e)
	x = b.Apply("gated", &nn.Mul{}, b.Activate("hardswish", x, nn.HardSwish), b.Activate("sigmoid", x, nn.Sigmoid))
	x = b.Apply("shuffle", &nn.Select{Channels: []int{0, 4, 1, 5, 2, 6, 3, 7}}, x)
	x = b.Apply("fused", &nn.Conv2d{Conv2dParams: kernel.Conv2dParams{KernelH: 1, KernelW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1,
		PadLeft: 1, PadRight: 1, Groups: 1}, Residual: true, Act: nn.ReLU}, x, b.Param("fused.weight", 8, 8, 1, 3), x)
	y := b.Conv2d("side", x, 8, 1, nn.ConvOpts{})
	x = b.Apply("add", &nn.Add{Act: nn.ReLU}, x, y)
	x = b.Apply("adaptive", &nn.AdaptiveAvgPool{OutH: 6, OutW: 5}, x)
	x = b.Apply("concat", &nn.Concat{}, b.Apply("maxpool", &nn.MaxPool{Pool2dParams: pool}, x), b.Apply("avgpool", &nn.AvgPool{Pool2dParams: pool}, x),
		b.Apply("counted", &nn.AvgPool{Pool2dParams: counted}, x))
	x = b.Apply("shortcut", &nn.Subsample{Stride: 2, Before: 1, After: 3}, b.Apply("pad", &nn.Pad{Top: 1, Right: 2}, x))
	x = b.Flatten("flatten", b.GlobalAvgPool("pool", x))
	g, err := b.Build(b.Apply("softmax", &nn.Softmax{}, b.Linear("fc", x, 5)))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, v := range g.Params() {
		v.Data = tensor.New(tensor.Float32, v.Type.Shape...)
		for i := range v.Data.Float32() {
			v.Data.Float32()[i] = float32(r.NormFloat64()) / 3
			if strings.HasSuffix(v.Name, "running_var") {
				v.Data.Float32()[i] = r.Float32() + .5
			}
		}
	}
	return g
}

// What is written and read again computes the same. Layers that have several
// forms come back in another: only their numbers are compared.
func TestRoundTrip(t *testing.T) {
	g := everything(t)
	b, err := Encode(g)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	x := ramp(g.Inputs[0].Type.Shape)
	got, want := run(t, back, infer.Float, x), run(t, g, infer.Float, x)
	if e := golden.RelErr(got, want); e > 1e-6 {
		t.Errorf("got %v, want %v: off by %.2g", got, want, e)
	}
	if back.Node("shortcut") == nil || back.Node("shortcut").Op.Kind() != nn.KindSubsample {
		t.Error("the shortcut has not come back as one layer")
	}
}

// quantized is a network of two convolutions and a linear layer in codes: one
// weight of 8 bits with zero points that need them, one of 3 bits, one of 5.
func quantized(t testing.TB) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("quantized")
	x := b.Input("x", 1, 4, 6, 5)
	x = b.Apply("wide", &nn.Conv2d{Conv2dParams: kernel.Conv2dParams{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1}, Bias: true, Act: nn.ReLU},
		x, b.Param("wide.weight", 6, 4, 3, 3), b.Param("wide.bias", 6))
	y := b.Conv2d("narrow", x, 6, 1, nn.ConvOpts{})
	x = b.Apply("add", &nn.Add{}, x, y)
	g, err := b.Build(b.Linear("fc", b.Flatten("flat", b.GlobalAvgPool("pool", x)), 3))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	act := func(v *nn.Value, scale float32, zero int32) {
		v.Type.DType, v.Type.Quant = tensor.Uint8, &nn.Quant{Bits: 8, Axis: -1, Scale: []float32{scale}, Zero: []int32{zero}}
	}
	act(g.Inputs[0], .05, 40)
	for i, name := range []string{"wide", "narrow", "add", "pool", "flat"} {
		act(g.Node(name).Out[0], []float32{.02, .03, .04, .03, .03}[i], []int32{0, 130, 90, 90, 90}[i])
	}
	for name, bits := range map[string]uint8{"wide": 8, "narrow": 3, "fc": 5} {
		o, _ := g.Node(name).Operands()
		s := o.Weight.Type.Shape
		q := &nn.Quant{Bits: bits, Axis: 0}
		lo, hi := nn.SignedRange(bits)
		codes, bias := make([]int8, s.Elems()), make([]int32, s[0])
		for c := range bias {
			q.Scale, q.Zero = append(q.Scale, float32(c+1)/256), append(q.Zero, lo+r.Int32N(hi-lo+1))
			bias[c] = r.Int32N(2001) - 1000
		}
		for i := range codes {
			codes[i] = int8(lo + r.Int32N(hi-lo+1))
		}
		o.Weight.Type, o.Weight.Data = nn.Type{Shape: s, DType: tensor.Int8, Quant: q}, tensor.FromInt8(codes, s...)
		o.Bias.Type.DType, o.Bias.Data = tensor.Int32, tensor.FromInt32(bias, len(bias))
	}
	return g
}

// A quantized network has the simulated values when it is read again, and its
// weights have the forms that runtimes want.
func TestQDQ(t *testing.T) {
	g := quantized(t)
	b, err := Encode(g)
	if err != nil {
		t.Fatal(err)
	}
	var m model
	if err := new(wireReader).message(b, &m); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]elemType{}
	for i := range m.graph.initializers {
		kinds[m.graph.initializers[i].name] = m.graph.initializers[i].kind
	}
	for name, want := range map[string]elemType{
		"wide.weight.codes": typeInt8, "wide.weight.zero": typeInt8, "wide.bias": typeFloat,
		"narrow.weight.codes": typeInt4, "narrow.weight.zero": typeInt4, "narrow.bias": typeFloat,
		"fc.weight.codes": typeInt8, "fc.weight.zero": 0, "fc.bias.codes": typeInt32, "fc.bias.scale": typeFloat,
	} {
		if kinds[name] != want {
			t.Errorf("%s has element type %d, want %d", name, kinds[name], want)
		}
	}
	if v := m.opset(); v != int4Opset || m.irVersion != 10 {
		t.Errorf("opset %d, version %d of the format", v, m.irVersion)
	}
	back, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	x := ramp(g.Inputs[0].Type.Shape)
	got, want := run(t, back, infer.Simulate, x), run(t, g, infer.Simulate, x)
	if e := golden.RelErr(got, want); e > 1e-6 {
		t.Errorf("got %v, want %v: off by %.2g", got, want, e)
	}
}

func TestEncodeErrors(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(g *nn.Graph)
		want  string
	}{
		{"unbound", func(g *nn.Graph) { g.Node("fc").In[1].Data = nil }, "fc.weight has no data"},
		{"adaptive pool", func(g *nn.Graph) {
			n := g.Node("adaptive") // of 12x10
			n.Op = &nn.AdaptiveAvgPool{OutH: 5, OutW: 5}
			n.Out[0].Type.Shape = tensor.Shape{1, 8, 5, 5}
			g.Nodes, g.Outputs = g.Nodes[:slices.Index(g.Nodes, n)+1], n.Out
		}, "adaptive pooling of 12x10 to 5x5"},
		{"narrow activation", func(g *nn.Graph) {
			v := g.Node("stem").Out[0]
			v.Type.DType, v.Type.Quant = tensor.Uint8, &nn.Quant{Bits: 4, Axis: -1, Scale: []float32{1}, Zero: []int32{0}}
		}, "4-bit activations"},
		{"two of one name", func(g *nn.Graph) { g.Node("fc").In[1].Name = "mixq.0" }, `two constants would be called "mixq.0"`},
		{"value and constant of one name", func(g *nn.Graph) { g.Node("shuffle").Out[0].Name = "pad.pads" }, `two values would be called "pad.pads"`},
		{"NaN", func(g *nn.Graph) { g.Node("fc").In[1].Data.Float32()[0] = float32(math.NaN()) }, "NaN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := everything(t)
			tt.spoil(g)
			_, err := Encode(g)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
