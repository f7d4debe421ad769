package quantize

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// roundedNet is resnet8 with random weights, in float and quantized to 3 bits.
func roundedNet(t *testing.T) (*Job, *nn.Graph) {
	t.Helper()
	cfg := runConfig(2)
	cfg.Bits, cfg.Limits = []uint8{3}, Limits{}
	j, err := Prepare(runNet(t), noise(40, 40, 1), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	st, err := j.Calibrate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	q, err := j.Round(ctx, uniformPlan(j, 3), st)
	if err != nil {
		t.Fatal(err)
	}
	return j, q
}

// uniformPlan gives all layers the same bits, and activations 8.
func uniformPlan(j *Job, bits uint8) *Plan {
	plan := &Plan{}
	for _, l := range weighted(j.Graph) {
		plan.Layers = append(plan.Layers, LayerBits{l.node.Name, bits})
	}
	for _, a := range j.Acts {
		plan.Acts = append(plan.Acts, ActBits{a.Value, 8})
	}
	return plan
}

// Tuning brings the outputs closer on the images that it sees, moves nothing but
// scales and biases of the last layers, and does not depend on threads.
func TestTune(t *testing.T) {
	j, q := roundedNet(t)
	set, err := collect(noise(40, 40, 9), j.Graph)
	if err != nil {
		t.Fatal(err)
	}
	divergence := func(q *nn.Graph) float64 {
		sum := 0.0
		var y [2][]float32
		for i, r := range []struct {
			g    *nn.Graph
			mode infer.Mode
		}{{j.Graph, infer.Float}, {q, infer.Integer}} {
			out, err := outputs(context.Background(), r.g, r.mode, set.images, 2)
			if err != nil {
				t.Fatal(err)
			}
			y[i] = out.Float32()
		}
		for i := 0; i < len(y[0]); i += 10 {
			sum += kl(y[0][i:i+10], y[1][i:i+10])
		}
		return sum
	}
	var tuned [2]*nn.Graph
	for i := range tuned {
		tuned[i] = q.Clone()
		for _, l := range weighted(tuned[i]) { // Clone shares data and grids
			grid := *l.Weight.Type.Quant
			grid.Scale = slices.Clone(grid.Scale)
			l.Weight.Type.Quant = &grid
			l.Bias.Data = l.Bias.Data.Clone()
		}
		cfg := j.Config
		cfg.Threads = 1 + i
		if err := Tune(context.Background(), j.Graph, tuned[i], set.images, cfg); err != nil {
			t.Fatal(err)
		}
	}
	if before, after := divergence(q), divergence(tuned[0]); !(after < .99*before) {
		t.Errorf("divergence %v before, %v after", before, after)
	}
	first := j.Graph.Nodes[tuneFrom(j.Graph)].Name
	moved := 0
	for i, l := range weighted(q) {
		a, b := weighted(tuned[0])[i], weighted(tuned[1])[i]
		if !reflect.DeepEqual(a.Weight.Type, b.Weight.Type) || !slices.Equal(a.Bias.Data.Int32(), b.Bias.Data.Int32()) {
			t.Errorf("%s depends on the number of threads", l.node.Name)
		}
		if !slices.Equal(a.Weight.Data.Int8(), l.Weight.Data.Int8()) {
			t.Errorf("%s: codes have changed", l.node.Name)
		}
		same := slices.Equal(a.Weight.Type.Quant.Scale, l.Weight.Type.Quant.Scale)
		if nodeIndex(q, l.node.Name) <= nodeIndex(q, first) && !same {
			t.Errorf("%s, before %s, has changed", l.node.Name, first)
		}
		if !same {
			moved++
		}
	}
	if moved == 0 {
		t.Error("no layer has moved")
	}
}

// A run that tunes says so in the hash of what the file was made from.
func TestRunTunes(t *testing.T) {
	ctx := context.Background()
	j, q := roundedNet(t)
	before := j.meta.Config
	if err := j.Tune(ctx, q, noise(33, 20, 9)); err != nil {
		t.Fatal(err)
	}
	if j.meta.Config == before || len(j.meta.Config) != len(before) {
		t.Errorf("hash %s, before %s", j.meta.Config, before)
	}
	bad := sequence(func(yield func(*tensor.Tensor, []int) bool) { yield(tensor.New(tensor.Uint8, 1, 3, 8, 8), []int{0}) })
	if err := j.Tune(ctx, q, bad); err == nil {
		t.Error("images of another size are accepted")
	}
}
