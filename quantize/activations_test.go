package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/autograd"
	"mixq/infer"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// The image of a linear network changes the logits by W·dx, for which the metrics
// have closed forms.
func TestActivationsOfALinearNetwork(t *testing.T) {
	const draws = 400
	e := regressionExperiment(t, draws)
	q := kernel.Grid{Scale: .25, Zero: 4, Max: 7}
	e.acts = []actRounding{{source: e.g.Inputs, grids: []kernel.Grid{q}}}
	weight := e.layers[0].Weight.Data.Float32()
	y, err := e.logits(context.Background(), e.g)
	if err != nil {
		t.Fatal(err)
	}
	want := map[Metric]float64{}
	for i := range e.len() {
		dx := pixels(e.images.Slice(i, i+1), e.g.Pixels)
		for j, x := range dx {
			dx[j] = q.Real(q.Code(x)) - x
		}
		p := softmax(y[i*5 : i*5+5])
		var dy [5]float64
		mean := 0.0
		for o := range dy {
			dy[o] = dot(weight[o*12:o*12+12], dx)
			mean += p[o] * dy[o]
		}
		for o := range dy {
			want[FisherProjection] += p[o] * (dy[o] - mean) * (dy[o] - mean) / float64(e.len())
			want[RandomLogit] += dy[o] * dy[o] / float64(e.len())
		}
		loss := mean - dy[e.labels[i]]
		want[LabelledProjection] += loss * loss / float64(e.len())
	}
	want[FisherPairs] = want[FisherProjection]
	for m := range numMetrics {
		if measures[m].acts != (want[m] > 0) {
			t.Fatalf("metric %v: no closed form here, or it measures no activations", m)
		}
		if !measures[m].acts {
			continue
		}
		got, _, err := measures[m].measure(context.Background(), e)
		if err != nil {
			t.Fatal(err)
		}
		if s := got[1][0]; math.Abs(s-want[m]) > .05*want[m] { // 28,000 squared normals
			t.Errorf("%v: %v, want %v", m, s, want[m])
		}
	}
}

// joinNet has a group of two values that are concatenated, one of which is read by
// a residual addition as well.
func joinNet(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("join")
	x := b.Input("x", 1, 3, 6, 6)
	l := b.Conv2d("l", x, 4, 3, nn.ConvOpts{Pad: 1})
	r := b.Conv2d("r", x, 4, 1, nn.ConvOpts{})
	c := b.Apply("cat", &nn.Concat{}, l, r)
	s := b.Apply("sum", &nn.Add{}, b.Conv2d("c", c, 4, 1, nn.ConvOpts{}), l)
	g, err := b.Build(b.Linear("fc", b.Flatten("flat", s), 5))
	if err != nil {
		t.Fatal(err)
	}
	randomWeights(t, g, 2)
	return g
}

// The projection of the rounding of a group is the derivative of ⟨r, y⟩ along it:
// compared with central differences of the network behind its values.
func TestActivationProjection(t *testing.T) {
	g := joinNet(t)
	var rounded actRounding
	for _, group := range groups(g) {
		if len(group.source) == 2 {
			rounded.source = group.source
		}
	}
	rng := rand.New(rand.NewPCG(7, 1))
	x, seed := tensor.New(tensor.Float32, 1, 3, 6, 6), tensor.New(tensor.Float32, 1, 5)
	for _, v := range [][]float32{x.Float32(), seed.Float32()} {
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
	}
	tape := autograd.NewTape(1)
	r, err := train.Forward(tape, g, []*autograd.Var{tape.Const(x)}, train.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range rounded.source {
		tape.Retain(r.Vars[v])
	}
	tape.Backward(r.Out[0], seed)
	q := kernel.Grid{Scale: .4, Zero: 7, Max: 15}
	got := rounded.projection(r, q, make([]uint8, 10))

	part, err := g.Extract(rounded.source, g.Outputs)
	if err != nil {
		t.Fatal(err)
	}
	p, err := infer.Compile(part, infer.Options{Mode: infer.Float, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	at := func(step float32) float64 {
		var in []*tensor.Tensor
		for _, v := range rounded.source {
			y := r.Vars[v].Value.Clone()
			for i, w := range y.Float32() {
				y.Float32()[i] = w + step*(q.Real(q.Code(w))-w)
			}
			in = append(in, y)
		}
		out, err := s.Run(in...)
		if err != nil {
			t.Fatal(err)
		}
		return dot(out[0].Float32(), seed.Float32())
	}
	want := (at(1) - at(-1)) / 2 // exact: the network is linear
	if math.Abs(got-want) > 1e-4*math.Abs(want) || want == 0 {
		t.Errorf("projection %v, differences give %v", got, want)
	}
}

// checkActivationKL compares half the sensitivity of activations with the KL
// divergence that rounding them causes, where an activation is all that the rest of
// the network reads.
func checkActivationKL(t *testing.T, g *nn.Graph, st *Stats, table *SensTable, images *tensor.Tensor, want []float32) {
	t.Helper()
	n := images.Shape()[0]
	for _, name := range []string{"relu", "layer1.0.relu2", "layer2.0.relu2", "avgpool"} {
		a := table.Acts[table.act(name)]
		for j, bits := range a.Bits {
			q, err := st.grid(name, bits)
			if err != nil {
				t.Fatal(err)
			}
			got := logitsRounded(t, g, name, kernelGrid(q), images)
			truth := 0.0
			for i := range n {
				truth += kl(want[i*10:i*10+10], got[i*10:i*10+10]) / float64(n)
			}
			if estimate := a.Sensitivity[j] / 2; math.Abs(estimate-truth) > .25*truth { // standard error 4-8 %
				t.Errorf("%s at %d bits: estimated KL %.3g, measured %.3g", name, bits, estimate, truth)
			}
		}
	}
}

// logitsRounded are the outputs of g with one value on a grid, on which all that
// comes behind depends.
func logitsRounded(t *testing.T, g *nn.Graph, value string, q kernel.Grid, images *tensor.Tensor) []float32 {
	t.Helper()
	v := g.Nodes[slices.IndexFunc(g.Nodes, func(n *nn.Node) bool { return n.Out[0].Name == value })].Out
	head, err := g.Extract(g.Inputs, v)
	if err != nil {
		t.Fatal(err)
	}
	tail, err := g.Extract(v, g.Outputs)
	if err != nil {
		t.Fatal(err)
	}
	x, err := outputs(context.Background(), head, infer.Float, images, 1)
	if err != nil {
		t.Fatal(err)
	}
	kernel.RoundToGrid(x.Float32(), q)
	y, err := outputs(context.Background(), tail, infer.Float, x, 1)
	if err != nil {
		t.Fatal(err)
	}
	return y.Float32()
}
