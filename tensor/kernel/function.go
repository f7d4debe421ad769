package kernel

import (
	"math"

	"mixq/asm"
)

// Function is an element-wise function of the real numbers with its derivative.
// Fast, if not nil, is F for many numbers at once, rounded to float32 at every
// step; dst may be x.
type Function struct {
	F, Derivative func(x float64) float64
	Fast          func(dst, x []float32)
}

// Sigmoid is 1/(1 + e⁻ˣ).
func Sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// SigmoidDerivative is the derivative of Sigmoid.
func SigmoidDerivative(x float64) float64 { return Sigmoid(x) * Sigmoid(-x) }

// HardSigmoid is x/6 + 1/2 between 0 and 1 (Howard et al. 2019, section 5.2).
func HardSigmoid(x float64) float64 { return min(max((x+3)/6, 0), 1) }

// HardSigmoidDerivative is the derivative of HardSigmoid, 0 at its kinks.
func HardSigmoidDerivative(x float64) float64 {
	if x <= -3 || x >= 3 {
		return 0
	}
	return 1. / 6
}

// HardSwish is x·HardSigmoid(x) (Howard et al. 2019, section 5.2).
func HardSwish(x float64) float64 { return x * HardSigmoid(x) }

// HardSwishDerivative is the derivative of HardSwish; at its kinks, that from
// outside.
func HardSwishDerivative(x float64) float64 {
	switch {
	case x <= -3:
		return 0
	case x >= 3:
		return 1
	}
	return (2*x + 3) / 6
}

// SiLU is x·Sigmoid(x) (Ramachandran et al. 2017).
func SiLU(x float64) float64 { return x * Sigmoid(x) }

// SiLUDerivative is the derivative of SiLU.
func SiLUDerivative(x float64) float64 { return Sigmoid(x) * (1 + float64(x*Sigmoid(-x))) }

// SigmoidF32 is Sigmoid for many numbers, within 2⁻²¹ of its value where it is
// more than e⁻⁸⁰. With k = −x/ln 2 rounded to an integer, e⁻ˣ is 2ᵏ·eʳ with
// |r| ≤ ln 2 / 2, where the series up to r⁶ leaves an error of 2⁻²³.
func SigmoidF32(dst, x []float32) {
	const (
		limit      = 80          // where the result is 0 or 1, and 2ᵏ is a float32
		magic      = 0x1.8p23    // adding it rounds to an integer, in the low bits
		ln2Hi      = 0x1.62e4p-1 // k·ln2Hi is exact
		ln2Lo      = math.Ln2 - ln2Hi
		mantissa   = 23
		c2, c3, c4 = 1. / 2, 1. / 6, 1. / 24
		c5, c6     = 1. / 120, 1. / 720
	)
	for i, v := range x[:len(dst)] {
		v = -min(max(v, -limit), limit)
		t := float32(v*math.Log2E) + magic
		k := t - magic
		r := v - float32(k*ln2Hi) - float32(k*ln2Lo)
		p := float32(c6*r) + c5
		p = float32(p*r) + c4
		p = float32(p*r) + c3
		p = float32(p*r) + c2
		p = float32(float32(p*r)*r) + r + 1
		exp := math.Float32frombits(math.Float32bits(p) + math.Float32bits(t)<<mantissa)
		dst[i] = 1 / (1 + exp)
	}
}

// gateChunk is how many elements of a gate are held at a time.
const gateChunk = 256

// SiLUF32 is SiLU for many numbers.
func SiLUF32(dst, x []float32) {
	var gate [gateChunk]float32
	for len(x) > 0 {
		n := min(len(x), gateChunk)
		SigmoidF32(gate[:n], x[:n])
		multiply(dst[:n], x[:n], gate[:n])
		dst, x = dst[n:], x[n:]
	}
}

// HardSigmoidF32 is HardSigmoid for many numbers.
func HardSigmoidF32(dst, x []float32) { asm.AffineF32(dst, x, 1./6, .5, 0, 1) }

// HardSwishF32 is HardSwish for many numbers.
func HardSwishF32(dst, x []float32) {
	var gate [gateChunk]float32
	for len(x) > 0 {
		n := min(len(x), gateChunk)
		HardSigmoidF32(gate[:n], x[:n])
		multiply(dst[:n], x[:n], gate[:n])
		dst, x = dst[n:], x[n:]
	}
}

// multiply is dst[i] = a[i]·b[i].
func multiply(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// Map is dst[i] = f(x[i]), by f.Fast or in float64. dst may be x.
func Map(dst, x []float32, f Function) {
	if f.Fast != nil {
		f.Fast(dst, x)
		return
	}
	for i, v := range x[:len(dst)] {
		dst[i] = float32(f.F(float64(v)))
	}
}

// MapBackward sets dx to the gradient of Map, dy[i]·derivative(x[i]). dx may be
// dy.
func MapBackward(dx, dy, x []float32, derivative func(float64) float64) {
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i, v := range x {
		dx[i] = dy[i] * float32(derivative(float64(v)))
	}
}
