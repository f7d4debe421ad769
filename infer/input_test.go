package infer

import (
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/nn"
	"mixq/tensor"
)

// TestBytesAreReals: an image of bytes gives what its real values give, with a
// pixel table and, for quantized inputs without one, as codes.
func TestBytesAreReals(t *testing.T) {
	quant := tiny(t)
	codes := quant.Clone()
	codes.Pixels = nil
	float := quant.Clone()
	for _, v := range float.Params() {
		v.Type, v.Data = nn.Real(v.Type.Shape...), nil
	}
	for _, n := range float.Nodes {
		n.Out[0].Type = nn.Real(n.Out[0].Type.Shape...)
	}
	float.Inputs[0].Type = nn.Real(float.Inputs[0].Type.Shape...)
	bindRandom(float, rand.New(rand.NewPCG(1, 1)))

	in := codes.Inputs[0]
	code := func(_ int, b uint8) float32 { return float32(scaleOf(in)) * float32(float64(b)-zeroOf(in)) }
	pixel := func(c int, b uint8) float32 { return quant.Pixels[c][b] }
	for _, tt := range []struct {
		name string
		g    *nn.Graph
		mode Mode
		real func(c int, b uint8) float32
	}{
		{"float pixels", float, Float, pixel},
		{"integer pixels", quant, Integer, pixel},
		{"simulated pixels", quant, Simulate, pixel},
		{"integer codes", codes, Integer, code},
		{"simulated codes", codes, Simulate, code},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			bytes, reals := tensor.New(tensor.Uint8, 3, 3, 16, 16), tensor.New(tensor.Float32, 3, 3, 16, 16)
			for i := range bytes.Uint8() {
				b := uint8(rng.Uint32())
				bytes.Uint8()[i] = b
				reals.Float32()[i] = tt.real(i/256%3, b)
			}
			o := Options{Mode: tt.mode, Batch: 3}
			if got, want := runAll(t, tt.g, o, bytes), runAll(t, tt.g, o, reals); !slices.Equal(got[0], want[0]) {
				t.Errorf("bytes give %v, reals %v", got[0], want[0])
			}
		})
	}
}
