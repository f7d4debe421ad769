package infer

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isatest"
	"mixq/nn"
	"mixq/tensor/kernel"
)

// fourfold is a residual block of convolutions that Winograd's algorithm suits.
func fourfold(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("fourfold")
	x := b.Input("x", 1, 32, 29, 18)
	y := b.Conv2d("first", x, 64, 3, nn.ConvOpts{Pad: 1})
	second := &nn.Conv2d{Conv2dParams: kernel.Conv2dParams{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1,
		DilationH: 1, DilationW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, Groups: 1}, Residual: true, Act: nn.ReLU}
	y = b.Apply("second", second, y, b.Param("second.weight", 64, 64, 3, 3), y)
	g, err := b.Build(y)
	if err != nil {
		t.Fatal(err)
	}
	bindRandom(g, rand.New(rand.NewPCG(7, 8)))
	return g
}

// The option changes the bits, but not by more than it promises, and the result
// does not depend on the threads.
func TestWinograd(t *testing.T) {
	g := fourfold(t)
	x := randomReal(rand.New(rand.NewPCG(3, 3)), g.Inputs[0], 3)
	isatest.Each(t, func(t *testing.T) {
		exact := runAll(t, g, Options{Mode: Float, Batch: 3}, x)[0]
		one := runAll(t, g, Options{Mode: Float, Batch: 3, Threads: 1, Winograd: true}, x)[0]
		var noise, power float64
		for i, y := range exact {
			noise, power = noise+math.Pow(float64(one[i]-y), 2), power+math.Pow(float64(y), 2)
		}
		if e := math.Sqrt(noise / power); e == 0 || e > 2e-5 { // 1e-5 for each of two layers
			t.Errorf("relative difference %g, want more than 0 and at most 2e-5", e)
		}
		for _, o := range []Options{{Threads: 2, Batch: 1}, {Threads: 7, Batch: 3}, {Threads: 3, Batch: 2}} {
			o.Mode, o.Winograd = Float, true
			if got := runAll(t, g, o, x)[0]; !slices.Equal(got, one) {
				t.Errorf("%+v: differs from one thread", o)
			}
		}
	})
}

func TestWinogradWantsFloat(t *testing.T) {
	const want = "infer: winograd is for mode float, not simulate"
	if _, err := Compile(fourfold(t), Options{Mode: Simulate, Winograd: true}); err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

// The layers here are too small for the algorithm to pay, or of other kinds: the
// option changes nothing.
func TestWinogradFallsBack(t *testing.T) {
	g := everything(t)
	x := randomReal(rand.New(rand.NewPCG(3, 3)), g.Inputs[0], 1)
	a, b := runAll(t, g, Options{Mode: Float}, x), runAll(t, g, Options{Mode: Float, Winograd: true}, x)
	for i := range a {
		if !slices.Equal(a[i], b[i]) {
			t.Errorf("output %d differs", i)
		}
	}
}
