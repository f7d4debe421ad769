package rewrite_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/infer"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// unevenNet has links of every kind, with channels of very different ranges: a,
// read by depthwise b alone; b, behind ReLU6; c, read by grouped d and by e; d and
// e, which are added, are none; f, read by the linear layer g; h, behind it.
func unevenNet(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("uneven")
	x := b.Input("x", 1, 3, 7, 7)
	a := b.Activate("a.relu", b.Conv2d("a", x, 8, 3, nn.ConvOpts{Pad: 1}), nn.ReLU6)
	y := b.Activate("b.relu", b.Conv2d("b", a, 8, 3, nn.ConvOpts{Pad: 1, Groups: 8}), nn.ReLU6)
	c := b.Conv2d("c", y, 6, 1, nn.ConvOpts{})
	d := b.Conv2d("d", c, 4, 3, nn.ConvOpts{Groups: 2, Stride: 2})
	e := b.Conv2d("e", c, 4, 3, nn.ConvOpts{Stride: 2})
	s := b.Activate("sum.relu", b.Add("sum", d, e), nn.ReLU)
	f := b.Activate("f.relu", b.Linear("f", b.Flatten("flat", b.GlobalAvgPool("pool", s)), 5), nn.ReLU)
	h := b.Linear("h", b.Linear("g", f, 4), 3)
	g, err := b.Build(h)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 5))
	w := map[string]*tensor.Tensor{}
	for _, v := range g.Params() {
		p := tensor.New(tensor.Float32, v.Type.Shape...)
		row := v.Type.Shape[1:].Elems()
		var by float64
		for i := range p.Float32() {
			if i%row == 0 {
				by = math.Exp(1.5 * rng.NormFloat64())
			}
			p.Float32()[i] = float32(by * rng.NormFloat64() / math.Sqrt(float64(row)))
		}
		w[v.Name] = p
	}
	if err := nn.Bind(g, w); err != nil {
		t.Fatal(err)
	}
	if g, err = rewrite.Run(g, rewrite.Quantizable()...); err != nil {
		t.Fatal(err)
	}
	return g
}

// values runs g on fixed random numbers and returns what its layers compute.
func values(t *testing.T, g *nn.Graph) map[string][]float32 {
	t.Helper()
	out := map[string][]float32{}
	p, err := infer.Compile(g, infer.Options{Batch: 2, Mode: infer.Float,
		Observe: func(_ *nn.Node, v *nn.Value, data []float32) { out[v.Name] = slices.Clone(data) }})
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.New(tensor.Float32, 2, 3, 7, 7)
	rng := rand.New(rand.NewPCG(6, 6))
	for i := range x.Float32() {
		x.Float32()[i] = float32(rng.NormFloat64())
	}
	s := p.NewSession()
	defer s.Close()
	if _, err := s.Run(x); err != nil {
		t.Fatal(err)
	}
	return out
}

// near fails unless a is within 1e-5 of b relative to its largest magnitude.
func near(t *testing.T, name string, a, b []float32) {
	t.Helper()
	worst, most := 0.0, 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i])-float64(b[i])))
		most = max(most, math.Abs(float64(b[i])))
	}
	if !(worst <= 1e-5*most) || most == 0 {
		t.Errorf("%s differs by %v of %v", name, worst, most)
	}
}

func TestEqualize(t *testing.T) {
	g := unevenNet(t)
	before := g.String()
	e := g.Clone()
	if n, err := rewrite.Equalize.Apply(e); n != 3 || err != nil {
		t.Fatalf("%d values scaled, error %v; want c, f.relu and g", n, err)
	}
	if g.String() != before {
		t.Error("the original graph was changed")
	}
	want, got := values(t, g), values(t, e)
	for _, same := range []string{"a.relu", "b.relu", "sum.relu", "h"} {
		near(t, same, got[same], want[same])
	}
	// The largest weights on both sides of a channel are equal now. Readers of c:
	// d takes its channels in two groups of three, e takes all.
	weight := func(layer string) []float32 {
		o, _ := e.Node(layer).Operands()
		return o.Weight.Data.Float32()
	}
	most := func(x []float32, of func(i int) bool) (m float64) {
		for i, v := range x {
			if of(i) {
				m = max(m, math.Abs(float64(v)))
			}
		}
		return m
	}
	equal := func(value string, c int, r1, r2 float64) {
		if math.Abs(r1/r2-1) > 2e-3 {
			t.Errorf("channel %d of %s: ranges %v and %v", c, value, r1, r2)
		}
	}
	for c := range 6 {
		r2 := max(most(weight("d"), func(i int) bool { return i/9%3 == c%3 && i/54 == c/3 }),
			most(weight("e"), func(i int) bool { return i/9%6 == c }))
		equal("c", c, most(weight("c"), func(i int) bool { return i/8 == c }), r2)
	}
	for c := range 5 {
		equal("f.relu", c, most(weight("f"), func(i int) bool { return i/4 == c }), most(weight("g"), func(i int) bool { return i%5 == c }))
	}
	for c := range 4 {
		equal("g", c, most(weight("g"), func(i int) bool { return i/5 == c }), most(weight("h"), func(i int) bool { return i%4 == c }))
	}
}

func TestEqualizeActs(t *testing.T) {
	g := unevenNet(t)
	want := values(t, g)
	peaksOf := func(data []float32) []float64 {
		p := make([]float64, 8)
		for i, v := range data {
			c := i / 49 % 8
			p[c] = max(p[c], math.Abs(float64(v)))
		}
		return p
	}
	vs := rewrite.DepthwiseInputs(g)
	if len(vs) != 1 || vs[0].Name != "a.relu" {
		t.Fatalf("inputs of depthwise layers: %v", vs)
	}
	peaks := peaksOf(want["a.relu"])
	e := g.Clone()
	if n, err := rewrite.EqualizeActs(map[string][]float64{"a.relu": peaks}).Apply(e); n != 1 || err != nil {
		t.Fatalf("%d values scaled, error %v", n, err)
	}
	got := values(t, e)
	for _, same := range []string{"b.relu", "h"} {
		near(t, same, got[same], want[same])
	}
	top := slices.Max(peaks)
	for c, p := range peaksOf(got["a.relu"]) {
		if expect := min(top, 16*peaks[c]); math.Abs(p-expect) > 1e-5*top {
			t.Errorf("channel %d: peak %v, want %v (%v before)", c, p, expect, peaks[c])
		}
	}
	if _, err := rewrite.EqualizeActs(map[string][]float64{"a.relu": {1}}).Apply(g); err == nil {
		t.Error("a single peak for 8 channels is accepted")
	}
}
