package rewrite_test

import (
	"strings"
	"testing"

	"mixq/internal/golden"
	"mixq/models"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// bind gives every parameter of g constants that folding can work with.
func bind(t *testing.T, g *nn.Graph) {
	t.Helper()
	w := map[string]*tensor.Tensor{}
	for _, v := range g.Params() {
		p := tensor.New(tensor.Float32, v.Type.Shape...)
		for i := range p.Float32() {
			p.Float32()[i] = 1
		}
		w[v.Name] = p
	}
	if err := nn.Bind(g, w); err != nil {
		t.Fatal(err)
	}
}

func TestDeployResNet8(t *testing.T) {
	g, err := models.Build("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	bind(t, g)
	before := g.String()
	r, err := rewrite.Run(g, rewrite.Deploy()...)
	if err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "resnet8.txt", r.String())
	if g.String() != before {
		t.Error("the original graph was changed")
	}
}

// Cases in which a rewrite must leave the graph alone.
func TestNotRewritten(t *testing.T) {
	tests := []struct {
		name  string
		build func(b *nn.Builder, x *nn.Value) []*nn.Value
		want  string // a layer that must survive
	}{
		{"batch-norm of a value that is read twice", func(b *nn.Builder, x *nn.Value) []*nn.Value {
			y := b.Conv2d("conv", x, 3, 1, nn.ConvOpts{})
			return []*nn.Value{b.Apply("add", &nn.Add{}, b.BatchNorm("bn", y, 1e-5), y)}
		}, "bn = batchnorm"},
		{"batch-norm of the input", func(b *nn.Builder, x *nn.Value) []*nn.Value {
			return []*nn.Value{b.BatchNorm("bn", x, 1e-5)}
		}, "bn = batchnorm"},
		{"batch-norm after an activation", func(b *nn.Builder, x *nn.Value) []*nn.Value {
			y := b.Activate("relu", b.Conv2d("conv", x, 3, 1, nn.ConvOpts{}), nn.ReLU)
			return []*nn.Value{b.BatchNorm("bn", y, 1e-5)}
		}, "bn = batchnorm"},
		{"activation of an output", func(b *nn.Builder, x *nn.Value) []*nn.Value {
			y := b.Conv2d("conv", x, 3, 1, nn.ConvOpts{})
			return []*nn.Value{y, b.Activate("relu", y, nn.ReLU)}
		}, "relu = activate"},
		{"two activations", func(b *nn.Builder, x *nn.Value) []*nn.Value {
			y := b.Activate("a", b.Conv2d("conv", x, 3, 1, nn.ConvOpts{}), nn.ReLU)
			return []*nn.Value{b.Activate("b", y, nn.ReLU6)}
		}, "b = activate"},
		{"activation that is not a clamp", func(b *nn.Builder, x *nn.Value) []*nn.Value {
			return []*nn.Value{b.Activate("silu", b.Conv2d("conv", x, 3, 1, nn.ConvOpts{}), nn.SiLU)}
		}, "silu = activate"},
		{"sum of activations", func(b *nn.Builder, x *nn.Value) []*nn.Value {
			y := b.Activate("relu", b.Conv2d("conv", x, 3, 1, nn.ConvOpts{}), nn.ReLU)
			return []*nn.Value{b.Apply("add", &nn.Add{}, y, x)}
		}, "add = add"},
		{"a value added to itself", func(b *nn.Builder, x *nn.Value) []*nn.Value {
			y := b.Conv2d("conv", x, 3, 1, nn.ConvOpts{})
			return []*nn.Value{b.Apply("add", &nn.Add{}, y, y)}
		}, "add = add"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := nn.NewBuilder("g")
			g, err := b.Build(tt.build(b, b.Input("x", 1, 3, 5, 5))...)
			if err != nil {
				t.Fatal(err)
			}
			bind(t, g)
			r, err := rewrite.Run(g, rewrite.Deploy()...)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(r.String(), tt.want) {
				t.Errorf("%q is gone:\n%s", tt.want, r)
			}
		})
	}
}

// Of two convolutions that are added, the later takes the sum in, and the
// result stays in topological order.
func TestFuseAddOrder(t *testing.T) {
	b := nn.NewBuilder("g")
	x := b.Input("x", 1, 3, 5, 5)
	l := b.Conv2d("l", x, 3, 1, nn.ConvOpts{})
	r := b.Conv2d("r", x, 3, 1, nn.ConvOpts{})
	s := b.Activate("relu", b.Apply("add", &nn.Add{}, r, l), nn.ReLU)
	g, err := b.Build(s)
	if err != nil {
		t.Fatal(err)
	}
	bind(t, g)
	out, err := rewrite.Run(g, rewrite.Deploy()...)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Nodes) != 2 || out.Nodes[0].Name != "l" || out.Nodes[1].Name != "r" {
		t.Fatalf("got\n%s", out)
	}
	op := out.Nodes[1].Op.(*nn.Conv2d)
	if !op.Residual || op.Act != nn.ReLU {
		t.Errorf("r is %+v, want residual and relu", op)
	}
}

func TestFoldBNErrors(t *testing.T) {
	build := func() *nn.Graph {
		b := nn.NewBuilder("g")
		y := b.BatchNorm("bn", b.Conv2d("conv", b.Input("x", 1, 3, 5, 5), 3, 1, nn.ConvOpts{}), 1e-5)
		g, err := b.Build(y)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if _, err := rewrite.Run(build(), rewrite.FoldBN); err == nil || !strings.Contains(err.Error(), "conv.weight has no data") {
		t.Errorf("unbound weights: error %v", err)
	}
	g := build()
	bind(t, g)
	g.Nodes[1].In[4].Data.Float32()[1] = -1
	if _, err := rewrite.Run(g, rewrite.FoldBN); err == nil || !strings.Contains(err.Error(), "bn: channel 1 has variance -1") {
		t.Errorf("negative variance: error %v", err)
	}
}

func TestDeadCode(t *testing.T) {
	b := nn.NewBuilder("g")
	x := b.Input("x", 1, 3, 5, 5)
	b.Activate("unread", b.Conv2d("aux", x, 3, 1, nn.ConvOpts{}), nn.ReLU)
	g, err := b.Build(b.Conv2d("conv", x, 3, 1, nn.ConvOpts{}))
	if err != nil {
		t.Fatal(err)
	}
	r, err := rewrite.Run(g, rewrite.DeadCode)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Nodes) != 1 || r.Nodes[0].Name != "conv" {
		t.Errorf("got\n%s", r)
	}
}
