package train

import (
	"math"
	"testing"

	"mixq/autograd"
	"mixq/nn"
)

// A normalised network gives, in inference, what it gives in training on the
// same batch.
func TestNormalise(t *testing.T) {
	b := nn.NewBuilder("net")
	x := b.Input("x", 1, 2, 8, 8)
	y := x
	for _, name := range []string{"a", "b", "c"} {
		b := b.Scope(name)
		y = b.BatchNorm("bn", b.Conv2d("conv", y, 6, 3, nn.ConvOpts{Pad: 1, NoBias: true}), 1e-5)
	}
	g, err := b.Build(y)
	if err != nil {
		t.Fatal(err)
	}
	g = Init(g, 1)
	batch := sequence(1, 6, 2, 8, 8)
	n, err := Normalise(g, batch, 2)
	if err != nil {
		t.Fatal(err)
	}
	run := func(g *nn.Graph, o Options) []float32 {
		tape := autograd.NewTape(1)
		p, err := Forward(tape, g, []*autograd.Var{tape.Const(batch)}, o)
		if err != nil {
			t.Fatal(err)
		}
		return p.Out[0].Value.Float32()
	}
	want := run(g, Options{Train: true, Constant: true})
	for i, v := range run(n, Options{Constant: true}) {
		if math.Abs(float64(v-want[i])) > 1e-4 {
			t.Fatalf("output %d is %v, in training %v", i, v, want[i])
		}
	}
	if g.Node("b.bn").In[4].Data.Float32()[0] != 1 {
		t.Error("the network itself has changed")
	}
	if _, err := Normalise(g, sequence(1, 6, 3, 8, 8), 1); err == nil {
		t.Error("a batch of another shape is accepted")
	}
}
