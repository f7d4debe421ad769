package kernel

import (
	"math"

	"mixq/asm"
)

// Grid is the affine grid of an activation: real = Scale·(code − Zero), codes
// 0..Max. Zero is a code.
type Grid struct {
	Scale float32
	Zero  int32
	Max   int32
}

// Code is the code of a real value: clamp(roundToEven(x/Scale) + Zero), the
// division in float64. A NaN gives 0.
func (g Grid) Code(x float32) uint8 { return g.code(float64(x)) }

func (g Grid) code(x float64) uint8 {
	q := math.RoundToEven(x/float64(g.Scale)) + float64(g.Zero)
	if !(q > 0) {
		return 0
	}
	return uint8(min(q, float64(g.Max)))
}

// Real is the value of a code.
func (g Grid) Real(code uint8) float32 {
	return g.Scale * float32(int32(code)-g.Zero)
}

// Quantize is dst[i] = g.Code(x[i]).
func Quantize(dst []uint8, x []float32, g Grid) {
	asm.QuantizeU8(dst, 1, x[:len(dst)], g.Scale, uint8(g.Zero), uint8(g.Max))
}

// Dequantize is dst[i] = g.Real(x[i]).
func Dequantize(dst []float32, x []uint8, g Grid) {
	for i, c := range x[:len(dst)] {
		dst[i] = g.Real(c)
	}
}

// RoundToGrid replaces each x[i] by the nearest value of the grid,
// g.Real(g.Code(x[i])): what simulated quantization does.
func RoundToGrid(x []float32, g Grid) {
	for i, v := range x {
		x[i] = g.Real(g.Code(v))
	}
}
