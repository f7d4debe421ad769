package quantize

import (
	"context"
	"math"
	"path/filepath"
	"testing"
)

func TestSQNR(t *testing.T) {
	for _, tt := range []struct {
		real, quantized []float32
		want            float64
	}{
		{[]float32{3, -4, 5}, []float32{3, -4.5, 5}, 10 * math.Log10(50/.25)},
		{[]float32{1, 0}, []float32{0, 0}, 0},
		{[]float32{1, 2}, []float32{1, 2}, math.Inf(1)},
		{[]float32{0}, []float32{1}, math.Inf(-1)},
	} {
		if got := sqnr(tt.real, tt.quantized); got != tt.want {
			t.Errorf("sqnr(%v, %v) = %v, want %v", tt.real, tt.quantized, got, tt.want)
		}
	}
}

// Every layer has a ratio, and each bit adds about 6 dB to it.
func TestSQNRByBits(t *testing.T) {
	var at [9]map[string]float64
	for _, bits := range []uint8{3, 5} {
		cfg := runConfig(2)
		cfg.Bits, cfg.Limits = []uint8{bits}, Limits{}
		r, err := Run(context.Background(), runNet(t), runData(), cfg, filepath.Join(t.TempDir(), "net.mixq"))
		if err != nil {
			t.Fatal(err)
		}
		if at[bits] = r.SQNR; len(r.SQNR) != len(r.Bits) {
			t.Errorf("ratios of %d layers, want %d", len(r.SQNR), len(r.Bits))
		}
	}
	for layer, db := range at[3] {
		if gain := at[5][layer] - db; gain < 6 || gain > 16 {
			t.Errorf("%s: %.1f dB at 3 bits, %.1f at 5; want about 12 more", layer, db, at[5][layer])
		}
	}
}
