package asm

import "math"

// requantRowGeneric is the definition of RequantRow.
func requantRowGeneric(dst []uint8, acc, bias []int32, m []float32, lo, hi, zero float32) {
	acc, bias, m = acc[:len(dst)], bias[:len(dst)], m[:len(dst)]
	for i := range dst {
		dst[i] = code(float32(float32(acc[i]+bias[i])*m[i]), lo, hi, zero)
	}
}

// requantAddRowGeneric is the definition of RequantAddRow. The conversions to
// float32 keep the compiler from fusing a product with the sum.
func requantAddRowGeneric(dst []uint8, acc, bias []int32, m []float32, r []uint8, zr, mr, lo, hi, zero float32) {
	acc, bias, m, r = acc[:len(dst)], bias[:len(dst)], m[:len(dst)], r[:len(dst)]
	for i := range dst {
		y := float32(float32(acc[i]+bias[i]) * m[i])
		y += float32((float32(r[i]) - zr) * mr)
		dst[i] = code(y, lo, hi, zero)
	}
}

// code rounds a real value in units of the output scale to a code.
func code(y, lo, hi, zero float32) uint8 {
	y = float32(math.RoundToEven(float64(y))) + zero
	return uint8(min(max(y, lo), hi))
}
