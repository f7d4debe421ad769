package onnx

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// The helpers below write models, so that tests show what is in them.

// op is a node; its outputs are called as the node.
func op(name, kind string, in string, attrs ...attribute) node {
	n := node{name: name, op: kind, out: []string{name}, attrs: attrs}
	for s := range strings.FieldsSeq(in) {
		n.in = append(n.in, strings.TrimPrefix(s, "-")) // "-" is an absent input
	}
	return n
}

func intAttr(name string, v int64) attribute { return attribute{name: name, kind: attrInt, i: v} }

func floatAttr(name string, v float32) attribute {
	return attribute{name: name, kind: attrFloat, f: v}
}

func intsAttr(name string, v ...int64) attribute {
	return attribute{name: name, kind: attrInts, ints: v}
}

func textAttr(name, v string) attribute { return attribute{name: name, kind: attrString, s: v} }

// reals is a tensor of 1/8, -1/4, 3/8, ...
func reals(name string, dims ...int64) tensorProto {
	t := tensorProto{name: name, dims: dims, kind: typeFloat}
	for i := range elems(toInts(dims)) {
		t.f32 = append(t.f32, float32(i+1)/8*float32(1-2*(i%2)))
	}
	return t
}

func numbers(name string, v ...int64) tensorProto {
	return tensorProto{name: name, dims: []int64{int64(len(v))}, kind: typeInt64, i64: v}
}

func scalar(name string, v float32) tensorProto {
	return tensorProto{name: name, kind: typeFloat, f32: []float32{v}}
}

func input(name string, dims ...int64) valueInfo {
	v := valueInfo{name: name}
	v.typ.tensor.elem = typeFloat
	for _, d := range dims {
		v.typ.tensor.shape.dims = append(v.typ.tensor.shape.dims, dim{value: d})
	}
	return v
}

// network is a model of an image of 4 channels, 6 by 5, and of the last node's
// output.
func network(initializers []tensorProto, nodes ...node) *model {
	last := nodes[len(nodes)-1].out
	return &model{irVersion: 8, opsets: []opset{{version: 17}}, graph: graph{
		name: "test", nodes: nodes, initializers: initializers,
		inputs:  []valueInfo{input("x", 0, 4, 6, 5)},
		outputs: []valueInfo{{name: last[0]}},
	}}
}

func encode(m *model) []byte { return appendMessage(nil, m) }

func mustDecode(t testing.TB, m *model) *nn.Graph {
	t.Helper()
	g, err := Decode(encode(m))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ramp is the image that tests look at: element i is i/16 - 2.
func ramp(s tensor.Shape) *tensor.Tensor {
	x := tensor.New(tensor.Float32, s...)
	for i := range x.Float32() {
		x.Float32()[i] = float32(i)/16 - 2
	}
	return x
}

// run computes the output of g for x.
func run(t testing.TB, g *nn.Graph, mode infer.Mode, x *tensor.Tensor) []float32 {
	t.Helper()
	p, err := infer.Compile(g, infer.Options{Mode: mode, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	out, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(out[0].Float32())
}

// layers are the kinds of the layers of g with their outputs' shapes.
func layers(g *nn.Graph) string {
	var words []string
	for _, n := range g.Nodes {
		words = append(words, n.Op.Kind().String()+" "+n.Out[0].Type.Shape.String())
	}
	return strings.Join(words, ", ")
}

func TestWire(t *testing.T) {
	m := network([]tensorProto{reals("w", 2, 3), numbers("n", -1, 0, 1<<40), {name: "d", kind: typeDouble, dims: []int64{1}, f64: []float64{.5}},
		{name: "e", kind: typeInt8, dims: []int64{2}, location: 1, external: []entry{{"location", "w.bin"}}}},
		op("y", "Conv", "x w", intsAttr("pads", 1, 0, 1, 0), intAttr("group", 0), floatAttr("f", 0), textAttr("auto_pad", "VALID"),
			attribute{name: "value", kind: attrTensor, t: reals("", 2)}, attribute{name: "floats", kind: attrFloats, floats: []float32{1, 2}}))
	m.producer, m.version, m.metadata = "mixq", "1", []entry{{"key", "value"}}
	m.graph.inputs[0].typ.tensor.shape.dims[0] = dim{name: "N"}
	var back model
	if err := new(wireReader).message(encode(m), &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, m) {
		t.Errorf("got  %+v\nwant %+v", &back, m)
	}
}

// Layers are those that the operators stand for; the numbers of whole networks
// are compared with PyTorch's in TestTorchvision.
func TestLayers(t *testing.T) {
	conv := []tensorProto{reals("conv.weight", 6, 2, 3, 2), reals("conv.bias", 6)}
	tests := []struct {
		name  string
		model *model
		want  string
	}{
		{"conv", network(conv, op("y", "Conv", "x conv.weight conv.bias", intsAttr("pads", 1, 0, 2, 1), intAttr("group", 2),
			intsAttr("strides", 2, 1), intsAttr("dilations", 1, 3))), "conv2d 1x6x4x3"},
		{"conv SAME", network(conv, op("y", "Conv", "x conv.weight", intAttr("group", 2), intsAttr("strides", 2, 2), textAttr("auto_pad", "SAME_UPPER"))),
			"conv2d 1x6x3x3"},
		{"linear", network([]tensorProto{reals("fc.weight", 3, 120)}, op("f", "Flatten", "x"), op("y", "Gemm", "f fc.weight", intAttr("transB", 1))),
			"flatten 1x120, linear 1x3"},
		{"linear transposed", network([]tensorProto{reals("w", 120, 3), reals("b", 3)}, op("f", "Flatten", "x"), op("y", "Gemm", "f w b")),
			"flatten 1x120, linear 1x3"},
		{"product and sum", network([]tensorProto{reals("w", 120, 3), reals("b", 3)}, op("f", "Flatten", "x"), op("p", "MatMul", "f w"), op("y", "Add", "b p")),
			"flatten 1x120, linear 1x3"},
		{"batch-norm", network([]tensorProto{reals("g", 4), reals("b", 4), reals("m", 4), reals("v", 4)}, op("y", "BatchNormalization", "x g b m v")),
			"batchnorm 1x4x6x5"},
		{"affine", network([]tensorProto{reals("a", 4, 1, 1), scalar("b", 3)}, op("p", "Mul", "x a"), op("q", "Sub", "b p"), op("y", "Div", "q b")),
			"batchnorm 1x4x6x5, batchnorm 1x4x6x5, batchnorm 1x4x6x5"},
		{"clip", network([]tensorProto{scalar("lo", 0), scalar("hi", 6)}, op("a", "Clip", "x lo hi"), op("b", "Clip", "a lo"), op("y", "Clip", "b")),
			"activate 1x4x6x5, activate 1x4x6x5"},
		{"silu", network(nil, op("s", "Sigmoid", "x"), op("y", "Mul", "x s")), "activate 1x4x6x5"},
		{"hardswish", network(nil, op("s", "HardSigmoid", "x", floatAttr("alpha", 1./6)), op("y", "Mul", "s x")), "activate 1x4x6x5"},
		{"gate", network(nil, op("p", "GlobalAveragePool", "x"), op("s", "Sigmoid", "p"), op("y", "Mul", "s x")),
			"globalavgpool 1x4x1x1, activate 1x4x1x1, mul 1x4x6x5"},
		{"gate of linear layers", network([]tensorProto{reals("w", 4, 4), numbers("s", 1, 4, 1, 1)}, op("p", "ReduceMean", "x", intsAttr("axes", 2, -1), intAttr("keepdims", 0)),
			op("l", "Gemm", "p w"), op("s4", "Reshape", "l s"), op("y", "Mul", "x s4")), "globalavgpool 1x4x1x1, flatten 1x4, linear 1x4, mul 1x4x6x5"},
		{"pools", network(nil, op("a", "MaxPool", "x", intsAttr("kernel_shape", 3, 2), intsAttr("strides", 2, 2), intAttr("ceil_mode", 1)),
			op("y", "AveragePool", "a", intsAttr("kernel_shape", 2, 2), intAttr("count_include_pad", 1), intsAttr("pads", 1, 1, 1, 1))), "maxpool 1x4x3x3, avgpool 1x4x4x4"},
		{"pad", network([]tensorProto{numbers("p", 0, 0, 1, 2, 0, 0, 3, 4), numbers("z", 0, 0, 0, 0, 0, 0, 0, 0)}, op("q", "Pad", "x z"), op("y", "Pad", "q p")),
			"pad 1x4x10x11"},
		{"softmax", network(nil, op("f", "Flatten", "x"), op("y", "Softmax", "f")), "flatten 1x120, softmax 1x120"},
		{"concat and dropout", network(nil, op("d", "Dropout", "x"), op("i", "Identity", "d"), op("y", "Concat", "x i", intAttr("axis", 1))), "concat 1x8x6x5"},
		{"shuffle", network([]tensorProto{numbers("a", 1, 2, 2, 6, 5), numbers("b", 0, -1, 6, 5)}, op("r", "Reshape", "x a"),
			op("t", "Transpose", "r", intsAttr("perm", 0, 2, 1, 3, 4)), op("y", "Reshape", "t b")), "select 1x4x6x5"},
		{"reshapes that come to nothing", network([]tensorProto{numbers("a", 1, 2, 2, 6, 5), numbers("b", 0, -1, 6, 5)}, op("r", "Reshape", "x a"),
			op("s", "Reshape", "r b"), op("y", "Relu", "s")), "activate 1x4x6x5"},
		{"classifier of reshapes", network([]tensorProto{numbers("two", 2, 3), reals("w", 4, 3)}, op("p", "GlobalAveragePool", "x"), op("s", "Squeeze", "p two"), op("y", "MatMul", "s w")),
			"globalavgpool 1x4x1x1, flatten 1x4, linear 1x3"},
		{"slice", network([]tensorProto{numbers("from", -1), numbers("to", -1<<63), numbers("axis", 1), numbers("step", -2)}, op("y", "Slice", "x from to axis step")), "select 1x2x6x5"},
		{"gather", network([]tensorProto{numbers("i", 3, -4)}, op("y", "Gather", "x i", intAttr("axis", 1))), "select 1x2x6x5"},
		{"computed shape", network([]tensorProto{numbers("i", 0), numbers("rest", -1)}, op("s", "Shape", "x"), op("n", "Gather", "s i"),
			op("c", "Concat", "n rest", intAttr("axis", 0)), op("y", "Reshape", "x c")), "flatten 1x120"},
		{"dead layers", network(nil, op("a", "Relu", "x"), op("b", "Sigmoid", "x"), op("y", "Softmax", "f"), op("y2", "Relu", "a")).with(func(m *model) {
			m.graph.nodes[2] = op("y", "Flatten", "b")
			m.graph.outputs[0].name = "y2"
		}), "activate 1x4x6x5, activate 1x4x6x5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := layers(mustDecode(t, tt.model)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// with changes m.
func (m *model) with(change func(*model)) *model {
	change(m)
	return m
}

func TestSplit(t *testing.T) {
	n := op("a", "Split", "x", intAttr("axis", 1))
	n.out = []string{"a", "b"}
	g := mustDecode(t, network(nil, n, op("y", "Concat", "b a b", intAttr("axis", 1))))
	x := ramp(g.Inputs[0].Type.Shape)
	got := run(t, g, infer.Float, x)
	half := x.Len() / 2
	a, b := x.Float32()[:half], x.Float32()[half:]
	if want := slices.Concat(b, a, b); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The order of channels after reshapes and transposes of all kinds is that of
// an array.
func TestViews(t *testing.T) {
	g := mustDecode(t, network([]tensorProto{numbers("a", 1, 2, 2, 30), numbers("b", 1, 4, 6, 5), numbers("c", 1, 4, 1, 30), numbers("d", 4, 30)},
		op("r", "Reshape", "x a"), op("t", "Transpose", "r", intsAttr("perm", 0, 2, 1, 3)), op("u", "Reshape", "t b"),
		op("relu", "Relu", "u"),
		op("v", "Reshape", "u c"), op("w", "Transpose", "v", intsAttr("perm", 0, 2, 1, 3)), op("z", "Reshape", "w b"),
		op("y", "Add", "relu z")))
	x := ramp(g.Inputs[0].Type.Shape)
	got := run(t, g, infer.Float, x)
	for i, v := range got {
		c := []int{0, 2, 1, 3}[i/30]
		in := x.Float32()[c*30+i%30]
		if want := in + max(in, 0); v != want {
			t.Fatalf("element %d is %v, want %v", i, v, want)
		}
	}
}

func TestNames(t *testing.T) {
	g := mustDecode(t, network([]tensorProto{reals("layer1.conv.weight", 4, 4, 1, 1), reals("onnx::Conv_7", 4, 4, 1, 1), reals("bias", 4)},
		op("Conv_0", "Conv", "x layer1.conv.weight bias"), op("Conv_1", "Conv", "Conv_0 onnx::Conv_7"), op("Conv_2", "Conv", "Conv_1 layer1.conv.weight")))
	var names []string
	for _, v := range g.Params() {
		names = append(names, v.Name)
	}
	want := []string{"layer1.conv.weight", "layer1.conv.bias", "Conv_1.weight", "layer1.conv.weight_2"}
	if !slices.Equal(names, want) {
		t.Errorf("parameters %v, want %v", names, want)
	}
	if g.Nodes[2].Name != "layer1.conv_2" {
		t.Errorf("the second layer of one weight is %q", g.Nodes[2].Name)
	}
}

func TestConstants(t *testing.T) {
	raw := func(kind elemType, b ...byte) tensorProto {
		return tensorProto{kind: kind, dims: []int64{2}, raw: b}
	}
	tests := []struct {
		name string
		t    tensorProto
		want []float32
	}{
		{"float", raw(typeFloat, 0, 0, 128, 63, 0, 0, 0, 192), []float32{1, -2}},
		{"half", raw(typeFloat16, 0, 60, 0, 192), []float32{1, -2}},
		{"half in integers", tensorProto{kind: typeFloat16, dims: []int64{2}, i32: []int64{0x3c00, 0xc000}}, []float32{1, -2}},
		{"bfloat16", raw(typeBFloat16, 128, 63, 0, 192), []float32{1, -2}},
		{"double", tensorProto{kind: typeDouble, dims: []int64{2}, f64: []float64{1, -2}}, []float32{1, -2}},
		{"int64", tensorProto{kind: typeInt64, dims: []int64{2}, i64: []int64{1, -2}}, []float32{1, -2}},
		{"int32", raw(typeInt32, 1, 0, 0, 0, 254, 255, 255, 255), []float32{1, -2}},
		{"int8", tensorProto{kind: typeInt8, dims: []int64{2}, i32: []int64{1, -2}}, []float32{1, -2}},
		{"uint8", raw(typeUint8, 1, 254), []float32{1, 254}},
		{"int4", raw(typeInt4, 0xe1), []float32{1, -2}},
		{"uint4", raw(typeUint4, 0xe1), []float32{1, 14}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := constants{budget: budgetBase}
			got, err := c.read(&tt.t)
			if err != nil {
				t.Fatal(err)
			}
			f, err := got.floats()
			if err != nil {
				n, err := got.ints()
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range n {
					f = append(f, float32(v))
				}
			}
			if !slices.Equal(f, tt.want) {
				t.Errorf("got %v, want %v", f, tt.want)
			}
		})
	}
}

// Every fold against numbers worked by hand.
func TestFolds(t *testing.T) {
	a, b := numbers("a", 7, -8, 9), numbers("b", 2, 3, 4)
	m := numbers("m", 0, 1, 2, 3, 4, 5)
	m.dims = []int64{2, 3}
	tests := []struct {
		n    node
		want []int64
	}{
		{op("y", "Add", "a b"), []int64{9, -5, 13}},
		{op("y", "Sub", "a one"), []int64{6, -9, 8}},
		{op("y", "Mul", "one b"), []int64{2, 3, 4}},
		{op("y", "Div", "a b"), []int64{3, -2, 2}},
		{op("y", "Concat", "a one"), []int64{7, -8, 9, 1}},
		{op("y", "Gather", "a one"), []int64{-8}},
		{op("y", "Gather", "m one", intAttr("axis", 1)), []int64{1, 4}},
		{op("y", "Slice", "a one three"), []int64{-8, 9}},
		{op("y", "Transpose", "m"), []int64{0, 3, 1, 4, 2, 5}},
		{op("y", "Unsqueeze", "a zero"), []int64{7, -8, 9}},
		{op("y", "Cast", "f", intAttr("to", typeInt64)), []int64{3}},
		{op("y", "Shape", "m"), []int64{2, 3}},
		{op("y", "Shape", "m", intAttr("start", -1)), []int64{3}},
	}
	for _, tt := range tests {
		t.Run(tt.n.op, func(t *testing.T) {
			im := &importer{constants: constants{budget: budgetBase}, values: map[string]*value{}}
			for _, p := range []tensorProto{a, b, m, numbers("zero", 0), numbers("one", 1), numbers("three", 3), scalar("f", 3.75)} {
				c, err := im.read(&p)
				if err != nil {
					t.Fatal(err)
				}
				im.values[p.name] = &value{c: c, dims: c.dims}
			}
			if err := im.node(&tt.n, 0); err != nil {
				t.Fatal(err)
			}
			c := im.values["y"].c
			if c == nil {
				t.Fatalf("not a constant: %v", im.problems)
			}
			if got, err := c.ints(); err != nil || !slices.Equal(got, tt.want) || c.len() != len(tt.want) {
				t.Errorf("got %v of shape %v (%v), want %v", got, c.dims, err, tt.want)
			}
		})
	}
}

func TestUnsupported(t *testing.T) {
	m := network(nil, op("a", "LSTM", "x"), op("b", "Relu", "a"), op("c", "NonZero", "x"), op("y", "Relu", "x"))
	_, err := Decode(encode(m))
	var unsupported UnsupportedError
	if !errors.As(err, &unsupported) {
		t.Fatalf("error %v, want an UnsupportedError", err)
	}
	for _, want := range []string{`"a" (LSTM, opset 17)`, `"c" (NonZero, opset 17)`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "Relu") {
		t.Errorf("error %q names a node that is supported", err)
	}
}

func TestErrors(t *testing.T) {
	w := reals("w", 4, 4, 1, 1)
	tests := []struct {
		name  string
		model *model
		want  string
	}{
		{"opset", network(nil, op("y", "Relu", "x")).with(func(m *model) { m.opsets[0].version = 9 }), "opset 9"},
		{"batch", network(nil, op("y", "Relu", "x")).with(func(m *model) { m.graph.inputs[0] = input("x", 8, 4, 6, 5) }), "batch of 8"},
		{"free size", network(nil, op("y", "Relu", "x")).with(func(m *model) { m.graph.inputs[0] = input("x", 1, 4, 0, 5) }), "dimension 2"},
		{"unknown input", network(nil, op("y", "Relu", "z")), `"z" is not computed before it`},
		{"output", network(nil, op("y", "Relu", "x")).with(func(m *model) { m.graph.outputs[0].name = "z" }), `output "z"`},
		{"domain", network(nil, op("y", "Relu", "x")).with(func(m *model) { m.graph.nodes[0].domain = "com.microsoft" }), "com.microsoft"},
		{"short tensor", network([]tensorProto{{name: "w", kind: typeFloat, dims: []int64{3}, raw: make([]byte, 8)}}, op("y", "Relu", "x")), "takes 12 bytes, there are 8"},
		{"element type", network([]tensorProto{{name: "w", kind: 8, dims: []int64{1}}}, op("y", "Relu", "x")), `"w": element type 8`},
		{"weight of another shape", network([]tensorProto{w}, op("p", "MaxPool", "x", intsAttr("kernel_shape", 2, 2)), op("y", "Conv", "p w", intAttr("group", 2))), "weight is 4x4x1x1"},
		{"computed weight", network(nil, op("y", "Conv", "x x")), "computed by the network"},
		{"missing input", network(nil, op("y", "Conv", "x")), "want at least 2"},
		{"clip", network([]tensorProto{scalar("hi", 5)}, op("y", "Clip", "x - hi")), "bounds -Inf and 5"},
		{"training", network([]tensorProto{reals("v", 4)}, op("y", "BatchNormalization", "x v v v v", intAttr("training_mode", 1))), "training_mode"},
		{"transpose", network(nil, op("y", "Transpose", "x", intsAttr("perm", 0, 2, 3, 1))), "only channels"},
		{"reshape", network([]tensorProto{numbers("s", 1, 7, -1)}, op("y", "Reshape", "x s")), "shape [1 7 -1]"},
		{"division", network([]tensorProto{numbers("a", 1), numbers("b", 0)}, op("c", "Div", "a b"), op("y", "Relu", "x")), "division by zero"},
		{"external data", network([]tensorProto{{name: "w", kind: typeFloat, dims: []int64{1}, location: 1}}, op("y", "Relu", "x")), "not a file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(encode(tt.model))
			if err == nil || !strings.HasPrefix(err.Error(), "onnx: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestExternalData(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "model"), 0o777); err != nil {
		t.Fatal(err)
	}
	bytes := []byte{9, 9, 9, 9, 0, 0, 128, 63, 0, 0, 0, 192}
	for _, name := range []string{"model/w.bin", "outside.bin"} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "outside.bin"), filepath.Join(dir, "model", "link.bin")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		external []entry
		want     string // of the error
	}{
		{"good", []entry{{"location", "w.bin"}, {"offset", "4"}, {"length", "8"}}, ""},
		{"above", []entry{{"location", "../outside.bin"}, {"offset", "4"}}, "not below the folder"},
		{"absolute", []entry{{"location", "/etc/passwd"}}, "not below the folder"},
		{"link", []entry{{"location", "link.bin"}, {"offset", "4"}}, "external data"},
		{"absent", []entry{{"location", "v.bin"}}, "external data"},
		{"folder", []entry{{"location", "."}}, "external data"},
		{"short", []entry{{"location", "w.bin"}, {"offset", "8"}}, "has 12 bytes"},
		{"length", []entry{{"location", "w.bin"}, {"length", "12"}}, "want 8"},
		{"number", []entry{{"location", "w.bin"}, {"offset", "four"}}, `offset is "four"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, "model", "m.onnx")
			m := network([]tensorProto{{name: "b", kind: typeFloat, dims: []int64{2}, location: 1, external: tt.external}, reals("w", 4, 2)},
				op("p", "ReduceMean", "x", intsAttr("axes", 2, 3), intAttr("keepdims", 0)), op("y", "Gemm", "p w b"))
			if err := os.WriteFile(path, encode(m), 0o666); err != nil {
				t.Fatal(err)
			}
			g, err := Read(path)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("error %v, want one with %q and the path", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := g.Params()[1].Data.Float32(); !slices.Equal(got, []float32{1, -2}) || g.Name != "m" {
				t.Errorf("%s: got %v, want 1 and -2", g.Name, got)
			}
		})
	}
}

// hostile are models of about a kilobyte that claim to be large.
func hostile() map[string]*model {
	chain := func(n int, kind string) []node {
		nodes := []node{op("0", kind, "a a")}
		for i := 1; i < n; i++ {
			last := nodes[i-1].name
			nodes = append(nodes, op(last+"0", kind, last+" "+last))
		}
		return append(nodes, op("y", "Relu", "x"))
	}
	wide := network(nil, op("y", "Gather", "x i", intAttr("axis", 1))).with(func(m *model) {
		m.graph.inputs[0] = input("x", 1, 1<<24, 1, 1)
		m.graph.initializers = []tensorProto{numbers("i", 0)}
	})
	return map[string]*model{
		"tensor of 2 GB":    network([]tensorProto{{name: "w", kind: typeInt8, dims: []int64{1<<31 - 1}, raw: make([]byte, 512)}}, op("y", "Relu", "x")),
		"tensor of 8 GB":    network([]tensorProto{{name: "w", kind: typeFloat, dims: []int64{1<<31 - 1}, f32: make([]float32, 100)}}, op("y", "Relu", "x")),
		"shape overflows":   network([]tensorProto{{name: "w", kind: typeFloat, dims: []int64{1 << 62, 4}}}, op("y", "Relu", "x")),
		"lists that double": network([]tensorProto{numbers("a", 1, 2, 3)}, chain(30, "Concat")...),
		"outer product": network([]tensorProto{{name: "a", kind: typeInt64, dims: []int64{400, 1}, i64: make([]int64, 400)},
			{name: "b", kind: typeInt64, dims: []int64{1, 400}, i64: make([]int64, 400)}, numbers("c", make([]int64, 400)...)},
			op("d", "Add", "a b"), op("e", "Gather", "d c"), op("f", "Gather", "e c"), op("g", "Gather", "f a"), op("h", "Gather", "g a"), op("y", "Relu", "x")),
		"channels": wide,
	}
}

// A kilobyte takes no more than 16 MB, whatever it claims.
func TestHostile(t *testing.T) {
	for name, m := range hostile() {
		t.Run(name, func(t *testing.T) {
			b := encode(m)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Decode(b)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
				t.Errorf("%d bytes took %d MB", len(b), took>>20)
			}
			if err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestTruncated(t *testing.T) {
	b := encode(network([]tensorProto{reals("w", 4, 4, 1, 1)}, op("c", "Conv", "x w"), op("y", "Relu", "c")))
	for n := range b {
		if _, err := Decode(b[:n]); err == nil {
			// A file cut between fields is whole; it must then lack what the graph needs.
			t.Errorf("%d of %d bytes make a network", n, len(b))
		}
	}
}

// FuzzDecode: whatever the bytes are, there is an error or a valid network, and
// that can be written and read again unless ONNX has no form for it.
func FuzzDecode(f *testing.F) {
	f.Add(encode(network([]tensorProto{reals("w", 4, 2, 3, 3), reals("b", 4)}, op("c", "Conv", "x w b", intAttr("group", 2), intsAttr("pads", 1, 1, 1, 1)),
		op("s", "Sigmoid", "c"), op("m", "Mul", "c s"), op("p", "GlobalAveragePool", "m"), op("g", "Mul", "p m"), op("y", "Flatten", "g"))))
	f.Add(encode(network([]tensorProto{numbers("a", 1, 2, 2, 6, 5), numbers("b", 0, -1, 6, 5), numbers("i", 1)}, op("r", "Reshape", "x a"),
		op("t", "Transpose", "r", intsAttr("perm", 0, 2, 1, 3, 4)), op("v", "Reshape", "t b"), op("w", "Slice", "v i i i i"), op("y", "Gather", "v i", intAttr("axis", 1)))))
	f.Add(encode(network([]tensorProto{scalar("s", .5), {name: "z", kind: typeUint8, raw: []byte{3}}, {name: "q", kind: typeInt4, dims: []int64{4, 3}, raw: make([]byte, 6)}},
		op("q1", "QuantizeLinear", "x s z"), op("d", "DequantizeLinear", "q1 s z"), op("f", "DequantizeLinear", "q s"), op("r", "ReduceMean", "d", intsAttr("axes", 2, 3), intAttr("keepdims", 0)), op("y", "Gemm", "r f"))))
	for _, m := range hostile() {
		f.Add(encode(m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Encode(g)
		if err != nil {
			if !errors.As(err, new(UnsupportedError)) {
				t.Errorf("not a valid network: %v", err)
			}
			return
		}
		back, err := Decode(again)
		if err != nil {
			t.Fatalf("written, but not read: %v\n%s", err, g)
		}
		for i, v := range g.Outputs {
			if got := back.Outputs[i].Type.Shape; !got.Equal(v.Type.Shape) {
				t.Errorf("output %s comes back as %v, was %v", v.Name, got, v.Type.Shape)
			}
		}
	})
}
