package asm

import "math"

// quantizeU8Generic is the definition of QuantizeU8 from element lo on.
func quantizeU8Generic(dst []uint8, step int, x []float32, scale float32, zero, top uint8, lo int) {
	for i := lo; i < len(x); i++ {
		q := math.RoundToEven(float64(x[i])/float64(scale)) + float64(zero)
		if !(q > 0) {
			q = 0
		}
		dst[i*step] = uint8(min(q, float64(top)))
	}
}
