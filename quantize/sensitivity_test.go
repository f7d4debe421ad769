package quantize

import (
	"context"
	"math"
	"testing"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

func logits(t *testing.T, g *nn.Graph, x *tensor.Tensor) []float32 {
	t.Helper()
	p, err := infer.Compile(g, infer.Options{Batch: x.Shape()[0], Mode: infer.Float})
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

// Half the sensitivity is the KL divergence that the perturbation causes, as
// far as it is small: compared with the divergence measured by running the
// perturbed network.
func TestSensitivityPredictsKL(t *testing.T) {
	g := testNet(t, "resnet8")
	set, err := collect(noise(64, 64, 5), g)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Bits: []uint8{4, 8}, ActBits: []uint8{5, 6, 8}, Seed: 1, SensDraws: 24, Positions: 16, Threads: 2}.withDefaults()
	settings, err := Resolve(g, cfg)
	if err != nil {
		t.Fatal(err)
	}
	fitted, measured := sensSample(g, set, cfg)
	cands, err := perturbations(context.Background(), g, settings.Layers, fitted, cfg, func() {})
	if err != nil {
		t.Fatal(err)
	}
	st, err := Calibrate(context.Background(), g, settings.Acts, set.images, cfg)
	if err != nil {
		t.Fatal(err)
	}
	table, err := Sensitivity(context.Background(), g, settings, st, set.images, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := logits(t, g, measured.images)
	for i, l := range table.Layers {
		for j, b := range l.Bits {
			got := logits(t, perturbed(g, i, &cands[i][j]), measured.images)
			truth := 0.0
			for n := range 64 {
				truth += kl(want[n*10:n*10+10], got[n*10:n*10+10]) / 64
			}
			estimate := l.Sensitivity[j] / 2
			// The estimate is a mean over 1,536 squared normals, of standard
			// error 4-8 %; at 4 bits terms beyond the second order show.
			tol := map[uint8]float64{8: .2, 4: .4}[b]
			if math.Abs(estimate-truth) > tol*truth+1e-9 {
				t.Errorf("%s at %d bits: estimated KL %.3g, measured %.3g", l.Layer, b, estimate, truth)
			}
		}
	}
	checkActivationKL(t, g, st, table, measured.images, want)
}

// A layer with fewer patches than inputs is measured on images of its own.
func TestSensSample(t *testing.T) {
	g := testNet(t, "resnet8") // its classifier has 64 inputs and one patch an image
	set, err := collect(noise(130, 64, 5), g)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		images, most, fitted, measured int
		same                           bool
	}{
		{130, 64, 64, 64, true}, {130, 130, 130, 130, true}, {130, 63, 63, 63, false},
		{63, 512, 32, 31, false}, {2, 512, 1, 1, false}, {1, 512, 1, 1, true},
	} {
		f, s := sensSample(g, set.slice(0, tt.images), Config{SensImages: tt.most, Positions: 64})
		m := s.images
		if f.Shape()[0] != tt.fitted || m.Shape()[0] != tt.measured || (&f.Uint8()[0] == &m.Uint8()[0]) != tt.same {
			t.Errorf("%d images, at most %d: rounded for %d, measured on %d, the same: %v; want %d, %d, %v", tt.images, tt.most,
				f.Shape()[0], m.Shape()[0], !tt.same, tt.fitted, tt.measured, tt.same)
		}
	}
}
