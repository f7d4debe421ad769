package asm

// QuantizeU8 makes codes of real values, for dst elements a step apart:
//
//	for i, v := range x {
//		dst[i*step] = clamp(roundToEven(float64(v)/float64(scale)) + zero, 0, top)
//	}
//
// A NaN gives 0. The scale must be positive and finite, and zero and top must be
// codes. It panics if step is less than 1 or dst is too short.
func QuantizeU8(dst []uint8, step int, x []float32, scale float32, zero, top uint8) {
	switch {
	case len(x) == 0:
		return
	case step < 1:
		panic(badStride)
	case len(dst) < (len(x)-1)*step+1:
		panic(shortDst)
	}
	quantizeU8(dst, step, x, scale, zero, top)
}
