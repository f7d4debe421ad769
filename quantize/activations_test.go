package quantize

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mixq/autograd"
	"mixq/infer"
	"mixq/models"
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
	for m := range numMetrics {
		if measures[m].acts != (want[m] > 0) {
			t.Fatalf("metric %v: no closed form here, or it measures no activations", m)
		}
		if !measures[m].acts {
			continue
		}
		got, err := measures[m].run(context.Background(), e)
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

// Half the sensitivity of an activation is the KL divergence that rounding it
// causes: compared with the divergence measured where the activation is all that
// the rest of the network reads.
func TestActivationSensitivityPredictsKL(t *testing.T) {
	g := testNet(t, "resnet8")
	set, err := collect(noise(64, 64, 5), g)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Bits: []uint8{8}, ActBits: []uint8{5, 6, 8}, Seed: 1, SensDraws: 24, Positions: 16, Threads: 2}.withDefaults()
	settings, err := Resolve(g, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	st, err := Calibrate(ctx, g, settings.Acts, set.images, cfg)
	if err != nil {
		t.Fatal(err)
	}
	table, err := Sensitivity(ctx, g, settings, st, set.images, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := logits(t, g, set.images)
	for _, name := range []string{"relu", "layer1.0.relu2", "layer2.0.relu2", "avgpool"} {
		a := table.Acts[table.act(name)]
		for j, bits := range a.Bits {
			q, err := st.grid(name, bits)
			if err != nil {
				t.Fatal(err)
			}
			got := logitsRounded(t, g, name, kernelGrid(q), set.images)
			truth := 0.0
			for i := range set.len() {
				truth += kl(want[i*10:i*10+10], got[i*10:i*10+10]) / float64(set.len())
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

// resnet8Memory is what the activations of resnet8 take: input, residual and output
// of its second block as codes, and real logits.
const resnet8Memory = 3*16*32*32 + 4*10

// actConfig is runConfig with a choice of activations, and a budget of BOPs that
// makes it matter.
func actConfig(threads int) Config {
	cfg := runConfig(threads)
	cfg.ActBits = []uint8{8, 4, 6}
	cfg.Limits = budgets(Budget{Compression, 6}, Budget{BOPsCompression, 50})
	cfg.Rules = []Rule{{Layer: "layer3.0.conv1", ActBits: []uint8{5}}}
	return cfg
}

// A run that chooses bits of activations keeps to both budgets, and its file, in
// integer arithmetic, to its simulation.
func TestRunActs(t *testing.T) {
	var files [2][]byte
	var reports [2]*Report
	cfg := actConfig(1)
	for i := range files {
		cfg.Threads = 1 + i
		cfg.WorkDir = filepath.Join(t.TempDir(), "work")
		out := filepath.Join(t.TempDir(), "net.mixq")
		r, err := Run(context.Background(), runNet(t), runData(), cfg, out)
		if err != nil {
			t.Fatal(err)
		}
		files[i], _ = os.ReadFile(out)
		r.Seconds = Seconds{}
		reports[i] = r
	}
	if !bytes.Equal(files[0], files[1]) || !reflect.DeepEqual(reports[0], reports[1]) {
		t.Error("two threads write another file")
	}
	r := reports[0]
	macs := float64(runNet(t).MACs())
	if r.Compression < 6 || float64(r.BOPs) > 1024*macs/50 || float64(r.BOPs) < .97*1024*macs/50 || r.LayerError > 1 {
		t.Errorf("compression %v, %d BOPs of %v, layer error %d", r.Compression, r.BOPs, 1024*macs/50, r.LayerError)
	}
	if r.InputBits["conv1"] != 8 || r.InputBits["layer3.0.conv1"] != 5 || r.ActBits["layer2.0.relu2"] != 5 || len(r.ActBits) != 9 ||
		!(r.AvgActBits > 4 && r.AvgActBits < 8) || r.ActivationBytes != resnet8Memory {
		t.Errorf("bits of inputs %v, of values %v, %v on average, %d bytes", r.InputBits, r.ActBits, r.AvgActBits, r.ActivationBytes)
	}
	var plan saved[Plan]
	b, err := os.ReadFile(filepath.Join(cfg.WorkDir, "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &plan); err != nil {
		t.Fatal(err)
	}
	if p := plan.Product; p.BOPs != r.BOPs || p.Budgets[1].Used != r.BOPs || p.Memory != r.ActivationBytes {
		t.Errorf("plan %+v, report has %d BOPs", p, r.BOPs)
	}
}

// With one width for activations all but the image have it, and layers keep to their
// simulation.
func TestRunNarrowActs(t *testing.T) {
	for _, bits := range []uint8{2, 5} {
		cfg := runConfig(2)
		cfg.ActBits = []uint8{bits}
		r, err := Run(context.Background(), runNet(t), runData(), cfg, filepath.Join(t.TempDir(), "net.mixq"))
		if err != nil {
			t.Fatal(err)
		}
		for v, b := range r.ActBits {
			if want := map[bool]uint8{true: 8, false: bits}[v == "x"]; b != want {
				t.Errorf("%s has %d bits, want %d", v, b, want)
			}
		}
		if r.LayerError > 1 {
			t.Errorf("%d bits: layer error %d", bits, r.LayerError)
		}
	}
}

// What cannot be measured is an error before any time is spent.
func TestActsErrors(t *testing.T) {
	cfg := actConfig(1)
	cfg.Metric = WeightMSE
	if _, err := Prepare(runNet(t), noise(40, 40, 1), cfg); err == nil || !strings.Contains(err.Error(), "metric mse does not measure activations") || !strings.Contains(err.Error(), "fisher, random-logit, labelled") {
		t.Errorf("error %v", err)
	}
	j, err := Prepare(runNet(t), noise(40, 40, 1), actConfig(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Sensitivity(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "calibration") {
		t.Errorf("without statistics: error %v", err)
	}
	cfg = actConfig(1)
	cfg.Limits = budgets(Budget{BOPsCompression, 200}, Budget{Compression, 6})
	if _, err := Prepare(runNet(t), noise(40, 40, 1), cfg); err == nil || !strings.Contains(err.Error(), "budgets bops=200x, 6x are impossible together") {
		t.Errorf("error %v", err)
	}
}

// Without a choice of activations nothing is measured of them.
func TestSensitivityWithoutActs(t *testing.T) {
	j, err := Prepare(runNet(t), noise(40, 40, 1), runConfig(2))
	if err != nil {
		t.Fatal(err)
	}
	sens, err := j.Sensitivity(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range sens.Acts {
		if a.Sensitivity != nil || len(a.Bits) != 1 {
			t.Errorf("%+v", a)
		}
	}
	if g, err := models.Build("resnet8"); err != nil || sens.Memory != resnet8Memory || sens.Layers[0].MACs != g.Nodes[0].MACs() {
		t.Errorf("memory %d, work of the first layer %d (%v)", sens.Memory, sens.Layers[0].MACs, err)
	}
}
