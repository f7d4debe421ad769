package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"mixq/autograd"
	"mixq/nn/train"
	"mixq/tensor"
)

// The factors are sums over gradients that are taken here one by one, the same
// for any number of threads; layers with groups have none.
func TestCurvatures(t *testing.T) {
	j, _, _ := blockJob(t, blockNet(t), 1, "")
	j.Images = j.Images.Slice(0, 19) // more than a chunk
	cfg := Config{Seed: 4, SensDraws: 2, Positions: math.MaxInt}.withDefaults()
	one, err := curvatures(context.Background(), j.Graph, j.Images, cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Threads = 3
	three, err := curvatures(context.Background(), j.Graph, j.Images, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range weighted(j.Graph) {
		c := one[i]
		if groups := newPatches(l, i, 1, 0).groups; (c == nil) != (groups > 1) {
			t.Fatalf("%s of %d groups: curvature %v", l.node.Name, groups, c)
		}
		if c == nil {
			continue
		}
		if c.count != 19*2 || !slices.Equal(c.in, three[i].in) || !slices.Equal(c.out, three[i].out) {
			t.Errorf("%s: the curvature of %d gradients depends on the number of threads", l.node.Name, c.count)
		}
		var in, out mat.Dense
		for _, g := range directGradients(t, j, l, cfg) {
			var a mat.Dense
			a.Mul(g.T(), g)
			in.Add(sized(&in, c.k), &a)
			a.Reset()
			a.Mul(g, g.T())
			out.Add(sized(&out, c.n), &a)
		}
		if !mat.EqualApprox(&in, mat.NewDense(c.k, c.k, c.in), 1e-5*mat.Norm(&in, 2)) {
			t.Errorf("%s: wrong factor of inputs", l.node.Name)
		}
		if !mat.EqualApprox(&out, mat.NewDense(c.n, c.n, c.out), 1e-5*mat.Norm(&out, 2)) {
			t.Errorf("%s: wrong factor of outputs", l.node.Name)
		}
	}
}

func sized(m *mat.Dense, n int) *mat.Dense {
	if m.IsEmpty() {
		m.ReuseAs(n, n)
	}
	return m
}

// directGradients are those by the weights of l when the bias keeps the mean
// output, of every image and draw.
func directGradients(t *testing.T, j *Job, l layer, cfg Config) (all []*mat.Dense) {
	n, k := l.Weight.Type.Shape[0], l.Weight.Type.Shape[1:].Elems()
	mean := make([]float64, k)
	var biases [][]float64
	for i := range j.Images.Shape()[0] {
		tape := autograd.NewTape(1)
		x := j.Images.Slice(i, i+1)
		r, err := train.Forward(tape, j.Graph, []*autograd.Var{tape.Const(tensor.FromFloat32(pixels(x, j.Graph.Pixels), x.Shape()...))}, train.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var m patchMatrix
		rows := newPatches(l, 0, math.MaxInt, 0).gather(&m, r.Vars[l.X].Value, nil, 0, 1)
		for at, v := range m.real[:rows*k] {
			mean[at%k] += float64(v) / float64(rows*j.Images.Shape()[0])
		}
		for d := range cfg.SensDraws {
			y := r.Out[0].Value
			seed := unitFisherDraw(y.Float32(), rand.New(rand.NewPCG(cfg.Seed+1, uint64(i)<<16|uint64(d))))
			if norm := dot(seed, seed); math.Abs(norm-1) > 1e-5 {
				t.Fatalf("a direction has the squared length %v", norm)
			}
			tape.Backward(r.Out[0], tensor.FromFloat32(seed, y.Shape()...))
			all = append(all, mat.NewDense(n, k, widen(r.Vars[l.Weight].Grad.Float32())))
			biases = append(biases, widen(r.Vars[l.Bias].Grad.Float32()))
		}
	}
	for i, g := range all {
		g.Sub(g, outer(biases[i], mean))
	}
	return all
}

func outer(a, b []float64) *mat.Dense {
	var m mat.Dense
	m.Outer(1, mat.NewVecDense(len(a), a), mat.NewVecDense(len(b), b))
	return &m
}

// Rounding in sequence has a smaller tr(out·E·in·Eᵀ) than rounding row by row, and
// is the same where out says nothing of how rows go together.
func TestRoundInSequence(t *testing.T) {
	const n, k, bits = 12, 20, 3
	rng := rand.New(rand.NewPCG(5, 6))
	var plain, sequence float64
	for range 20 {
		in, out := correlatedGram(rng, k), correlatedGram(rng, n)
		f, err := newGramFactor(k, in.At, 1)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]float32, n)
		w := make([]float32, n*k)
		for i := range w {
			w[i] = float32(rng.NormFloat64())
		}
		how := fit{target: widen(w), rows: f.round, x: make([]float64, k), y: make([]float64, k)}
		roundBy := func(out mat.Symmetric) *rounded {
			of, err := newGramFactor(n, out.At, 1)
			if err != nil {
				t.Fatal(err)
			}
			r := &rounded{bits: bits, codes: make([]int8, n*k), grids: make([]grid, n), bias: make([]int32, n)}
			r.inSequence(how, w, b, 1, of)
			return r
		}
		cost := func(r *rounded) float64 {
			e := mat.NewDense(n, k, nil)
			for i, q := range r.codes {
				e.Set(i/k, i%k, float64(w[i])-r.grids[i/k].real(int32(q)))
			}
			var m mat.Dense
			m.Product(out, e, in, e.T())
			return m.Trace()
		}
		diagonal := mat.NewDiagDense(n, nil)
		for i := range n {
			diagonal.SetDiag(i, out.At(i, i))
		}
		apart := roundBy(diagonal)
		want := make([]int8, n*k)
		f.round(want, how.target, apart.grids)
		if !slices.Equal(apart.codes, want) {
			t.Fatal("rows that have nothing in common are rounded otherwise than one by one")
		}
		plain += cost(apart)
		sequence += cost(roundBy(out))
	}
	if !(sequence < .8*plain) {
		t.Errorf("error %v in sequence, %v row by row", sequence, plain)
	}
}

// correlatedGram is a Gram matrix of correlated vectors.
func correlatedGram(rng *rand.Rand, n int) *mat.SymDense {
	a := mat.NewDense(n, n, normals(rng, n*n))
	common := normals(rng, n)
	for i := range n {
		for j := range n {
			a.Set(i, j, a.At(i, j)+2*common[j])
		}
	}
	s := mat.NewSymDense(n, nil)
	s.SymOuterK(1, a.T())
	return s
}
