package models_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"mixq/infer"
	"mixq/internal/golden"
	"mixq/models"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// The rewrites for deployment leave only convolutions, linear layers, pools and
// moves of every network, and its function as it was. Networks that repeat the
// blocks of a smaller one are left out.
func TestDeploy(t *testing.T) {
	left := map[nn.Kind]bool{nn.KindConv2d: true, nn.KindLinear: true, nn.KindMaxPool: true, nn.KindAvgPool: true,
		nn.KindGlobalAvgPool: true, nn.KindConcat: true, nn.KindSubsample: true, nn.KindFlatten: true}
	for _, name := range []string{"resnet8", "resnet18", "resnet50", "mobilenet_v1_025", "mobilenet_v2_050",
		"mobilenet_v2_tf", "squeezenet1_1", "googlenet", "inception_v3"} {
		t.Run(name, func(t *testing.T) {
			m, err := models.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			m.Input.Size = min(m.Input.Size, 75) // the least that Inception-V3 takes
			g, err := m.Build()
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 1))
			if err := nn.Bind(g, randomWeights(g, rng)); err != nil {
				t.Fatal(err)
			}
			d, err := rewrite.Run(g, rewrite.Deploy()...)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range d.Nodes {
				if !left[n.Op.Kind()] {
					t.Errorf("%s: a %v is left", n.Name, n.Op.Kind())
				}
			}
			if d.MACs() != g.MACs() {
				t.Errorf("%d multiply-accumulates, %d before the rewrites", d.MACs(), g.MACs())
			}
			x := tensor.New(tensor.Float32, g.Inputs[0].Type.Shape...)
			for i := range x.Float32() {
				x.Float32()[i] = float32(rng.NormFloat64())
			}
			if e := golden.RelErr(logitsOf(t, d, x), logitsOf(t, g, x)); e > 1e-4 {
				t.Errorf("the rewrites change the logits by %.2g", e)
			}
		})
	}
}

// randomWeights keeps the variance of activations, and makes batch-norm do
// something.
func randomWeights(g *nn.Graph, rng *rand.Rand) map[string]*tensor.Tensor {
	w := map[string]*tensor.Tensor{}
	for _, v := range g.Params() {
		p := tensor.New(tensor.Float32, v.Type.Shape...)
		mean, spread := float32(0), float32(.2)
		switch {
		case len(v.Type.Shape) > 1:
			spread = float32(math.Sqrt(6 / float64(p.Len()/v.Type.Shape[0]))) // of Kaiming's uniform distribution
		case strings.HasSuffix(v.Name, "weight"), strings.HasSuffix(v.Name, "running_var"):
			mean, spread = 1, .4
		}
		for i := range p.Float32() {
			p.Float32()[i] = mean + spread*(2*rng.Float32()-1)
		}
		w[v.Name] = p
	}
	return w
}

func logitsOf(t *testing.T, g *nn.Graph, x *tensor.Tensor) []float32 {
	t.Helper()
	p, err := infer.Compile(g, infer.Options{Mode: infer.Float})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	out, err := s.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	return out[0].Float32()
}

// A batch-norm that no convolution can take in becomes one itself before
// quantization, with the activation behind it.
func TestQuantizable(t *testing.T) {
	b := nn.NewBuilder("preactivated")
	x := b.Input("x", 1, 3, 7, 5)
	y := b.Activate("relu", b.BatchNorm("bn", b.MaxPool("pool", x, 2, nn.PoolOpts{}), 1e-3), nn.ReLU)
	y = b.Conv2d("conv", y, 4, 3, nn.ConvOpts{NoBias: true})
	g, err := b.Build(b.Flatten("flat", b.GlobalAvgPool("mean", y)))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	if err := nn.Bind(g, randomWeights(g, rng)); err != nil {
		t.Fatal(err)
	}
	q, err := rewrite.Run(g, rewrite.Quantizable()...)
	if err != nil {
		t.Fatal(err)
	}
	if op, ok := q.Nodes[1].Op.(*nn.Conv2d); !ok || q.Nodes[1].Name != "bn" || op.Groups != 3 || op.Act != nn.ReLU || len(q.Nodes) != 5 {
		t.Errorf("got\n%s", q)
	}
	in := tensor.New(tensor.Float32, g.Inputs[0].Type.Shape...)
	for i := range in.Float32() {
		in.Float32()[i] = float32(rng.NormFloat64())
	}
	if e := golden.RelErr(logitsOf(t, q, in), logitsOf(t, g, in)); e > 1e-6 {
		t.Errorf("the logits change by %.2g", e)
	}
}
