package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestGridCode(t *testing.T) {
	inf := float32(math.Inf(1))
	g := Grid{Scale: 0.5, Zero: 10, Max: 255}
	for _, tt := range []struct {
		x    float32
		want uint8
	}{
		{0, 10}, {0.5, 11}, {0.25, 10}, {0.75, 12}, {-0.25, 10}, {-0.75, 8}, // halves go to even
		{-5, 0}, {-5.25, 0}, {-1e30, 0}, {122.5, 255}, {1e30, 255},
		{inf, 255}, {-inf, 0}, {float32(math.NaN()), 0},
	} {
		if got := g.Code(tt.x); got != tt.want {
			t.Errorf("Code(%v) = %d, want %d", tt.x, got, tt.want)
		}
	}
	if got := (Grid{Scale: 1, Zero: 3, Max: 15}).Code(100); got != 15 {
		t.Errorf("code on a grid of 4 bits = %d, want 15", got)
	}
}

// TestGridRoundTrip: every code of any grid is the code of its real value.
func TestGridRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		g := Grid{Scale: float32(math.Exp(rng.NormFloat64() * 8)), Zero: rng.Int32N(256), Max: 255}
		for c := range 256 {
			if got := g.Code(g.Real(uint8(c))); got != uint8(c) {
				t.Fatalf("%+v: code %d comes back as %d", g, c, got)
			}
		}
	}
}

// TestLayouts: what crosses to N,H,W,C and back is what it was.
func TestLayouts(t *testing.T) {
	for c := 1; c <= 4; c++ {
		checkLayout(t, c)
	}
}

// checkLayout reorders an image of c channels.
func checkLayout(t *testing.T, c int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(2, 1))
	const h, w = 5, 7
	x := randCodes(rng, c*h*w)
	y, z := make([]uint8, len(x)), make([]uint8, len(x))
	ToNHWC(y, x, c)
	for i, v := range y {
		if want := x[i%c*h*w+i/c]; v != want {
			t.Fatalf("ToNHWC: element %d = %d, want %d", i, v, want)
		}
	}
	ToNCHW(z, y, c)
	if !slices.Equal(x, z) {
		t.Error("ToNCHW does not undo ToNHWC")
	}
	g := Grid{0.1, 7, 255}
	real := make([]float32, len(x))
	DequantizeNCHW(real, y, c, g)
	for i, v := range real {
		if v != g.Real(x[i]) {
			t.Fatalf("DequantizeNCHW: element %d = %v, want %v", i, v, g.Real(x[i]))
		}
	}
	QuantizeNHWC(z, real, c, g)
	if !slices.Equal(z, y) {
		t.Error("QuantizeNHWC does not undo DequantizeNCHW")
	}
	tables := make([][256]uint8, c)
	reals := make([][256]float32, c)
	for ch := range tables {
		for b := range 256 {
			tables[ch][b] = uint8(b*7 + ch)
			reals[ch][b] = float32(tables[ch][b])
		}
	}
	LookupCodes(z, x, c, tables)
	LookupReal(real, x, c, reals)
	for i, v := range x {
		want := v*7 + uint8(i/(h*w))
		if z[i%(h*w)*c+i/(h*w)] != want || real[i] != float32(want) {
			t.Fatalf("lookup of element %d, want %d", i, want)
		}
	}
}
