package quantize

import (
	"math"
	"math/rand/v2"
	"testing"

	"mixq/nn"
)

func normals(rng *rand.Rand, n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = rng.NormFloat64()
	}
	return w
}

// rowError is the squared rounding error, computed without the tricks of
// grid.squaredError.
func rowError(g grid, w []float64) float64 {
	sum := 0.0
	for _, x := range w {
		d := g.real(g.round(x)) - x
		sum += d * d
	}
	return sum
}

func TestSquaredError(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		w := normals(rng, n)
		g := grid{scale: .3, zero: 1, lo: -4, hi: 3}
		got, want := g.squaredError(w, math.Inf(1)), rowError(g, w)
		if math.Abs(got-want) > 1e-12*(1+want) {
			t.Fatalf("n=%d: %v, want %v", n, got, want)
		}
	}
}

func TestFitGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for bits := uint8(2); bits <= 8; bits++ {
		lo, hi := nn.SignedRange(bits)
		for range 20 {
			w := normals(rng, 97)
			g := fitGrid(w, bits)
			if g.lo != lo || g.hi != hi || g.zero < lo || g.zero > hi || !(g.scale > 0) {
				t.Fatalf("%d bits: invalid grid %+v", bits, g)
			}
			least, most := extent(w)
			full := grid{scale: float32((most - least) / float64(hi-lo)), lo: lo, hi: hi}
			full.zero = int32(math.RoundToEven(-least/float64(full.scale))) + lo
			if a, b := rowError(g, w), rowError(full, w); a > b*(1+1e-9) {
				t.Errorf("%d bits: error %v, the full range has %v", bits, a, b)
			}
			if g.real(g.zero) != 0 {
				t.Errorf("%d bits: zero is not on the grid", bits)
			}
		}
	}
}

// Weights that already lie on a grid over their full range are kept exactly.
func TestFitGridExact(t *testing.T) {
	for bits := uint8(2); bits <= 8; bits++ {
		lo, hi := nn.SignedRange(bits)
		var w []float64
		for c := lo; c <= hi; c++ {
			w = append(w, .25*float64(c-(lo+1)))
		}
		g := fitGrid(w, bits)
		if e := rowError(g, w); e != 0 {
			t.Errorf("%d bits: error %v on %+v", bits, e, g)
		}
	}
}

func TestFitGridDegenerate(t *testing.T) {
	tests := []struct {
		name string
		w    []float64
	}{
		{"zeros", make([]float64, 5)},
		{"denormal", []float64{0, 1e-60, -1e-60}},
		{"one value", []float64{3}},
		{"large", []float64{-1e30, 2e30}},
	}
	for _, tt := range tests {
		for bits := uint8(2); bits <= 8; bits++ {
			g := fitGrid(tt.w, bits)
			if !(g.scale > 0) || math.IsInf(float64(g.scale), 0) || g.zero < g.lo || g.zero > g.hi {
				t.Errorf("%s, %d bits: invalid grid %+v", tt.name, bits, g)
			}
		}
	}
	if g := fitGrid(make([]float64, 5), 4); g.scale != 1 || g.zero != 0 {
		t.Errorf("a channel of zeros has grid %+v, want scale 1 and zero point 0", g)
	}
}

func TestFitActivation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	relu, both := make([]float32, 20000), make([]float32, 20000)
	for i := range relu {
		x := rng.NormFloat64()
		relu[i], both[i] = float32(max(x, 0)), float32(x+.5)
	}
	tests := []struct {
		name string
		data []float32
	}{{"relu", relu}, {"both signs", both}}
	for _, tt := range tests {
		least, most := 0.0, 0.0
		for _, x := range tt.data {
			least, most = min(least, float64(x)), max(most, float64(x))
		}
		h := newHistogram(least, most, 3)
		h.add(tt.data)
		scale, zero, mse := fitActivation(h.sample(), least, most, 8)
		if zero < 0 || zero > 255 || (least == 0) != (zero == 0) {
			t.Errorf("%s: zero point %d", tt.name, zero)
		}
		// The error measured on the data themselves is what the histogram says,
		// and not above that of the full range.
		direct := func(scale float64, zero int32) float64 {
			sum := 0.0
			for _, x := range tt.data {
				q := min(max(math.RoundToEven(float64(x)/scale)+float64(zero), 0), 255)
				d := (q-float64(zero))*scale - float64(x)
				sum += d * d
			}
			return sum / float64(len(tt.data))
		}
		got := direct(float64(scale), zero)
		if math.Abs(got-mse) > .1*mse {
			t.Errorf("%s: error %v on the data, %v on the histogram", tt.name, got, mse)
		}
		full := (most - least) / 255
		if ref := direct(full, int32(math.RoundToEven(-least/full))); got > 1.02*ref {
			t.Errorf("%s: error %v, the full range has %v", tt.name, got, ref)
		}
	}
	if scale, zero, _ := fitActivation(newHistogram(0, 0, 1).sample(), 0, 0, 8); scale != 1 || zero != 0 {
		t.Errorf("a constant zero has scale %v and zero point %d", scale, zero)
	}
}
