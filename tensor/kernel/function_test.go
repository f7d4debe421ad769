package kernel

import (
	"math"
	"testing"
)

// The functions against their definitions by other means, the fast forms and in
// place, at all lengths around the chunks.
func TestFunctions(t *testing.T) {
	sigmoid := func(x float64) float64 { return (1 + math.Tanh(x/2)) / 2 }
	hard := func(x float64) float64 { return min(max(x/6+.5, 0), 1) }
	tests := []struct {
		name string
		f    Function
		want func(x float64) float64
	}{
		{"sigmoid", Function{F: Sigmoid, Derivative: SigmoidDerivative}, sigmoid},
		{"silu", Function{F: SiLU, Derivative: SiLUDerivative}, func(x float64) float64 { return x * sigmoid(x) }},
		{"sigmoid fast", Function{Fast: SigmoidF32, Derivative: SigmoidDerivative}, sigmoid},
		{"silu fast", Function{Fast: SiLUF32, Derivative: SiLUDerivative}, func(x float64) float64 { return x * sigmoid(x) }},
		{"hardsigmoid", Function{F: HardSigmoid, Derivative: HardSigmoidDerivative}, hard},
		{"hardsigmoid fast", Function{Fast: HardSigmoidF32, Derivative: HardSigmoidDerivative}, hard},
		{"hardswish", Function{F: HardSwish, Derivative: HardSwishDerivative}, func(x float64) float64 { return x * hard(x) }},
		{"hardswish fast", Function{Fast: HardSwishF32, Derivative: HardSwishDerivative}, func(x float64) float64 { return x * hard(x) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 7, 255, 256, 257, 600} {
				x := make([]float32, n)
				for i := range x {
					x[i] = float32(i-n/2)/32 + 1./64
				}
				y := make([]float32, n)
				Map(y, x, tt.f)
				dx := make([]float32, n)
				MapBackward(dx, x, x, tt.f.Derivative) // of x²/2 after the function
				for i, v := range x {
					want := tt.want(float64(v))
					if d := math.Abs(float64(y[i]) - want); d > 1e-6*(1+math.Abs(want)) {
						t.Fatalf("f(%v) = %v, want %v", v, y[i], want)
					}
					const h = 1. / 1024 // the kinks lie between the numbers
					slope := (tt.want(float64(v)+h) - tt.want(float64(v)-h)) / (2 * h)
					if d := math.Abs(float64(dx[i]) - float64(v)*slope); d > 1e-5 {
						t.Fatalf("derivative at %v times it = %v, want %v", v, dx[i], float64(v)*slope)
					}
				}
				Map(x, x, tt.f)
				for i := range x {
					if x[i] != y[i] {
						t.Fatalf("in place: element %d of %d is %v, want %v", i, n, x[i], y[i])
					}
				}
			}
		})
	}
}

// Products and selections against loops over their definitions.
func TestMulSelect(t *testing.T) {
	x, gate := []float32{1, 2, 3, 4, 5, 6}, []float32{2, -1}
	got := make([]float32, 6)
	Mul(got, x, gate, 3)
	for i, v := range x {
		if want := v * gate[i/3]; got[i] != want {
			t.Errorf("product %d is %v, want %v", i, got[i], want)
		}
	}
	dgate := make([]float32, 2)
	MulGateBackward(dgate, x, x, 3)
	if dgate[0] != 1+4+9 || dgate[1] != 16+25+36 {
		t.Errorf("gradient of the gate %v, want 14 and 77", dgate)
	}
	codes := make([]uint8, 8)
	SelectU8(codes, []uint8{1, 2, 3, 4, 5, 6}, []int{2, 0, 0, 1}, 3)
	for i, want := range []uint8{3, 1, 1, 2, 6, 4, 4, 5} {
		if codes[i] != want {
			t.Errorf("code %d is %d, want %d", i, codes[i], want)
		}
	}
}

// TestMulU8: every pair of codes, on grids whose product leaves the range on
// both sides.
func TestMulU8(t *testing.T) {
	a, b, y := Grid{Scale: .02, Zero: 100, Max: 255}, Grid{Scale: .01, Zero: 3, Max: 255}, Grid{Scale: .03, Zero: 90, Max: 255}
	m := NewMulU8(a, b, y)
	gate := make([]uint8, 256)
	for i := range gate {
		gate[i] = uint8(i)
	}
	x, got := make([]uint8, 256), make([]uint8, 256)
	for c := range 256 {
		for i := range x {
			x[i] = uint8(c)
		}
		m.Run(got, x, gate)
		for i, g := range got {
			exact := float64(int32(c)-a.Zero) * float64(int32(i)-b.Zero) * float64(a.Scale) * float64(b.Scale) / float64(y.Scale)
			if d := math.Abs(min(max(exact+float64(y.Zero), 0), 255) - float64(g)); d > .5+1e-4 {
				t.Fatalf("%d times %d is %d, off by %v", c, i, g, d)
			}
		}
	}
}

// The fast sigmoid is as near as its comment says, over all that is not 0 or 1.
func TestSigmoidF32(t *testing.T) {
	x := make([]float32, 1<<16)
	for i := range x {
		x[i] = float32(i-len(x)/2) / 256
	}
	y := make([]float32, len(x))
	SigmoidF32(y, x)
	for i, v := range x {
		want := 1 / (1 + math.Exp(-float64(v)))
		if d := math.Abs(float64(y[i]) - want); d > 0x1p-21*want && v > -80 || d > 1e-34 && v <= -80 {
			t.Fatalf("sigmoid(%v) = %v, want %v: off by %.3g of it", v, y[i], want, d/want)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		SigmoidF32(y[:1], []float32{float32(v)})
		if want := 1 / (1 + math.Exp(-v)); math.Abs(float64(y[0])-want) > 1e-34 || math.IsNaN(v) != math.IsNaN(float64(y[0])) {
			t.Errorf("sigmoid(%v) = %v", v, y[0])
		}
	}
}
