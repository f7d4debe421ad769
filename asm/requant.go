package asm

// RequantRow writes
//
//	dst[i] = clamp(roundToEven(float32(acc[i]+bias[i])*m[i]) + zero, lo, hi)
//
// in plain IEEE float32 steps; the sum of acc and bias wraps around, and the
// clamp comes before the conversion to an integer. The m must be finite, and
// 0 <= lo <= hi <= 255. It panics if the slices differ in length.
func RequantRow(dst []uint8, acc, bias []int32, m []float32, lo, hi, zero float32) {
	if len(acc) != len(dst) || len(bias) != len(dst) || len(m) != len(dst) {
		panic(badLength)
	}
	requantRow(dst, acc, bias, m, lo, hi, zero)
}

// RequantAddRow writes
//
//	dst[i] = clamp(roundToEven(float32(acc[i]+bias[i])*m[i] + (float32(r[i])-zr)*mr) + zero, lo, hi)
//
// which adds the residual codes r with their zero point zr and multiplier mr
// and rounds once; otherwise it is as RequantRow. dst may be r.
func RequantAddRow(dst []uint8, acc, bias []int32, m []float32, r []uint8, zr, mr, lo, hi, zero float32) {
	if len(acc) != len(dst) || len(bias) != len(dst) || len(m) != len(dst) || len(r) != len(dst) {
		panic(badLength)
	}
	requantAddRow(dst, acc, bias, m, r, zr, mr, lo, hi, zero)
}
