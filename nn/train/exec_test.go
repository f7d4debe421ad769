package train

import (
	"slices"
	"strings"
	"testing"

	"mixq/autograd"
	"mixq/nn"
	"mixq/tensor"
)

// Every kind of layer has a runner or is listed as unsupported, not both.
func TestCoverage(t *testing.T) {
	for _, k := range nn.Kinds() {
		has := int(k) < len(runners) && runners[k] != nil
		if has == slices.Contains(unsupported, k) {
			t.Errorf("%v: runner = %v, unsupported = %v; want exactly one", k, has, !has)
		}
	}
}

// small is the network of testdata/torch_loop.py.
func small(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("small")
	x := b.Input("x", 1, 2, 8, 8)
	x = b.Conv2d("conv1", x, 4, 3, nn.ConvOpts{Stride: 2, Pad: 1, NoBias: true})
	x = b.Activate("relu1", b.BatchNorm("bn1", x, 1e-5), nn.ReLU)
	y := b.BatchNorm("bn2", b.Conv2d("conv2", x, 4, 3, nn.ConvOpts{Pad: 1, NoBias: true}), 1e-5)
	x = b.Apply("add", &nn.Add{Act: nn.ReLU}, y, x)
	x = b.Flatten("flatten", b.Apply("pool", &nn.GlobalAvgPool{}, x))
	g, err := b.Build(b.Linear("linear", x, 3))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestForwardErrors(t *testing.T) {
	image := func(shape ...int) []*tensor.Tensor { return []*tensor.Tensor{tensor.New(tensor.Float32, shape...)} }
	for _, tt := range []struct {
		name  string
		spoil func(g *nn.Graph)
		in    []*tensor.Tensor
		train bool
		want  string
	}{
		{"good", func(*nn.Graph) {}, image(2, 2, 8, 8), true, ""},
		{"no input", func(*nn.Graph) {}, nil, false, "0 inputs for small, which has 1"},
		{"input size", func(*nn.Graph) {}, image(2, 2, 8, 7), false, "input x is 2x2x8x7, want 1x2x8x8"},
		{"unbound", func(g *nn.Graph) { g.Node("conv2").In[1].Data = nil }, image(1, 2, 8, 8), false, "conv2.weight has no data"},
		{"quantized weight", func(g *nn.Graph) {
			w := g.Node("conv2").In[1]
			w.Type.DType, w.Data = tensor.Int8, tensor.New(tensor.Int8, w.Type.Shape...)
		}, image(1, 2, 8, 8), false, "conv2.weight is int8"},
		{"quantized output", func(g *nn.Graph) {
			g.Node("add").Out[0].Type.Quant = &nn.Quant{Bits: 8, Axis: -1, Scale: []float32{1}, Zero: []int32{0}}
		}, image(1, 2, 8, 8), false, "add: output add is quantized"},
		{"unsupported layer", func(g *nn.Graph) { g.Node("relu1").Op = &nn.Quantize{} }, image(1, 2, 8, 8), false, "relu1: quantize layers have no gradient"},
		{"one value per channel", func(g *nn.Graph) {
			g.Inputs[0].Type.Shape = tensor.Shape{1, 2, 1, 1}
		}, image(1, 2, 1, 1), true, "bn1: one value per channel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := Init(small(t), 1)
			tt.spoil(g)
			tape := autograd.NewTape(1)
			var in []*autograd.Var
			for _, x := range tt.in {
				in = append(in, tape.Const(x))
			}
			_, err := Forward(tape, g, in, Options{Train: tt.train})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "nn/train: ") {
				t.Errorf("error %q does not name the package", err)
			}
		})
	}
}

// Constant parameters get no gradients; an override is used and does.
func TestForwardOptions(t *testing.T) {
	g := Init(small(t), 1)
	tape := autograd.NewTape(1)
	w := g.Node("conv2").In[1]
	v := tape.Param(tensor.New(tensor.Float32, w.Type.Shape...)) // zeros
	x := tape.Param(sequence(0, 2, 2, 8, 8))
	pass, err := Forward(tape, g, []*autograd.Var{x}, Options{Constant: true, Override: map[*nn.Value]*autograd.Var{w: v}})
	if err != nil {
		t.Fatal(err)
	}
	if pass.Vars[w] != v {
		t.Error("the override is not among the variables of the pass")
	}
	if y := pass.Vars[g.Node("conv2").Out[0]].Value.Float32(); slices.Max(y) != 0 || slices.Min(y) != 0 {
		t.Error("the convolution did not use the zeros that override its weight")
	}
	tape.Backward(pass.Out[0], sequence(1, 2, 3))
	if v.Grad == nil || x.Grad == nil {
		t.Error("the override or the input has no gradient")
	}
	if pass.Vars[g.Node("linear").In[1]].Grad != nil {
		t.Error("a constant parameter has a gradient")
	}
	if len(pass.Stats) != 0 {
		t.Error("batch statistics were taken outside of training")
	}
}

// What Output returns stands for the value, with its gradient.
func TestForwardOutput(t *testing.T) {
	g := Init(small(t), 1)
	tape := autograd.NewTape(1)
	var seen []string
	scale := func(v *nn.Value, x *autograd.Var) *autograd.Var {
		seen = append(seen, v.Name)
		if v != g.Outputs[0] {
			return x
		}
		return tape.Custom(tensor.New(tensor.Float32, x.Value.Shape()...), func(dy *tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{nil} }, x)
	}
	x := tape.Param(sequence(0, 2, 2, 8, 8))
	pass, err := Forward(tape, g, []*autograd.Var{x}, Options{Output: scale})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(g.Nodes) || seen[0] != g.Nodes[0].Out[0].Name {
		t.Errorf("Output is given %v, want the values of all %d nodes", seen, len(g.Nodes))
	}
	if y := pass.Out[0].Value.Float32(); slices.Max(y) != 0 || slices.Min(y) != 0 {
		t.Errorf("the output is %v, want the zeros that stand for it", y)
	}
	tape.Backward(pass.Out[0], sequence(1, 2, 3))
	if x.Grad != nil {
		t.Error("a gradient passes where none should")
	}
}
