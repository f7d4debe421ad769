package main

import (
	"math"
	"testing"

	"mixq/infer"
	"mixq/nn"
	"mixq/quantize"
)

// TestDemo quantizes the network that is part of the program.
func TestDemo(t *testing.T) {
	b, err := demoFiles.ReadFile(demoWeights)
	if err != nil || len(b) > 600_000 {
		t.Fatalf("%d bytes of weights, want at most 600 kB (%v)", len(b), err)
	}
	var r quantize.Report
	unmarshal(t, run(t, "quantize", "--calib", "128", "--json"), &r)
	if r.FloatTop1 < 90 || r.FloatTop1 > 97 || r.Images != 4000 {
		t.Errorf("%.2f %% of %d images in float, want 90 to 97 of 4000", r.FloatTop1, r.Images)
	}
	if r.Compression < 8 || r.Compression > 8.08 {
		t.Errorf("compression %.3f, want 8 or up to a hundredth more", r.Compression)
	}
	if r.Drop > 1 || r.Agreement < 97 {
		t.Errorf("drop %.2f points, agreement %.2f %%", r.Drop, r.Agreement)
	}
}

// Equalization leaves what the demo network computes as it is, up to rounding.
func TestDemoEqualized(t *testing.T) {
	var n network
	g, err := n.load()
	if err != nil {
		t.Fatal(err)
	}
	images, err := n.data.calibration(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	job, err := quantize.Prepare(g, images, quantize.Config{Bits: []uint8{8}, Equalize: true, EqualizeActs: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Equalize(t.Context()); err != nil {
		t.Fatal(err)
	}
	logits := func(g *nn.Graph) []float32 {
		p, err := infer.Compile(g, infer.Options{Batch: 64, Mode: infer.Float})
		if err != nil {
			t.Fatal(err)
		}
		s := p.NewSession()
		defer s.Close()
		y, err := s.Run(job.Images)
		if err != nil {
			t.Fatal(err)
		}
		return y[0].Clone().Float32()
	}
	got, want := logits(job.Graph), logits(job.Float)
	worst, most, moved := 0.0, 0.0, false
	for i := range got {
		worst = max(worst, math.Abs(float64(got[i])-float64(want[i])))
		most = max(most, math.Abs(float64(want[i])))
		moved = moved || got[i] != want[i]
	}
	if !(worst <= 1e-5*most) || !moved {
		t.Errorf("outputs differ by %v of %v, want a little by rounding", worst, most)
	}
}
