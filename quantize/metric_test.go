package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"mixq/nn"
	"mixq/tensor"
)

// softmaxRegression is a linear network of 12 inputs and 5 classes, for which
// every metric has a closed form.
func softmaxRegression(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("regression")
	x := b.Input("x", 1, 3, 2, 2)
	g, err := b.Build(b.Linear("fc", b.Flatten("flat", x), 5))
	if err != nil {
		t.Fatal(err)
	}
	randomWeights(t, g, 4)
	g.Pixels = make(nn.PixelTable, 3)
	for c := range g.Pixels {
		for p := range g.Pixels[c] {
			g.Pixels[c][p] = float32(p)/128 - 1
		}
	}
	return g
}

// regressionExperiment has one random perturbation of two sizes.
func regressionExperiment(t *testing.T, draws int) experiment {
	t.Helper()
	rng := rand.New(rand.NewPCG(6, 1))
	const n = 70
	x := tensor.New(tensor.Uint8, n, 3, 2, 2)
	labels := make([]int, n)
	for i := range x.Uint8() {
		x.Uint8()[i] = uint8(rng.UintN(256))
	}
	for i := range labels {
		labels[i] = rng.IntN(5)
	}
	g := softmaxRegression(t)
	small := candidate{weight: make([]float32, 60), bias: make([]float64, 5)}
	for i := range small.weight {
		small.weight[i] = float32(rng.NormFloat64() * .02)
	}
	for i := range small.bias {
		small.bias[i] = rng.NormFloat64() * .02
	}
	large := candidate{}
	for _, v := range small.weight {
		large.weight = append(large.weight, 2*v)
	}
	for _, v := range small.bias {
		large.bias = append(large.bias, 2*v)
	}
	cfg := Config{SensDraws: draws, Threads: 2, Seed: 3}.withDefaults()
	return experiment{g: g, layers: weighted(g), cands: [][]candidate{{small, large}},
		imageSet: imageSet{x, labels}, cfg: cfg, step: func() {}}
}

// closedForm evaluates the metrics of the small candidate of e by their
// formulas, from the inputs x, probabilities p and changes dy of the logits.
func closedForm(t *testing.T, e experiment) map[Metric]float64 {
	t.Helper()
	y, err := e.logits(context.Background(), e.g)
	if err != nil {
		t.Fatal(err)
	}
	want := map[Metric]float64{}
	c := e.cands[0][0]
	n := float64(e.len())
	for i := range e.len() {
		x := pixels(e.images.Slice(i, i+1), e.g.Pixels)
		p := softmax(y[i*5 : i*5+5])
		var dy, r [5]float64
		var meanChange, firstOrder, grad float64
		norm := 1.0
		for _, v := range x {
			norm += float64(v) * float64(v)
		}
		for o := range dy {
			dy[o] = dot(c.weight[o*12:o*12+12], x) + c.bias[o]
			r[o] = p[o]
			if o == e.labels[i] {
				r[o]--
			}
			meanChange += p[o] * dy[o]
			firstOrder += r[o] * dy[o]
			grad += r[o] * r[o]
		}
		for o := range dy {
			want[FisherProjection] += p[o] * (dy[o] - meanChange) * (dy[o] - meanChange) / n
			want[RandomLogit] += dy[o] * dy[o] / n
			fisher := p[o] * (1 - p[o])
			want[LayerOutput] += fisher * dy[o] * dy[o] / n
			for j, v := range x {
				d := float64(c.weight[o*12+j]) * float64(v)
				want[DiagonalFisher] += fisher * d * d / n
			}
			want[DiagonalFisher] += fisher * c.bias[o] * c.bias[o] / n
		}
		want[LabelledProjection] += firstOrder * firstOrder / n
		want[Taylor] += firstOrder / n
		want[NormProduct] += math.Sqrt(grad*(norm-1)) * math.Sqrt(dot(c.weight, c.weight)) / n
	}
	want[Taylor] = math.Abs(want[Taylor])
	want[WeightMSE] = dot(c.weight, c.weight)
	return want
}

func TestMetricsOfALinearNetwork(t *testing.T) {
	e := regressionExperiment(t, 1)
	many := regressionExperiment(t, 400)
	for m, want := range closedForm(t, e) {
		t.Run(m.String(), func(t *testing.T) {
			ex, tol := e, 1e-5 // float32 gradients
			if measures[m].draws {
				ex, tol = many, .05 // 28,000 squared normals
			}
			got, err := measures[m].run(context.Background(), ex)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got[0][0]-want) > tol*want {
				t.Errorf("got %v, want %v", got[0][0], want)
			}
			power := 4.0 // all but two are quadratic
			if m == Taylor || m == NormProduct {
				power = 2
			}
			if ratio := got[0][1] / got[0][0]; math.Abs(ratio-power) > 1e-4 {
				t.Errorf("twice the perturbation gives %v times the sensitivity, want %v", ratio, power)
			}
		})
	}
}

// The Hessian of softmax regression is Σ (diag(p) − p·pᵀ)⊗(x·xᵀ)/n.
func TestHessianOfALinearNetwork(t *testing.T) {
	e := regressionExperiment(t, 1)
	y, err := e.logits(context.Background(), e.g)
	if err != nil {
		t.Fatal(err)
	}
	exact := mat.NewSymDense(60, nil)
	for i := range e.len() {
		x, p := pixels(e.images.Slice(i, i+1), e.g.Pixels), softmax(y[i*5:i*5+5])
		for a := range 60 {
			for b := a; b < 60; b++ {
				f := -p[a/12] * p[b/12]
				if a/12 == b/12 {
					f += p[a/12]
				}
				exact.SetSym(a, b, exact.At(a, b)+f*float64(x[a%12])*float64(x[b%12])/float64(e.len()))
			}
		}
	}
	var eig mat.EigenSym
	if !eig.Factorize(exact, false) {
		t.Fatal("no eigenvalues")
	}
	mse := dot(e.cands[0][0].weight, e.cands[0][0].weight)
	for _, tt := range []struct {
		metric    Metric
		want, tol float64
	}{
		{HessianEigen, eig.Values(nil)[59] * mse, .05}, // what ten iterations leave
		// Eight probes of variance 2·Σ of the squared elements off the diagonal.
		{HessianTrace, mat.Trace(exact) / 60 * mse, 5 * math.Sqrt(2./8) * offDiagonal(exact) / mat.Trace(exact)},
	} {
		got, err := measures[tt.metric].run(context.Background(), e)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got[0][0]-tt.want) > tt.tol*tt.want {
			t.Errorf("%v: got %v, want %v within %.2g", tt.metric, got[0][0], tt.want, tt.tol)
		}
	}
	v := make([]float32, 60)
	rng := rand.New(rand.NewPCG(6, 2))
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	hv, err := newHessian(e).product(context.Background(), [][]float32{v})
	if err != nil {
		t.Fatal(err)
	}
	var want mat.VecDense
	want.MulVec(exact, mat.NewVecDense(60, widen(v)))
	for i, got := range hv[0] {
		if math.Abs(float64(got)-want.AtVec(i)) > 1e-3*mat.Norm(&want, math.Inf(1)) {
			t.Errorf("(Hv)[%d] = %v, want %v", i, got, want.AtVec(i))
		}
	}
}

func offDiagonal(a mat.Symmetric) float64 {
	s := 0.0
	for i := range a.SymmetricDim() {
		for j := range a.SymmetricDim() {
			if i != j {
				s += a.At(i, j) * a.At(i, j)
			}
		}
	}
	return math.Sqrt(s)
}

// The oracle agrees with what the Fisher information predicts of a small
// perturbation.
func TestOracle(t *testing.T) {
	e := regressionExperiment(t, 1)
	got, err := oracle(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	if want := closedForm(t, e)[FisherProjection]; math.Abs(got[0][0]-want) > .05*want {
		t.Errorf("got %v, want about %v", got[0][0], want)
	}
}

// Every metric goes through the pipeline, reports as many steps as it said, and
// does not depend on threads.
func TestSensitivityByMetric(t *testing.T) {
	g := testNet(t, "resnet8")
	set, err := collect(noise(3, 3, 5), g)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Metrics() {
		t.Run(m.String(), func(t *testing.T) {
			var tables [2]*SensTable
			for i := range tables {
				done, total := 0, 0
				cfg := Config{Bits: []uint8{3}, Metric: m, SensDraws: 1, Positions: 4, Threads: 1 + i,
					Progress: func(_ Stage, d, n int) { done, total = d, n }}
				lc, err := Resolve(g, cfg)
				if err != nil {
					t.Fatal(err)
				}
				if tables[i], err = Sensitivity(context.Background(), g, lc, nil, set.images, set.labels, cfg); err != nil {
					t.Fatal(err)
				}
				if done != total {
					t.Errorf("%d steps of %d", done, total)
				}
			}
			for i, l := range tables[0].Layers {
				if a, b := l.Sensitivity[0], tables[1].Layers[i].Sensitivity[0]; a != b || a == 0 || a-a != 0 {
					t.Errorf("%s: %v with one thread, %v with two; want the same, neither 0 nor infinite", l.Layer, a, b)
				}
			}
		})
	}
}

func TestLabelsWanted(t *testing.T) {
	e := regressionExperiment(t, 1)
	for _, tt := range []struct {
		labels []int
		want   string
	}{
		{nil, "wants a label"},
		{append(e.labels[1:], 5), "label 5 of calibration image 69"},
		{append([]int{-1}, e.labels[1:]...), "label -1 of calibration image 0"},
	} {
		err := imageSet{e.images, tt.labels}.check(e.g, Taylor)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one with %q", err, tt.want)
		}
		if err := (imageSet{e.images, tt.labels}).check(e.g, FisherProjection); err != nil {
			t.Error(err)
		}
	}
}

func TestMetricText(t *testing.T) {
	for _, m := range Metrics() {
		text, err := m.MarshalText()
		var back Metric
		if err != nil || back.UnmarshalText(text) != nil || back != m {
			t.Errorf("%v reads back as %v, %v", m, back, err)
		}
	}
	var m Metric
	if err := m.UnmarshalText([]byte("hessian")); err == nil || !strings.Contains(err.Error(), "fisher") {
		t.Errorf("error %v, want one that lists the metrics", err)
	}
	if err := finite([]float32{0, float32(math.NaN())}); err == nil {
		t.Error("NaN logits are accepted")
	}
}
