package nn_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// small is a network with a residual, a pooling and a linear layer.
func small(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("small")
	x := b.Input("x", 1, 3, 9, 7)
	y := b.Conv2d("conv", x, 4, 3, nn.ConvOpts{Pad: 1, NoBias: true})
	y = b.BatchNorm("bn", y, 1e-5)
	y = b.Activate("relu", y, nn.ReLU)
	z := b.Scope("block").Conv2d("conv", y, 4, 3, nn.ConvOpts{Pad: 1})
	y = b.Apply("add", &nn.Add{}, z, y)
	y = b.Apply("pool", &nn.GlobalAvgPool{}, y)
	g, err := b.Build(b.Linear("fc", b.Flatten("flat", y), 5))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not mention %q", err, p)
		}
	}
}

func TestCounts(t *testing.T) {
	g := small(t)
	if got, want := g.NumParams(), int64(4*27+16+4*36+4+20+5); got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
	if got, want := g.MACs(), int64(63*4*27+63*4*36+20); got != want {
		t.Errorf("%d MACs, want %d", got, want)
	}
}

func TestString(t *testing.T) {
	want := `graph small
  input x float32 1x3x9x7
  conv = conv2d{"kernel_h":3,"kernel_w":3,"stride_h":1,"stride_w":1,"dilation_h":1,"dilation_w":1,"pad_top":1,"pad_left":1,"pad_bottom":1,"pad_right":1,"groups":1}(x, conv.weight) -> conv float32 1x4x9x7
  bn = batchnorm{"eps":0.00001}(conv, bn.weight, bn.bias, bn.running_mean, bn.running_var) -> bn float32 1x4x9x7
  relu = activate{"act":"relu"}(bn) -> relu float32 1x4x9x7
  block.conv = conv2d{"kernel_h":3,"kernel_w":3,"stride_h":1,"stride_w":1,"dilation_h":1,"dilation_w":1,"pad_top":1,"pad_left":1,"pad_bottom":1,"pad_right":1,"groups":1,"bias":true}(relu, block.conv.weight, block.conv.bias) -> block.conv float32 1x4x9x7
  add = add(block.conv, relu) -> add float32 1x4x9x7
  pool = globalavgpool(add) -> pool float32 1x4x1x1
  flat = flatten(pool) -> flat float32 1x4
  fc = linear{"bias":true}(flat, fc.weight, fc.bias) -> fc float32 1x5
  output fc
`
	if got := small(t).String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func conv(p kernel.Conv2dParams) nn.Op { return &nn.Conv2d{Conv2dParams: p} }

func geometry(k, stride, dil, groups int, pad ...int) kernel.Conv2dParams {
	p := kernel.Conv2dParams{KernelH: k, KernelW: k, StrideH: stride, StrideW: stride, DilationH: dil, DilationW: dil, Groups: groups}
	if pad != nil {
		p.PadTop, p.PadLeft, p.PadBottom, p.PadRight = pad[0], pad[1], pad[2], pad[3]
	}
	return p
}

// Output sizes are those of the PyTorch documentation's formulas, worked by hand.
func TestInfer(t *testing.T) {
	pool := func(k, s, pad int, ceil bool) kernel.Pool2dParams {
		return kernel.Pool2dParams{KernelH: k, KernelW: k, StrideH: s, StrideW: s, PadTop: pad, PadLeft: pad, PadBottom: pad, PadRight: pad, CeilMode: ceil}
	}
	tests := []struct {
		name string
		op   nn.Op
		in   []nn.Type
		want tensor.Shape
	}{
		{"conv stride 2", conv(geometry(3, 2, 1, 1, 1, 1, 1, 1)), []nn.Type{nn.Real(1, 3, 32, 31), nn.Real(8, 3, 3, 3)}, tensor.Shape{1, 8, 16, 16}},
		{"conv SAME even", conv(geometry(3, 2, 1, 1, 0, 0, 1, 1)), []nn.Type{nn.Real(2, 3, 32, 32), nn.Real(8, 3, 3, 3)}, tensor.Shape{2, 8, 16, 16}},
		{"conv dilated", conv(geometry(3, 1, 2, 1)), []nn.Type{nn.Real(1, 3, 9, 9), nn.Real(8, 3, 3, 3)}, tensor.Shape{1, 8, 5, 5}},
		{"depthwise", conv(geometry(3, 1, 1, 6)), []nn.Type{nn.Real(1, 6, 9, 9), nn.Real(6, 1, 3, 3)}, tensor.Shape{1, 6, 7, 7}},
		{"maxpool floor", &nn.MaxPool{Pool2dParams: pool(3, 2, 0, false)}, []nn.Type{nn.Real(1, 2, 8, 8)}, tensor.Shape{1, 2, 3, 3}},
		{"maxpool ceil", &nn.MaxPool{Pool2dParams: pool(3, 2, 0, true)}, []nn.Type{nn.Real(1, 2, 8, 8)}, tensor.Shape{1, 2, 4, 4}},
		{"ceil window must start inside", &nn.MaxPool{Pool2dParams: pool(2, 2, 1, true)}, []nn.Type{nn.Real(1, 2, 3, 3)}, tensor.Shape{1, 2, 2, 2}},
		{"avgpool", &nn.AvgPool{Pool2dParams: pool(2, 2, 0, false)}, []nn.Type{nn.Real(1, 2, 7, 8)}, tensor.Shape{1, 2, 3, 4}},
		{"adaptive", &nn.AdaptiveAvgPool{OutH: 3, OutW: 2}, []nn.Type{nn.Real(1, 2, 7, 8)}, tensor.Shape{1, 2, 3, 2}},
		{"global", &nn.GlobalAvgPool{}, []nn.Type{nn.Real(4, 2, 7, 8)}, tensor.Shape{4, 2, 1, 1}},
		{"mul", &nn.Mul{}, []nn.Type{nn.Real(2, 5), nn.Real(2, 5)}, tensor.Shape{2, 5}},
		{"mul gate", &nn.Mul{}, []nn.Type{nn.Real(2, 3, 7, 8), nn.Real(2, 3, 1, 1)}, tensor.Shape{2, 3, 7, 8}},
		{"mul flat gate", &nn.Mul{}, []nn.Type{nn.Real(2, 3, 7, 8), nn.Real(2, 3)}, tensor.Shape{2, 3, 7, 8}},
		{"select", &nn.Select{Channels: []int{1, 0, 1}}, []nn.Type{nn.Real(1, 2, 7, 8)}, tensor.Shape{1, 3, 7, 8}},
		{"select of a vector", &nn.Select{Channels: []int{1}}, []nn.Type{nn.Real(1, 2)}, tensor.Shape{1, 1}},
		{"concat", &nn.Concat{}, []nn.Type{nn.Real(1, 2, 7, 8), nn.Real(1, 5, 7, 8)}, tensor.Shape{1, 7, 7, 8}},
		{"pad", &nn.Pad{Top: 1, Right: 2}, []nn.Type{nn.Real(1, 2, 7, 8)}, tensor.Shape{1, 2, 8, 10}},
		{"subsample", &nn.Subsample{Stride: 2, Before: 3, After: 4}, []nn.Type{nn.Real(1, 2, 7, 8)}, tensor.Shape{1, 9, 4, 4}},
		{"softmax", &nn.Softmax{}, []nn.Type{nn.Real(3, 8)}, tensor.Shape{3, 8}},
		{"quantize", &nn.Quantize{}, []nn.Type{nn.Real(3, 8)}, tensor.Shape{3, 8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := tt.op.Infer(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if len(out) != 1 || !out[0].Shape.Equal(tt.want) {
				t.Errorf("got %v, want %v", out, tt.want)
			}
		})
	}
}

func TestInferErrors(t *testing.T) {
	x := nn.Real(1, 4, 8, 8)
	quant := func(t nn.Type, d tensor.DType, bits uint8) nn.Type {
		t.DType, t.Quant = d, &nn.Quant{Bits: bits, Axis: -1, Scale: []float32{1}, Zero: []int32{0}}
		return t
	}
	tests := []struct {
		name string
		op   nn.Op
		in   []nn.Type
		want string
	}{
		{"no weight", conv(geometry(3, 1, 1, 1)), []nn.Type{x}, "1 inputs, want 2"},
		{"stride 0", conv(geometry(3, 0, 1, 1)), []nn.Type{x, nn.Real(2, 4, 3, 3)}, "want 1 to"},
		{"negative padding", conv(geometry(3, 1, 1, 1, -1, 0, 0, 0)), []nn.Type{x, nn.Real(2, 4, 3, 3)}, "padding of -1"},
		{"huge kernel", conv(geometry(1<<20, 1, 1, 1)), []nn.Type{x, nn.Real(2, 4, 3, 3)}, "want 1 to"},
		{"groups", conv(geometry(3, 1, 1, 3)), []nn.Type{x, nn.Real(3, 1, 3, 3)}, "do not divide"},
		{"channels", conv(geometry(3, 1, 1, 1)), []nn.Type{x, nn.Real(2, 3, 3, 3)}, "want 2x4x3x3"},
		{"kernel too large", conv(geometry(9, 1, 1, 1)), []nn.Type{x, nn.Real(2, 4, 9, 9)}, "does not fit"},
		{"bias", &nn.Conv2d{Conv2dParams: geometry(3, 1, 1, 1), Bias: true}, []nn.Type{x, nn.Real(2, 4, 3, 3), nn.Real(3)}, "bias is 3, want 2"},
		{"residual", &nn.Conv2d{Conv2dParams: geometry(3, 1, 1, 1), Residual: true}, []nn.Type{x, nn.Real(2, 4, 3, 3), x}, "residual"},
		{"accumulator", &nn.Linear{}, []nn.Type{quant(nn.Real(1, 70000), tensor.Uint8, 8), quant(nn.Real(2, 70000), tensor.Int8, 8)}, "overflow"},
		{"linear rank", &nn.Linear{}, []nn.Type{x, nn.Real(2, 4)}, "want 2 dimensions"},
		{"linear width", &nn.Linear{}, []nn.Type{nn.Real(1, 5), nn.Real(2, 4)}, "want 2x5"},
		{"batchnorm", &nn.BatchNorm{}, []nn.Type{x, nn.Real(4), nn.Real(4), nn.Real(3), nn.Real(4)}, "parameter is 3"},
		{"eps", &nn.BatchNorm{Eps: float32(math.NaN())}, []nn.Type{x, nn.Real(4), nn.Real(4), nn.Real(4), nn.Real(4)}, "eps"},
		{"add", &nn.Add{}, []nn.Type{x, nn.Real(1, 4, 8, 7)}, "want one shape"},
		{"fused silu", &nn.Add{Act: nn.SiLU}, []nn.Type{x, x}, "silu cannot be fused"},
		{"gate", &nn.Mul{}, []nn.Type{x, nn.Real(1, 5, 1, 1)}, "gate is 1x5x1x1"},
		{"gate of a vector", &nn.Mul{}, []nn.Type{nn.Real(1, 4), nn.Real(1, 1)}, "input is 1x4"},
		{"select of nothing", &nn.Select{}, []nn.Type{x}, "no channels"},
		{"select outside", &nn.Select{Channels: []int{0, 4}}, []nn.Type{x}, "channel 4"},
		{"concat", &nn.Concat{}, []nn.Type{x, nn.Real(1, 4, 8, 7)}, "equal N, H and W"},
		{"concat of nothing", &nn.Concat{}, nil, "no inputs"},
		{"padding over window", &nn.MaxPool{Pool2dParams: kernel.Pool2dParams{KernelH: 2, KernelW: 2, StrideH: 1, StrideW: 1, PadTop: 2}}, []nn.Type{x}, "as large as"},
		{"flatten", &nn.Flatten{}, []nn.Type{nn.Real(3)}, "at least 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.op.Infer(tt.in)
			wantError(t, err, tt.want)
		})
	}
}

func TestValidateErrors(t *testing.T) {
	tests := []struct {
		name   string
		damage func(g *nn.Graph)
		want   string
	}{
		{"order", func(g *nn.Graph) { g.Nodes[0], g.Nodes[1] = g.Nodes[1], g.Nodes[0] }, "before it is computed"},
		{"layer name", func(g *nn.Graph) { g.Nodes[1].Name = "conv" }, `two layers are named "conv"`},
		{"value name", func(g *nn.Graph) { g.Nodes[1].Out[0].Name = "conv" }, "conv"},
		{"shape", func(g *nn.Graph) { g.Nodes[0].Out[0].Type.Shape = tensor.Shape{1, 4, 9, 8} }, "output conv is 1x4x9x8, want 1x4x9x7"},
		{"output", func(g *nn.Graph) { g.Outputs[0] = &nn.Value{Name: "nowhere", Type: nn.Real(1)} }, "nowhere is not computed"},
		{"NaN", func(g *nn.Graph) {
			v := g.Nodes[0].In[1]
			v.Data = tensor.New(tensor.Float32, v.Type.Shape...)
			v.Data.Float32()[5] = float32(math.NaN())
		}, "conv.weight: element 5 is NaN"},
		{"data shape", func(g *nn.Graph) { g.Nodes[0].In[1].Data = tensor.New(tensor.Float32, 3) }, "conv.weight: data is"},
		{"scale", func(g *nn.Graph) {
			g.Inputs[0].Type.DType = tensor.Uint8
			g.Inputs[0].Type.Quant = &nn.Quant{Bits: 8, Axis: -1, Scale: []float32{0}, Zero: []int32{0}}
		}, "scale 0 is 0"},
		{"zero point", func(g *nn.Graph) {
			g.Inputs[0].Type.DType = tensor.Uint8
			g.Inputs[0].Type.Quant = &nn.Quant{Bits: 8, Axis: -1, Scale: []float32{1}, Zero: []int32{-1}}
		}, "zero point 0 is -1"},
		{"code range", func(g *nn.Graph) {
			v := g.Nodes[0].In[1]
			v.Type.DType, v.Data = tensor.Int8, tensor.New(tensor.Int8, v.Type.Shape...)
			v.Type.Quant = &nn.Quant{Bits: 3, Axis: -1, Scale: []float32{1}, Zero: []int32{0}}
			v.Data.Int8()[7] = 4
		}, "code 7 is 4, want -4 to 3"},
		{"packed width", func(g *nn.Graph) {
			v := g.Nodes[0].In[1]
			v.Data = tensor.New(tensor.Int8, v.Type.Shape...)
			v.Data = tensor.FromCodes(v.Data.Codes(4), v.Type.Shape...)
			v.Type.DType, v.Type.Quant = tensor.Int8, &nn.Quant{Bits: 3, Axis: -1, Scale: []float32{1}, Zero: []int32{0}}
		}, "conv.weight: data is packed at 4 bits"},
		{"moved codes", func(g *nn.Graph) {
			flat := g.Node("flat")
			flat.Out[0].Type.DType = tensor.Uint8
			flat.Out[0].Type.Quant = &nn.Quant{Bits: 8, Axis: -1, Scale: []float32{1}, Zero: []int32{0}}
		}, "moves codes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := small(t)
			tt.damage(g)
			wantError(t, g.Validate(), tt.want)
		})
	}
}

func TestBind(t *testing.T) {
	weights := func(g *nn.Graph) map[string]*tensor.Tensor {
		w := map[string]*tensor.Tensor{}
		for _, v := range g.Params() {
			w[v.Name] = tensor.New(tensor.Float32, v.Type.Shape...)
		}
		return w
	}
	g := small(t)
	w := weights(g)
	w["bn.num_batches_tracked"] = tensor.New(tensor.Int64, 1)
	if err := nn.Bind(g, w); err != nil {
		t.Fatal(err)
	}
	for _, v := range g.Params() {
		if v.Data == nil {
			t.Errorf("%s was not bound", v.Name)
		}
	}

	g = small(t)
	w = weights(g)
	delete(w, "fc.bias")
	w["fc.extra"] = tensor.New(tensor.Float32, 1)
	w["conv.weight"] = tensor.New(tensor.Float32, 4, 3, 5, 5)
	w["bn.bias"] = tensor.New(tensor.Int8, 4)
	w["bn.weight"].Float32()[2] = float32(math.Inf(1))
	wantError(t, nn.Bind(g, w), "small", "fc.bias is missing", "fc.extra is not a parameter",
		"conv.weight is 4x3x5x5, want 4x3x3x3", "bn.bias is int8", "bn.weight: element 2")
	for _, v := range g.Params() {
		if v.Data != nil {
			t.Errorf("%s was bound in spite of the error", v.Name)
		}
	}
}

func TestWithBatch(t *testing.T) {
	g := small(t)
	c, err := g.WithBatch(5)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := c.Outputs[0].Type.Shape; !got.Equal(tensor.Shape{5, 5}) {
		t.Errorf("output is %v, want 5x5", got)
	}
	if got := g.Nodes[0].Out[0].Type.Shape[0]; got != 1 {
		t.Errorf("the original now has batch %d", got)
	}
	_, err = g.WithBatch(0)
	wantError(t, err, "batch 0")
}

func TestExtract(t *testing.T) {
	g := small(t)
	g.Pixels = make(nn.PixelTable, 3)
	relu, add := g.Node("relu").Out[0], g.Node("add").Out[0]
	p, err := g.Extract([]*nn.Value{relu}, []*nn.Value{add})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range p.Nodes {
		names = append(names, n.Name)
	}
	if want := []string{"block.conv", "add"}; !reflect.DeepEqual(names, want) {
		t.Errorf("nodes %v, want %v", names, want)
	}
	if p.Pixels != nil {
		t.Error("an inner part has a pixel table")
	}
	first, err := g.Extract(g.Inputs, []*nn.Value{relu})
	if err != nil || first.Pixels == nil {
		t.Errorf("the first part lost its pixel table (%v)", err)
	}
	_, err = g.Extract([]*nn.Value{add}, []*nn.Value{relu})
	wantError(t, err, "depends on input x")
}

func TestKinds(t *testing.T) {
	for _, k := range nn.Kinds() {
		text, err := k.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back nn.Kind
		if err := back.UnmarshalText(text); err != nil || back != k {
			t.Errorf("%v came back as %v, %v", k, back, err)
		}
		op, err := nn.DecodeOp(k, nil)
		if err != nil || op.Kind() != k {
			t.Errorf("DecodeOp(%v) is a %T, %v", k, op, err)
		}
	}
	var k nn.Kind
	wantError(t, k.UnmarshalText([]byte("conv3d")), "conv3d")
	_, err := nn.DecodeOp(nn.KindConv2d, json.RawMessage(`{"groups":"two"}`))
	wantError(t, err, "conv2d")
}

func TestOpJSON(t *testing.T) {
	for _, n := range small(t).Nodes {
		b, err := json.Marshal(n.Op)
		if err != nil {
			t.Fatal(err)
		}
		op, err := nn.DecodeOp(n.Op.Kind(), b)
		if err != nil || !reflect.DeepEqual(op, n.Op) {
			t.Errorf("%s: %s came back as %#v, %v", n.Name, b, op, err)
		}
	}
}
