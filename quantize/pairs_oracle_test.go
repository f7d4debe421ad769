package quantize

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"

	"mixq/nn"
)

// pairsCorrelation measures interactions as CLADO does, by forward passes with two
// layers perturbed, on the images that FisherPairs sees; it returns their
// correlation, each over the root of the product of two sensitivities.
func pairsCorrelation(t *testing.T, g *nn.Graph, s imageSet, bits uint8, draws int) float64 {
	t.Helper()
	ctx := context.Background()
	cfg := Config{Bits: []uint8{bits}, Seed: 1, SensDraws: draws, Positions: 16, Threads: 2}.withDefaults()
	settings, err := Resolve(g, cfg)
	if err != nil {
		t.Fatal(err)
	}
	fitted, measured := sensSample(g, s, cfg)
	cands, err := perturbations(ctx, g, settings.Layers, fitted, cfg, func() {})
	if err != nil {
		t.Fatal(err)
	}
	e := experiment{g: g, layers: weighted(g), cands: cands, imageSet: measured, cfg: cfg, step: func() {}}
	values, pairs, err := measures[FisherPairs].pairs(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := oracle(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	y, err := e.logits(ctx, g)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []float64
	for i := range cands {
		one := perturbed(g, i, &cands[i][0])
		for j := range i {
			together := divergence(t, e, y, perturbed(one, j, &cands[j][0]))
			got = append(got, pairs.Rows[i][j]/math.Sqrt(values[i][0]*values[j][0]))
			want = append(want, (together-alone[i][0]-alone[j][0])/2/math.Sqrt(alone[i][0]*alone[j][0]))
		}
	}
	return stat.Correlation(got, want, nil)
}

// divergence is twice the KL divergence of the outputs of q from want.
func divergence(t *testing.T, e experiment, want []float32, q *nn.Graph) float64 {
	t.Helper()
	got, err := e.logits(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	sum, classes := 0.0, len(want)/e.len()
	for i := 0; i < len(want); i += classes {
		sum += kl(want[i:i+classes], got[i:i+classes])
	}
	return 2 * sum / float64(e.len())
}

// The interactions of the gradients are those that are measured.
func TestPairsPredictKL(t *testing.T) {
	g := testNet(t, "resnet8")
	s, err := collect(noise(8, 8, 5), g)
	if err != nil {
		t.Fatal(err)
	}
	if r := pairsCorrelation(t, g, s, 5, 64); r < .9 {
		t.Errorf("correlation %v with measured interactions", r)
	}
}
