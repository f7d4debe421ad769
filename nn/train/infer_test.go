package train_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/autograd"
	"mixq/infer"
	"mixq/internal/golden"
	"mixq/models"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/nn/train"
	"mixq/tensor"
)

// TestForwardIsInferFloat guards against the two executors drifting apart. Once
// batch-norm is folded both run the same kernels on the same numbers, so every
// value has the same bits; the network before folding is the same function.
func TestForwardIsInferFloat(t *testing.T) {
	for _, name := range []string{"resnet8", "resnet20", "mobilenet_v2", "squeezenet1_1"} {
		t.Run(name, func(t *testing.T) {
			g, err := models.Build(name)
			if err != nil {
				t.Fatal(err)
			}
			g = train.Init(g, 1)
			s := g.Inputs[0].Type.Shape.Clone()
			s[0] = 2
			x := tensor.New(tensor.Float32, s...)
			r := rand.New(rand.NewPCG(1, 1))
			for i := range x.Float32() {
				x.Float32()[i] = float32(r.NormFloat64())
			}
			folded, err := rewrite.Run(g, rewrite.Deploy()...)
			if err != nil {
				t.Fatal(err)
			}
			got := forward(t, folded, x)
			want := map[string][]float32{}
			program, err := infer.Compile(folded, infer.Options{Batch: s[0], Threads: 2, Mode: infer.Float,
				Observe: func(_ *nn.Node, v *nn.Value, data []float32) { want[v.Name] = slices.Clone(data) }})
			if err != nil {
				t.Fatal(err)
			}
			session := program.NewSession()
			defer session.Close()
			if _, err := session.Run(x); err != nil {
				t.Fatal(err)
			}
			for _, n := range folded.Nodes {
				v := n.Out[0]
				if !slices.Equal(got.Vars[v].Value.Float32(), want[v.Name]) {
					t.Fatalf("%s: values differ, by %.2g", v.Name, golden.RelErr(got.Vars[v].Value.Float32(), want[v.Name]))
				}
			}
			logits := want[folded.Outputs[0].Name]
			if e := golden.RelErr(forward(t, g, x).Out[0].Value.Float32(), logits); e > 1e-4 {
				t.Errorf("folding batch-norm changes the logits by %.2g", e)
			}
		})
	}
}

func forward(t *testing.T, g *nn.Graph, x *tensor.Tensor) *train.Pass {
	t.Helper()
	tape := autograd.NewTape(2)
	pass, err := train.Forward(tape, g, []*autograd.Var{tape.Const(x)}, train.Options{Constant: true})
	if err != nil {
		t.Fatal(err)
	}
	return pass
}
