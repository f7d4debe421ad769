package main

import (
	"testing"

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
